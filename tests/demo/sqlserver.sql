-- The demo's SQL Server database: a shop, as such databases have grown. In a scratch database; run again, it starts anew.
IF OBJECT_ID('sales.v_open_orders') IS NOT NULL DROP VIEW sales.v_open_orders
IF OBJECT_ID('sales.p_close_order') IS NOT NULL DROP PROCEDURE sales.p_close_order
IF OBJECT_ID('sales.OrderLine') IS NOT NULL DROP TABLE sales.OrderLine
IF OBJECT_ID('sales.[Order Notes]') IS NOT NULL DROP TABLE sales.[Order Notes]
IF OBJECT_ID('sales.SalesOrder') IS NOT NULL DROP TABLE sales.SalesOrder
IF OBJECT_ID('stock.Product') IS NOT NULL DROP TABLE stock.Product
IF OBJECT_ID('stock.Category') IS NOT NULL DROP TABLE stock.Category
IF OBJECT_ID('people.Login') IS NOT NULL DROP TABLE people.Login
IF OBJECT_ID('people.[user]') IS NOT NULL DROP TABLE people.[user]
IF OBJECT_ID('people.Customer') IS NOT NULL DROP TABLE people.Customer
IF OBJECT_ID('people.AuditTrail') IS NOT NULL DROP TABLE people.AuditTrail
GO
IF SCHEMA_ID('people') IS NULL EXEC('CREATE SCHEMA people')
IF SCHEMA_ID('stock') IS NULL EXEC('CREATE SCHEMA stock')
IF SCHEMA_ID('sales') IS NULL EXEC('CREATE SCHEMA sales')
GO
CREATE TABLE people.Customer (CustomerId int IDENTITY(1000,1) NOT NULL CONSTRAINT PK_Customer PRIMARY KEY, Code varchar(12) NOT NULL CONSTRAINT UQ_Customer_Code UNIQUE, Name nvarchar(100) NOT NULL, Email varchar(200) NULL, Country char(2) NOT NULL CONSTRAINT DF_Country DEFAULT ('DE'), CreditLimit money NOT NULL CONSTRAINT DF_Credit DEFAULT ((0)), Active bit NOT NULL CONSTRAINT DF_Active DEFAULT ((1)), RowGuid uniqueidentifier NOT NULL CONSTRAINT DF_Guid DEFAULT (newid()), CreatedAt datetime2(3) NOT NULL CONSTRAINT DF_Created DEFAULT (sysutcdatetime()), CONSTRAINT CK_Credit CHECK (CreditLimit >= 0))
CREATE TABLE people.[user] (UserId int NOT NULL PRIMARY KEY, UserName nvarchar(50) NOT NULL, Manager int NULL REFERENCES people.[user](UserId))
CREATE TABLE people.Login (UserId int NOT NULL REFERENCES people.[user](UserId) ON DELETE CASCADE, At datetime NOT NULL, Address varbinary(16) NOT NULL, PRIMARY KEY (UserId, At))
CREATE TABLE people.AuditTrail (What nvarchar(200), Who nvarchar(50), AtTime datetimeoffset(3))
CREATE TABLE stock.Category (CategoryId smallint NOT NULL PRIMARY KEY, Name nvarchar(50) NOT NULL, Parent smallint NULL REFERENCES stock.Category(CategoryId))
CREATE TABLE stock.Product (Sku char(10) NOT NULL PRIMARY KEY, CategoryId smallint NOT NULL REFERENCES stock.Category(CategoryId), Title nvarchar(200) NOT NULL, Price smallmoney NOT NULL, Weight real NULL, Picture varbinary(max) NULL, Description nvarchar(max) NULL)
CREATE TABLE sales.SalesOrder (OrderId bigint NOT NULL CONSTRAINT PK_SalesOrder PRIMARY KEY, CustomerId int NOT NULL CONSTRAINT FK_Order_Customer REFERENCES people.Customer(CustomerId), OrderDate date NOT NULL, PlacedAt datetime NOT NULL, Status tinyint NOT NULL, Total decimal(18,4) NOT NULL, Discount float NULL)
CREATE TABLE sales.OrderLine (OrderId bigint NOT NULL REFERENCES sales.SalesOrder(OrderId) ON DELETE CASCADE, LineNumber smallint NOT NULL, Sku char(10) NOT NULL REFERENCES stock.Product(Sku), Quantity int NOT NULL, UnitPrice money NOT NULL, CONSTRAINT PK_OrderLine PRIMARY KEY (OrderId, LineNumber))
CREATE TABLE sales.[Order Notes] (NoteId int NOT NULL PRIMARY KEY, OrderId bigint NOT NULL REFERENCES sales.SalesOrder(OrderId), [written-by] nvarchar(50) NOT NULL, Note nvarchar(max) NOT NULL)
CREATE INDEX IX_Order_Open ON sales.SalesOrder (CustomerId, OrderDate DESC) INCLUDE (Total) WHERE Status < 3
CREATE INDEX IX_Line_Sku ON sales.OrderLine (Sku)
GO
CREATE VIEW sales.v_open_orders AS SELECT OrderId, CustomerId, Total FROM sales.SalesOrder WHERE Status < 3
GO
CREATE PROCEDURE sales.p_close_order @OrderId bigint AS UPDATE sales.SalesOrder SET Status = 3 WHERE OrderId = @OrderId
GO
INSERT INTO people.Customer (Code, Name, Email, Country, CreditLimit, CreatedAt) SELECT 'C' + CAST(n AS varchar(10)), N'Kundin ' + CAST(n AS nvarchar(10)) + N' Größe ' + NCHAR(945 + n % 24), CASE WHEN n % 5 = 0 THEN NULL ELSE 'c' + CAST(n AS varchar(10)) + '@example.org' END, CASE WHEN n % 3 = 0 THEN 'FR' ELSE 'DE' END, CAST(n % 900 AS money) * 100, DATEADD(minute, n, '2019-01-01') FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 5000
INSERT INTO people.[user] SELECT n, N'user ' + CAST(n AS nvarchar(10)), CASE WHEN n = 1 THEN NULL ELSE n / 2 END FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 300
INSERT INTO people.Login SELECT n % 300 + 1, DATEADD(second, n * 7, '2024-01-01'), CAST(n AS varbinary(8)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 6000
INSERT INTO people.AuditTrail SELECT N'change ' + CAST(n % 100 AS nvarchar(10)), N'user ' + CAST(n % 7 AS nvarchar(10)), '2024-03-31 02:30:00.123 +02:00' FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 4000
INSERT INTO stock.Category SELECT n, N'category ' + CAST(n AS nvarchar(10)), CASE WHEN n < 5 THEN NULL ELSE n / 4 END FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 40
INSERT INTO stock.Product SELECT 'P' + CAST(100000 + n AS varchar(10)), n % 40 + 1, N'Product ' + CAST(n AS nvarchar(10)) + N' ☕', CAST(n AS smallmoney) / 7, n / 3.0, CASE WHEN n % 10 = 0 THEN CAST(REPLICATE(CAST('x' AS varchar(max)), 20000) AS varbinary(max)) ELSE NULL END, CASE WHEN n % 4 = 0 THEN NULL ELSE REPLICATE(CAST(N'Beschreibung – длинный ' AS nvarchar(max)), n % 50) END FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 1000
INSERT INTO sales.SalesOrder SELECT n, 1000 + n % 5000, DATEADD(day, n % 1500, '2020-01-01'), DATEADD(second, n, '2020-01-01'), n % 5, CAST(n AS decimal(18,4)) / 3, CASE WHEN n % 11 = 0 THEN NULL ELSE n / 100.0 END FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.types b CROSS JOIN sys.schemas c) x WHERE n <= 60000
INSERT INTO sales.OrderLine SELECT n / 3 + 1, n % 3 + 1, 'P' + CAST(100001 + n % 1000 AS varchar(10)), n % 9 + 1, CAST(n AS money) / 13 FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) - 1 AS n FROM sys.all_objects a CROSS JOIN sys.types b CROSS JOIN sys.schemas c) x WHERE n < 180000
INSERT INTO sales.[Order Notes] SELECT n, n * 20, N'user ' + CAST(n % 7 AS nvarchar(10)), N'Bitte klingeln, 日本語 😀 ' + CAST(n AS nvarchar(10)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 900
GO
