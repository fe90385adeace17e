-- A warehouse: bins, movements, picking, counting, suppliers. Written the way a vendor's scripts are: brackets, N'…', SET options.
SET ANSI_NULLS ON
GO
SET QUOTED_IDENTIFIER ON
GO
CREATE SCHEMA [wh] AUTHORIZATION [dbo]
GO
CREATE TABLE [wh].[Item](
	[ItemId] [int] IDENTITY(1,1) NOT NULL,
	[Sku] [varchar](30) NOT NULL,
	[Title] [nvarchar](200) NOT NULL,
	[Weight] [decimal](9, 3) NULL,
	[Discontinued] [bit] NOT NULL DEFAULT ((0)),
	[SupplierId] [int] NULL,
 CONSTRAINT [PK_Item] PRIMARY KEY CLUSTERED ([ItemId] ASC)
) ON [PRIMARY]
GO
CREATE TABLE [wh].[Bin]([BinId] [int] NOT NULL PRIMARY KEY, [Aisle] [char](2) NOT NULL, [Shelf] [smallint] NOT NULL, [Capacity] [int] NOT NULL)
GO
CREATE TABLE [wh].[Stock]([BinId] [int] NOT NULL, [ItemId] [int] NOT NULL, [Quantity] [int] NOT NULL, [Counted] [datetime] NULL, CONSTRAINT [PK_Stock] PRIMARY KEY ([BinId], [ItemId]))
GO
CREATE TABLE [wh].[Movement]([MovementId] [bigint] IDENTITY(1,1) PRIMARY KEY, [ItemId] [int] NOT NULL, [FromBin] [int] NULL, [ToBin] [int] NULL, [Quantity] [int] NOT NULL, [At] [datetime] NOT NULL DEFAULT (getdate()), [Note] [nvarchar](400) NULL)
GO
CREATE TABLE [wh].[Pick]([PickId] [int] IDENTITY(1,1) PRIMARY KEY, [OrderNo] [int] NOT NULL, [ItemId] [int] NOT NULL, [Wanted] [int] NOT NULL, [Picked] [int] NOT NULL DEFAULT 0, [State] [tinyint] NOT NULL DEFAULT 0)
GO
CREATE TABLE [wh].[Part]([ItemId] [int] NOT NULL, [PartId] [int] NOT NULL, [Count] [int] NOT NULL, PRIMARY KEY ([ItemId], [PartId]))
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Item_Get]
	@ItemId int
AS
BEGIN
	SET NOCOUNT ON;
	SELECT [ItemId], [Sku], [Title], [Weight], [Discontinued] FROM [wh].[Item] WHERE [ItemId] = @ItemId;
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Item_Add] @Sku varchar(30), @Title nvarchar(200), @Weight decimal(9, 3) = NULL, @SupplierId int = NULL
AS
BEGIN
	SET NOCOUNT ON;
	INSERT INTO [wh].[Item] ([Sku], [Title], [Weight], [SupplierId])
	OUTPUT inserted.[ItemId]
	VALUES (@Sku, @Title, @Weight, @SupplierId);
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Item_Retire] @ItemId int
AS
BEGIN
	IF EXISTS (SELECT 1 FROM [wh].[Stock] WHERE [ItemId] = @ItemId AND [Quantity] > 0)
	BEGIN
		RAISERROR (N'item %d is still in stock', 16, 1, @ItemId);
		RETURN -1;
	END;
	UPDATE [wh].[Item] SET [Discontinued] = 1 WHERE [ItemId] = @ItemId;
	RETURN 0;
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Stock_Of] @ItemId int
AS
SELECT s.[BinId], b.[Shelf], s.[Quantity]
FROM [wh].[Stock] AS s WITH (NOLOCK)
	INNER JOIN [wh].[Bin] AS b WITH (NOLOCK) ON b.[BinId] = s.[BinId]
WHERE s.[ItemId] = @ItemId
ORDER BY s.[Quantity] DESC, s.[BinId] ASC
GO
-- expect: equivalent
CREATE FUNCTION [wh].[OnHand](@ItemId int) RETURNS int
AS
BEGIN
	RETURN ISNULL((SELECT SUM([Quantity]) FROM [wh].[Stock] WHERE [ItemId] = @ItemId), 0);
END
GO
-- expect: equivalent
CREATE FUNCTION [wh].[FreeIn](@BinId int) RETURNS int
AS
BEGIN
	DECLARE @used int, @all int;
	SELECT @all = [Capacity] FROM [wh].[Bin] WHERE [BinId] = @BinId;
	SELECT @used = SUM([Quantity]) FROM [wh].[Stock] WHERE [BinId] = @BinId;
	RETURN COALESCE(@all, 0) - COALESCE(@used, 0);
END
GO
-- expect: review (THROW, in a transaction with XACT_ABORT)
CREATE PROCEDURE [wh].[Move] @ItemId int, @From int, @To int, @Quantity int
AS
BEGIN
	SET NOCOUNT ON;
	SET XACT_ABORT ON;
	IF @Quantity <= 0 THROW 51000, N'nothing to move', 1;
	BEGIN TRANSACTION;
	UPDATE [wh].[Stock] SET [Quantity] = [Quantity] - @Quantity WHERE [BinId] = @From AND [ItemId] = @ItemId AND [Quantity] >= @Quantity;
	IF @@ROWCOUNT = 0
		THROW 51001, N'not enough there', 1;
	UPDATE [wh].[Stock] SET [Quantity] = [Quantity] + @Quantity WHERE [BinId] = @To AND [ItemId] = @ItemId;
	IF @@ROWCOUNT = 0
		INSERT INTO [wh].[Stock] ([BinId], [ItemId], [Quantity]) VALUES (@To, @ItemId, @Quantity);
	INSERT INTO [wh].[Movement] ([ItemId], [FromBin], [ToBin], [Quantity]) VALUES (@ItemId, @From, @To, @Quantity);
	COMMIT TRANSACTION;
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Receive] @ItemId int, @BinId int, @Quantity int, @Note nvarchar(400) = N''
AS
BEGIN
	MERGE INTO [wh].[Stock] AS t
	USING (VALUES (@BinId, @ItemId, @Quantity)) AS s ([BinId], [ItemId], [Quantity])
	ON t.[BinId] = s.[BinId] AND t.[ItemId] = s.[ItemId]
	WHEN MATCHED THEN UPDATE SET t.[Quantity] = t.[Quantity] + s.[Quantity]
	WHEN NOT MATCHED BY TARGET THEN INSERT ([BinId], [ItemId], [Quantity]) VALUES (s.[BinId], s.[ItemId], s.[Quantity]);
	INSERT INTO [wh].[Movement] ([ItemId], [ToBin], [Quantity], [Note]) VALUES (@ItemId, @BinId, @Quantity, @Note);
END
GO
-- expect: manual (UPDATE of a common table expression)
CREATE PROCEDURE [wh].[Pick_Next] @Most int = 10
AS
BEGIN
	SET NOCOUNT ON;
	WITH [next] AS (
		SELECT TOP (@Most) [PickId], [State] FROM [wh].[Pick] WITH (ROWLOCK, READPAST, UPDLOCK) WHERE [State] = 0 ORDER BY [PickId]
	)
	UPDATE [next] SET [State] = 1
	OUTPUT inserted.[PickId];
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Pick_Done] @PickId int, @Picked int
AS
BEGIN
	UPDATE [wh].[Pick]
	SET [Picked] = @Picked, [State] = CASE WHEN @Picked >= [Wanted] THEN 2 ELSE 3 END
	WHERE [PickId] = @PickId AND [State] = 1;
	IF @@ROWCOUNT <> 1
		RETURN 1;
	RETURN 0;
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Pick_Short]
AS
SELECT p.[OrderNo], COUNT(*) AS [Lines], SUM(p.[Wanted] - p.[Picked]) AS [Missing]
FROM [wh].[Pick] p
WHERE p.[State] = 3
GROUP BY p.[OrderNo]
HAVING SUM(p.[Wanted] - p.[Picked]) > 0
ORDER BY [Missing] DESC
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Count_Post] @BinId int, @ItemId int, @Counted int
AS
BEGIN
	DECLARE @before int;
	SELECT @before = [Quantity] FROM [wh].[Stock] WHERE [BinId] = @BinId AND [ItemId] = @ItemId;
	IF @before IS NULL RETURN;
	UPDATE [wh].[Stock] SET [Quantity] = @Counted, [Counted] = GETDATE() WHERE [BinId] = @BinId AND [ItemId] = @ItemId;
	IF @before <> @Counted
		INSERT [wh].[Movement] ([ItemId], [ToBin], [Quantity], [Note])
		SELECT @ItemId, @BinId, @Counted - @before, N'count';
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Count_Due] @Days int = 90
AS
SELECT TOP 100 s.[BinId], s.[ItemId], DATEDIFF(DAY, s.[Counted], GETDATE()) AS [Days]
FROM [wh].[Stock] s
WHERE s.[Counted] IS NULL OR s.[Counted] < DATEADD(DAY, -@Days, GETDATE())
ORDER BY s.[Counted]
GO
-- expect: review (strings)
CREATE VIEW [wh].[ItemStock]
AS
SELECT i.[ItemId], i.[Sku], i.[Title], ISNULL(SUM(s.[Quantity]), 0) AS [OnHand], COUNT(s.[BinId]) AS [Bins]
FROM [wh].[Item] i LEFT OUTER JOIN [wh].[Stock] s ON s.[ItemId] = i.[ItemId]
WHERE i.[Discontinued] = 0
GROUP BY i.[ItemId], i.[Sku], i.[Title]
GO
-- expect: equivalent
CREATE VIEW [wh].[BinLoad]
AS
SELECT b.[BinId], b.[Capacity], u.[Used], CASE WHEN b.[Capacity] = 0 THEN NULL ELSE 100 * u.[Used] / b.[Capacity] END AS [Percentage]
FROM [wh].[Bin] b
CROSS APPLY (SELECT ISNULL(SUM(s.[Quantity]), 0) AS [Used] FROM [wh].[Stock] s WHERE s.[BinId] = b.[BinId]) u
GO
-- expect: equivalent
CREATE FUNCTION [wh].[Parts](@ItemId int) RETURNS TABLE
AS
RETURN
	WITH [tree] ([PartId], [Count], [Level]) AS (
		SELECT p.[PartId], p.[Count], 1 FROM [wh].[Part] p WHERE p.[ItemId] = @ItemId
		UNION ALL
		SELECT p.[PartId], t.[Count] * p.[Count], t.[Level] + 1 FROM [wh].[Part] p INNER JOIN [tree] t ON t.[PartId] = p.[ItemId]
	)
	SELECT [PartId], SUM([Count]) AS [Count], MAX([Level]) AS [Level] FROM [tree] GROUP BY [PartId]
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Parts_Missing] @ItemId int, @Quantity int
AS
SELECT p.[PartId], p.[Count] * @Quantity AS [Needed], [wh].[OnHand](p.[PartId]) AS [OnHand]
FROM [wh].[Parts](@ItemId) p
WHERE [wh].[OnHand](p.[PartId]) < p.[Count] * @Quantity
GO
-- expect: equivalent
CREATE FUNCTION [wh].[MovedIn](@From datetime, @To datetime)
RETURNS @r TABLE ([ItemId] int NOT NULL PRIMARY KEY, [Quantity] int NOT NULL)
AS
BEGIN
	INSERT INTO @r ([ItemId], [Quantity])
	SELECT [ItemId], SUM([Quantity]) FROM [wh].[Movement] WHERE [At] >= @From AND [At] < @To GROUP BY [ItemId];
	INSERT INTO @r SELECT [ItemId], 0 FROM [wh].[Item] WHERE [ItemId] NOT IN (SELECT [ItemId] FROM @r);
	RETURN;
END
GO
-- expect: equivalent
CREATE TRIGGER [wh].[Stock_NotNegative] ON [wh].[Stock] FOR INSERT, UPDATE
AS
BEGIN
	IF (SELECT COUNT(*) FROM inserted WHERE [Quantity] < 0) > 0
		THROW 51002, N'stock cannot be negative', 1;
END
GO
-- expect: equivalent
CREATE TRIGGER [wh].[Item_Deleted] ON [wh].[Item] AFTER DELETE
AS
DELETE s FROM [wh].[Stock] s INNER JOIN deleted d ON d.[ItemId] = s.[ItemId]
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Reorder]
AS
BEGIN
	SET NOCOUNT ON;
	DECLARE @item int, @free int, @n int;
	SET @n = 0;
	CREATE TABLE #low ([ItemId] int NOT NULL, [Quantity] int NOT NULL);
	DECLARE [c] CURSOR LOCAL STATIC FORWARD_ONLY READ_ONLY FOR
		SELECT [ItemId], [OnHand] FROM [wh].[ItemStock] ORDER BY [ItemId];
	OPEN [c];
	WHILE 1 = 1
	BEGIN
		FETCH NEXT FROM [c] INTO @item, @free;
		IF @@FETCH_STATUS <> 0 BREAK;
		IF @free >= 10 CONTINUE;
		INSERT INTO #low VALUES (@item, @free);
		SET @n += 1;
	END;
	CLOSE [c];
	DEALLOCATE [c];
	SELECT [ItemId], [Quantity] FROM #low ORDER BY [ItemId];
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Movement_Purge] @Before datetime, @Deleted int OUTPUT
AS
BEGIN
	SET @Deleted = 0;
	DECLARE @n int = 1;
	WHILE @n > 0
	BEGIN
		DELETE TOP (1000) FROM [wh].[Movement] WHERE [At] < @Before;
		SET @n = @@ROWCOUNT;
		SET @Deleted = @Deleted + @n;
	END;
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Ranked]
AS
SELECT x.[ItemId], x.[Moved], x.[Place]
FROM (SELECT [ItemId], SUM([Quantity]) AS [Moved], DENSE_RANK() OVER (ORDER BY SUM([Quantity]) DESC) AS [Place]
      FROM [wh].[Movement] GROUP BY [ItemId]) x
WHERE x.[Place] <= 10
ORDER BY x.[Place], x.[ItemId]
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Daily] @From datetime, @To datetime
AS
SELECT CAST([At] AS date) AS [Day], SUM(CASE WHEN [ToBin] IS NULL THEN [Quantity] ELSE 0 END) AS [Out], SUM(CASE WHEN [FromBin] IS NULL THEN [Quantity] ELSE 0 END) AS [In]
FROM [wh].[Movement]
WHERE [At] BETWEEN @From AND @To
GROUP BY CAST([At] AS date)
ORDER BY CAST([At] AS date)
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Swap] @a int, @b int
AS
BEGIN
	SET NOCOUNT ON;
	BEGIN TRY
		BEGIN TRAN;
		UPDATE [wh].[Stock] SET [BinId] = CASE [BinId] WHEN @a THEN @b ELSE @a END WHERE [BinId] IN (@a, @b);
		COMMIT TRAN;
	END TRY
	BEGIN CATCH
		IF @@TRANCOUNT > 0 ROLLBACK TRAN;
		THROW;
	END CATCH
END
GO
-- expect: equivalent
CREATE FUNCTION [wh].[BinName](@Aisle char(2), @Shelf smallint) RETURNS varchar(10)
AS
BEGIN
	RETURN RTRIM(@Aisle) + '-' + RIGHT('000' + CAST(@Shelf AS varchar(3)), 3);
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Weights] @OrderNo int, @Weight decimal(12, 3) OUTPUT
AS
SELECT @Weight = SUM(i.[Weight] * p.[Picked]) FROM [wh].[Pick] p JOIN [wh].[Item] i ON i.[ItemId] = p.[ItemId] WHERE p.[OrderNo] = @OrderNo
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[By_Bin] @ItemId int
AS
SELECT [ItemId], [1], [2], [3]
FROM (SELECT s.[ItemId], b.[Shelf], s.[Quantity] FROM [wh].[Stock] s JOIN [wh].[Bin] b ON b.[BinId] = s.[BinId] WHERE s.[ItemId] = @ItemId) AS d
PIVOT (SUM([Quantity]) FOR [Shelf] IN ([1], [2], [3])) AS p
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Unused_Bins]
AS
SELECT [BinId] FROM [wh].[Bin] EXCEPT SELECT [BinId] FROM [wh].[Stock] WHERE [Quantity] > 0 ORDER BY [BinId]
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Item_Import] @Json nvarchar(max)
AS
INSERT INTO [wh].[Item] ([Sku], [Title], [Weight])
SELECT j.[sku], j.[title], j.[weight]
FROM OPENJSON(@Json) WITH ([sku] varchar(30) '$.sku', [title] nvarchar(200) '$.title', [weight] decimal(9, 3) '$.weight') j
GO
-- expect: manual (UNPIVOT)
CREATE PROCEDURE [wh].[Unpivoted]
AS
SELECT [PickId], [What], [Amount] FROM (SELECT [PickId], [Wanted], [Picked] FROM [wh].[Pick]) s UNPIVOT ([Amount] FOR [What] IN ([Wanted], [Picked])) u
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Nightly]
AS
BEGIN
	DECLARE @deleted int, @rc int;
	EXEC @rc = [wh].[Pick_Done] @PickId = 1, @Picked = 0;
	EXEC [wh].[Movement_Purge] @Before = '20200101', @Deleted = @deleted OUTPUT;
	PRINT N'purged ' + CONVERT(nvarchar(12), @deleted);
	EXECUTE [wh].[Swap] 1, 2;
END
GO
-- expect: equivalent
CREATE PROCEDURE [wh].[Aisle_Walk] @Aisle smallint, @Visited int OUTPUT, @LastShelf int OUTPUT
AS
BEGIN
	DECLARE @shelf int, @free int;
	SET @Visited = 0;
	DECLARE walk CURSOR LOCAL FAST_FORWARD FOR SELECT [Shelf], [Capacity] FROM [wh].[Bin] WHERE [BinId] / 100 = @Aisle ORDER BY [Shelf];
	OPEN walk;
	FETCH NEXT FROM walk INTO @shelf, @free;
	WHILE @@FETCH_STATUS = 0
	BEGIN
		SET @Visited = @Visited + 1;
		FETCH NEXT FROM walk INTO @shelf, @free;
	END;
	CLOSE walk;
	DEALLOCATE walk;
	-- behind the last row @shelf is still the last one's
	SET @LastShelf = @shelf;
END
GO
-- expect: review (a cursor over what is updated in its loop)
CREATE PROCEDURE [wh].[Renumber]
AS
BEGIN
	DECLARE @id int, @n int = 0;
	DECLARE c CURSOR FOR SELECT [PickId] FROM [wh].[Pick] WHERE [State] = 0 ORDER BY [PickId];
	OPEN c;
	FETCH NEXT FROM c INTO @id;
	WHILE @@FETCH_STATUS = 0
	BEGIN
		SET @n = @n + 1;
		UPDATE [wh].[Pick] SET [OrderNo] = @n WHERE [PickId] = @id;
		FETCH NEXT FROM c INTO @id;
	END;
	CLOSE c;
	DEALLOCATE c;
END
GO
