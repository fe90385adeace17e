#!/bin/bash
# --ci icu and --ci citext: columns of SQL Server in which upper and lower case are equal stay so, with a collation of the
# target or another type.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_ci
lm_start_target
lm_env
ms_start
export SOURCE_SCHEMAS=ci
cat > "$LM_TMP/ci.sql" <<'SQL'
IF OBJECT_ID('ci.orders') IS NOT NULL DROP TABLE ci.orders
IF OBJECT_ID('ci.customer') IS NOT NULL DROP TABLE ci.customer
GO
IF SCHEMA_ID('ci') IS NULL EXEC('CREATE SCHEMA ci')
GO
CREATE TABLE ci.customer (code nvarchar(20) COLLATE Latin1_General_CI_AS NOT NULL PRIMARY KEY, name varchar(30) COLLATE Latin1_General_CI_AI NULL,
    exact varchar(10) COLLATE Latin1_General_BIN2 NULL, CONSTRAINT ck_like CHECK (code LIKE 'A%'), CONSTRAINT ck_not CHECK (name <> 'x'))
CREATE TABLE ci.orders (id int NOT NULL PRIMARY KEY, customer nvarchar(20) COLLATE Latin1_General_CI_AS NOT NULL REFERENCES ci.customer(code))
GO
INSERT INTO ci.customer VALUES (N'Abc', 'Renée', 'Q'), (N'AX', 'zoe', 'q')
INSERT INTO ci.orders VALUES (1, N'Abc'), (2, N'AX')
GO
SQL
ms_load "$LM_TMP/ci.sql"
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }

expect 2 "a policy that is none" lm_cli --ci latin
says 'citext'
expect 0 "a run without" lm_cli
says 'SUCCESS'
equal "case matters on the target" 0 "$(target "SELECT count(*) FROM ci.customer WHERE code = 'abc'")"
expect 0 "the assessment names them" lm_cli --assess-only --json
says 'upper and lower case are equal; on the target they differ \(lakemover plan --ci icu, or citext, keeps them equal\)'

expect 0 "a run with --ci icu" lm_cli --ci icu --on-existing=drop
says 'SUCCESS'
equal "case does not matter" Abc "$(target "SELECT code FROM ci.customer WHERE code = 'ABC'")"
equal "accents matter where they did" 0 "$(target "SELECT count(*) FROM ci.customer WHERE code = 'ábc'")"
equal "and not where they did not" Abc "$(target "SELECT code FROM ci.customer WHERE name = 'RENEE'")"
equal "a binary collation stays so" q "$(target "SELECT exact FROM ci.customer WHERE exact = 'q'")"
expect 0 "validating again" lm_cli validate
target "INSERT INTO ci.customer VALUES ('ABC', 'other', NULL)" > "$LM_TMP/out.key" 2>&1
output "$LM_TMP/out.key"
says 'duplicate key value' 'ABC'
target "INSERT INTO ci.orders VALUES (3, 'aBC')" || fail "a key that equals its parent's by case is refused"
lm_cli psql -q -A -t -c "SELECT kind, object, reason FROM lakemover.not_moved('source') WHERE kind = 'check'" > "$LM_TMP/out.not"
output "$LM_TMP/out.not"
says 'ck_like.*LIKE and patterns do not work over columns with a case-insensitive collation'
says_not 'ck_not'
target 'ALTER TABLE ci.customer ALTER COLUMN exact TYPE varchar(10) COLLATE "C"'
expect 5 "level 0 sees another collation" lm_cli plan --diff
says 'different +column ci\.customer\.exact: planned .*"collation": "".*found .*pg_catalog'

target 'CREATE SCHEMA tools; GRANT USAGE ON SCHEMA tools TO public; CREATE EXTENSION citext SCHEMA tools'
expect 0 "a run with --ci citext" lm_cli --ci citext --on-existing=drop
says 'SUCCESS'
equal "the type is taken from where the extension is" 'tools.citext|tools.citext|character varying(10)' \
    "$(target "SELECT string_agg(format_type(atttypid, atttypmod), '|' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'ci.customer'::regclass AND attnum > 0")"
equal "case does not matter" Abc "$(target "SET search_path = tools; SELECT code FROM ci.customer WHERE code = 'ABC'")"
equal "LIKE works" 1 "$(target "SET search_path = tools; SELECT count(*) FROM ci.customer WHERE code LIKE 'ab%'")"
equal "the check with LIKE came along" 2 "$(target "SELECT count(*) FROM pg_constraint WHERE conrelid = 'ci.customer'::regclass AND contype = 'c'")"
target "SET search_path = tools; INSERT INTO ci.customer VALUES ('ABC', 'other', NULL)" > "$LM_TMP/out.key" 2>&1
output "$LM_TMP/out.key"
says 'duplicate key value' 'ABC'
target "INSERT INTO ci.customer VALUES ('b', 'other', NULL)" > "$LM_TMP/out.check" 2>&1
output "$LM_TMP/out.check"
says 'ck_like'
target "INSERT INTO ci.customer VALUES ('a', 'other', NULL)" || fail "the check with LIKE ignores case as before"
target "DELETE FROM ci.customer WHERE code = 'a'"
expect 0 "validating again" lm_cli validate
expect 0 "comparing both sides" lm_cli validate --two-sided
lm_cli psql -q -c "UPDATE lakemover.plan_column SET target_type = 'elsewhere.citext' WHERE source_column = 'name'" > /dev/null
expect 1 "the type where the target does not have it" lm_cli migrate --on-existing=drop
says 'columns have the type elsewhere.citext, and the target has citext in the schema tools; plan again'
finish
