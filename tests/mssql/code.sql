IF SCHEMA_ID('sales') IS NULL EXEC('CREATE SCHEMA sales')
GO
IF SCHEMA_ID('tools') IS NULL EXEC('CREATE SCHEMA tools')
GO
CREATE TABLE dbo.Customers (CustomerId int IDENTITY(1,1) NOT NULL PRIMARY KEY, Name nvarchar(50) NOT NULL, Active bit NOT NULL)
CREATE TABLE sales.Orders (OrderId int NOT NULL PRIMARY KEY, CustomerId int NOT NULL, Total decimal(12,2) NOT NULL, Changed datetime2(3) NULL)
CREATE TABLE sales.History (OrderId int NOT NULL, Was decimal(12,2) NULL, Became decimal(12,2) NULL)
GO
INSERT INTO dbo.Customers (Name, Active) VALUES (N'Ada', 1), (N'Bo', 0), (N'Cy', 1)
INSERT INTO sales.Orders VALUES (1, 1, 10.50, NULL), (2, 1, 4.00, NULL), (3, 3, 7.25, NULL)
GO
CREATE VIEW dbo.Working AS SELECT CustomerId, Name FROM dbo.Customers WHERE Active = 1
GO
CREATE VIEW dbo.Totals AS
-- over another view, whose name comes later
SELECT a.CustomerId, SUM(o.Total) AS Total FROM dbo.Working a JOIN sales.Orders o ON o.CustomerId = a.CustomerId GROUP BY a.CustomerId
GO
CREATE FUNCTION tools.Twice(@n int) RETURNS int AS BEGIN RETURN @n * 2 END
GO
CREATE FUNCTION dbo.OrdersOf(@c int) RETURNS TABLE AS RETURN (SELECT OrderId, Total FROM sales.Orders WHERE CustomerId = @c)
GO
CREATE PROC dbo.Doubled @n int OUTPUT AS
SET NOCOUNT ON
SET @n = tools.Twice(@n)
GO
CREATE PROCEDURE dbo.GetTotals @Least decimal(12,2) AS
BEGIN
  SET NOCOUNT ON
  SELECT CustomerId, Total FROM dbo.Totals WHERE Total >= @Least
END
GO
CREATE PROC dbo.AddCustomer @Name nvarchar(50), @Id int OUTPUT AS
SET NOCOUNT ON
INSERT INTO Customers (Name, Active) VALUES (@Name, 1)
SET @Id = SCOPE_IDENTITY()
GO
CREATE PROC dbo.AddTwo AS
DECLARE @i int
EXEC dbo.AddCustomer N'Di', @i OUTPUT
EXEC dbo.AddCustomer @Name = N'Ed', @Id = @i OUTPUT
GO
CREATE PROC dbo.ByName @Name nvarchar(50) AS
SET NOCOUNT ON
DELETE FROM dbo.Customers WHERE Name = @Name
GO
CREATE PROC dbo.CallsByName AS
SET NOCOUNT ON
EXEC dbo.ByName N'nobody'
GO
CREATE PROC dbo.Waits AS
WAITFOR DELAY '0:0:1'
GO
CREATE PROC dbo.CallsWaits AS
SET NOCOUNT ON
EXEC dbo.Waits
GO
CREATE PROC dbo.Absent AS
SET NOCOUNT ON
DELETE FROM dbo.Nothing
GO
CREATE TRIGGER sales.Keep ON sales.Orders AFTER INSERT, UPDATE, DELETE AS
BEGIN
  INSERT INTO sales.History (OrderId, Was, Became)
  SELECT ISNULL(i.OrderId, d.OrderId), d.Total, i.Total FROM inserted i FULL JOIN deleted d ON d.OrderId = i.OrderId
END
GO
CREATE TRIGGER sales.Sleeps ON sales.Orders AFTER INSERT AS
DELETE FROM sales.History
GO
DISABLE TRIGGER sales.Sleeps ON sales.Orders
GO
CREATE SYNONYM dbo.Clients FOR dbo.Customers
GO
CREATE SYNONYM dbo.Elsewhere FOR other.dbo.t
GO
CREATE PROC dbo.CountClients @n int OUTPUT AS
SET NOCOUNT ON
SELECT @n = COUNT(*) FROM dbo.Clients
GO
