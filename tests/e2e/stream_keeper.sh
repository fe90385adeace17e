#!/bin/bash
# The keeper: one snapshot for all readers of a run; it ends with the run, without heartbeats, when told to,
# and when the source drops it; its errors reach the caller; a cancelled start leaves nothing behind.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/stream.sh
. "$LM_ROOT/tests/lib/stream.sh"
lm_init stream_keeper
frozen=
lm_on_exit() { if [ -n "$frozen" ]; then kill -CONT "$frozen"; fi; }
stream_setup
lm_sql source "$LM_DB" -c "CREATE TABLE t (id int PRIMARY KEY, v text)" -c "INSERT INTO t SELECT i, 'x' FROM generate_series(1, 1000) i"
spec=$(stream_spec t)
staging() { lm_sql staging lakemover "$@"; }
state() { staging -c "SELECT state FROM lakemover.snapshot WHERE run_id = $1"; }
alive() { staging -c "SELECT lakemover._keeper_alive($1)" 2> /dev/null; }
workers() { staging -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'lakemover keeper'"; }
refused() {
    OUT=$LM_TMP/refused
    if staging -v VERBOSITY=verbose -c "$3" > "$OUT" 2>&1; then fail "accepted: $3"; fi
    says "ERROR:  $1: $2"
}

read -r run chunk < <(stream_run "$spec")
refused 55000 "no snapshot of the source is held for run $run" "SELECT lakemover.stream($run, $chunk)"
says 'HINT:  SELECT lakemover.keeper_start'
pid=$(staging -c "SELECT lakemover.keeper_start($run)")
equal "state after the start" held "$(state "$run")"
equal "a second start finds the first" "$pid" "$(staging -c "SELECT lakemover.keeper_start($run)")"
equal "workers" 1 "$(workers)"
lm_sql source "$LM_DB" -c "INSERT INTO t SELECT i, 'late' FROM generate_series(1001, 1500) i" -c "DELETE FROM t WHERE id <= 10"
equal "rows in the snapshot, counted" 1000 "$(staging -c "SELECT lakemover.source_count($run, 1)")"
expect 0 "rows in the snapshot, streamed" staging -c "SELECT encode(b, 'escape') FROM (SELECT lakemover.stream($run, $chunk) AS b) s WHERE get_byte(b, 0) = 69"
says '"rows":1000,'
equal "the source sees a read-only session" t "$(lm_sql source "$LM_DB" -c "SELECT count(*) = 1 FROM pg_stat_activity
    WHERE pid = (SELECT $(staging -c "SELECT source_pid FROM lakemover.snapshot WHERE run_id = $run")) AND application_name = 'lakemover' AND backend_xid IS NULL")"
equal "stopping" t "$(staging -c "SELECT lakemover.keeper_stop($run)")"
equal "state after the stop" released "$(state "$run")"
equal "stopping what is not there" f "$(staging -c "SELECT lakemover.keeper_stop($run)")"
refused 55000 "no snapshot of the source is held" "SELECT lakemover.source_count($run, 1)"
says 'its state is released'
if left=$(becomes 3 0 source_sessions); then pass "no session stays on the source"; else fail "$left sessions stay on the source"; fi

# It ends by itself.
read -r run chunk < <(stream_run "$spec")
staging -c "SELECT lakemover.keeper_start($run)" > /dev/null
staging -c "UPDATE lakemover.run SET state = 'done' WHERE run_id = $run"
if got=$(becomes 6 released state "$run"); then pass "released when the run is done"; else fail "the run is done and the state is $got"; fi
read -r run chunk < <(stream_run "$spec")
staging -c "UPDATE lakemover.run SET options = '{\"snapshot_hold\": \"2\"}' WHERE run_id = $run"
staging -c "SELECT lakemover.keeper_start($run)" > /dev/null
for _ in 1 2 3 4; do
    staging -c "UPDATE lakemover.run SET heartbeat = clock_timestamp() WHERE run_id = $run"
    sleep 1
done
equal "held while a loader shows its heartbeat" held "$(state "$run")"
if got=$(becomes 7 released state "$run"); then pass "released without a heartbeat"; else fail "no heartbeat and the state is $got"; fi

# The source drops it.
read -r run chunk < <(stream_run "$spec")
staging -c "SELECT lakemover.keeper_start($run)" > /dev/null
lm_sql source "$LM_DB" -c "SELECT pg_terminate_backend($(staging -c "SELECT source_pid FROM lakemover.snapshot WHERE run_id = $run"))" > /dev/null
if got=$(becomes 5 lost state "$run"); then pass "lost when the source ends the session"; else fail "the session is gone and the state is $got"; fi
refused 55000 "no snapshot of the source is held" "SELECT lakemover.stream($run, $chunk)"
says 'its state is lost: '
equal "it can be started again" 1 "$(staging -c "SELECT count(*) FROM (SELECT lakemover.keeper_start($run)) s")"
equal "state after the second start" held "$(state "$run")"

# A keeper that is killed takes staging through crash recovery; what it held is known to be gone.
kill -KILL "$(staging -c "SELECT keeper_pid FROM lakemover.snapshot WHERE run_id = $run")"
becomes 15 f alive "$run" > /dev/null
equal "the lock of a killed keeper is free" f "$(alive "$run")"
refused 55000 "no snapshot of the source is held" "SELECT lakemover.stream($run, $chunk)"
says 'the source no longer knows snapshot'
equal "stopping a killed keeper" f "$(staging -c "SELECT lakemover.keeper_stop($run)")"
equal "state of a killed keeper" lost "$(state "$run")"

# Its errors are the caller's.
read -r run chunk < <(stream_run "$spec")
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (SET password 'wrong')"
refused 28P01 'the source refused the password of user' "SELECT lakemover.keeper_start($run)"
says 'HINT:  check user and password'
staging -c "ALTER USER MAPPING FOR postgres SERVER src OPTIONS (SET password $(lm_literal "$LM_SOURCE_PASSWORD"))"
staging -c "ALTER SERVER src OPTIONS (SET dbname 'nosuchdb')"
refused 3D000 'the source has no database "nosuchdb"' "SELECT lakemover.keeper_start($run)"
staging -c "ALTER SERVER src OPTIONS (SET dbname '$LM_DB')"
refused 42704 'run 999 does not exist' "SELECT lakemover.keeper_start(999)"
refused 58000 '.*ended without a snapshot' "BEGIN; INSERT INTO lakemover.run (source, hash_key) VALUES ('src', '\\x00');
    SELECT lakemover.keeper_start(max(run_id)) FROM lakemover.run"
says 'must be committed'
equal "state after a failed start" failed "$(state "$run")"

# Cancelled while it connects to a server that does not answer.
frozen=${LM_PID[source]}
kill -STOP "$frozen"
start=${EPOCHREALTIME/./}
OUT=$LM_TMP/cancelled
staging -c "SET statement_timeout = '1s'; SELECT lakemover.keeper_start($run)" > "$OUT" 2>&1
took=$(((${EPOCHREALTIME/./} - start) / 1000))
says 'canceling statement due to statement timeout'
if [ $took -lt 3000 ]; then pass "a start is cancelled after $took ms"; else fail "cancelling a start took $took ms"; fi
if got=$(becomes 3 0 workers); then pass "its worker has ended"; else fail "$got workers go on"; fi
kill -CONT "$frozen"
frozen=

# A fast shutdown of staging does not wait for it.
staging -c "SELECT lakemover.keeper_start($run)" > /dev/null
start=$SECONDS
lm_stop staging
took=$((SECONDS - start))
if [ $took -le 5 ]; then pass "staging stopped after $took s"; else fail "staging took $took s to stop"; fi
if left=$(becomes 5 0 source_sessions); then pass "no session stays on the source"; else fail "$left sessions stay on the source"; fi
finish
