IF OBJECT_ID('sales.order_line') IS NOT NULL DROP TABLE sales.order_line
IF OBJECT_ID('sales.orders') IS NOT NULL DROP TABLE sales.orders
IF OBJECT_ID('sales.customer') IS NOT NULL DROP TABLE sales.customer
IF OBJECT_ID('dbo.matrix') IS NOT NULL DROP TABLE dbo.matrix
IF OBJECT_ID('dbo.big') IS NOT NULL DROP TABLE dbo.big
IF OBJECT_ID('dbo.nokey') IS NOT NULL DROP TABLE dbo.nokey
IF OBJECT_ID('dbo.empty_table') IS NOT NULL DROP TABLE dbo.empty_table
GO
IF SCHEMA_ID('sales') IS NULL EXEC('CREATE SCHEMA sales')
GO
CREATE TABLE sales.customer (id int IDENTITY(100,5) NOT NULL CONSTRAINT pk_customer PRIMARY KEY, code varchar(20) NOT NULL CONSTRAINT uq_code UNIQUE, name nvarchar(100) NOT NULL, credit money NOT NULL CONSTRAINT df_credit DEFAULT ((0)), active bit NOT NULL DEFAULT ((1)), created datetime2(7) NOT NULL DEFAULT (sysdatetime()), guid uniqueidentifier NOT NULL DEFAULT (newid()))
CREATE TABLE sales.orders (id bigint NOT NULL PRIMARY KEY, customer_id int NOT NULL CONSTRAINT fk_orders_customer REFERENCES sales.customer(id), placed datetime NOT NULL, note nvarchar(max) NULL)
CREATE TABLE sales.order_line (order_id bigint NOT NULL REFERENCES sales.orders(id) ON DELETE CASCADE, line_no smallint NOT NULL, qty decimal(18,4) NOT NULL, price smallmoney NOT NULL, sku char(10) NOT NULL, PRIMARY KEY (order_id, line_no))
CREATE INDEX ix_sku ON sales.order_line (sku DESC) INCLUDE (qty)
CREATE TABLE dbo.matrix (id int NOT NULL PRIMARY KEY, c_bit bit, c_tiny tinyint, c_small smallint, c_int int, c_big bigint, c_real real, c_float float, c_dec decimal(38,10), c_num numeric(5,0), c_money money, c_smoney smallmoney, c_date date, c_time time(6), c_dt datetime, c_sdt smalldatetime, c_dt2 datetime2(6), c_dto datetimeoffset(6), c_char char(8), c_vc varchar(50), c_nchar nchar(8), c_nvc nvarchar(50), c_vcmax varchar(max), c_nvmax nvarchar(max), c_bin binary(4), c_vbin varbinary(20), c_vbmax varbinary(max), c_guid uniqueidentifier)
CREATE TABLE dbo.nokey (a int, b nvarchar(20))
CREATE TABLE dbo.empty_table (a int)
CREATE TABLE dbo.big (id bigint NOT NULL PRIMARY KEY, n int, amount money, name nvarchar(50), body nvarchar(max), at datetime2(6), g uniqueidentifier, flag bit, f float, d decimal(18,4), v varbinary(40))
GO
INSERT INTO sales.customer (code, name, credit) VALUES ('A1', N'Ärger & Söhne', 12.34), ('B2', N'日本 😀', -922337203685477.5808), ('C3', N'quote '' " \ tab', 922337203685477.5807)
INSERT INTO sales.orders VALUES (1, 100, '2024-02-29 23:59:59.997', NULL), (2, 105, '1753-01-01', N''), (9007199254740993, 110, '9999-12-31 23:59:59.997', N'long ' + REPLICATE(N'é', 3000))
INSERT INTO sales.order_line VALUES (1, 1, 1.5000, 214748.3647, 'SKU1'), (1, 2, -0.0001, -214748.3648, 'SKU 2'), (2, 1, 99999999999999.9999, 0, '')
INSERT INTO dbo.matrix (id) VALUES (0)
INSERT INTO dbo.matrix VALUES (1, 0, 0, -32768, -2147483648, -9223372036854775808, -3.4e38, -1.7976931348623157e308, -9999999999999999999999999999.9999999999, -99999, -922337203685477.5808, -214748.3648, '0001-01-01', '00:00:00', '1753-01-01', '1900-01-01', '0001-01-01', '0001-01-01 00:00:00 +00:00', '', '', N'', N'', '', N'', 0x00000000, 0x, 0x, '00000000-0000-0000-0000-000000000000')
INSERT INTO dbo.matrix VALUES (2, 1, 255, 32767, 2147483647, 9223372036854775807, 3.4e38, 1.7976931348623157e308, 9999999999999999999999999999.9999999999, 99999, 922337203685477.5807, 214748.3647, '9999-12-31', '23:59:59.999999', '9999-12-31 23:59:59.997', '2079-06-06 23:59:00', '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999 +00:00', 'abcdefgh', REPLICATE('x', 50), N'éééééééé', REPLICATE(N'日', 50), REPLICATE(CAST('y' AS varchar(max)), 70000), REPLICATE(CAST(N'ß' AS nvarchar(max)), 70000), 0xDEADBEEF, 0x000102030405060708090A0B0C0D0E0F10111213, CAST(REPLICATE(CAST('z' AS varchar(max)), 70000) AS varbinary(max)), 'FFEEDDCC-BBAA-9988-7766-554433221100')
INSERT INTO dbo.matrix (id, c_char, c_vc, c_nvc, c_dto, c_dt, c_float) VALUES (3, 'ab', 'trailing  ', N'emoji 😀 "q" \', '2024-02-29 23:59:59.123456 +05:30', '2024-01-01 00:00:00.003', 0.1)
INSERT INTO dbo.nokey VALUES (1, N'x'), (1, N'x'), (NULL, NULL), (2, N'ü')
GO
INSERT INTO dbo.big SELECT n, n % 1000, CAST(n AS money) / 100, N'name ' + CAST(n AS nvarchar(20)), CASE WHEN n % 7 = 0 THEN NULL ELSE N'body ü ' + CAST(n AS nvarchar(20)) END, DATEADD(second, n, '2020-01-01'), newid(), n % 2, n / 3.0, CAST(n AS decimal(18,4)) / 7, CAST(n AS varbinary(8)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.all_objects b) x WHERE n <= 200000
GO
