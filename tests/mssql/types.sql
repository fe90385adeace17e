CREATE SCHEMA typ
GO
CREATE TYPE dbo.phone FROM varchar(12) NOT NULL
CREATE TYPE dbo.amount FROM decimal(9,2)
GO
CREATE TABLE typ.exact (id int NOT NULL PRIMARY KEY, d38 decimal(38,0), d3838 decimal(38,38), d1 decimal(1,0), n189 numeric(18,9), b bigint, s smallint, t tinyint, m money, sm smallmoney, f float, r real, f24 float(24))
CREATE TABLE typ.times (id int NOT NULL PRIMARY KEY, t0 time(0), t3 time(3), t7 time, d20 datetime2(0), d23 datetime2(3), d27 datetime2, o0 datetimeoffset(0), o7 datetimeoffset, dt datetime, sd smalldatetime, d date)
CREATE TABLE typ.texts (id int NOT NULL PRIMARY KEY, c char(3), vc varchar(8000), vcmax varchar(max), nc nchar(3), nvc nvarchar(4000), nvmax nvarchar(max), tx text, ntx ntext, u8 varchar(20) COLLATE Latin1_General_100_CI_AS_SC_UTF8, sn sysname NULL, x xml)
CREATE TABLE typ.bytes (id int NOT NULL PRIMARY KEY, b binary(3), vb varbinary(8000), vbmax varbinary(max), im image, g uniqueidentifier, rv rowversion)
CREATE TABLE typ.variants (id int NOT NULL PRIMARY KEY, v sql_variant)
CREATE TABLE typ.clr (id int NOT NULL PRIMARY KEY, h hierarchyid, geo geography, geom geometry)
CREATE TABLE typ.alias (id int NOT NULL PRIMARY KEY, p dbo.phone, a dbo.amount NULL, sp int SPARSE NULL, twice AS (id * 2), fixed AS (id + 1) PERSISTED)
CREATE TABLE typ.[wéird ]]"' name] ([select] int NOT NULL PRIMARY KEY, [a b] nvarchar(10), [x]]y] int, [Ünïcode] int)
GO
INSERT INTO typ.exact (id) VALUES (0)
INSERT INTO typ.exact VALUES (1, -99999999999999999999999999999999999999, -0.99999999999999999999999999999999999999, -9, -999999999.999999999, -9223372036854775808, -32768, 0, -922337203685477.5808, -214748.3648, -1.7976931348623157e308, -3.4028234663852886e38, 1.17549435e-38)
INSERT INTO typ.exact VALUES (2, 99999999999999999999999999999999999999, 0.99999999999999999999999999999999999999, 9, 999999999.999999999, 9223372036854775807, 32767, 255, 922337203685477.5807, 214748.3647, 1.7976931348623157e308, 3.4028234663852886e38, 0)
INSERT INTO typ.exact VALUES (3, 0, 0.00000000000000000000000000000000000001, 0, 0.000000001, 0, 0, 1, 0.0001, -0.0001, 5e-324, 1.401298464324817e-45, -0.5)
GO
INSERT INTO typ.times (id) VALUES (0)
INSERT INTO typ.times VALUES (1, '00:00:00', '00:00:00', '00:00:00', '0001-01-01', '0001-01-01', '0001-01-01', '0001-01-01 14:00:00 +14:00', '0001-01-01 00:00:00 -14:00', '1753-01-01', '1900-01-01', '0001-01-01')
INSERT INTO typ.times VALUES (2, '23:59:59', '23:59:59.999', '23:59:59.999999', '9999-12-31 23:59:59', '9999-12-31 23:59:59.999', '9999-12-31 23:59:59.999999', '9999-12-31 09:59:59 -14:00', '9999-12-31 23:59:59.999999 +14:00', '9999-12-31 23:59:59.997', '2079-06-06 23:59:00', '9999-12-31')
INSERT INTO typ.times VALUES (3, '12:34:56', '12:34:56.007', '12:34:56.000001', '2024-02-29 12:00:00', '1582-10-10 01:02:03.040', '1900-03-01 00:00:00.000001', '2024-03-31 02:30:00 +01:00', '2024-10-27 02:30:00.5 -03:30', '2000-02-29 12:00:00.003', '1999-12-31 23:59:00', '1600-02-29')
GO
INSERT INTO typ.texts (id) VALUES (0)
INSERT INTO typ.texts VALUES (1, '', '', '', N'', N'', N'', '', N'', '', N'', N'')
INSERT INTO typ.texts VALUES (2, 'abc', REPLICATE('v', 8000), REPLICATE(CAST('x' AS varchar(max)), 1000001), N'äöü', REPLICATE(N'日', 4000), REPLICATE(CAST(N'😀' AS nvarchar(max)), 300001), REPLICATE(CAST('t' AS varchar(max)), 100000), REPLICATE(CAST(N'ñ' AS nvarchar(max)), 100000), N'ß日😀', N'a name', N'<a b="1"><c>é&amp;</c></a>')
INSERT INTO typ.texts VALUES (3, 'a ', '€uro “quotes” – and | \ '' " trailing  ', 'line' + CHAR(13) + CHAR(10) + 'next' + CHAR(9) + 'tab', N'a ', N'NULL', N'\N', 'é', N'Ω', N'é  ', N'z', N'<x/>')
GO
INSERT INTO typ.bytes (id) VALUES (0)
INSERT INTO typ.bytes (id, b, vb, vbmax, im, g) VALUES (1, 0x, 0x, 0x, 0x, '00000000-0000-0000-0000-000000000000')
INSERT INTO typ.bytes (id, b, vb, vbmax, im, g) VALUES (2, 0x01, 0x00FF00, CAST(REPLICATE(CAST('z' AS varchar(max)), 2000000) AS varbinary(max)), 0xDEADBEEF, 'FFEEDDCC-BBAA-9988-7766-554433221100')
GO
INSERT INTO typ.variants VALUES (0, NULL)
INSERT INTO typ.variants VALUES (1, CAST(42 AS int)), (2, CAST(-922337203685477.5808 AS money)), (3, CAST('2024-02-29 12:34:56.1234567' AS datetime2(7))), (4, N'日本 😀'), (5, CAST('abc' AS varchar(10))), (6, CAST(0x00FF AS varbinary(10))), (7, CAST(0.1 AS float)), (8, CAST(1.50 AS decimal(9,2))), (9, CAST('6F9619FF-8B86-D011-B42D-00C04FC964FF' AS uniqueidentifier)), (10, CAST(1 AS bit)), (11, CAST('2024-02-29' AS date)), (12, CAST('2000-01-01 00:00:00.003' AS datetime)), (13, CAST('2024-02-29 23:59:59.1234567 +05:30' AS datetimeoffset(7)))
GO
INSERT INTO typ.clr VALUES (0, NULL, NULL, NULL), (1, '/1/2.5/', 'POINT (-122.349 47.651)', 'LINESTRING (0 0, 1 1, 2 0)')
INSERT INTO typ.alias (id, p, a, sp) VALUES (1, '+49 30 1234', 12.50, NULL), (2, '', NULL, 7)
INSERT INTO typ.[wéird ]]"' name] VALUES (1, N'x', 2, 3)
GO
