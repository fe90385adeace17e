#!/bin/bash
# The loader dies by kill -9 in the middle of the load. The next one takes over the staging server that was
# left running, ends the dead run, makes room on the target and ends in SUCCESS; nothing of the dead run stays.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init robust_kill_loader
lm_start_source
lm_start_target
make_big_tables
lm_env
set -m
"$LM_LAKEMOVER" --max-batch-rows=20000 > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
set +m
eventually 60 committed 2 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
kill -KILL $run
wait $run 2> /dev/null
chunks=$(lm_sql target "$LM_TARGET_DB" -c 'SELECT count(*) FROM lakemover_ledger.chunk')
if [ "$chunks" -ge 2 ] && [ "$chunks" -lt 20 ]; then pass "killed in the middle: $chunks chunks"; else fail "killed too late: $chunks chunks"; fi

expect 2 "another run without saying what becomes of the rest" lm_cli
says 'with rows: .*big' 'on-existing=drop'
expect 0 "another run that makes room" lm_cli --on-existing=drop
says 'SUCCESS'
for what in rows columns constraints indexes; do
    describe_$what source "$LM_DB" > "$LM_TMP/source.$what"
    describe_$what target "$LM_TARGET_DB" > "$LM_TMP/target.$what"
    same "$what" "$LM_TMP/source.$what" "$LM_TMP/target.$what"
done
expect 0 "the runs" lm_cli psql -A -t -c "SELECT run_id, state, exit_code, error FROM lakemover.run ORDER BY 1"
says '^1\|failed\|1\|run 3 has replaced its tables' '^3\|done\|0\|'
equal "ledger after the success" "" "$(lm_sql target "$LM_TARGET_DB" -c "SELECT to_regnamespace('lakemover_ledger')")"
check_nothing_left
finish
