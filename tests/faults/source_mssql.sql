CREATE SCHEMA app
GO
CREATE TABLE app.parent (id int NOT NULL PRIMARY KEY, name nvarchar(50) NOT NULL, amount money)
CREATE TABLE app.child (id int NOT NULL PRIMARY KEY, parent int NOT NULL, at datetime2(6), CONSTRAINT child_parent FOREIGN KEY (parent) REFERENCES app.parent (id))
CREATE TABLE app.pieces (id int NOT NULL PRIMARY KEY, body nvarchar(max))
GO
INSERT INTO app.parent SELECT n, N'name ü ' + CAST(n AS nvarchar(20)), CAST(n AS money) / 100 FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 2000
INSERT INTO app.child SELECT n, n / 2 + 1, CAST('2020-02-03 04:05:06.789012' AS datetime2(6)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 3000
INSERT INTO app.pieces SELECT n, REPLICATE(CAST(N'ü' AS nvarchar(max)), 5000) + CAST(n AS nvarchar(20)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 60
GO
