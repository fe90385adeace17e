#!/bin/bash
# Outages of the source: a reader's connection that is cut is opened again, at the same point and without using up the
# only attempt. A source that was restarted has forgotten the snapshot: no table fails for that, the run ends and is
# resumed at a new point.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init outage_source
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
whole() {
    describe_rows source "$LM_DB" > "$LM_TMP/source.rows"
    describe_rows target "$LM_TARGET_DB" > "$LM_TMP/target.rows"
    same "rows $1" "$LM_TMP/source.rows" "$LM_TMP/target.rows"
}
copying() { lm_sql source postgres -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '$LM_SOURCE_USER' AND query LIKE '%COPY%' AND state = 'active'"; }
cut_readers() { [ "$(copying)" -gt 0 ]; }

start
if eventually 30 cut_readers; then pass "a reader was cut off"; else fail "no reader was met"; fi
wait $run
equal "exit code after a cut connection" 0 $?
says 'SUCCESS' 'outage of the source, the run pauses' 'the outage is over'
equal "attempts used up" "0 1" "$(staging "SELECT (SELECT count(*) FROM lakemover.event WHERE kind IN ('chunk_retry', 'chunk_failed')), max(attempts) FROM lakemover.run_chunk" | tr '|' ' ')"
whole "after a cut connection"

start --on-existing=drop
lm_stop source QUIT
lm_start_source
wait $run
equal "exit code after a restart" 6 $?
says 'INTERRUPTED' 'snapshot is lost' 'lakemover resume'
says_not 'undone|chunk_failed'
equal "tables that failed" 0 "$(staging "SELECT count(*) FROM lakemover.run_table WHERE state IN ('failed', 'blocked')")"
expect 0 "resuming it" lm_cli resume
says 'SUCCESS|SEVERAL POINTS' 'its point in time is gone, it was emptied'
whole "after a restart"
check_nothing_left
finish
