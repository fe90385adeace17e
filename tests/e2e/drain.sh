#!/bin/bash
# SIGTERM of the daemon: what is under way is finished, nothing new is begun, the run can be resumed at its point in
# time. A second SIGTERM, and --drain-timeout, do not wait for what is under way.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init drain
lm_start_source
lm_start_target
lm_start_staging
lm_sql source "$LM_DB" -c "CREATE SCHEMA app" -c "CREATE TABLE app.t (id int PRIMARY KEY, v text)" \
    -c "INSERT INTO app.t SELECT i, repeat(md5(i::text), 3) FROM generate_series(1, 30000) i" -c "ANALYZE"
# The target's administrator makes every batch take as long as a table of his says.
house_slow 0.3
house_watch "${HOUSE_LINGER[@]}"
lm_env
staging() { lm_sql staging lakemover -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
slow() { target "UPDATE house.slow SET seconds = $1"; }
own_source shop
staging "UPDATE lakemover.plan_table SET batch_rows = 3000"

alive() { [ "$(staging "SELECT count(*) FROM lakemover.loader WHERE mode = 'daemon'")" -gt 0 ]; }
run_is() { [ "$(staging "SELECT state || ' ' || phase FROM lakemover.run ORDER BY run_id DESC LIMIT 1")" = "$1" ]; }
chunks() { staging "SELECT count(*) FROM lakemover.run_chunk c WHERE run_id = (SELECT max(run_id) FROM lakemover.run) AND state = '$1'"; }
# A daemon with these options loads; the ledger holds so many batches at least.
begin() {   # begin BATCHES OPTIONS...
    local batches=$1
    shift
    "$LM_LAKEMOVER" daemon "$@" > "$LM_TMP/daemon.log" 2>&1 < /dev/null &
    daemon=$!
    eventually 20 alive || fail "no daemon: $(cat "$LM_TMP/daemon.log")"
    staging "CALL lakemover.migrate('shop', '{\"on_existing\": \"drop\", \"jobs\": 2}')" > "$LM_TMP/out.call" 2>&1 &
    call=$!
    eventually 30 run_is "running load" || fail "the run does not load: $(cat "$LM_TMP/daemon.log")"
    eventually 30 committed "$batches" || fail "no batch is committed"
}
ends_as() {     # ends_as SECONDS WHAT
    if lm_wait_gone $daemon "$1"; then pass "$2: the daemon has ended"; else
        fail "$2: the daemon does not end"
        kill -KILL $daemon
    fi
    wait $daemon
    equal "$2: exit code" 0 $?
    wait $call && fail "$2: the CALL succeeds"
    equal "$2: the run" "interrupted INTERRUPTED 7" "$(staging 'SELECT state, verdict, exit_code FROM lakemover.run ORDER BY run_id DESC LIMIT 1' | tr '|' ' ')"
    equal "$2: the snapshot" held "$(staging 'SELECT state FROM lakemover.snapshot ORDER BY run_id DESC LIMIT 1')"
}
resumed() {
    slow 0
    expect 0 "resumed" lm_cli resume
    says 'SUCCESS'
    equal "at the same point, without loading anything again" "" \
        "$(staging "SELECT string_agg(kind, ' ') FROM lakemover.event WHERE run_id = (SELECT max(run_id) FROM lakemover.run) AND kind IN ('table_begins_again', 'point_lost', 'commits_lost')")"
    equal "rows" "$(lm_sql source "$LM_DB" -c "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM app.t")" \
        "$(target "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM app.t")"
}

begin 2
kill -TERM $daemon
ends_as 20 "drained"
equal "batches left in the middle" 0 "$(chunks claimed)"
if [ "$(chunks pending)" -gt 0 ]; then pass "nothing new was begun: $(chunks pending) batches are left"; else fail "the run was not stopped"; fi
equal "what the target committed" "$(chunks "done")" "$(target 'SELECT count(*) FROM lakemover_ledger.chunk')"
output "$LM_TMP/out.call"
says 'INTERRUPTED' 'the daemon was told to stop'
resumed

# Twice: what is under way is given up.
slow 60
begin 0
eventually 20 test -n "$(target "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'")"
kill -TERM $daemon
sleep 1.5
if kill -0 $daemon 2> /dev/null; then pass "it waits for what is under way"; else fail "it does not wait"; fi
kill -TERM $daemon
ends_as 10 "told twice"
resumed

slow 60
begin 0 --drain-timeout 1
kill -TERM $daemon
ends_as 12 "after --drain-timeout"

# Idle, it ends at once.
"$LM_LAKEMOVER" daemon > "$LM_TMP/daemon.log" 2>&1 < /dev/null &
daemon=$!
ready() { grep -q 'is ready' "$LM_TMP/daemon.log"; }
eventually 20 ready || fail "no daemon: $(cat "$LM_TMP/daemon.log")"
kill -TERM $daemon
if lm_wait_gone $daemon 3; then pass "idle: the daemon has ended"; else fail "idle: the daemon does not end"; fi
finish
