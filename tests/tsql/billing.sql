-- A billing system: invoices, payments, rates, dunning, statements.
CREATE SCHEMA bill
GO
CREATE TABLE bill.Account (
  AccountId int IDENTITY(1,1) NOT NULL CONSTRAINT PK_Account PRIMARY KEY,
  Number varchar(20) NOT NULL UNIQUE,
  Holder nvarchar(120) NOT NULL,
  Balance decimal(14, 2) NOT NULL DEFAULT 0,
  Limit decimal(14, 2) NULL,
  Blocked bit NOT NULL DEFAULT 0,
  Opened date NOT NULL,
  Closed date NULL,
  Changed datetime2(3) NULL
)
GO
CREATE TABLE bill.Invoice (
  InvoiceId int IDENTITY(1,1) NOT NULL PRIMARY KEY,
  AccountId int NOT NULL REFERENCES bill.Account (AccountId),
  Issued date NOT NULL,
  Due date NOT NULL,
  Net decimal(12, 2) NOT NULL,
  Tax decimal(12, 2) NOT NULL,
  Paid decimal(12, 2) NOT NULL DEFAULT 0,
  Level tinyint NOT NULL DEFAULT 0,
  Void bit NOT NULL DEFAULT 0
)
GO
CREATE TABLE bill.Payment (
  PaymentId bigint IDENTITY(1,1) NOT NULL PRIMARY KEY,
  AccountId int NOT NULL,
  InvoiceId int NULL,
  Amount decimal(12, 2) NOT NULL,
  Received datetime2(3) NOT NULL,
  Method char(1) NOT NULL,
  Reference varchar(40) NULL
)
GO
CREATE TABLE bill.Rate (Code char(3) NOT NULL, ValidFrom date NOT NULL, Percentage decimal(5, 2) NOT NULL, PRIMARY KEY (Code, ValidFrom))
GO
CREATE TABLE bill.History (HistoryId int IDENTITY PRIMARY KEY, AccountId int NOT NULL, What varchar(30) NOT NULL, OldValue nvarchar(200) NULL, NewValue nvarchar(200) NULL, At datetime2(3) NOT NULL, Who sysname NULL)
GO
-- expect: equivalent
CREATE PROCEDURE bill.Account_Open @Number varchar(20), @Holder nvarchar(120), @Limit decimal(14, 2) = NULL, @AccountId int OUTPUT AS
BEGIN
  SET NOCOUNT ON;
  INSERT INTO bill.Account (Number, Holder, Limit, Opened) VALUES (@Number, @Holder, @Limit, CAST(GETDATE() AS date));
  SET @AccountId = SCOPE_IDENTITY();
END
GO
-- expect: equivalent
CREATE PROCEDURE bill.Account_Close @AccountId int AS
BEGIN
  SET NOCOUNT ON
  IF NOT EXISTS (SELECT 1 FROM bill.Account WHERE AccountId = @AccountId AND Closed IS NULL)
    RETURN 1
  IF (SELECT Balance FROM bill.Account WHERE AccountId = @AccountId) <> 0
    RETURN 2
  UPDATE bill.Account SET Closed = CONVERT(date, SYSDATETIME()), Changed = SYSDATETIME() WHERE AccountId = @AccountId
  RETURN 0
END
GO
-- expect: equivalent
CREATE PROCEDURE bill.Account_List @Blocked bit = NULL, @OpenedFrom date = NULL AS
  SELECT a.AccountId, a.Number, a.Holder, a.Balance, ISNULL(a.Limit, 0) AS Limit
  FROM bill.Account a
  WHERE (@Blocked IS NULL OR a.Blocked = @Blocked)
    AND (@OpenedFrom IS NULL OR a.Opened >= @OpenedFrom)
    AND a.Closed IS NULL
  ORDER BY a.AccountId
GO
-- expect: equivalent
CREATE PROCEDURE bill.Account_Block @AccountId int, @On bit AS
UPDATE bill.Account SET Blocked = @On, Changed = GETDATE() WHERE AccountId = @AccountId AND Blocked <> @On
SELECT @@ROWCOUNT AS Changed
GO
-- expect: equivalent
CREATE FUNCTION bill.Free(@AccountId int) RETURNS decimal(14, 2) AS
BEGIN
  DECLARE @r decimal(14, 2)
  SELECT @r = ISNULL(Limit, 0) + Balance FROM bill.Account WHERE AccountId = @AccountId
  RETURN ISNULL(@r, 0)
END
GO
-- expect: review (division, strings)
CREATE FUNCTION bill.TaxOf(@Net decimal(12, 2), @Code char(3), @Day date) RETURNS decimal(12, 2) AS
BEGIN
  DECLARE @p decimal(5, 2)
  SELECT TOP 1 @p = Percentage FROM bill.Rate WHERE Code = @Code AND ValidFrom <= @Day ORDER BY ValidFrom DESC
  RETURN ROUND(@Net * ISNULL(@p, 0) / 100, 2)
END
GO
-- expect: equivalent
CREATE FUNCTION bill.Gross(@InvoiceId int) RETURNS decimal(12, 2) AS
BEGIN
  RETURN (SELECT Net + Tax FROM bill.Invoice WHERE InvoiceId = @InvoiceId)
END
GO
-- expect: equivalent
CREATE PROCEDURE bill.Invoice_Issue @AccountId int, @Net decimal(12, 2), @Tax decimal(12, 2), @Days int = 30, @InvoiceId int = NULL OUTPUT AS
BEGIN
  SET NOCOUNT, XACT_ABORT ON
  DECLARE @today date = GETDATE()
  BEGIN TRAN
    INSERT bill.Invoice (AccountId, Issued, Due, Net, Tax) VALUES (@AccountId, @today, DATEADD(day, @Days, @today), @Net, @Tax)
    SELECT @InvoiceId = SCOPE_IDENTITY()
    UPDATE bill.Account SET Balance -= @Net + @Tax WHERE AccountId = @AccountId
  COMMIT
END
GO
-- expect: equivalent
CREATE PROCEDURE bill.Invoice_Void @InvoiceId int AS
BEGIN
  DECLARE @AccountId int, @Amount decimal(12, 2)
  SELECT @AccountId = AccountId, @Amount = Net + Tax FROM bill.Invoice WHERE InvoiceId = @InvoiceId AND Void = 0 AND Paid = 0
  IF @AccountId IS NULL
  BEGIN
    RAISERROR('Invoice %d cannot be voided', 16, 1, @InvoiceId)
    RETURN
  END
  UPDATE bill.Invoice SET Void = 1 WHERE InvoiceId = @InvoiceId
  UPDATE bill.Account SET Balance = Balance + @Amount WHERE AccountId = @AccountId
END
GO
-- expect: equivalent
CREATE PROCEDURE bill.Invoice_Open @AccountId int AS
SELECT InvoiceId, Issued, Due, Net + Tax - Paid AS Rest,
       CASE WHEN Due < CAST(GETDATE() AS date) THEN DATEDIFF(day, Due, GETDATE()) ELSE 0 END AS DaysLate
FROM bill.Invoice
WHERE AccountId = @AccountId AND Void = 0 AND Paid < Net + Tax
ORDER BY Due, InvoiceId
GO
-- expect: equivalent
CREATE PROCEDURE bill.Invoice_Page @Page int, @Size int = 50, @Total int OUTPUT AS
BEGIN
  SELECT @Total = COUNT(*) FROM bill.Invoice WHERE Void = 0
  SELECT InvoiceId, AccountId, Issued, Net, Tax FROM bill.Invoice WHERE Void = 0
  ORDER BY Issued DESC, InvoiceId DESC
  OFFSET (@Page - 1) * @Size ROWS FETCH NEXT @Size ROWS ONLY
END
GO
-- expect: review (the cursor reads what its loop changes)
CREATE PROCEDURE bill.Payment_Book @AccountId int, @Amount decimal(12, 2), @Method char(1), @Reference varchar(40) = NULL AS
BEGIN
  SET NOCOUNT ON;
  DECLARE @rest decimal(12, 2) = @Amount, @id int, @open decimal(12, 2), @part decimal(12, 2);
  DECLARE due CURSOR LOCAL FAST_FORWARD FOR
    SELECT InvoiceId, Net + Tax - Paid FROM bill.Invoice WHERE AccountId = @AccountId AND Void = 0 AND Paid < Net + Tax ORDER BY Due, InvoiceId;
  OPEN due;
  FETCH NEXT FROM due INTO @id, @open;
  WHILE @@FETCH_STATUS = 0 AND @rest > 0
  BEGIN
    SET @part = CASE WHEN @open < @rest THEN @open ELSE @rest END;
    UPDATE bill.Invoice SET Paid = Paid + @part WHERE InvoiceId = @id;
    INSERT INTO bill.Payment (AccountId, InvoiceId, Amount, Received, Method, Reference) VALUES (@AccountId, @id, @part, SYSDATETIME(), @Method, @Reference);
    SET @rest = @rest - @part;
    FETCH NEXT FROM due INTO @id, @open;
  END
  CLOSE due;
  DEALLOCATE due;
  IF @rest > 0
    INSERT INTO bill.Payment (AccountId, Amount, Received, Method, Reference) VALUES (@AccountId, @rest, SYSDATETIME(), @Method, @Reference);
  UPDATE bill.Account SET Balance = Balance + @Amount WHERE AccountId = @AccountId;
END
GO
-- expect: equivalent
CREATE PROCEDURE bill.Payment_Undo @PaymentId bigint AS
BEGIN
  BEGIN TRY
    BEGIN TRANSACTION
    DECLARE @t TABLE (AccountId int, InvoiceId int, Amount decimal(12, 2))
    DELETE FROM bill.Payment OUTPUT deleted.AccountId, deleted.InvoiceId, deleted.Amount INTO @t WHERE PaymentId = @PaymentId
    UPDATE i SET i.Paid = i.Paid - t.Amount FROM bill.Invoice i INNER JOIN @t t ON t.InvoiceId = i.InvoiceId
    UPDATE a SET a.Balance = a.Balance - t.Amount FROM bill.Account a INNER JOIN @t t ON t.AccountId = a.AccountId
    COMMIT TRANSACTION
  END TRY
  BEGIN CATCH
    IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION
    DECLARE @m nvarchar(2048) = ERROR_MESSAGE()
    RAISERROR(@m, 16, 1)
  END CATCH
END
GO
-- expect: review (strings)
CREATE PROCEDURE bill.Payment_Sums @From date, @To date AS
SELECT Method, COUNT(*) AS Payments, SUM(Amount) AS Amount, MIN(Received) AS First, MAX(Received) AS Last
FROM bill.Payment
WHERE Received >= @From AND Received < DATEADD(day, 1, @To)
GROUP BY Method
HAVING SUM(Amount) > 0
GO
-- expect: equivalent
CREATE PROCEDURE bill.Dunning_Run @Today date AS
BEGIN
  SET NOCOUNT ON
  CREATE TABLE #late (InvoiceId int PRIMARY KEY, Days int, Level tinyint)
  INSERT INTO #late (InvoiceId, Days, Level)
  SELECT InvoiceId, DATEDIFF(day, Due, @Today), Level FROM bill.Invoice WHERE Void = 0 AND Paid < Net + Tax AND Due < @Today
  DELETE FROM #late WHERE Days < 10
  UPDATE #late SET Level = CASE WHEN Days > 60 THEN 3 WHEN Days > 30 THEN 2 ELSE 1 END
  UPDATE i SET Level = l.Level FROM bill.Invoice i JOIN #late l ON l.InvoiceId = i.InvoiceId WHERE i.Level < l.Level
  SELECT Level, COUNT(*) AS Invoices FROM #late GROUP BY Level ORDER BY Level
  DROP TABLE #late
END
GO
-- expect: equivalent
CREATE PROCEDURE bill.Dunning_Block AS
UPDATE a SET Blocked = 1, Changed = SYSDATETIME()
FROM bill.Account a
WHERE EXISTS (SELECT * FROM bill.Invoice i WHERE i.AccountId = a.AccountId AND i.Level >= 3 AND i.Void = 0)
  AND a.Blocked = 0
GO
-- expect: equivalent
CREATE VIEW bill.OpenInvoice AS
SELECT i.InvoiceId, i.AccountId, a.Number, a.Holder, i.Due, i.Net + i.Tax AS Gross, i.Net + i.Tax - i.Paid AS Rest
FROM bill.Invoice AS i INNER JOIN bill.Account AS a ON a.AccountId = i.AccountId
WHERE i.Void = 0 AND i.Paid < i.Net + i.Tax
GO
-- expect: equivalent
CREATE VIEW bill.AccountState AS
SELECT a.AccountId, a.Number,
       COALESCE(x.Invoices, 0) AS Invoices, COALESCE(x.Rest, 0) AS Rest,
       CASE WHEN a.Blocked = 1 THEN 'blocked' WHEN x.Rest > 0 THEN 'open' ELSE 'even' END AS State
FROM bill.Account a
LEFT JOIN (SELECT AccountId, COUNT(*) AS Invoices, SUM(Rest) AS Rest FROM bill.OpenInvoice GROUP BY AccountId) x ON x.AccountId = a.AccountId
GO
-- expect: equivalent
CREATE FUNCTION bill.Statement(@AccountId int, @From date) RETURNS TABLE AS RETURN
  SELECT Day, Text, Amount, SUM(Amount) OVER (ORDER BY Day, Kind ROWS UNBOUNDED PRECEDING) AS Running
  FROM (SELECT Issued AS Day, 1 AS Kind, 'invoice' AS Text, -(Net + Tax) AS Amount FROM bill.Invoice WHERE AccountId = @AccountId AND Void = 0
        UNION ALL
        SELECT CAST(Received AS date), 2, 'payment', Amount FROM bill.Payment WHERE AccountId = @AccountId) m
  WHERE Day >= @From
GO
-- expect: equivalent
CREATE PROCEDURE bill.Statement_Print @AccountId int, @From date AS
SELECT s.Day, s.Text, s.Amount FROM bill.Statement(@AccountId, @From) AS s ORDER BY s.Day
GO
-- expect: review (strings)
CREATE TRIGGER bill.Account_History ON bill.Account AFTER UPDATE AS
BEGIN
  SET NOCOUNT ON
  INSERT INTO bill.History (AccountId, What, OldValue, NewValue, At)
  SELECT i.AccountId, 'holder', d.Holder, i.Holder, SYSDATETIME()
  FROM inserted i JOIN deleted d ON d.AccountId = i.AccountId
  WHERE i.Holder <> d.Holder
END
GO
-- expect: equivalent
CREATE TRIGGER bill.Payment_Positive ON bill.Payment AFTER INSERT, UPDATE AS
IF EXISTS (SELECT 1 FROM inserted WHERE Amount <= 0)
BEGIN
  RAISERROR('a payment must be positive', 16, 1)
  ROLLBACK TRANSACTION
END
GO
-- expect: review (HOLDLOCK, strings)
CREATE PROCEDURE bill.Rate_Set @Code char(3), @From date, @Percentage decimal(5, 2) AS
BEGIN
  MERGE bill.Rate WITH (HOLDLOCK) AS t
  USING (SELECT @Code AS Code, @From AS ValidFrom, @Percentage AS Percentage) AS s ON t.Code = s.Code AND t.ValidFrom = s.ValidFrom
  WHEN MATCHED THEN UPDATE SET Percentage = s.Percentage
  WHEN NOT MATCHED THEN INSERT (Code, ValidFrom, Percentage) VALUES (s.Code, s.ValidFrom, s.Percentage);
END
GO
-- expect: review (strings)
CREATE PROCEDURE bill.Rate_At @Day date AS
WITH r AS (SELECT Code, Percentage, ROW_NUMBER() OVER (PARTITION BY Code ORDER BY ValidFrom DESC) AS n FROM bill.Rate WHERE ValidFrom <= @Day)
SELECT Code, Percentage FROM r WHERE n = 1
GO
-- expect: equivalent
CREATE PROCEDURE bill.Year_Report @Year int AS
SELECT p.AccountId, ISNULL(p.[1], 0) AS Q1, ISNULL(p.[2], 0) AS Q2, ISNULL(p.[3], 0) AS Q3, ISNULL(p.[4], 0) AS Q4
FROM (SELECT AccountId, DATEPART(quarter, Issued) AS Quarter, Net FROM bill.Invoice WHERE YEAR(Issued) = @Year AND Void = 0) AS s
PIVOT (SUM(Net) FOR Quarter IN ([1], [2], [3], [4])) AS p
ORDER BY p.AccountId
GO
-- expect: equivalent
CREATE PROCEDURE bill.Month_Report @Year int AS
SELECT MONTH(Issued) AS Month, COUNT(DISTINCT AccountId) AS Accounts, SUM(Net) AS Net, SUM(CASE WHEN Void = 1 THEN 1 ELSE 0 END) AS Voided
FROM bill.Invoice WHERE Issued >= DATEFROMPARTS(@Year, 1, 1) AND Issued < DATEFROMPARTS(@Year + 1, 1, 1)
GROUP BY MONTH(Issued)
ORDER BY MONTH(Issued)
GO
-- expect: equivalent
CREATE PROCEDURE bill.Top_Accounts @n int AS
SELECT TOP (@n) WITH TIES AccountId, SUM(Net) AS Net FROM bill.Invoice WHERE Void = 0 GROUP BY AccountId ORDER BY SUM(Net) DESC
GO
-- expect: equivalent
CREATE FUNCTION bill.DaysLate(@Due date, @Today date) RETURNS int AS
BEGIN
  RETURN IIF(@Today > @Due, DATEDIFF(dd, @Due, @Today), 0)
END
GO
-- expect: equivalent
CREATE FUNCTION bill.Shown(@Number varchar(20)) RETURNS varchar(25) AS
BEGIN
  RETURN LEFT(@Number, 4) + ' ' + SUBSTRING(@Number, 5, 4) + ' ' + RIGHT(@Number, 4)
END
GO
-- expect: equivalent
CREATE FUNCTION bill.CheckDigit(@Number varchar(20)) RETURNS int AS
BEGIN
  DECLARE @i int = 1, @sum int = 0
  WHILE @i <= LEN(@Number)
  BEGIN
    SET @sum = @sum + (@i % 2 + 1) * CAST(SUBSTRING(@Number, @i, 1) AS int)
    SET @i += 1
  END
  RETURN (10 - @sum % 10) % 10
END
GO
-- expect: review (division)
CREATE PROCEDURE bill.Interest_Post @Percent decimal(5, 2), @Day date AS
BEGIN
  SET NOCOUNT ON
  DECLARE @done int
  UPDATE bill.Account SET Balance = Balance + ROUND(Balance * @Percent / 36500, 2) WHERE Balance < 0 AND Closed IS NULL
  SET @done = @@ROWCOUNT
  IF @done = 0 PRINT 'nothing to post'
  ELSE PRINT 'posted ' + CAST(@done AS varchar(10))
  RETURN @done
END
GO
-- expect: review (a transaction per batch)
CREATE PROCEDURE bill.Archive_Payments @Before date, @Batch int = 5000 AS
BEGIN
  DECLARE @n int = @Batch
  WHILE @n = @Batch
  BEGIN
    BEGIN TRAN
    DELETE TOP (@Batch) FROM bill.Payment WHERE Received < @Before
    SET @n = @@ROWCOUNT
    COMMIT TRAN
  END
END
GO
-- expect: manual (dynamic SQL)
CREATE PROCEDURE bill.Account_Search @Number varchar(20) = NULL, @Holder nvarchar(120) = NULL AS
BEGIN
  DECLARE @sql nvarchar(max) = N'SELECT AccountId, Number, Holder FROM bill.Account WHERE 1 = 1'
  IF @Number IS NOT NULL SET @sql = @sql + N' AND Number = @Number'
  IF @Holder IS NOT NULL SET @sql = @sql + N' AND Holder LIKE @Holder + ''%'''
  EXEC sp_executesql @sql, N'@Number varchar(20), @Holder nvarchar(120)', @Number, @Holder
END
GO
