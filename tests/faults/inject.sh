# shellcheck shell=bash
# inject.sh: the faults. inject_X runs while the loader ($run) works, and sets MET=yes when the fault found what it is
# for; prepare_X runs before the loader, mend_X before it is resumed. Sourced by faults.sh.
# shellcheck disable=SC2034,SC2154  # variables are faults.sh's

# order PROXY TEXT
order() {
    printf '%s\n' "$2" > "$LM_TMP/proxy/$1/order.new"
    mv "$LM_TMP/proxy/$1/order.new" "$LM_TMP/proxy/$1/order"
}
clock_proxy() { if [ "$CLOCK" = target ]; then echo target; else echo "$ENGINE"; fi; }
# The byte of the clock's traffic at which it happens: SHARE thousandths of what an undisturbed run moved.
fault_byte() { echo $((${BYTES[$ENGINE.$STAGING.$CLOCK]} * SHARE / 1000 + 1)); }
working() { kill -0 "$run" 2> /dev/null; }
# Waits for a file that the proxy writes, while the loader works.
proxy_did() {
    while [ ! -e "$LM_TMP/proxy/$1/done" ]; do
        working || return 1
        read -rt 0.01 <> "$LM_TMP/never"
    done
    return 0
}
# hold: nothing passes from the fault's byte on, until release.
hold() {
    HELD=$(clock_proxy)
    order "$HELD" "hold $(fault_byte) 0"
    proxy_did "$HELD" && return
    release
    return 1
}
release() { order "$HELD" "go"; }

line_fault() { # ACTION
    local proxy
    proxy=$(clock_proxy)
    order "$proxy" "$1 $(fault_byte) $PAUSE"
    if proxy_did "$proxy"; then MET=yes; else order "$proxy" go; fi
}
inject_cut_target() { line_fault cut; }
inject_cut_source() { line_fault cut; }
inject_reset_target() { line_fault reset; }
inject_reset_source() { line_fault reset; }
inject_truncate_target() { line_fault truncate; }
inject_truncate_source() { line_fault truncate; }
inject_stall_target() { line_fault stall; }
inject_stall_source() { line_fault stall; }
inject_slow_target() { line_fault slow; }
inject_slow_source() { line_fault slow; }

postmaster_of_staging() {
    if [ "$STAGING" = own ]; then echo "${LM_PID[staging]}"; else head -n 1 "$LAKEMOVER_HOME/staging/data/postmaster.pid"; fi
}
# kill_server PID: the server and, a moment later, its children, which notice.
kill_server() {
    local children child
    children=$(pgrep -P "$1")
    kill -KILL "$1"
    for child in $children; do lm_wait_gone "$child" 10 || kill -KILL "$child"; done
    wait "$1" 2> /dev/null
}
# session PATTERN: the first child of the staging server whose title matches.
staging_session() { ps -o pid=,args= --ppid "$(postmaster_of_staging)" | awk -v p="$1" '$0 ~ p { print $1; exit }'; }
# Heartbeats of a loader that is gone or stopped become old at once; to wait for that takes 15 seconds.
silence() {
    if [ "$STAGING" = own ]; then lm_sql staging lakemover -c "UPDATE lakemover.run SET heartbeat = heartbeat - interval '1 hour' WHERE state IN ('running', 'paused')"; fi
}

inject_kill_loader() {
    hold || return
    MET=yes
    kill -KILL "$run"
    release
}
mend_kill_loader() { silence; }
inject_kill_staging() {
    hold || return
    MET=yes
    kill_server "$(postmaster_of_staging)"
    release
    if [ "$STAGING" = own ]; then
        sleep "$PAUSE"
        lm_start_staging
    fi
}
mend_kill_staging() { silence; }
inject_kill_keeper() {
    local keeper=
    hold || return
    keeper=$(staging_session 'lakemover keeper')
    release
    while [ -z "$keeper" ]; do
        working || return
        keeper=$(staging_session 'lakemover keeper')
    done
    if kill -KILL "$keeper" 2> /dev/null; then MET=yes; fi
}
mend_kill_keeper() { silence; }
inject_kill_backend() {
    local session
    hold || return
    session=$(staging_session '\\[local\\]')
    if [ "$MODE" -eq 0 ]; then kill -KILL "$session"; else kill -TERM "$session"; fi && MET=yes
    release
}
mend_kill_backend() { silence; }
inject_kill_source() {
    hold || return
    MET=yes
    kill_server "${LM_PID[source]}"
    release
    sleep "$PAUSE"
    lm_start_source tls
}
inject_kill_target() {
    hold || return
    MET=yes
    kill_server "${LM_PID[target]}"
    release
    sleep "$PAUSE"
    lm_start_target
}

# It comes back after it was taken over, and may not write any more: faults.sh lets it go on after the checks.
inject_stop_takeover() {
    hold || return
    MET=yes
    kill -STOP "$run"
    STOPPED=$run
    run=
    release
    silence
}

# meet CONDITION: waits on the target for a session of the loader with wait event or query like that.
meet() {
    lm_sql target "$LM_TARGET_DB" > /dev/null 2>&1 <<SQL
DO \$\$
BEGIN
    FOR i IN 1 .. 10000 LOOP
        IF EXISTS (SELECT FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER' AND state = 'active' AND $1) THEN RETURN; END IF;
        PERFORM pg_stat_clear_snapshot(), pg_sleep(0.001);
    END LOOP;
    RAISE 'not met';
END \$\$;
SQL
}
# The loader may end before what is waited for comes: then the wait is ended.
meet_or_end() {
    local waiter
    meet "$1" &
    waiter=$!
    while kill -0 $waiter 2> /dev/null; do
        if ! working; then
            lm_sql target postgres -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE '%FOR i IN 1 .. 10000%' AND pid <> pg_backend_pid()" > /dev/null
            wait $waiter
            return 1
        fi
        read -rt 0.01 <> "$LM_TMP/never"
    done
    wait $waiter
}
restart_when() {
    meet_or_end "$1" || return
    MET=yes
    if [ "$MODE" -eq 0 ]; then lm_stop target; else lm_stop target QUIT; fi
    sleep "$PAUSE"
    lm_start_target
}
# Statements of the finish take a moment, so that they can be met.
slow_ddl() {
    lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE FUNCTION house.slow() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_catalog.pg_sleep(0.2); END $$;
GRANT USAGE ON SCHEMA house TO PUBLIC;
CREATE EVENT TRIGGER slow ON ddl_command_end WHEN TAG IN ('ALTER TABLE', 'CREATE INDEX') EXECUTE FUNCTION house.slow();
SQL
}
inject_restart_load() {
    order "$ENGINE" "slow $((${BYTES[$ENGINE.$STAGING.source]} * 2 / 5)) 4"
    restart_when "query LIKE 'COPY %FROM STDIN%'"
}
prepare_restart_keys() { slow_ddl; }
inject_restart_keys() { restart_when "wait_event = 'PgSleep' AND query ~ 'INDEX|PRIMARY KEY|UNIQUE'"; }
prepare_restart_fk() { slow_ddl; }
inject_restart_fk() { restart_when "wait_event = 'PgSleep' AND query ~ 'VALIDATE|FOREIGN KEY'"; }
inject_restart_validation() {
    while ! grep -q '^finish' "$log"; do
        working || return
        read -rt 0.01 <> "$LM_TMP/never"
    done
    order target "slow 1 4"
    restart_when "query LIKE 'COPY %TO STDOUT%'"
}

# The loader holds a key share lock on its row of the ledger and waits for a table; we hold the table and want the row. Its
# wait began first, so it is the loader that is told of the deadlock.
inject_deadlock() { lock_table "SELECT FROM lakemover_ledger.run FOR UPDATE"; }
inject_lock_timeout() { lock_table "SELECT pg_sleep(0.9)"; }
prepare_lock_timeout() { lm_sql target "$LM_TARGET_DB" -c "ALTER ROLE $LM_TARGET_USER SET lock_timeout = '300ms'"; }
# lock_table SQL: some table of the run that has no rows yet is locked, and SQL done when the loader waits for it.
lock_table() {
    local table=
    hold || return
    release
    while working; do
        table=$(lm_sql target "$LM_TARGET_DB" -c "SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'app' AND relkind = 'r' AND relname <> 'nothing'
            AND to_regclass('lakemover_ledger.chunk') IS NOT NULL ORDER BY pg_relation_size(c.oid) = 0 DESC, md5(relname || $SHARE) LIMIT 1")
        [ -z "$table" ] || break
    done
    [ -n "$table" ] || return
    lm_sql target "$LM_TARGET_DB" > "$LM_TMP/locker" 2>&1 <<SQL
SET deadlock_timeout = '10s';
BEGIN;
LOCK TABLE $table IN ACCESS EXCLUSIVE MODE;
DO \$\$
BEGIN
    FOR i IN 1 .. 1000 LOOP
        EXIT WHEN EXISTS (SELECT FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER' AND wait_event_type = 'Lock');
        PERFORM pg_stat_clear_snapshot(), pg_sleep(0.005);
    END LOOP;
END \$\$;
$1;
ROLLBACK;
SQL
}

# fill FILE SYSTEM: to the last byte.
fill() { head -c 100M /dev/zero > "$1/filler" 2> /dev/null; }
fill_for_a_moment() {
    hold || return
    MET=yes
    fill "$1"
    release
    sleep "$PAUSE"
    rm -f "$1/filler"
}
inject_full_target() { fill_for_a_moment "$LM_TMP/small"; }
inject_full_staging() { fill_for_a_moment "$LM_TMP/small"; }
mend_full_staging() { silence; }
prepare_full_audit() { export LAKEMOVER_AUDIT_DIR=$LM_TMP/small/audit; mkdir -p "$LAKEMOVER_AUDIT_DIR"; }
inject_full_audit() {
    hold || return
    MET=yes
    fill "$LM_TMP/small"
    release
}
mend_full_audit() { rm -f "$LM_TMP/small/filler"; }

set_token() { printf '%s' "$2" > "$LM_TMP/$1.token"; }
# rotate SERVER ROLE DATABASE: the password changes and the sessions end; the new one is known a moment later.
rotate() {
    hold || return
    MET=yes
    lm_sql "$1" postgres -c "ALTER ROLE $2 PASSWORD 'another $I'" \
        -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = '$2'" > /dev/null
    release
    sleep "$PAUSE"
    set_token "$1" "another $I"
}
inject_secret_target() { rotate target "$LM_TARGET_USER"; }
inject_secret_source() { rotate source "$LM_SOURCE_USER"; }
