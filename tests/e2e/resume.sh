#!/bin/bash
# lakemover resume in a staging database of one's own, where the keeper outlives the loader: after kill -9 the load goes
# on at the same point, batch by batch, while the source is written to. A loader that was stopped for long and comes back
# after its run was taken over writes nothing any more. Resuming what has ended is harmless.
# timeout: 400
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/bank.sh
. "$LM_ROOT/tests/lib/bank.sh"
lm_init resume
lm_on_exit() { [ -z "${run:-}" ] || kill -KILL "$run" 2> /dev/null; }
lm_start_source
lm_start_target
lm_start_staging
bank_make
printf '%s' "$LM_SOURCE_PASSWORD" > "$LM_TMP/password"
chmod 600 "$LM_TMP/password"
if [ "$(id -u)" -eq 0 ]; then chown "$LM_USER:" "$LM_TMP/password"; fi
lm_sql staging lakemover <<SQL
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname '$LM_DB');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS ("user" '$LM_SOURCE_USER', password_file '$LM_TMP/password');
INSERT INTO lakemover.source_scope (source, schema_name) VALUES ('src', 'app');
SQL
lm_env
unset "${!SOURCE_@}"
export LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} dbname=lakemover user=postgres"
staging() { lm_sql staging lakemover -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
runs=0
committed() { [ "$(staging "SELECT count(*) FROM lakemover.run_chunk WHERE run_id = $runs AND state = 'done'")" -ge 4 ]; }
start() {
    runs=$((runs + 1))
    set -m
    "$LM_LAKEMOVER" --max-batch-rows=15000 --keep-ledger "$@" > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    set +m
    eventually 60 committed || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
}
batches() { target "SELECT table_id, chunk_no, xid FROM lakemover_ledger.chunk ORDER BY 1, 2" > "$1"; }
in_the_middle() {
    if [ "$(wc -l < "$1")" -lt 20 ]; then pass "in the middle: $(wc -l < "$1") batches"; else fail "too late: $(wc -l < "$1") batches"; fi
}
holds() { equal "$1" "$(bank_total)" "$(bank_sums target "$LM_TARGET_DB" "$BANK_BOTH")"; }

bank_open
start
kill -KILL $run
wait $run 2> /dev/null
batches "$LM_TMP/before"
in_the_middle "$LM_TMP/before"
equal "the keeper lives on" held "$(staging 'SELECT state FROM lakemover.snapshot')"
expect 0 "resuming after kill -9" lm_cli resume
says 'resumed' 'SUCCESS'
batches "$LM_TMP/after"
equal "batches that were loaded again" "" "$(LC_ALL=C comm -23 <(LC_ALL=C sort "$LM_TMP/before") <(LC_ALL=C sort "$LM_TMP/after"))"
equal "points in time" 1 "$(staging 'SELECT count(DISTINCT snapshot_at) FROM lakemover.run_table')"
holds "rows, keys and sums of one point"
equal "state of the run" "done|0|2" "$(staging 'SELECT state, exit_code, epoch FROM lakemover.run')"
expect 0 "resuming what has ended" lm_cli resume
says 'run 1 has ended: SUCCESS; there is nothing to resume'
equal "runs" 1 "$(staging 'SELECT count(*) FROM lakemover.run')"

# Stopped, taken over, and then let go on.
start --on-existing=drop
kill -STOP $run
batches "$LM_TMP/before"
in_the_middle "$LM_TMP/before"
# A loader may be stopped in the middle of a transaction on staging, too; its sessions are known by their name.
name="'lakemover ' || right((SELECT loader_id FROM lakemover.run WHERE run_id = $runs), 53)"
equal "its sessions on staging" t "$(staging "SELECT count(*) > 1 FROM pg_stat_activity WHERE application_name = $name")"
lm_sql staging lakemover -c "SELECT set_config('application_name', $name, false)" -c 'BEGIN; LOCK TABLE lakemover.run_sample; SELECT pg_sleep(100)' > /dev/null 2>&1 &
samples_locked() { [ "$(staging "SELECT count(*) FROM pg_locks WHERE relation = 'lakemover.run_sample'::regclass AND mode = 'AccessExclusiveLock' AND granted")" = 1 ]; }
eventually 10 samples_locked || fail "nobody holds the lock"
expect 0 "taking over from a loader that says nothing" lm_cli resume
says 'SUCCESS'
holds "rows, keys and sums after the takeover"
target "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM app.account t" > "$LM_TMP/rows.before"
kill -CONT $run
if lm_wait_gone $run 30; then pass "the old loader stops"; else fail "the old loader goes on"; kill -KILL $run; fi
wait $run
status=$?
if [ $status -ne 0 ]; then pass "its exit code: $status"; else fail "it calls itself successful"; fi
target "SELECT md5(string_agg(t::text, ',' ORDER BY id)) FROM app.account t" > "$LM_TMP/rows.after"
same "rows when it came back" "$LM_TMP/rows.before" "$LM_TMP/rows.after"
equal "the run's state" "done|SUCCESS" "$(staging "SELECT state, verdict FROM lakemover.run ORDER BY run_id DESC LIMIT 1")"

# A loader that lives is not robbed.
start --on-existing=drop
lm_sql target "$LM_TARGET_DB" -c 'BEGIN; LOCK TABLE app.account; SELECT pg_sleep(10)' > /dev/null 2>&1 &
expect 2 "resuming a run that goes on" lm_cli resume
says 'is active: its loader'
wait $run
equal "exit code of the run that went on" 0 $?
run=
bank_close
check_nothing_left
finish
