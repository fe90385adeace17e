#!/bin/bash
# Outages of the target in the middle of the load are not failures: the target goes down hard and comes back, is
# read-only for a while, and takes no more connections. The run pauses, says so, uses up no attempt (there is a single
# one), and ends in SUCCESS. One that lasts too long ends the run, which can be resumed.
# timeout: 400
. "$(dirname "$0")/../lib/e2e.sh"
lm_init outage_target
lm_start_source
lm_start_target
make_big_tables
lm_env
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -q -A -t -c "$1"; }
start() {
    "$LM_LAKEMOVER" --max-batch-rows=20000 --attempts=1 "$@" > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    output "$LM_TMP/out.run"
    eventually 60 committed 2 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
}
paused() { grep -q 'outage of the target' "$LM_TMP/out.run"; }
events() { staging "SELECT count(*) FROM lakemover.event WHERE kind = '$1' AND run_id = (SELECT max(run_id) FROM lakemover.run)"; }
ends_well() {
    wait $run
    equal "exit code after $1" 0 $?
    says 'SUCCESS' 'outage of the target, the run pauses' 'the outage is over'
    if [ "$(events outage)" -ge 1 ]; then pass "the outage is an event"; else fail "no event tells of the outage"; fi
    equal "attempts used up after $1" "0 1" "$(events chunk_retry) $(staging "SELECT max(attempts) FROM lakemover.run_chunk WHERE run_id = (SELECT max(run_id) FROM lakemover.run)")"
    equal "state after $1" "done|" "$(staging "SELECT state, pause_reason FROM lakemover.run ORDER BY run_id DESC LIMIT 1")"
    describe_rows source "$LM_DB" > "$LM_TMP/source.rows"
    describe_rows target "$LM_TARGET_DB" > "$LM_TMP/target.rows"
    same "rows after $1" "$LM_TMP/source.rows" "$LM_TMP/target.rows"
}

start
lm_stop target QUIT
if eventually 60 paused; then pass "it says that it pauses"; else fail "it says nothing of the outage"; fi
equal "status" t "$(staging "SELECT state = 'paused' AND pause_reason LIKE '%target%' FROM lakemover.progress")"
sleep 3
lm_start_target
ends_well "a restart"

start --on-existing=drop
lm_sql target postgres -c "ALTER SYSTEM SET default_transaction_read_only = on" -c "SELECT pg_reload_conf()" > /dev/null
if eventually 60 paused; then pass "it says that it pauses"; else fail "it says nothing of the outage"; fi
lm_sql target postgres -c "SET default_transaction_read_only = off" -c "ALTER SYSTEM RESET default_transaction_read_only" -c "SELECT pg_reload_conf()" > /dev/null
ends_well "a read-only moment"

start --on-existing=drop
lm_sql target postgres -c "ALTER ROLE $LM_TARGET_USER CONNECTION LIMIT 0" \
    -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER'" > /dev/null
if eventually 60 paused; then pass "it says that it pauses"; else fail "it says nothing of the outage"; fi
sleep 1
lm_sql target postgres -c "ALTER ROLE $LM_TARGET_USER CONNECTION LIMIT -1"
ends_well "a connection limit"

# A target that comes back without what it had said was committed: those batches are loaded again.
start --on-existing=drop
eventually 60 committed 4 || fail "the load does not go on"
equal "batches that the target loses" 1 "$(lm_sql target "$LM_TARGET_DB" <<'SQL'
BEGIN;
DELETE FROM app.big b USING lakemover_ledger.chunk c
 WHERE c.chunk_no = 1 AND c.lower_bound IS NULL AND c.upper_bound IS NOT NULL AND b.xmin::text::bigint = c.xid::text::bigint % 4294967296;
WITH lost AS (DELETE FROM lakemover_ledger.chunk WHERE chunk_no = 1 AND lower_bound IS NULL AND upper_bound IS NOT NULL RETURNING 1)
SELECT count(*) FROM lost;
COMMIT;
SQL
)"
wait $run
equal "exit code after lost commits" 0 $?
says 'SUCCESS' 'the target lost 1 committed batch'
describe_rows target "$LM_TARGET_DB" > "$LM_TMP/target.rows"
same "rows after lost commits" "$LM_TMP/source.rows" "$LM_TMP/target.rows"

# A command that prints the secret is asked again.
printf '%s' "$LM_TARGET_PASSWORD" > "$LM_TMP/token"
export LAKEBASE_PASSWORD_COMMAND="cat $LM_TMP/token"
unset LAKEBASE_PASSWORD
start --on-existing=drop
lm_sql target postgres -c "ALTER ROLE $LM_TARGET_USER PASSWORD 'another one'" \
    -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER'" > /dev/null
if eventually 60 paused; then pass "it says that it pauses"; else fail "it says nothing of the outage"; fi
sleep 1
printf 'another one' > "$LM_TMP/token"
ends_well "an expired token"

start --on-existing=drop --outage-timeout=2
lm_stop target
wait $run
equal "exit code when it lasts too long" 6 $?
says 'INTERRUPTED' 'away for longer than --outage-timeout' 'lakemover resume'
lm_start_target
equal "nothing is undone" t "$(target 'SELECT count(*) > 0 FROM app.big')"
expect 0 "resuming it" lm_cli resume
says 'SUCCESS|SEVERAL POINTS'
describe_rows target "$LM_TARGET_DB" > "$LM_TMP/target.rows"
same "rows when it was resumed" "$LM_TMP/source.rows" "$LM_TMP/target.rows"
check_nothing_left
finish
