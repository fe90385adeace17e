-- The style of older code: @@ERROR, GOTO to an exit, RETURN codes, RAISERROR, scripts that create conditionally.
-- expect: equivalent
CREATE PROCEDURE dbo.Log_Post @Kind int, @OrderId int, @Code int = 0 OUTPUT AS
  INSERT INTO dbo.Audit (At, OrderId, NewStatus) VALUES (GETDATE(), @OrderId, @Kind)
  SET @Code = @@ERROR
RETURN @Code
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Order_Close @OrderId int, @Message varchar(200) OUTPUT AS
  SET XACT_ABORT, NOCOUNT ON
  DECLARE @myError int, @myRowCount int
  SET @Message = ''
  IF @OrderId IS NULL
  BEGIN
    SET @Message = 'no order'
    GOTO Done
  END
  UPDATE dbo.Orders SET Status = 9 WHERE OrderId = @OrderId
  SELECT @myError = @@ERROR, @myRowCount = @@ROWCOUNT
  IF @myRowCount = 0
  BEGIN
    SET @Message = 'nothing to close'
    GOTO Done
  END
  EXEC dbo.Log_Post 9, @OrderId
Done:
  RETURN @myError
GO
-- expect: manual (it jumps back)
CREATE PROCEDURE dbo.Order_Retry @OrderId int AS
  DECLARE @n int
  SET @n = 0
Again:
  SET @n = @n + 1
  IF @n < 3 GOTO Again
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Stock_Take @ProductId int, @Quantity int AS
BEGIN
  IF @Quantity <= 0
  BEGIN
    RAISERROR('the quantity must be positive, not %d', 16, 1, @Quantity)
    RETURN 1
  END
  UPDATE dbo.Product SET Stock = Stock - @Quantity WHERE ProductId = @ProductId
  RETURN 0
END
GO
-- expect: review (T-SQL goes on behind it)
CREATE PROCEDURE dbo.Stock_Warn @ProductId int AS
  IF (SELECT Stock FROM dbo.Product WHERE ProductId = @ProductId) < 0
    RAISERROR('below zero', 16, 1)
  UPDATE dbo.Product SET Stock = 0 WHERE ProductId = @ProductId AND Stock < 0
GO
-- expect: manual (a transaction that a branch rolls back)
CREATE PROCEDURE dbo.Order_Remove @OrderId int AS
  BEGIN TRANSACTION
  DELETE FROM dbo.OrderLine WHERE OrderId = @OrderId
  IF @@ERROR <> 0 GOTO Failed
  DELETE FROM dbo.Orders WHERE OrderId = @OrderId
  IF @@ERROR <> 0 GOTO Failed
  COMMIT TRANSACTION
  RETURN 0
Failed:
  ROLLBACK TRANSACTION
  RETURN 1
GO
-- expect: review (a transaction that a branch rolls back)
CREATE PROCEDURE dbo.Order_Guard @OrderId int AS
  BEGIN TRAN
  UPDATE dbo.Orders SET Version = Version + 1 WHERE OrderId = @OrderId
  IF NOT EXISTS (SELECT * FROM dbo.OrderLine WHERE OrderId = @OrderId)
  BEGIN
    ROLLBACK TRAN
    RAISERROR('an order without lines', 16, 1)
    RETURN
  END
  COMMIT TRAN
GO
IF NOT EXISTS (SELECT * FROM dbo.sysobjects WHERE id = OBJECT_ID(N'[dbo].[Orders_Old]'))
BEGIN
EXEC dbo.sp_executesql @statement = N'
-- expect: equivalent
CREATE PROCEDURE [dbo].[Orders_Old] @Before datetime AS
SELECT OrderId, Placed FROM dbo.Orders WHERE Placed < @Before ORDER BY Placed
'
END
GO
IF OBJECT_ID('dbo.Orders_New') IS NULL EXEC('CREATE PROCEDURE dbo.Orders_New AS RETURN 0')
GO
-- expect: equivalent
ALTER PROCEDURE dbo.Orders_New @After datetime AS
SELECT TOP 20 OrderId, Total FROM dbo.Orders WHERE Placed >= @After ORDER BY Placed DESC
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Order_Ids @CustomerId int, @List varchar(1000) OUTPUT AS
  SET @List = ''
  SELECT @List = @List + CAST(OrderId AS varchar(12)) + ',' FROM dbo.Orders WHERE CustomerId = @CustomerId ORDER BY OrderId
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Order_Two @OrderId int AS
  SELECT OrderId, Total FROM dbo.Orders WHERE OrderId = @OrderId
  SELECT [LineNo], ProductId, Quantity FROM dbo.OrderLine WHERE OrderId = @OrderId ORDER BY [LineNo]
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Order_Three @OrderId int AS
  EXEC dbo.Order_Two @OrderId
  SELECT AuditId, At FROM dbo.Audit WHERE OrderId = @OrderId
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Products_Import AS
  SET IDENTITY_INSERT dbo.Queue ON
  INSERT INTO dbo.Queue (Id, Payload) SELECT ProductId, NULL FROM dbo.Product
  SET IDENTITY_INSERT dbo.Queue OFF
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Lines_Summed AS
BEGIN
  CREATE TABLE #Sum (ProductId int NOT NULL, Pieces int NULL)
  CREATE UNIQUE CLUSTERED INDEX IX_Sum ON #Sum (ProductId)
  INSERT INTO #Sum (ProductId, Pieces) SELECT ProductId, SUM(Quantity) FROM dbo.OrderLine GROUP BY ProductId
  SELECT s.ProductId, s.Pieces, p.Stock FROM #Sum s INNER JOIN dbo.Product p ON p.ProductId = s.ProductId
  DROP TABLE #Sum
END
GO
-- expect: equivalent
CREATE TRIGGER dbo.Product_Guard ON dbo.Product FOR UPDATE AS
  IF EXISTS (SELECT * FROM inserted WHERE Stock < -100)
  BEGIN
    RAISERROR('far too few', 16, 1)
    ROLLBACK TRANSACTION
    RETURN
  END
GO
-- expect: equivalent
CREATE TRIGGER dbo.Audit_Keep ON dbo.Audit FOR DELETE AS
  IF @@ROWCOUNT = 0 RETURN
  ROLLBACK TRANSACTION
GO
-- expect: review (strings)
CREATE FUNCTION dbo.Code_Number(@Code varchar(20)) RETURNS int AS
BEGIN
  DECLARE @At int
  SET @At = PATINDEX('%[0-9]%', @Code)
  IF @At = 0 RETURN NULL
  RETURN CAST(SUBSTRING(@Code, @At, 5) AS int)
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.Padded(@n int, @Width int) RETURNS varchar(20) AS
BEGIN
  RETURN REPLICATE('0', @Width - LEN(CAST(@n AS varchar(12)))) + CAST(@n AS varchar(12))
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.Masked(@Text varchar(40)) RETURNS varchar(40) AS
BEGIN
  RETURN STUFF(@Text, 2, LEN(@Text) - 2, '***')
END
GO
-- expect: equivalent
CREATE VIEW dbo.Stamps AS
SELECT OrderId, CONVERT(varchar(30), Placed, 100) AS Placed, CONVERT(char(8), Placed, 112) AS Day, DATENAME(year, Placed) AS Year FROM dbo.Orders
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_Batch @Before datetime AS
  DECLARE @n int
  SET @n = 1
  WHILE @n > 0
  BEGIN
    DELETE TOP (500) l FROM dbo.OrderLine l INNER JOIN dbo.Orders o ON o.OrderId = l.OrderId WHERE o.Placed < @Before
    SET @n = @@ROWCOUNT
  END
GO
-- expect: manual (a transaction that a branch rolls back)
CREATE PROCEDURE dbo.Save_Points AS
  BEGIN TRAN
  SAVE TRAN here
  DELETE FROM dbo.Queue WHERE Done = 1
  ROLLBACK TRAN here
  COMMIT TRAN
GO
-- expect: manual (no rule)
CREATE PROCEDURE dbo.Wait_A_While AS
  WAITFOR DELAY '00:00:05'
  DELETE FROM dbo.Queue WHERE Done = 1
GO
