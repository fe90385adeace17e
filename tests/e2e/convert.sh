#!/bin/bash
# lakemover convert: T-SQL files through embedded staging, as text and as JSON; what comes out is created in a scratch
# database and checked; no source is needed.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init convert
lm_env

file=$LM_TMP/work/shop.sql
printf 'CREATE PROC dbo.Clean @Days int = 30 AS\nSET NOCOUNT ON\nDELETE FROM dbo.Log WHERE Age > @Days\nGO\nCREATE PROC dbo.Wait AS\nWAITFOR DELAY %s\n' "'0:0:1'" > "$file"
chmod 644 "$file"
expect 0 "a file with two procedures" lm_cli convert "$file"
says 'CREATE OR REPLACE PROCEDURE dbo.clean' 'WHERE age > p_days;' 'FIXME\(lakemover\): line 6: statement' \
    'dbo.clean: review, .*not verified: its table dbo.log is in no script' \
    '2 routines: 0 equivalent, 1 to be reviewed, 1 manual; 1 of them use a table or routine that is in no script'
expect 0 "the same as JSON" lm_cli convert "$file" --json

# field NAME FIELD: of the object in the last JSON
field() {
    python3 - "$OUT" "$1" "$2" <<'PY'
import json, sys
for line in open(sys.argv[1]):
    d = json.loads(line)
    if d.get("name") == sys.argv[2]:
        print(json.dumps(d[sys.argv[3]]) if not isinstance(d[sys.argv[3]], str) else d[sys.argv[3]])
PY
}
scratch_databases() {
    lm_cli psql -XAtc "SELECT count(*) FROM pg_database WHERE datname LIKE 'lakemover\_check\_%'"
}
equal "a missing table is no fault of the routine" review "$(field dbo.clean class)"
equal "and is told apart" true "$(field dbo.clean absent)"

# Tables and views in another file and in the wrong order, temporary tables, calls, a trigger, and two faults that only a
# check beside the tables finds: a column that is not there, and a number where the column is a date.
cat > "$LM_TMP/work/code.sql" <<'SQL'
CREATE PROC dbo.Summary @From int AS
BEGIN
  CREATE TABLE #t (CustomerId int, Total decimal(12,2))
  INSERT INTO #t SELECT CustomerId, SUM(Total) FROM dbo.Orders WHERE Id > @From GROUP BY CustomerId
  SELECT t.CustomerId, t.Total, v.Orders FROM #t t JOIN dbo.PerCustomer v ON v.CustomerId = t.CustomerId
END
GO
CREATE VIEW dbo.PerCustomer AS SELECT CustomerId, COUNT(*) AS Orders FROM dbo.Paid GROUP BY CustomerId
GO
CREATE VIEW dbo.Paid AS SELECT * FROM dbo.Orders WHERE Paid = 1
GO
CREATE PROC dbo.Pay @Id int, @Rows int OUTPUT AS
SET NOCOUNT ON
UPDATE dbo.Orders SET Paid = 1, Changed = GETDATE() WHERE Id = @Id
SET @Rows = @@ROWCOUNT
GO
CREATE PROC dbo.PayTwo @A int, @B int AS
DECLARE @n int
EXEC dbo.Pay @A, @n OUTPUT
EXEC dbo.Pay @Id = @B, @Rows = @n OUTPUT
GO
CREATE FUNCTION dbo.Twice(@i int) RETURNS int AS BEGIN RETURN @i * 2 END
GO
CREATE TRIGGER dbo.Changed ON dbo.Orders AFTER INSERT AS
UPDATE o SET Changed = GETDATE() FROM dbo.Orders o JOIN inserted i ON i.Id = o.Id
GO
CREATE PROC dbo.WrongColumn AS
SET NOCOUNT ON
DELETE FROM dbo.Orders
WHERE Nothing = 1
GO
CREATE PROC dbo.WrongType AS

UPDATE dbo.Orders SET Changed = 5 WHERE Id = 1
GO
CREATE PROC dbo.AddOrder @c int, @Id int OUTPUT AS
BEGIN TRY
  BEGIN TRAN
  INSERT INTO dbo.Orders (CustomerId, Total) VALUES (@c, 0)
  SET @Id = SCOPE_IDENTITY()
  COMMIT
END TRY
BEGIN CATCH
  IF @@TRANCOUNT > 0 ROLLBACK;
  THROW
END CATCH
GO
CREATE PROC dbo.ByIds @ids dbo.Ids READONLY AS
SELECT o.Id, o.[Double] FROM dbo.Orders o JOIN @ids i ON i.Id = o.Id
GO
CREATE PROC dbo.ByTotal @min int AS
DECLARE @l dbo.Ids
INSERT INTO @l (Id) SELECT Id FROM dbo.Orders WHERE Total > @min
EXEC dbo.ByIds @l
GO
CREATE TRIGGER dbo.Audit ON dbo.Orders AFTER INSERT, UPDATE, DELETE AS
BEGIN
  INSERT INTO dbo.History (Id, Was, Became)
  SELECT ISNULL(i.Id, d.Id), d.Total, i.Total FROM inserted i FULL JOIN deleted d ON d.Id = i.Id
END
GO
CREATE PROC dbo.Named @Name nvarchar(20) AS
DELETE FROM dbo.Orders WHERE Note = @Name
GO
SQL
# As tools write it: storage options, computed columns, alias and table types.
cat > "$LM_TMP/work/tables.sql" <<'SQL'
CREATE TYPE dbo.Label FROM nvarchar(20) NULL
GO
CREATE TYPE dbo.Ids AS TABLE (Id int NOT NULL PRIMARY KEY)
GO
CREATE TABLE [dbo].[Orders](
	[Id] [int] IDENTITY(1,1) NOT FOR REPLICATION NOT NULL,
	[CustomerId] [int] NOT NULL,
	[Total] [decimal](10, 2) NOT NULL,
	[Paid] [bit] NOT NULL CONSTRAINT [DF_Paid] DEFAULT ((0)),
	[Changed] [datetime] NULL,
	[Note] [dbo].[Label],
	[Double] AS ([CustomerId]*(2)) PERSISTED,
 CONSTRAINT [PK_Orders] PRIMARY KEY CLUSTERED ([Id] ASC) WITH (PAD_INDEX = OFF, STATISTICS_NORECOMPUTE = OFF) ON [PRIMARY]
) ON [PRIMARY]
GO
CREATE TABLE dbo.History (Id int, Was decimal(10,2), Became decimal(10,2))
SQL
chmod 644 "$LM_TMP"/work/*.sql
expect 0 "code and its tables" lm_cli convert "$LM_TMP/work/code.sql" "$LM_TMP/work/tables.sql" --json
for name in summary percustomer paid pay paytwo twice changed addorder byids bytotal audit; do
    equal "dbo.$name" "equivalent true []" "$(field dbo.$name class) $(field dbo.$name verified) $(field dbo.$name notes)"
done
equal "a wrong column" manual "$(field dbo.wrongcolumn class)"
equal "is told with its line" '[{"construct": "check", "line": 29, "severity": "manual", "todo": "look at the statement", "why": "column \"nothing\" does not exist"}]' "$(field dbo.wrongcolumn notes)"
equal "a wrong type" manual "$(field dbo.wrongtype class)"
case "$(field dbo.wrongtype notes)" in
    *'"line": 34,'*) pass "is told with its line, too" ;;
    *) fail "another line: $(field dbo.wrongtype notes)" ;;
esac
if field dbo.wrongcolumn sql | grep -A1 'FIXME(lakemover): line 29: check: column "nothing" does not exist' | grep -q 'DELETE FROM dbo.orders'; then
    pass "the FIXME stands above its statement"
else
    fail "no FIXME above the statement"
    field dbo.wrongcolumn sql
fi
equal "strings are compared: to be reviewed, though the check is clean" "review true" "$(field dbo.named class) $(field dbo.named verified)"
expect 0 "strings that compare alike" lm_cli convert "$LM_TMP/work/code.sql" "$LM_TMP/work/tables.sql" --json --exact-strings
equal "exact strings" equivalent "$(field dbo.named class)"
equal "scratch databases that are left" 0 "$(scratch_databases)"

# The code of a planned source, beside its tables under the names and types of the plan; what an inventory would have found is put
# there by hand.
lm_cli psql -Xq > /dev/null <<'SQL'
INSERT INTO lakemover.inv_table (source, table_id, schema_name, table_name, kind, persistence) VALUES ('shop', 1, 'dbo', 'Orders', 'r', 'p');
INSERT INTO lakemover.inv_column (source, table_id, ordinal, column_name, data_type, base_type, type_id, type_kind, type_schema, codec, not_null, identity, native_type)
VALUES ('shop', 1, 1, 'Id', 'integer', 'integer', 23, 'b', 'pg_catalog', 'int4', true, 'd', 'int'),
       ('shop', 1, 2, 'Paid', 'boolean', 'boolean', 16, 'b', 'pg_catalog', 'bool', true, '', 'bit');
INSERT INTO lakemover.plan_table (source, table_id, source_schema, source_table, target_schema, target_table) VALUES ('shop', 1, 'dbo', 'Orders', 'sales', 'orders');
INSERT INTO lakemover.plan_column (source, table_id, ordinal, source_column, target_column, target_type)
VALUES ('shop', 1, 1, 'Id', 'id', 'integer'), ('shop', 1, 2, 'Paid', 'paid', 'boolean');
INSERT INTO lakemover.inv_routine (source, routine_id, schema_name, routine_name, kind, language, arguments, definition)
VALUES ('shop', 1, 'dbo', 'Add', 'p', 'tsql', '', 'CREATE PROC dbo.[Add] @Paid bit AS INSERT INTO Orders VALUES (@Paid) SELECT SCOPE_IDENTITY() AS Id'),
       ('shop', 2, 'dbo', 'Lost', 'p', 'tsql', '', 'CREATE PROC dbo.Lost AS DELETE FROM dbo.Nothing');
SQL
expect 0 "the code of a planned source" lm_cli convert --source-name shop --json
equal "planned names and types" "equivalent true" "$(field 'dbo."Add"' class) $(field 'dbo."Add"' verified)"
case "$(field 'dbo."Add"' sql)" in
    *'INSERT INTO sales.orders (paid)'*'RETURNING id INTO v_identity'*) pass "the plan's name, and the identity of its inventory" ;;
    *) fail "$(field 'dbo."Add"' sql)" ;;
esac
equal "a table that is not planned" '"its table dbo.nothing is in no script"' "\"$(field 'dbo."Lost"' reason)\""
expect 0 "files beside the planned tables" lm_cli convert --source-name shop --json "$file"
equal "its objects" '"/' "$(head -n 1 "$OUT" | grep -o '"file":"/' | cut -d: -f2)"

# What a killed lakemover leaves is dropped by the next one.
oid=$(lm_cli psql -XAtc "SELECT oid FROM pg_database WHERE datname = current_database()")
lm_cli psql -Xqc "CREATE DATABASE lakemover_check_${oid}_1_0" > /dev/null
expect 0 "after a kill" lm_cli convert "$file"
equal "scratch databases that are left" 0 "$(scratch_databases)"

# On a staging server of the user's own, where the role may do less: nothing is called equivalent, and the reason is told.
lm_start_staging
lm_sql staging postgres -c "CREATE ROLE plain LOGIN" > /dev/null
lm_sql staging lakemover -c "GRANT USAGE ON SCHEMA lakemover TO plain" -c "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lakemover TO plain"
convert_as_plain() {
    env -u "LAKEMOVER_HOME" LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} user=plain dbname=lakemover" \
        "$LM_LAKEMOVER" convert "$LM_TMP/work/code.sql" "$LM_TMP/work/tables.sql"
}
expect 0 "a role without CREATEDB" convert_as_plain
says 'dbo.pay: review, .*not verified: the role may not create databases on the staging server' ' 0 equivalent'
lm_sql staging postgres -c "ALTER ROLE plain CREATEDB"
expect 0 "a role that may not create plpgsql_check" convert_as_plain
says 'dbo.pay: review, .*not verified: the role may not create the extension plpgsql_check' 'view dbo.paid: equivalent'
equal "scratch databases that are left there" 0 "$(lm_sql staging postgres -c "SELECT count(*) FROM pg_database WHERE datname LIKE 'lakemover\_check\_%'")"

expect 2 "a file that is not there" lm_cli convert "$LM_TMP/work/none.sql"
says 'none.sql'
expect 2 "no file" lm_cli convert
expect 2 "a source without a plan" lm_cli convert --source-name nowhere "$file"
says 'has no plan'
printf '\377\376S\000E\000' > "$file"
expect 2 "UTF-16" lm_cli convert "$file"
says 'UTF-8' 'iconv'
finish
