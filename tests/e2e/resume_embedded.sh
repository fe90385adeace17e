#!/bin/bash
# lakemover resume when the point in time is lost with embedded staging: unfinished tables are emptied and loaded whole at
# a new point, complete ones keep theirs, and it says so; --consistent loads all of them at one. Refused when plan, source
# or target is another one. A run that was killed in its finish goes on there.
# timeout: 500
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/bank.sh
. "$LM_ROOT/tests/lib/bank.sh"
lm_init resume_embedded
lm_on_exit() { [ -z "${run:-}" ] || kill -KILL "$run" 2> /dev/null; }
lm_start_source
lm_start_target
bank_make
lm_env
export SOURCE_SCHEMAS=app
staging() { lm_cli psql -q -A -t -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
start() {
    set -m
    "$LM_LAKEMOVER" --max-batch-rows=15000 "$@" > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    set +m
}
# The loader and its staging server, at once and without a word.
kill_both() {
    kill -KILL $run
    wait $run 2> /dev/null
    lm_as "$LM_BIN/pg_ctl" stop -s -m immediate -D "$LM_TMP/home/staging/data" > /dev/null
    run=
    eventually 20 test "$(lm_sql source postgres -c "SELECT count(*) FROM pg_stat_activity WHERE usename = '$LM_SOURCE_USER'")" = 0
}
in_the_middle() {
    local n
    n=$(target 'SELECT count(*) FROM lakemover_ledger.chunk')
    if [ "$n" -lt 20 ]; then pass "killed in the middle: $n batches"; else fail "killed too late: $n batches"; fi
}

bank_open
start
eventually 60 committed 4 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
kill_both
in_the_middle

# Refusals change nothing.
target 'SELECT * FROM lakemover_ledger.chunk ORDER BY table_id, chunk_no' > "$LM_TMP/ledger.before"
staging "UPDATE lakemover.plan_table SET target_table = 'konto' WHERE source_table = 'account'" > /dev/null
expect 2 "resuming with another plan" lm_cli resume
says 'run 1 cannot be resumed: the plan has changed since' 'then: [0-9a-f]+, now: [0-9a-f]+'
staging "UPDATE lakemover.plan_table SET target_table = 'account' WHERE source_table = 'account'" > /dev/null
lm_sql target postgres -c "CREATE DATABASE elsewhere OWNER $LM_TARGET_USER"
expect 2 "resuming into another target" env LAKEBASE_DATABASE=elsewhere "$LM_LAKEMOVER" resume
says 'run 1 cannot be resumed: the target is another one' 'elsewhere'
lm_sql source postgres -c "CREATE DATABASE twin"
expect 2 "resuming from another source" env SOURCE_DATABASE=twin "$LM_LAKEMOVER" resume
says 'run 1 cannot be resumed: the source is another one'
target 'SELECT * FROM lakemover_ledger.chunk ORDER BY table_id, chunk_no' > "$LM_TMP/ledger.after"
same "ledger after the refusals" "$LM_TMP/ledger.before" "$LM_TMP/ledger.after"

expect 0 "resuming at a new point" lm_cli resume
says 'app.account: its point in time is gone, it was emptied' 'COMPLETED AT SEVERAL POINTS IN TIME'
says_not 'app.vault: its point in time is gone'
equal "rows, keys and sum of the table that began again" "$BANK_ROWS $BANK_ROWS $((BANK_ROWS * 100))|1" "$(bank_sums target "$LM_TARGET_DB" 1)"
equal "points in time" 2 "$(staging 'SELECT count(DISTINCT snapshot_at) FROM lakemover.run_table')"
equal "levels that are equal" 10 "$(staging "SELECT count(*) FROM lakemover.validation WHERE verdict = 'equal' AND table_id <> 0")"
html=$(find "$LM_TMP/audit" -name reconciliation.html -newer "$LM_TMP/ledger.after")
if [ "$(grep -c 'point in time 20' "$html")" -eq 2 ] && grep -q 'several points' "$html"; then pass "the report names the points"; else fail "the report does not name the points"; fi
expect 0 "resuming what has ended" lm_cli resume 1
says 'run 1 has ended: COMPLETED AT SEVERAL POINTS IN TIME; there is nothing to resume'

start --on-existing=drop
eventually 60 committed 4 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
# The first table's key is made meanwhile, and recorded a moment later.
keyed() { [ "$(target "SELECT count(*) FROM pg_constraint WHERE conname = 'vault_pkey'")" = 1 ]; }
eventually 20 keyed || fail "no key is made while the rest loads"
sleep 0.3
kill_both
in_the_middle
expect 0 "resuming at one new point" lm_cli resume --consistent
says 'SUCCESS' 'app.vault: its point in time is gone' 'app.account: its point in time is gone'
equal "rows, keys and sums of one point" "$(bank_total)" "$(bank_sums target "$LM_TARGET_DB" "$BANK_BOTH")"
# What was loaded first had its key already: it went before the table was loaded again, and was made anew.
output "$(find "$LM_TMP/audit" -name ddl.sql | sort | tail -n 1)"
says 'DROP CONSTRAINT IF EXISTS vault_pkey' 'vault ADD CONSTRAINT vault_pkey'

# Cancelled: a new point is needed, and nothing else is.
start --on-existing=drop
eventually 60 committed 4 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
kill -INT $run
wait $run
equal "exit code of the cancelled run" 7 $?
in_the_middle
expect 0 "resuming a cancelled run" lm_cli resume
says 'resumed' 'SEVERAL POINTS|SUCCESS'
equal "rows, keys and sum of the table that began again" "$BANK_ROWS $BANK_ROWS $((BANK_ROWS * 100))|1" "$(bank_sums target "$LM_TARGET_DB" 1)"

# Killed while keys are made: nothing is read again.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE FUNCTION house.slow() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_query() LIKE '%PRIMARY KEY%' OR current_query() LIKE '%FOREIGN KEY%' THEN PERFORM pg_sleep(2); END IF;
END $$;
GRANT USAGE ON SCHEMA house TO PUBLIC;
CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION house.slow();
SQL
start --on-existing=drop
making_keys() { [ "$(target "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%FOREIGN KEY%'")" -gt 0 ]; }
eventually 60 making_keys || fail "the finish does not begin: $(tail -n 5 "$LM_TMP/out.run")"
kill_both
target 'SELECT table_id, chunk_no, xid FROM lakemover_ledger.chunk ORDER BY table_id, chunk_no' > "$LM_TMP/ledger.before"
target 'DROP EVENT TRIGGER slow'
expect 0 "resuming in the finish" lm_cli resume --keep-ledger
says 'SUCCESS'
says_not 'begins again|was emptied'
equal "batches" "$(wc -l < "$LM_TMP/ledger.before")" "$(staging "SELECT count(*) FROM lakemover.run_chunk c WHERE state = 'done' AND run_id = (SELECT max(run_id) FROM lakemover.run)")"
equal "rows, keys and sums" "$(bank_total)" "$(bank_sums target "$LM_TARGET_DB" "$BANK_BOTH")"
bank_close
# Nobody writes any more: said so, what was read stays.
start --on-existing=drop --keep-ledger
eventually 60 committed 4 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
kill_both
in_the_middle
target 'SELECT table_id, chunk_no, xid FROM lakemover_ledger.chunk' | LC_ALL=C sort > "$LM_TMP/ledger.before"
expect 0 "resuming at another point of a quiet source" lm_cli resume --source-quiesced
says 'the operator declared that nobody writes' 'SUCCESS'
target 'SELECT table_id, chunk_no, xid FROM lakemover_ledger.chunk' | LC_ALL=C sort > "$LM_TMP/ledger.after"
equal "batches that were loaded again" "" "$(LC_ALL=C comm -23 "$LM_TMP/ledger.before" "$LM_TMP/ledger.after")"
equal "rows, keys and sums" "$(bank_total)" "$(bank_sums target "$LM_TARGET_DB" "$BANK_BOTH")"
for what in constraints indexes; do
    describe_$what source "$LM_DB" | grep -v '^writer' > "$LM_TMP/source.$what"
    describe_$what target "$LM_TARGET_DB" | grep -v '^house' > "$LM_TMP/target.$what"
    same "$what" "$LM_TMP/source.$what" "$LM_TMP/target.$what"
done
check_nothing_left
finish
