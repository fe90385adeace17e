CREATE SCHEMA flt
GO
CREATE TABLE flt.ranged (id int NOT NULL PRIMARY KEY, name nvarchar(50), amount money)
CREATE TABLE flt.pieces (id int NOT NULL PRIMARY KEY, body nvarchar(max))
CREATE TABLE flt.memory (id int NOT NULL PRIMARY KEY NONCLUSTERED, v varchar(10)) WITH (MEMORY_OPTIMIZED = ON)
GO
INSERT INTO flt.ranged SELECT n, N'name ' + CAST(n AS nvarchar(20)), CAST(n AS money) / 100 FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 8000
INSERT INTO flt.pieces SELECT n, REPLICATE(CAST(N'ü' AS nvarchar(max)), 5000) FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 300
INSERT INTO flt.memory VALUES (1, 'a'), (2, 'b')
GO
