#!/bin/bash
# A run of a SQL Server source and what happens to rows: whether somebody wrote since the snapshot, by the log's end and, where
# that may not be read, by counts and the greatest rowversion; rows that the target refuses are set aside and loaded later.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_rows
lm_start_target
lm_env
ms_start
ms_only_double "a real endpoint neither hides views nor slows down on request"
export SOURCE_SCHEMAS=rws LAKEMOVER_JOBS=2
cat > "$LM_TMP/rows.sql" <<'SQL'
CREATE SCHEMA rws
GO
CREATE TABLE rws.counted (id int NOT NULL PRIMARY KEY, v int NOT NULL)
CREATE TABLE rws.versioned (id int NOT NULL PRIMARY KEY, v int NOT NULL, at_last rowversion)
CREATE TABLE rws.keyless (v int NOT NULL, name nvarchar(20) NULL)
GO
INSERT INTO rws.counted SELECT n, n FROM (SELECT ROW_NUMBER() OVER (ORDER BY a.object_id) AS n FROM sys.all_objects a CROSS JOIN sys.schemas b) x WHERE n <= 1500
INSERT INTO rws.versioned (id, v) SELECT n, n FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 50
INSERT INTO rws.keyless SELECT n, N'name ' + CAST(n AS nvarchar(20)) FROM (SELECT ROW_NUMBER() OVER (ORDER BY object_id) AS n FROM sys.all_objects) x WHERE n <= 60
GO
SQL
ms_load "$LM_TMP/rows.sql"
sql() { printf '%s\nGO\n' "$1" | ms_sql; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -q -A -t -c "$1" 2>&1; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
changes() { staging "SELECT changes->>'verdict', changes->'tables' FROM lakemover.snapshot WHERE $newest"; }
compared() { staging "SELECT changes->>'compared' FROM lakemover.snapshot WHERE $newest"; }
hidden=
# written STATEMENT: a run while which it is executed, once its snapshot is taken
written() {
    sql "EXEC lm_misbehave N'SELECT t.[id], t.[v] FROM [rws].[counted]', N'slow 1500', 99, 0"
    local before run
    # shellcheck disable=SC2034  # in an eval
    before=$(find "$LM_TMP/audit" -name events.jsonl | wc -l)
    lm_cli --on-existing drop > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    eventually 20 eval '[ "$(find "$LM_TMP/audit" -name events.jsonl | wc -l)" -gt "$before" ]' || fail "the run does not begin"
    eventually 20 grep -qE '"point_(not_)?shared"' "$(find "$LM_TMP/audit" -name events.jsonl | sort | tail -n 1)" || fail "no rows begin to come"
    sql "$1"
    wait $run
    equal "exit code of a run while: $1" 0 $?
    sql "EXEC lm_behave"
    [ -z "$hidden" ] || sql "EXEC lm_hide N'$hidden'"
}

expect 0 "a source that nobody writes to" lm_cli
equal "has not changed" 'unchanged|' "$(changes)"
written 'UPDATE rws.counted SET v = v + 1 WHERE id = 1'
equal "the log tells that something was written, counts do not tell what" 'not known|' "$(changes)"
written 'INSERT INTO rws.counted VALUES (5001, 1)'
equal "a count tells" 'changed|["rws.counted"]' "$(changes)"

hidden=sys.dm_db_log_stats
sql "EXEC lm_hide N'$hidden'"
expect 0 "the log may not be read" lm_cli --on-existing drop
equal "nobody wrote, or so it seems" 'not known|' "$(changes)"
compared > "$OUT"
says "position of the source's log could not be read; rows of 3 tables .sys.partitions. and the database's greatest rowversion .@@DBTS. are the same"
written 'UPDATE rws.versioned SET v = v + 1 WHERE id = 7'
equal "a rowversion tells" 'changed|[]' "$(changes)"
audit=$(find "$LM_TMP/audit" -maxdepth 1 -name '*-run-*' | sort | tail -n 1)
output "$audit/reconciliation.html"
says 'written to. Compared: the position of the source' '@@DBTS. was [0-9]+ and is [0-9]+'
written 'DELETE FROM rws.counted WHERE id = 5001'
equal "so does a count" 'changed|["rws.counted"]' "$(changes)"

# Values that the planned types of the target cannot hold.
staging "UPDATE lakemover.plan_column c SET target_type = 'character varying(6)' FROM lakemover.plan_table t WHERE t.source = c.source AND t.table_id = c.table_id AND t.source_table = 'keyless' AND c.source_column = 'name'" > "$LM_TMP/plan.out"
staging "UPDATE lakemover.plan_table SET batch_rows = 500 WHERE source_table = 'counted'" > "$LM_TMP/plan.out"
expect 4 "values that are too long, by default" lm_cli --on-existing drop --force
staging "SELECT error FROM lakemover.run_table WHERE $newest AND spec->>'source_table' = 'keyless'" > "$OUT"
says 'keyless chunk 1: target: value too long for type character varying.6.: row .* column name = name [0-9]+'
expect 4 "set aside" lm_cli --on-existing drop --force --on-bad-row=reject
says 'COMPLETED WITH REJECTED ROWS' '51 rows were refused by the target and set aside: .*rws.keyless'
equal "the others are there" '9|9' "$(target 'SELECT count(*), max(v) FROM rws.keyless')"
equal "in the ledger" 51 "$(target 'SELECT count(*) FROM lakemover_ledger.reject')"
equal "levels" '1 equal except rejects, 2 equal except rejects, 3 equal except rejects, 4 equal except rejects' \
    "$(staging "SELECT string_agg(v.level || ' ' || v.verdict, ', ' ORDER BY v.level) FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id) WHERE v.$newest AND v.level > 0 AND spec->>'source_table' = 'keyless'")"
target 'ALTER TABLE rws.keyless ALTER COLUMN name TYPE character varying(20)'
expect 0 "loaded once the target can hold them" lm_cli retry-rejects
equal "all of them" '60|1830|60' "$(target 'SELECT count(*), sum(v), count(DISTINCT name) FROM rws.keyless')"

finish
