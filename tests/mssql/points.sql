CREATE SCHEMA pts
GO
CREATE SCHEMA oth
GO
CREATE TABLE pts.ranged (id int NOT NULL PRIMARY KEY, v int NOT NULL, name nvarchar(50))
CREATE TABLE pts.whole (id int NOT NULL PRIMARY KEY, v int NOT NULL)
CREATE TABLE pts.heap (n int NULL, body nvarchar(max))
CREATE TABLE oth.ticker (v int NOT NULL)
GO
INSERT INTO oth.ticker VALUES (0)
INSERT INTO pts.heap SELECT n % 700, N'body ' + CAST(n AS nvarchar(20)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 2500
INSERT INTO pts.whole SELECT n, 0 FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 50
GO
INSERT INTO pts.ranged SELECT n, 0, N'name ' + CAST(n AS nvarchar(20)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 6000
GO
