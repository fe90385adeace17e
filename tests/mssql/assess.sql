IF OBJECT_ID('chk.child') IS NOT NULL DROP TABLE chk.child
IF OBJECT_ID('chk.numbered') IS NOT NULL DROP TABLE chk.numbered
IF OBJECT_ID('chk.parent') IS NOT NULL DROP TABLE chk.parent
IF OBJECT_ID('chk.fixed_child') IS NOT NULL DROP TABLE chk.fixed_child
IF OBJECT_ID('chk.fixed') IS NOT NULL DROP TABLE chk.fixed
IF OBJECT_ID('chk.texts') IS NOT NULL DROP TABLE chk.texts
IF OBJECT_ID('chk.times') IS NOT NULL DROP TABLE chk.times
IF OBJECT_ID('chk.cases') IS NOT NULL DROP TABLE chk.cases
IF OBJECT_ID('chk.we]ird "t''able') IS NOT NULL DROP TABLE chk.[we]]ird "t'able]
IF OBJECT_ID('chk.clean') IS NOT NULL DROP TABLE chk.clean
GO
IF SCHEMA_ID('chk') IS NULL EXEC('CREATE SCHEMA chk')
GO
CREATE TABLE chk.parent (code nvarchar(10) NOT NULL PRIMARY KEY, n int NOT NULL)
CREATE TABLE chk.child (id int NOT NULL PRIMARY KEY, code nvarchar(10) NULL CONSTRAINT fk_child REFERENCES chk.parent(code))
CREATE TABLE chk.numbered (id int NOT NULL PRIMARY KEY, code nvarchar(10) NULL, n int NULL)
CREATE TABLE chk.fixed (code char(6) NOT NULL PRIMARY KEY)
CREATE TABLE chk.fixed_child (id int NOT NULL PRIMARY KEY, code char(4) NOT NULL CONSTRAINT fk_fixed REFERENCES chk.fixed(code))
CREATE TABLE chk.texts (id int NOT NULL PRIMARY KEY, n nvarchar(40) NULL, v varchar(40) NULL, m nvarchar(max) NULL, c nchar(6) NULL)
CREATE TABLE chk.times (at datetime2(7) NOT NULL PRIMARY KEY, o datetimeoffset(7) NULL, d datetime2(3) NULL)
CREATE TABLE chk.cases (code varchar(10) COLLATE Latin1_General_CS_AS NOT NULL PRIMARY KEY)
CREATE TABLE chk.[we]]ird "t'able] ([i]]d'] int NOT NULL PRIMARY KEY, [na"me] nvarchar(10) NULL)
CREATE TABLE chk.clean (id int NOT NULL PRIMARY KEY, t nvarchar(20) NULL, b varbinary(max) NULL)
CREATE UNIQUE INDEX ux_numbered ON chk.numbered (n)
GO
INSERT INTO chk.parent VALUES (N'Alpha', 1), (N'Beta', 2), (N'Gamma', 3)
INSERT INTO chk.child VALUES (1, N'Alpha'), (2, N'ALPHA'), (3, N'Beta '), (4, NULL), (5, N'Gamma')
ALTER INDEX ux_numbered ON chk.numbered DISABLE
INSERT INTO chk.numbered VALUES (1, N'Alpha', 7), (2, N'lost', 7), (3, N'gone', 8), (4, NULL, NULL)
ALTER TABLE chk.numbered WITH NOCHECK ADD CONSTRAINT fk_numbered FOREIGN KEY (code) REFERENCES chk.parent(code)
INSERT INTO chk.fixed VALUES ('ab'), ('abcd')
INSERT INTO chk.fixed_child VALUES (1, 'ab'), (2, 'abcd')
INSERT INTO chk.texts VALUES (1, N'a' + NCHAR(0) + N'b', 'plain', N'x', N'abcdef'), (2, N'high ' + NCHAR(55357), 'v' + CHAR(0), N'low ' + NCHAR(56832) + N'.', N'ab'), (3, N'pair 😀', 'x', N'😀😀', NULL), (4, NCHAR(56832) + N'b', NULL, N'tail' + NCHAR(55357), N'')
INSERT INTO chk.times VALUES ('2024-01-01 00:00:00.1234567', '2024-01-01 00:00:00.1234567 +01:00', '2024-01-01 00:00:00.123'), ('2024-01-01 00:00:00.1234568', NULL, NULL), ('2024-01-02 00:00:00.123456', '2024-01-01 00:00:00.123 +01:00', NULL)
INSERT INTO chk.cases VALUES ('one'), ('ONE'), ('two')
INSERT INTO chk.[we]]ird "t'able] VALUES (1, N'x' + NCHAR(0))
INSERT INTO chk.clean VALUES (1, N'fine', 0x00), (2, N'日本', 0x01)
GO
