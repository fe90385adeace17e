-- Batches, queues, errors, transactions, cursors, dynamic SQL, triggers.
-- expect: equivalent
CREATE PROCEDURE dbo.Transfer @From int, @To int, @Amount decimal(12, 2) AS
BEGIN
  SET NOCOUNT ON; SET XACT_ABORT ON;
  BEGIN TRY
    BEGIN TRANSACTION;
    UPDATE dbo.Customer SET Credit = Credit - @Amount WHERE CustomerId = @From;
    IF @@ROWCOUNT <> 1 THROW 50001, 'no such customer', 1;
    UPDATE dbo.Customer SET Credit = Credit + @Amount WHERE CustomerId = @To;
    COMMIT TRANSACTION;
  END TRY
  BEGIN CATCH
    IF XACT_STATE() <> 0 ROLLBACK TRANSACTION;
    THROW;
  END CATCH
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Queue_Try @Id int, @Message nvarchar(400) OUTPUT AS
BEGIN TRY
  UPDATE dbo.Queue SET Done = 1 WHERE Id = @Id
END TRY
BEGIN CATCH
  SET @Message = ERROR_MESSAGE()
  UPDATE dbo.Queue SET Tries = Tries + 1 WHERE Id = @Id
END CATCH
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_Cancel @OrderId int AS
BEGIN TRAN
DELETE FROM dbo.OrderLine WHERE OrderId = @OrderId
IF @@ERROR <> 0
BEGIN
  ROLLBACK TRAN
  RETURN -1
END
DELETE FROM dbo.Orders WHERE OrderId = @OrderId
COMMIT TRAN
RETURN 0
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Queue_Take @Count int AS
BEGIN
  DECLARE @t TABLE (Id int)
  INSERT INTO @t (Id) SELECT TOP (@Count) Id FROM dbo.Queue WITH (UPDLOCK, READPAST) WHERE Done = 0 ORDER BY Id
  UPDATE q SET Done = 1 FROM dbo.Queue q JOIN @t t ON t.Id = q.Id
  SELECT q.Id, q.Payload FROM dbo.Queue q JOIN @t t ON t.Id = q.Id
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Queue_Purge @Batch int = 1000 AS
BEGIN
  DECLARE @n int = 1
  WHILE @n > 0
  BEGIN
    DELETE TOP (@Batch) FROM dbo.Queue WHERE Done = 1
    SET @n = @@ROWCOUNT
  END
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_Place @CustomerId int, @ProductId int, @Quantity int, @Price decimal(10, 2) AS
BEGIN
  DECLARE @OrderId int, @rc int
  INSERT INTO dbo.Orders (CustomerId, Placed, Status, Total) VALUES (@CustomerId, SYSDATETIME(), 1, 0)
  SET @OrderId = SCOPE_IDENTITY()
  INSERT INTO dbo.OrderLine (OrderId, LineNo, ProductId, Quantity, Price) VALUES (@OrderId, 1, @ProductId, @Quantity, @Price)
  EXEC @rc = dbo.Customer_Update @CustomerId, N'x', 1
  IF @rc <> 0 RETURN @rc
  RETURN 0
END
GO
-- expect: review (a cursor over what its loop changes)
CREATE PROCEDURE dbo.Orders_Renumber AS
BEGIN
  DECLARE @id int, @n int = 0
  DECLARE c CURSOR LOCAL FAST_FORWARD FOR SELECT OrderId FROM dbo.Orders ORDER BY Placed
  OPEN c
  FETCH NEXT FROM c INTO @id
  WHILE @@FETCH_STATUS = 0
  BEGIN
    SET @n = @n + 1
    UPDATE dbo.Orders SET Version = @n WHERE OrderId = @id
    FETCH NEXT FROM c INTO @id
  END
  CLOSE c
  DEALLOCATE c
END
GO
-- expect: manual (dynamic SQL)
CREATE PROCEDURE dbo.Search @Column sysname AS
BEGIN
  DECLARE @sql nvarchar(max) = N'SELECT * FROM dbo.Customer ORDER BY ' + QUOTENAME(@Column)
  EXEC sp_executesql @sql
END
GO
-- expect: equivalent
CREATE TRIGGER dbo.Orders_Audit ON dbo.Orders AFTER INSERT, UPDATE, DELETE AS
BEGIN
  SET NOCOUNT ON
  INSERT INTO dbo.Audit (At, OrderId, OldStatus, NewStatus)
  SELECT GETDATE(), COALESCE(i.OrderId, d.OrderId), d.Status, i.Status
  FROM inserted i FULL JOIN deleted d ON d.OrderId = i.OrderId
END
GO
-- expect: review (it changes its own table)
CREATE TRIGGER dbo.Customer_Modified ON dbo.Customer AFTER UPDATE AS
UPDATE c SET Modified = GETDATE() FROM dbo.Customer c JOIN inserted i ON i.CustomerId = c.CustomerId
GO
-- expect: review (which columns a statement names)
CREATE TRIGGER dbo.Orders_Status ON dbo.Orders AFTER UPDATE AS
IF UPDATE(Status)
  INSERT INTO dbo.Audit (At, OrderId) SELECT GETDATE(), OrderId FROM inserted
GO
-- expect: manual (administration)
CREATE PROCEDURE dbo.Sizes AS
SELECT name FROM sys.tables
GO
-- expect: equivalent
CREATE FUNCTION dbo.AsInt(@s varchar(20)) RETURNS int AS
BEGIN
  RETURN TRY_CAST(@s AS int)
END
GO
