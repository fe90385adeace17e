#!/bin/bash
# One point in time for all sessions of a SQL Server source that is in use: taken when nothing happens for a moment, given up
# after some tries, kept by every worker to its end, and never mixed with another one when sessions are cut.
# timeout: 400
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init sqlserver_points
lm_start_target
lm_env
ms_start
ms_only_double "a real endpoint does not misbehave on request"
export SOURCE_SCHEMAS=pts LAKEMOVER_JOBS=3
ms_load "$LM_ROOT/tests/mssql/points.sql"
misbehave() { printf "EXEC lm_misbehave N'%s', N'%s', %s, %s\nGO\n" "$@" | ms_sql; }
behave() { printf 'EXEC lm_behave\nGO\n' | ms_sql; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -q -A -t -c "$1" 2>&1; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
point() { staging "SELECT level, snapshot_id FROM lakemover.snapshot WHERE $newest"; }
chunks() { staging "SELECT string_agg(chunks::text, ' ' ORDER BY spec->>'source_table') FROM lakemover.run_table WHERE $newest"; }
events() { staging "SELECT count(*) FROM lakemover.event WHERE $newest AND kind = '$1'"; }
said() { staging "SELECT string_agg(message, E'\n' ORDER BY event_id) FROM lakemover.event WHERE $newest AND kind = '$1'"; }
audits() { find "$LM_TMP/audit" -maxdepth 1 -name 'run-*' -o -maxdepth 1 -name '*-run-*' | sort; }
happens() { eventually 60 grep -rqs -- "\"$1\"" "$reports" || fail "no event $1"; }
# next_run [ARGUMENT]...: starts a run in the background; its directory of reports is then known.
next_run() {
    local before
    before=$(audits)
    lm_cli "$@" > "$LM_TMP/running" 2>&1 < /dev/null &
    cli=$!
    eventually 60 eval '[ "$(audits)" != "$before" ]' || fail "the run does not begin"
    reports=$(comm -13 <(echo "$before") <(audits))
}
ends() { # WHAT STATUS
    local status
    wait "$cli"
    status=$?
    output "$LM_TMP/running"
    equal "exit code of $1" "$2" $status
}
ranged='SELECT t.[id], t.[v], CAST(t.[name] AS varbinary'
rows='SELECT count(*), sum(id), count(DISTINCT v), min(v) FROM pts.ranged'
as_written='6000|18003000|1|0'

expect 0 "planning" lm_cli plan
staging "UPDATE lakemover.plan_table SET batch_rows = 1000 WHERE source_table = 'ranged'"

expect 0 "a source where nobody writes" lm_cli --on-existing drop
says SUCCESS '3 of 3 tables'
equal "one point for all" 'same|sessions' "$(point)"
equal "cut into ranges" '1 6 1' "$(chunks)"
equal "how it is known" t "$(staging "SELECT proof ~ '^3 SNAPSHOT sessions .* consecutive numbers' FROM lakemover.snapshot WHERE $newest")"
equal "the rows" "$as_written" "$(target "$rows")"

# Its commit is in the log, and the first session does not see it yet: the log's end would not tell.
printf "EXEC lm_fact N'passing_transaction', N''\nGO\n" | ms_sql
expect 0 "a transaction that ends between two sessions" lm_cli --on-existing drop
equal "the next try is good" 'same|sessions 1' "$(point) $(events point_shared)"

# Somebody who writes without a pause.
touch "$LM_TMP/writing"
(while [ -e "$LM_TMP/writing" ]; do printf 'UPDATE oth.ticker SET v = v + 1\nGO\n'; done | ms_sql > "$LM_TMP/writer.out" 2>&1) &
writer=$!
expect 0 "a source where somebody writes all the time" lm_cli --on-existing drop
rm -f "$LM_TMP/writing"
wait "$writer"
says SUCCESS
equal "a point for each table" 'table|table' "$(point)"
equal "read whole" '1 1 1' "$(chunks)"
equal "why" t "$([[ $(said point_not_shared) == *'in each of 10 tries somebody wrote'* ]] && echo t)"

# Everything changes while the chunks are read: they are of the moment before.
misbehave "$ranged" 'slow 700' 99 0
next_run --on-existing drop
happens point_shared
sleep 1
printf 'UPDATE pts.ranged SET v = v + 1\nDELETE FROM pts.ranged WHERE id > 5900\nUPDATE pts.whole SET v = v + 1\nGO\n' | ms_sql
if grep -rqs '"table_loaded".*ranged' "$reports"; then fail "the run was faster than the changes"; else pass "changed while it ran"; fi
ends "a source that changes during the run" 0
says SUCCESS
behave
equal "still one point" 'same|sessions' "$(point)"
equal "the rows as they were" "$as_written" "$(target "$rows")"
equal "so is the other table" '50|1|0' "$(target 'SELECT count(*), count(DISTINCT v), min(v) FROM pts.whole')"
printf 'DELETE FROM pts.ranged\nUPDATE pts.whole SET v = 0\nGO\n' | ms_sql
ms_load <(sed -n '/INSERT INTO pts.ranged/,$p' "$LM_ROOT/tests/mssql/points.sql")

misbehave "$ranged" 'error 1222' 1 100
expect 0 "a lock that is not given" lm_cli --on-existing drop
says SUCCESS
equal "costs an attempt, and no session" '1 0 same|sessions' "$(events chunk_retry) $(events point_session_lost) $(point)"
equal "the rows after it" "$as_written" "$(target "$rows")"

misbehave "$ranged" 'drop' 1 321
expect 0 "a worker's connection is cut" lm_cli --on-existing drop
says SUCCESS
equal "one session lost, the others go on at the point" '1 same|sessions 1 6 1' "$(events point_session_lost) $(point) $(chunks)"
equal "the rows after a cut" "$as_written" "$(target "$rows")"

misbehave "$ranged" 'slow 1500' 99 0
next_run --on-existing drop
happens point_shared
sleep 1
lm_sql target postgres -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'lakemover%'" > "$LM_TMP/killed"
ends "the target ends its sessions" 0
behave
equal "sessions on the target were ended" t "$([ "$(grep -c t "$LM_TMP/killed")" -ge 3 ] && echo t)"
equal "those on the source go on" '0 same|sessions' "$(events point_session_lost) $(point)"
equal "the rows then" "$as_written" "$(target "$rows")"

# A row that the target does not take: the rest of the batch is read and dropped, the session stays.
staging "UPDATE lakemover.plan_column c SET target_type = 'smallint' FROM lakemover.plan_table t WHERE t.source = c.source AND t.table_id = c.table_id AND t.source_table = 'whole' AND c.source_column = 'v'" > "$LM_TMP/plan.out"
printf 'UPDATE pts.whole SET v = 100000 WHERE id = 40\nGO\n' | ms_sql
expect 4 "a value that does not fit" lm_cli --on-existing drop --force
equal "costs its table only" '0 same|sessions' "$(events point_session_lost) $(point)"
equal "the other table" "$as_written" "$(target "$rows")"
staging "UPDATE lakemover.plan_column c SET target_type = 'integer' FROM lakemover.plan_table t WHERE t.source = c.source AND t.table_id = c.table_id AND t.source_table = 'whole' AND c.source_column = 'v'" > "$LM_TMP/plan.out"
printf 'UPDATE pts.whole SET v = 0\nGO\n' | ms_sql

# All of them are lost, some batches are committed and everything changes: the table begins again, at one later point.
misbehave "$ranged" 'drop' 3 900
next_run --on-existing drop
ends "every session is cut" 6
says "point in time"
equal "sessions lost" 3 "$(events point_session_lost)"
behave
printf 'UPDATE pts.ranged SET v = v + 1\nGO\n' | ms_sql
expect 0 "resuming" lm_cli resume
says SUCCESS
equal "the table is of one point, the later one" '6000|18003000|1|1' "$(target "$rows")"
printf 'UPDATE pts.ranged SET v = 0\nGO\n' | ms_sql

# A table without a key in batches by row numbers.
staging "UPDATE lakemover.plan_table SET chunking = 'row_number', batch_rows = 1000 WHERE source_table = 'heap'"
heap="SELECT count(*), sum(n), count(DISTINCT body) FROM pts.heap"
expect 0 "row numbers of a source that is in use" lm_cli --on-existing drop
equal "are one pass" '1 6 1' "$(chunks)"
expect 0 "row numbers of a source that is frozen" lm_cli --on-existing drop --source-quiesced
says SUCCESS
equal "are batches" '3 1' "$(staging "SELECT count(*), count(DISTINCT method) FROM lakemover.run_chunk c JOIN lakemover.run_table t USING (run_id, table_id) WHERE c.$newest AND spec->>'source_table' = 'heap' AND method = 'row_number'" | tr '|' ' ')"
equal "and the second pass" 1 "$(events numbered_alike)"
equal "the rows of it" '2500|814150|2500' "$(target "$heap")"
printf "EXEC lm_fact N'restless', N'1'\nGO\n" | ms_sql
expect 4 "rows that are numbered differently each time" lm_cli --on-existing drop --source-quiesced
says 'heap: the source numbered its rows differently from batch to batch'
equal "nothing of it is left" 'f' "$(target "SELECT to_regclass('pts.heap') IS NOT NULL")"
equal "nothing else is lost" "$as_written" "$(target "$rows")"
printf "EXEC lm_fact N'restless', N'0'\nGO\n" | ms_sql
staging "UPDATE lakemover.plan_table SET chunking = 'row_number' WHERE source_table = 'ranged'" > "$LM_TMP/plan.out"
expect 1 "row numbers of a table with a key" lm_cli migrate --on-existing drop
says 'cannot be read by row numbers'
staging "UPDATE lakemover.plan_table SET chunking = 'auto' WHERE source_table IN ('ranged', 'heap')" > "$LM_TMP/plan.out"

for view in sys.dm_db_log_stats sys.dm_tran_current_snapshot; do
    printf "EXEC lm_behave\nEXEC lm_hide N'%s'\nGO\n" $view | ms_sql
    expect 0 "$view is hidden" lm_cli --on-existing drop
    says SUCCESS
    equal "then tables have points of their own" 'table|table' "$(point)"
    equal "and it says why" t "$([[ $(said point_not_shared) == *"no point in time for all tables: "*"read"* ]] && echo t)"
done
ms_refused_nothing
finish
