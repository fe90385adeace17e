IF OBJECT_ID('fdw.endless') IS NOT NULL DROP VIEW fdw.endless
GO
IF OBJECT_ID('fdw.broken') IS NOT NULL DROP VIEW fdw.broken
IF OBJECT_ID('fdw.many') IS NOT NULL DROP TABLE fdw.many
IF OBJECT_ID('fdw.words_view') IS NOT NULL DROP VIEW fdw.words_view
IF OBJECT_ID('fdw.numbers') IS NOT NULL DROP TABLE fdw.numbers
IF OBJECT_ID('fdw.words') IS NOT NULL DROP TABLE fdw.words
IF OBJECT_ID('fdw.moments') IS NOT NULL DROP TABLE fdw.moments
IF OBJECT_ID('fdw.[odd name; x]') IS NOT NULL DROP TABLE fdw.[odd name; x]
IF OBJECT_ID('fdw.refused') IS NOT NULL DROP TABLE fdw.refused
GO
IF SCHEMA_ID('fdw') IS NULL EXEC('CREATE SCHEMA fdw')
GO
CREATE TABLE fdw.numbers (id int NOT NULL PRIMARY KEY, b bit, t tinyint, s smallint, i int, g bigint, d decimal(10,2), w decimal(38,10), m money, p smallmoney, r real, f float, u uniqueidentifier)
CREATE TABLE fdw.words (id int NOT NULL PRIMARY KEY, v varchar(20), n nvarchar(20), c char(6), nc nchar(6), x nvarchar(max), vb varbinary(8))
CREATE TABLE fdw.moments (id int NOT NULL PRIMARY KEY, d date, t time(6), dt datetime, sd smalldatetime, d2 datetime2(6), d0 datetime2(0), o datetimeoffset(6))
CREATE TABLE fdw.[odd name; x] ([a 'b "c] int, [select] nvarchar(10))
CREATE TABLE fdw.many (id int NOT NULL PRIMARY KEY, name nvarchar(40))
CREATE TABLE fdw.refused (id int NOT NULL PRIMARY KEY, a bigint)
GO
CREATE VIEW fdw.words_view AS SELECT id, n FROM fdw.words
GO
CREATE VIEW fdw.broken AS SELECT id, 1 / (id - 3) AS q FROM fdw.words
GO
INSERT INTO fdw.numbers VALUES (1, 0, 0, -32768, -2147483648, -9223372036854775808, -99999999.99, -9999999999999999999999999999.9999999999, -922337203685477.5808, -214748.3648, -3.4e38, -1.7e308, '00000000-0000-0000-0000-000000000000')
INSERT INTO fdw.numbers VALUES (2, 1, 255, 32767, 2147483647, 9223372036854775807, 99999999.99, 9999999999999999999999999999.9999999999, 922337203685477.5807, 214748.3647, 3.4e38, 1.7e308, 'FFEEDDCC-BBAA-9988-7766-554433221100')
INSERT INTO fdw.numbers VALUES (3, 1, 1, 1, 1, 1, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, '00112233-4455-6677-8899-AABBCCDDEEFF')
INSERT INTO fdw.numbers VALUES (4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '01112233-4455-6677-8899-AABBCCDDEEFF')
INSERT INTO fdw.numbers VALUES (5, 0, 7, -7, -7, -7, -0.01, -0.0000000001, -0.0001, -0.0001, 0.1, 0.1, NULL)
INSERT INTO fdw.numbers VALUES (6, 1, 10, 10, 10, 9007199254740993, 0.1, 0.1, 0.1, 0.1, -0.3, 0.30000000000000004, 'FFEEDDCC-BBAA-9988-7766-554433221101')
INSERT INTO fdw.numbers (id) VALUES (7)
INSERT INTO fdw.words VALUES (1, 'abc', N'abc', 'abc', N'abc', N'abc', 0x00)
INSERT INTO fdw.words VALUES (2, 'ABC', N'ABC', 'ABC', N'ABC', N'ABC', 0x0000)
INSERT INTO fdw.words VALUES (3, 'abc  ', N'abc  ', 'abc  ', N'abc  ', N'abc  ', 0x)
INSERT INTO fdw.words VALUES (4, '', N'', '', N'', N'', NULL)
INSERT INTO fdw.words VALUES (5, 'it''s "q" \', N'it''s "q" \', 'it''s', N'it''s', N'it''s ]]', 0xFF)
INSERT INTO fdw.words VALUES (6, NULL, NULL, NULL, NULL, NULL, NULL)
INSERT INTO fdw.words VALUES (7, 'ärger', N'日本 😀', 'ärger', N'日本', N'😀' + REPLICATE(CAST(N'日' AS nvarchar(max)), 5000), 0xDEADBEEF)
INSERT INTO fdw.words VALUES (8, '  abc', N'äbc', ' abc', N'äbc', N' ', 0x01)
INSERT INTO fdw.moments VALUES (1, '0001-01-01', '00:00:00', '1753-01-01', '1900-01-01', '0001-01-01', '0001-01-01', '0001-01-01 00:00:00 +00:00')
INSERT INTO fdw.moments VALUES (2, '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.997', '2079-06-06 23:59:00', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59', '9999-12-31 23:59:59.999999 +00:00')
INSERT INTO fdw.moments VALUES (3, '2024-02-29', '12:00:00.000001', '2024-02-29 12:00:00.003', '2024-02-29 12:00:00', '2024-02-29 12:00:00.000001', '2024-02-29 12:00:00', '2024-02-29 12:00:00.000001 +05:30')
INSERT INTO fdw.moments VALUES (4, '2024-03-01', '12:00:00', '2024-02-29 12:00:00', '2024-02-29 12:01:00', '2024-02-29 12:00:00', '2024-02-29 12:00:01', '2024-02-29 12:00:00 +05:30')
INSERT INTO fdw.moments VALUES (5, '2024-02-28', '11:59:59.999999', '2024-02-29 11:59:59.997', '2024-02-29 11:59:00', '2024-02-29 11:59:59.999999', '2024-02-29 11:59:59', '2024-02-29 06:30:00 +00:00')
INSERT INTO fdw.moments (id) VALUES (6)
INSERT INTO fdw.[odd name; x] VALUES (1, N'x'), (-1, NULL)
INSERT INTO fdw.refused VALUES (1, 1), (2, 9223372036854775807)
GO
INSERT INTO fdw.many SELECT n, N'name ' + CAST(n % 10 AS nvarchar(20)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.all_objects b) x WHERE n <= 60000
GO
