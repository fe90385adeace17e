IF OBJECT_ID('pol.child') IS NOT NULL DROP TABLE pol.child
IF OBJECT_ID('pol.padded') IS NOT NULL DROP TABLE pol.padded
IF OBJECT_ID('pol.bound') IS NOT NULL DROP TABLE pol.bound
IF OBJECT_ID('pol.pieces') IS NOT NULL DROP TABLE pol.pieces
IF OBJECT_ID('pol.times') IS NOT NULL DROP TABLE pol.times
GO
IF SCHEMA_ID('pol') IS NULL EXEC('CREATE SCHEMA pol')
GO
CREATE TABLE pol.padded (code nchar(4) NOT NULL PRIMARY KEY, c char(4) NULL, v varchar(4) NULL)
CREATE TABLE pol.child (id int NOT NULL PRIMARY KEY, code nchar(4) NOT NULL REFERENCES pol.padded(code))
CREATE TABLE pol.bound (id int NOT NULL PRIMARY KEY, t nvarchar(20), c nchar(4))
CREATE TABLE pol.pieces (id int NOT NULL PRIMARY KEY, m nvarchar(max))
CREATE TABLE pol.times (id int NOT NULL PRIMARY KEY, ti time(7), d2 datetime2(7))
GO
INSERT INTO pol.padded VALUES (N'ab  ', 'ab  ', 'ab  '), (N' b', '', ' '), (N'éééé', 'full', 'full'), (N'n', NULL, NULL)
INSERT INTO pol.child VALUES (1, N'ab'), (2, N' b  ')
INSERT INTO pol.bound VALUES (1, N'a' + NCHAR(0) + N'b', N'c' + NCHAR(0)), (2, N'h' + NCHAR(55357), N'l' + NCHAR(56832)), (3, N'clean', N'x'), (4, N'h' + NCHAR(55357) + N' and l' + NCHAR(56832), NULL)
INSERT INTO pol.pieces VALUES (1, N'a' + NCHAR(0) + N'b'), (2, N'h' + NCHAR(55357)), (3, N'l' + NCHAR(56832)), (4, N'clean')
INSERT INTO pol.times VALUES (1, '23:59:59.9999999', '2024-02-28 23:59:59.9999999'), (2, '12:00:00', '2024-01-01 00:00:00.123456'), (3, NULL, NULL)
GO
