#!/bin/bash
# The second pass of a SQL Server source: long columns follow by key at the point in time that the sessions share; where each table has a
# point of its own, all columns come in one pass, and the run says so.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init second_pass_sqlserver
lm_start_target
lm_env
ms_start
ms_only_double "a real endpoint does not misbehave on request"
export SOURCE_SCHEMAS=lob LAKEMOVER_JOBS=2
cat > "$LM_TMP/lob.sql" <<'SQL'
CREATE SCHEMA lob
GO
CREATE TABLE lob.files (id int NOT NULL PRIMARY KEY, name nvarchar(50) NOT NULL, body nvarchar(max) NOT NULL, data varbinary(max) NULL, note varchar(max) NULL)
CREATE TABLE lob.pairs (g uniqueidentifier NOT NULL, n smallint NOT NULL, doc nvarchar(max) NULL, CONSTRAINT pairs_pk PRIMARY KEY (g, n))
CREATE TABLE lob.heap (n int NULL, body nvarchar(max))
GO
INSERT INTO lob.files SELECT n, N'file ' + CAST(n AS nvarchar(20)), REPLICATE(CAST(N'body é ' AS nvarchar(max)), 40) + CAST(n AS nvarchar(20)), CASE WHEN n % 3 > 0 THEN CAST('data ' + CAST(n AS varchar(20)) AS varbinary(max)) END, NULL FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 2000
INSERT INTO lob.pairs SELECT NEWID(), n, N'doc ' + CAST(n AS nvarchar(20)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 60
INSERT INTO lob.heap VALUES (1, N'one')
GO
SQL
ms_load "$LM_TMP/lob.sql"
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -q -A -t -c "$1" 2>&1; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
chunks() { staging "SELECT string_agg(pass || ' ' || n, ', ' ORDER BY pass) FROM (SELECT c.pass, count(*) AS n FROM lakemover.run_chunk c JOIN lakemover.run_table t USING (run_id, table_id) WHERE $newest AND c.state = 'done' AND t.spec->>'source_table' = '$1' GROUP BY 1) x"; }
point() { staging "SELECT level, snapshot_id FROM lakemover.snapshot WHERE $newest"; }
# What tsql prints of the source, and psql of the target.
whole() {
    equal "$1: rows" "2000|$(ms_value "SELECT SUM(CAST(LEN(body) AS bigint)) FROM lob.files")|$(ms_value "SELECT SUM(CAST(DATALENGTH(data) AS bigint)) FROM lob.files")|1334|0|2000" \
        "$(target "SELECT count(*), sum(length(body)), sum(length(data)), count(data), count(note), count(*) FILTER (WHERE body = repeat('body é ', 40) || id AND data IS NOT DISTINCT FROM CASE WHEN id % 3 > 0 THEN convert_to('data ' || id, 'UTF8') END) FROM lob.files")"
    equal "$1: pairs" "60|60" "$(target "SELECT count(*), count(*) FILTER (WHERE doc = 'doc ' || n) FROM lob.pairs")"
}

expect 0 "planning" lm_cli plan
staging "UPDATE lakemover.plan_column c SET pass = 2 FROM lakemover.plan_table t WHERE t.table_id = c.table_id AND t.source_table = 'heap' AND c.source_column = 'body'" > /dev/null
expect 1 "a table without a key" lm_cli migrate
says 'column lob.heap.body cannot be filled in a second pass: its table has no primary key'
staging "UPDATE lakemover.plan_column c SET pass = CASE WHEN t.source_table = 'heap' THEN 1 ELSE 2 END FROM lakemover.plan_table t WHERE t.table_id = c.table_id AND c.source_column IN ('body', 'data', 'note', 'doc')" > /dev/null
staging "UPDATE lakemover.plan_table SET batch_rows = 500 WHERE source_table = 'files'" > /dev/null

expect 0 "two passes at a shared point" lm_cli migrate
says 'SUCCESS' 'lob.files: second pass, of body, data, note'
equal "the point" 'same|sessions' "$(point)"
equal "chunks of files, of pairs" '1 4, 2 4; 1 1, 2 1' "$(chunks files); $(chunks pairs)"
whole "two passes"
equal "every level" '0 1 2 3 4' "$(staging "SELECT string_agg(DISTINCT level::text, ' ' ORDER BY level::text) FROM lakemover.validation WHERE $newest AND verdict = 'equal'")"
equal "NOT NULL" t "$(target "SELECT attnotnull FROM pg_attribute WHERE attrelid = 'lob.files'::regclass AND attname = 'body'")"

printf "EXEC lm_hide N'sys.dm_db_log_stats'\nGO\n" | ms_sql
expect 0 "a point for each table" lm_cli migrate --on-existing=drop
says 'SUCCESS' 'lob.files, lob.pairs|lob.pairs, lob.files' 'all columns are loaded in one pass'
equal "the point" 'table|table' "$(point)"
equal "chunks of files" '1 1' "$(chunks files)"
whole "one pass"
check_nothing_left
finish
