-- Create, read, update, delete; pages; upserts.
-- expect: equivalent
CREATE PROCEDURE dbo.Customer_Get @CustomerId int AS
BEGIN
  SET NOCOUNT ON;
  SELECT CustomerId, Name, Email, Active, Credit, Created FROM dbo.Customer WHERE CustomerId = @CustomerId;
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Customer_Insert @Name nvarchar(100), @Email nvarchar(200) = NULL, @CustomerId int OUTPUT AS
BEGIN
  SET NOCOUNT ON;
  INSERT INTO dbo.Customer (Name, Email, Created) VALUES (@Name, @Email, GETDATE());
  SET @CustomerId = SCOPE_IDENTITY();
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Customer_InsertAndReturn @Name nvarchar(100) AS
BEGIN
  INSERT INTO dbo.Customer (Name) VALUES (@Name);
  SELECT CAST(SCOPE_IDENTITY() AS int) AS CustomerId;
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Customer_Update @CustomerId int, @Name nvarchar(100), @Active bit AS
UPDATE dbo.Customer SET Name = @Name, Active = @Active, Modified = GETDATE() WHERE CustomerId = @CustomerId
IF @@ROWCOUNT = 0 RETURN 1
RETURN 0
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Customer_Delete @CustomerId int AS
BEGIN
  SET NOCOUNT ON
  IF EXISTS (SELECT 1 FROM dbo.Orders WHERE CustomerId = @CustomerId)
  BEGIN
    THROW 50010, 'the customer has orders', 1
  END
  DELETE FROM dbo.Customer WHERE CustomerId = @CustomerId
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_Page @Page int = 1, @Size int = 20 AS
SELECT o.OrderId, o.CustomerId, o.Placed, COUNT(*) OVER () AS AllRows
FROM dbo.Orders o WITH (NOLOCK)
ORDER BY o.Placed DESC, o.OrderId
OFFSET (@Page - 1) * @Size ROWS FETCH NEXT @Size ROWS ONLY
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_PageOld @First int, @Last int AS
WITH numbered AS (
  SELECT OrderId, CustomerId, ROW_NUMBER() OVER (ORDER BY OrderId) AS rn FROM dbo.Orders
)
SELECT OrderId, CustomerId, rn FROM numbered WHERE rn BETWEEN @First AND @Last
GO
-- expect: review (strings)
CREATE PROCEDURE dbo.Customer_Find @Email nvarchar(200) AS
SELECT TOP (1) CustomerId, Name FROM dbo.Customer WHERE Email = @Email ORDER BY CustomerId
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Stock_Set @ProductId int, @Code varchar(20), @Stock int AS
IF EXISTS (SELECT * FROM dbo.Product WHERE ProductId = @ProductId)
  UPDATE dbo.Product SET Stock = @Stock WHERE ProductId = @ProductId
ELSE
  INSERT INTO dbo.Product (ProductId, Code, Stock) VALUES (@ProductId, @Code, @Stock)
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Stock_Merge @ProductId int, @Code varchar(20), @Stock int AS
MERGE dbo.Product AS t
USING (SELECT @ProductId AS ProductId, @Code AS Code, @Stock AS Stock) AS s
ON t.ProductId = s.ProductId
WHEN MATCHED THEN UPDATE SET Stock = s.Stock
WHEN NOT MATCHED THEN INSERT (ProductId, Code, Stock) VALUES (s.ProductId, s.Code, s.Stock);
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_Close @ids dbo.IdTable READONLY AS
UPDATE o SET o.Status = 9, o.Version = o.Version + 1
FROM dbo.Orders o INNER JOIN @ids i ON i.Id = o.OrderId
WHERE o.Status <> 9
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Orders_DeleteReturning @Status tinyint AS
DELETE FROM dbo.Orders OUTPUT deleted.OrderId, deleted.CustomerId WHERE Status = @Status
GO
