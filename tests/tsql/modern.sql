-- The style of newer code: THROW, JSON, TRY_CAST, windows, MERGE, table types, SECURITY by session.
-- expect: equivalent
CREATE PROCEDURE dbo.Customer_Save @CustomerId int OUTPUT, @Name nvarchar(100), @Credit decimal(12, 2) = 0 AS
BEGIN
  SET NOCOUNT ON;
  IF @CustomerId IS NULL
  BEGIN
    INSERT INTO dbo.Customer (Name, Credit) VALUES (@Name, @Credit);
    SET @CustomerId = CAST(SCOPE_IDENTITY() AS int);
  END
  ELSE
    UPDATE dbo.Customer SET Name = @Name, Credit = @Credit, Modified = GETDATE() WHERE CustomerId = @CustomerId;
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Order_Place @CustomerId int, @Total money, @OrderId int OUTPUT AS
BEGIN
  SET NOCOUNT, XACT_ABORT ON;
  BEGIN TRAN;
  BEGIN TRY
    INSERT INTO dbo.Orders (CustomerId, Placed, Status, Total) VALUES (@CustomerId, SYSDATETIME(), 1, @Total);
    SET @OrderId = SCOPE_IDENTITY();
    UPDATE dbo.Customer SET Credit = Credit - @Total WHERE CustomerId = @CustomerId;
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK;
    SET @OrderId = -1;
    RETURN;
  END CATCH
  COMMIT;
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Order_Reprice @OrderId int AS
BEGIN TRY
  BEGIN TRAN
  UPDATE dbo.Orders SET Version = Version + 1 WHERE OrderId = @OrderId
  UPDATE dbo.OrderLine SET Quantity = Quantity + 1 WHERE OrderId = @OrderId
  COMMIT
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK
  DECLARE @m nvarchar(2048), @s int, @t int
  SELECT @m = ERROR_MESSAGE(), @s = ERROR_SEVERITY(), @t = ERROR_STATE()
  RAISERROR(@m, @s, @t)
END CATCH
GO
-- expect: review (what the block did before the error)
CREATE PROCEDURE dbo.Order_Logged @OrderId int AS
BEGIN TRY
  BEGIN TRAN
  DELETE FROM dbo.OrderLine WHERE OrderId = @OrderId
  DELETE FROM dbo.Orders WHERE OrderId = @OrderId
  COMMIT
END TRY
BEGIN CATCH
  ROLLBACK
  INSERT INTO dbo.Audit (At, OrderId) VALUES (GETDATE(), @OrderId);
  THROW;
END CATCH
GO
-- expect: review (what the block did before the error)
CREATE PROCEDURE dbo.Queue_Ping @Id int AS
BEGIN TRY
  UPDATE dbo.Queue SET Tries = Tries + 1 WHERE Id = @Id;
  DELETE FROM dbo.Queue WHERE Id < @Id - 1000;
END TRY
BEGIN CATCH
  PRINT 'never mind';
END CATCH
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Lines_FromJson @OrderId int, @Json nvarchar(max) AS
BEGIN
  INSERT INTO dbo.OrderLine (OrderId, [LineNo], ProductId, Quantity, Price)
  SELECT @OrderId, j.[LineNo], j.ProductId, j.Quantity, j.Price
  FROM OPENJSON(@Json) WITH ([LineNo] int '$.no', ProductId int '$.product.id', Quantity int, Price decimal(10, 2)) AS j;
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Ids_FromJson @Json nvarchar(max) AS
  SELECT o.OrderId, o.Total FROM dbo.Orders o JOIN OPENJSON(@Json, '$.ids') j ON CAST(j.[value] AS int) = o.OrderId ORDER BY o.OrderId;
GO
-- expect: equivalent
CREATE FUNCTION dbo.Setting(@Json nvarchar(max)) RETURNS int AS
BEGIN
  IF ISJSON(@Json) = 0 RETURN NULL;
  RETURN TRY_CAST(JSON_VALUE(@Json, '$.limits[0].max') AS int);
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.Whole(@Text varchar(30)) RETURNS int AS
BEGIN
  RETURN COALESCE(TRY_CAST(@Text AS int), -1);
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.Amount(@Text varchar(30)) RETURNS decimal(9, 2) AS
BEGIN
  RETURN TRY_CONVERT(decimal(9, 2), @Text);
END
GO
-- expect: review (which texts are dates)
CREATE FUNCTION dbo.Moment(@Text varchar(30)) RETURNS datetime AS
BEGIN
  RETURN TRY_CAST(@Text AS datetime);
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.Shown(@Total decimal(12, 2), @Day date) RETURNS varchar(60) AS
BEGIN
  RETURN CONCAT(FORMAT(@Total, 'N2'), ' on ', FORMAT(@Day, 'yyyy-MM-dd'));
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.Key_Text(@Id uniqueidentifier, @On bit) RETURNS varchar(60) AS
BEGIN
  RETURN CONCAT(@Id, ':', @On);
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Stock_Upsert @Ids dbo.IdTable READONLY AS
  MERGE dbo.Product AS t USING @Ids AS s ON t.ProductId = s.Id
  WHEN MATCHED AND t.Stock = 0 THEN DELETE
  WHEN MATCHED THEN UPDATE SET Stock = t.Stock - 1
  WHEN NOT MATCHED THEN INSERT (ProductId, Code, Stock) VALUES (s.Id, 'new', 1);
GO
-- expect: manual (needs PostgreSQL 17)
CREATE PROCEDURE dbo.Stock_Mirror @Ids dbo.IdTable READONLY AS
  MERGE dbo.Product AS t USING @Ids AS s ON t.ProductId = s.Id
  WHEN NOT MATCHED BY SOURCE THEN DELETE;
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_Numbered @Page int, @Size int = 20 AS
  WITH numbered AS (SELECT OrderId, Total, ROW_NUMBER() OVER (ORDER BY Placed DESC, OrderId) AS n FROM dbo.Orders)
  SELECT OrderId, Total, n FROM numbered WHERE n BETWEEN (@Page - 1) * @Size + 1 AND @Page * @Size ORDER BY n;
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_Recent @CustomerId int = NULL, @Days int = 30 AS
  SELECT o.OrderId, o.Placed, l.Pieces
  FROM dbo.Orders o OUTER APPLY (SELECT SUM(Quantity) AS Pieces FROM dbo.OrderLine WHERE OrderId = o.OrderId) l
  WHERE (@CustomerId IS NULL OR o.CustomerId = @CustomerId) AND o.Placed > DATEADD(day, -@Days, GETDATE())
  ORDER BY o.Placed DESC OFFSET 0 ROWS FETCH NEXT 100 ROWS ONLY;
GO
-- expect: manual (its types are not known)
CREATE PROCEDURE dbo.Queue_Claim @Most int AS
  UPDATE TOP (@Most) q SET Tries = Tries + 1 OUTPUT inserted.Id, inserted.Tries
  FROM dbo.Queue q WITH (ROWLOCK, READPAST) WHERE Done = 0;
GO
-- expect: equivalent
CREATE FUNCTION dbo.Under(@ParentId int) RETURNS TABLE AS RETURN
  WITH tree AS (
    SELECT CustomerId, 0 AS Level FROM dbo.Customer WHERE CustomerId = @ParentId
    UNION ALL
    SELECT c.CustomerId, t.Level + 1 FROM dbo.Customer c JOIN tree t ON t.CustomerId = c.ParentId)
  SELECT CustomerId, Level FROM tree WHERE Level > 0;
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Flags @CustomerId int AS
  SELECT c.CustomerId, COALESCE(c.Active, 0) AS Active, CASE WHEN c.Credit > 0 THEN c.Active ELSE 2 END AS State,
         IIF(c.ParentId IS NULL, 1, 0) AS IsRoot
  FROM dbo.Customer c WHERE c.CustomerId = @CustomerId;
GO
-- expect: review (strings)
CREATE PROCEDURE dbo.Search_Name @Text nvarchar(50) AS
  SELECT CustomerId, Name FROM dbo.Customer WHERE Name LIKE '%' + @Text + '%' ORDER BY CustomerId;
GO
-- expect: manual (dynamic SQL)
CREATE PROCEDURE dbo.Run_Filter @Column sysname, @Value int AS
  DECLARE @sql nvarchar(max) = N'SELECT * FROM dbo.Orders WHERE ' + QUOTENAME(@Column) + N' = @v';
  EXEC sp_executesql @sql, N'@v int', @v = @Value;
GO
-- expect: manual (no rule)
CREATE PROCEDURE dbo.Total_Of @CustomerId int AS
  DECLARE @c CURSOR
  DELETE FROM dbo.Queue WHERE Id = @CustomerId
GO
-- expect: manual (JSON)
CREATE VIEW dbo.As_Json AS SELECT (SELECT OrderId, Total FROM dbo.Orders FOR JSON PATH) AS j
GO
