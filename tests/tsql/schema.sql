-- The tables of the corpus.
CREATE TYPE dbo.IdTable AS TABLE (Id int NOT NULL PRIMARY KEY)
GO
CREATE TABLE [dbo].[Customer](
	[CustomerId] [int] IDENTITY(1,1) NOT NULL,
	[Name] [nvarchar](100) NOT NULL,
	[Email] [nvarchar](200) NULL,
	[Active] [bit] NOT NULL CONSTRAINT [DF_Customer_Active] DEFAULT ((1)),
	[Credit] [decimal](12, 2) NOT NULL DEFAULT ((0)),
	[Created] [datetime] NOT NULL DEFAULT (getdate()),
	[Modified] [datetime] NULL,
	[ParentId] [int] NULL,
 CONSTRAINT [PK_Customer] PRIMARY KEY CLUSTERED ([CustomerId] ASC) WITH (PAD_INDEX = OFF, FILLFACTOR = 90) ON [PRIMARY]
) ON [PRIMARY]
GO
CREATE TABLE dbo.Orders (
	OrderId int IDENTITY(1,1) NOT NULL PRIMARY KEY,
	CustomerId int NOT NULL REFERENCES dbo.Customer (CustomerId),
	Placed datetime2(3) NOT NULL,
	Status tinyint NOT NULL,
	Total money NOT NULL,
	Version int NOT NULL DEFAULT 1
)
GO
CREATE TABLE dbo.OrderLine (
	OrderId int NOT NULL,
	LineNo int NOT NULL,
	ProductId int NOT NULL,
	Quantity int NOT NULL,
	Price decimal(10, 2) NOT NULL,
	PRIMARY KEY (OrderId, LineNo)
)
GO
CREATE TABLE dbo.Product (ProductId int NOT NULL PRIMARY KEY, Code varchar(20) NOT NULL, Stock int NOT NULL, Weight float NULL)
GO
CREATE TABLE dbo.Audit (AuditId bigint IDENTITY(1,1) PRIMARY KEY, At datetime NOT NULL, OrderId int NOT NULL, OldStatus tinyint NULL, NewStatus tinyint NULL)
GO
CREATE TABLE dbo.Queue (Id int IDENTITY(1,1) PRIMARY KEY, Payload nvarchar(max) NULL, Done bit NOT NULL DEFAULT 0, Tries int NOT NULL DEFAULT 0)
GO
