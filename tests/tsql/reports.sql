-- Reports over temporary tables, windows, hierarchies and string building.
-- expect: equivalent
CREATE VIEW dbo.CustomerTotals AS
SELECT o.CustomerId, COUNT(*) AS Orders, SUM(o.Total) AS Total, MAX(o.Placed) AS LastPlaced FROM dbo.Orders o GROUP BY o.CustomerId
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Report_Sales @From datetime, @To datetime AS
BEGIN
  SET NOCOUNT ON
  IF OBJECT_ID('tempdb..#sales') IS NOT NULL DROP TABLE #sales
  SELECT l.ProductId, SUM(l.Quantity) AS Quantity, SUM(l.Quantity * l.Price) AS Amount
  INTO #sales
  FROM dbo.OrderLine l JOIN dbo.Orders o ON o.OrderId = l.OrderId
  WHERE o.Placed >= @From AND o.Placed < @To
  GROUP BY l.ProductId
  DELETE FROM #sales WHERE Quantity = 0
  SELECT p.ProductId, p.Code, s.Quantity, s.Amount, RANK() OVER (ORDER BY s.Amount DESC) AS Place
  FROM #sales s JOIN dbo.Product p ON p.ProductId = s.ProductId
  ORDER BY s.Amount DESC
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.CustomerTree(@Root int) RETURNS TABLE AS
RETURN
WITH tree AS (
  SELECT CustomerId, ParentId, 0 AS Depth FROM dbo.Customer WHERE CustomerId = @Root
  UNION ALL
  SELECT c.CustomerId, c.ParentId, t.Depth + 1 FROM dbo.Customer c JOIN tree t ON t.CustomerId = c.ParentId
)
SELECT CustomerId, ParentId, Depth FROM tree
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Report_Tree @Root int AS
SELECT t.CustomerId, t.Depth, v.Orders FROM dbo.CustomerTree(@Root) t LEFT JOIN dbo.CustomerTotals v ON v.CustomerId = t.CustomerId ORDER BY t.Depth
GO
-- expect: review (FOR XML escapes)
CREATE FUNCTION dbo.Codes(@OrderId int) RETURNS nvarchar(max) AS
BEGIN
  RETURN STUFF((SELECT ',' + p.Code FROM dbo.OrderLine l JOIN dbo.Product p ON p.ProductId = l.ProductId WHERE l.OrderId = @OrderId ORDER BY l.LineNo FOR XML PATH('')), 1, 1, '')
END
GO
-- expect: review (mean of money)
CREATE PROCEDURE dbo.Report_Mean AS
SELECT CustomerId, AVG(Total) AS Mean FROM dbo.Orders GROUP BY CustomerId
GO
-- expect: equivalent
CREATE FUNCTION dbo.OrderAge(@OrderId int) RETURNS int AS
BEGIN
  DECLARE @placed datetime2(3)
  SELECT @placed = Placed FROM dbo.Orders WHERE OrderId = @OrderId
  RETURN DATEDIFF(day, @placed, GETDATE())
END
GO
-- expect: equivalent
CREATE FUNCTION dbo.Recent(@Days int) RETURNS @r TABLE (OrderId int, Age int) AS
BEGIN
  INSERT INTO @r SELECT OrderId, DATEDIFF(day, Placed, GETDATE()) FROM dbo.Orders WHERE Placed > DATEADD(day, -@Days, GETDATE())
  DELETE FROM @r WHERE Age < 0
  RETURN
END
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Report_Latest AS
SELECT c.CustomerId, x.OrderId, x.Placed
FROM dbo.Customer c
OUTER APPLY (SELECT TOP 1 o.OrderId, o.Placed FROM dbo.Orders o WHERE o.CustomerId = c.CustomerId ORDER BY o.Placed DESC) x
GO
-- expect: equivalent
CREATE PROCEDURE dbo.Report_Pivot AS
SELECT * FROM (SELECT CustomerId, Status, OrderId FROM dbo.Orders) s PIVOT (COUNT(OrderId) FOR Status IN ([1], [2])) p
GO
-- expect: manual (JSON)
CREATE PROCEDURE dbo.Report_Json AS
SELECT CustomerId, Name FROM dbo.Customer FOR JSON PATH
GO
