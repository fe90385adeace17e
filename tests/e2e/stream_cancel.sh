#!/bin/bash
# Cancel takes effect within 2 seconds while connecting, executing and fetching, by pg_cancel_backend,
# statement_timeout and pg_terminate_backend; nothing stays behind on the source, and the next call works.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/stream.sh
. "$LM_ROOT/tests/lib/stream.sh"
lm_init stream_cancel
frozen=
locker=
lm_on_exit() {
    if [ -n "$frozen" ]; then kill -CONT "$frozen"; fi
    if [ -n "$locker" ]; then kill "$locker" 2> /dev/null; fi
}
stream_setup
lm_sql source "$LM_DB" <<'SQL'
CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO t SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 300000) i;
CREATE TABLE locked (id int PRIMARY KEY);
SQL
read -r run chunk < <(stream_run "$(stream_spec t)")
read -r lrun lchunk < <(stream_run "$(stream_spec locked)")
read -r srun schunk < <(stream_run "$(stream_spec t '{"row_filter": "pg_sleep(0.01) IS NOT NULL"}')")
for r in "$run" "$lrun" "$srun"; do
    lm_sql staging lakemover -c "SELECT lakemover.keeper_start($r)" > /dev/null || lm_die "no keeper"
done
KEEPERS=$(lm_sql staging lakemover -c "SELECT string_agg(source_pid::text, ',') FROM lakemover.snapshot")

# victim SQL [TIMEOUT]: runs it in the background; its backend is $backend, its output in $OUT.
victim() {
    OUT=$LM_TMP/victim.$((++victims))
    lm_sql staging lakemover -c "SET application_name = 'victim $victims'; SET statement_timeout = '${2:-0}'" \
        -c "COPY ($1) TO STDOUT (FORMAT binary)" > /dev/null 2> "$OUT" &
    client=$!
    backend=
    local n=100
    while [ -z "$backend" ] && [ $n -gt 0 ]; do
        backend=$(lm_sql staging lakemover -c "SELECT pid FROM pg_stat_activity WHERE application_name = 'victim $victims' AND query LIKE 'COPY%'")
        n=$((n - 1))
        sleep 0.02
    done
}
victims=0
# ends WHAT: the victim's session ends within 2 seconds from now, with the message of a cancel.
ends() {
    local start=${EPOCHREALTIME/./} took
    lm_wait_gone "$client" 5
    took=$(((${EPOCHREALTIME/./} - start) / 1000))
    wait "$client" 2> /dev/null
    if [ $took -le 2000 ]; then pass "$1: took effect after $took ms"; else fail "$1: took $took ms"; fi
    says 'cancell?ing statement|terminating connection'
}
# cancels STATE SQL: by each of the three ways. prepare and undo bring the source into the state and out of it.
cancels() {
    local state=$1 sql=$2 left
    for way in cancel terminate timeout; do
        prepare
        victim "$sql" "$([ $way = timeout ] && echo 1500ms)"
        wait_state || fail "$state: the state was not reached"
        case $way in
            cancel) lm_sql staging lakemover -c "SELECT pg_cancel_backend($backend)" > /dev/null ;;
            terminate) lm_sql staging lakemover -c "SELECT pg_terminate_backend($backend)" > /dev/null ;;
            timeout) sleep 1 ;;
        esac
        ends "$state, $way"
        undo
        if left=$(becomes 5 0 source_sessions); then pass "$state, $way: no session stays on the source"; else fail "$state, $way: $left sessions stay on the source"; fi
    done
}

# Connecting: the source's postmaster is stopped, so the kernel accepts and nobody answers.
prepare() {
    frozen=${LM_PID[source]}
    kill -STOP "$frozen"
}
undo() {
    kill -CONT "$frozen"
    frozen=
}
wait_state() { sleep 0.4; }
cancels connecting "SELECT lakemover.stream($run, $chunk)"

# Executing: behind a lock, and in a slow query.
prepare() {
    lm_sql source "$LM_DB" -c "BEGIN; LOCK TABLE locked; SELECT pg_sleep(60)" > /dev/null 2>&1 &
    locker=$!
    becomes 5 1 lm_sql source "$LM_DB" -c "SELECT count(*) FROM pg_locks WHERE relation = 'locked'::regclass AND mode = 'AccessExclusiveLock'"
}
undo() {
    lm_sql source "$LM_DB" -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE locked%' AND pid <> pg_backend_pid()" > /dev/null
    wait "$locker" 2> /dev/null
    locker=
}
wait_state() { becomes 5 1 lm_sql source "$LM_DB" -c "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'" > /dev/null; }
cancels "behind a lock" "SELECT lakemover.stream($lrun, $lchunk)"
prepare() { :; }
undo() { :; }
# More than one sleeps when the count runs in parallel.
wait_state() { becomes 5 t lm_sql source "$LM_DB" -c "SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'PgSleep'" > /dev/null; }
cancels "executing" "SELECT lakemover.stream($srun, $schunk)"
cancels "counting" "SELECT lakemover.source_count($srun, 1)"

# Fetching: the source's backend is stopped in the middle of the data.
undo() {
    if [ -n "$frozen" ]; then kill -CONT "$frozen"; fi
    frozen=
}
wait_state() {
    local n=100
    while [ $n -gt 0 ]; do
        frozen=$(lm_sql source "$LM_DB" -c "SELECT pid FROM pg_stat_activity WHERE query LIKE 'COPY (SELECT \"id\"%' AND state = 'active'")
        if [ -n "$frozen" ] && kill -STOP "$frozen"; then
            sleep 0.3
            return 0
        fi
        n=$((n - 1))
    done
    frozen=
    return 1
}
# A slow reader keeps the data from running through before the backend is stopped.
cancels fetching "SELECT lakemover.stream($run, $chunk), pg_sleep(0.02)"

expect 0 "the next stream" lm_sql staging lakemover -c "SELECT convert_from(substr(b, 2), 'UTF8')
    FROM (SELECT lakemover.stream($run, $chunk) AS b) s WHERE get_byte(b, 0) = 69"
says '"rows":300000'
expect 0 "the snapshots are still held" lm_sql staging lakemover -c "SELECT count(*) FROM lakemover.snapshot WHERE state = 'held'"
says '^3$'
finish
