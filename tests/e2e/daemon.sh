#!/bin/bash
# The user's own staging: CREATE SERVER there, a daemon, and CALL lakemover.migrate() from psql. The
# same code as the CLI, its errors, its cancel.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init daemon
lm_start_source
lm_start_target
lm_start_staging bare
lm_load_demo 0.02
lm_env
unset "${!SOURCE_@}"
export LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} user=postgres dbname=lakemover"
staging() { lm_sql staging lakemover "$@"; }

# No extension, another version of it: refused with what to do.
if [ ! -e "$("${PG_CONFIG:-pg_config}" --sharedir)/extension/lakemover.control" ]; then
    # The system's own server has no files of it, the staged copy has.
    lm_stop staging
    lm_start staging "$("${PG_CONFIG:-pg_config}" --bindir)" no
    expect 2 "a staging server without the extension's files" lm_cli status
    says 'extension lakemover is not installed' 'make install'
    says_one_error
    lm_stop staging
    lm_start staging "$LM_BIN" no
fi
lm_sql staging postgres -c "CREATE ROLE plain LOGIN" -c "CREATE DATABASE bare OWNER plain"
expect 2 "a role that may not create the extension" env LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} user=plain dbname=bare" "$LM_LAKEMOVER" status
says 'CREATE EXTENSION|superuser'
says_one_error
expect 0 "CREATE EXTENSION" staging -c 'CREATE EXTENSION lakemover'
version=$(staging -c "SELECT extversion FROM pg_extension WHERE extname = 'lakemover'")
staging -c "UPDATE pg_extension SET extversion = '0.0.1' WHERE extname = 'lakemover'"
expect 2 "staging with another version of the extension" lm_cli status
says '0\.0\.1' "${version//./\\.}"
expect 2 "a daemon on it" lm_cli daemon
staging -c "UPDATE pg_extension SET extversion = '$version' WHERE extname = 'lakemover'"
expect 6 "staging that is not there" env LAKEMOVER_STAGING="host=$LM_TMP/nowhere dbname=lakemover user=postgres" "$LM_LAKEMOVER" status
says "$LM_TMP/nowhere"

# A server that does not take anybody yet, as after a crash: a standby that is not to be read, and then promoted.
lm_stop staging
lm_as touch "$LM_TMP/staging/standby.signal"
(
    eventually 20 grep -q 'entering standby mode' "$LM_TMP/staging/server.log"
    lm_as "$LM_BIN/pg_isready" -h "$LM_TMP/staging" > "$LM_TMP/isready"
    lm_cli psql -q -A -t -c 'SELECT 1' > "$LM_TMP/early" 2>&1
    echo $? >> "$LM_TMP/isready"
) &
early=$!
(sleep 3 && lm_as "$LM_BIN/pg_ctl" promote -s -D "$LM_TMP/staging") &
lm_start staging "$LM_BIN" no hot_standby=off restore_command=/bin/false
wait $early
equal "staging that is still starting is waited for" "$LM_TMP/staging:5432 - rejecting connections 0" "$(tr '\n' ' ' < "$LM_TMP/isready" | sed 's/ $//')"

source_password_file
expect 0 "CREATE SERVER" staging -c "CREATE SERVER shop FOREIGN DATA WRAPPER lakemover_fdw
        OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname '$LM_DB')" \
    -c "CREATE USER MAPPING FOR postgres SERVER shop OPTIONS (\"user\" '$LM_SOURCE_USER', password_file '$LM_TMP/user/source-password')"
output $LM_TMP/out.assess
staging -c "SELECT lakemover.assess()" > "$OUT" 2>&1
says 'BLOCKER' 'Order Notes'
staging -c "SELECT lakemover.plan('shop')" > /dev/null || fail "plan"
resolve_demo_blockers staging || fail "overrides"

# No daemon: an error with a hint, and no run is left queued.
output $LM_TMP/out.nodaemon
staging -v VERBOSITY=verbose -c "CALL lakemover.migrate('shop')" > "$OUT" 2>&1 && fail "migrate() without a daemon succeeds"
says 'ERROR:  55000' 'daemon' 'HINT'
equal "runs queued" 0 "$(staging -c 'SELECT count(*) FROM lakemover.run')"

"$LM_LAKEMOVER" daemon > "$LM_TMP/daemon.log" 2>&1 < /dev/null &
daemon=$!
alive() { [ "$(staging -c "SELECT count(*) FROM lakemover.loader WHERE mode = 'daemon' AND heartbeat > now() - interval '15 seconds'")" -gt 0 ]; }
if eventually 15 alive; then pass "the daemon shows a heartbeat"; else fail "no daemon: $(tail -n 5 "$LM_TMP/daemon.log")"; fi

output $LM_TMP/out.block
staging -v VERBOSITY=verbose -c 'BEGIN' -c "CALL lakemover.migrate('shop')" > "$OUT" 2>&1 && fail "migrate() works in a transaction block"
says 'ERROR:  25001' 'transaction block' 'HINT'
equal "runs queued" 0 "$(staging -c 'SELECT count(*) FROM lakemover.run')"

expect 0 "CALL lakemover.migrate()" staging -c "CALL lakemover.migrate()"
says 'NOTICE' 'SUCCESS'
equal "the run's state" "done|SUCCESS|0" "$(staging -c 'SELECT state, verdict, exit_code FROM lakemover.run ORDER BY run_id DESC LIMIT 1')"
compare_databases "$DEMO_RENAMES"
expect 0 "status beside the daemon" lm_cli status
says 'SUCCESS'

# Results of the run, and a comparison of both sides, in SQL.
equal "levels and verdicts of the run" '0:equal 1:equal 2:equal 3:equal 4:equal' "$(staging -c "SELECT string_agg(DISTINCT level || ':' || verdict, ' ' ORDER BY level || ':' || verdict) FROM lakemover.validate(1)")"
equal "coverage of the digests" 1.0000 "$(staging -c "SELECT min(coverage) FROM lakemover.validate(1) WHERE level IN (1, 2) AND coverage < 1 OR level = 2 AND rows_covered > 0")"
output "$LM_TMP/out.validate"
staging -v VERBOSITY=verbose -c "SELECT * FROM lakemover.validate(77)" > "$OUT" 2>&1 && fail "a run that does not exist has results"
says 'ERROR:  42704' 'run 77 does not exist'
staging -v VERBOSITY=verbose -c 'BEGIN' -c "CALL lakemover.validate('shop')" > "$OUT" 2>&1 && fail "validate() works in a transaction block"
says 'ERROR:  25001'
expect 0 "CALL lakemover.validate()" staging -c "CALL lakemover.validate('shop', '{\"checksum\": \"full\"}')"
says 'NOTICE' 'EQUAL'
equal "it is a comparison" 'comparison|done|EQUAL' "$(staging -c 'SELECT kind, state, verdict FROM lakemover.run ORDER BY run_id DESC LIMIT 1')"
lm_sql target "$LM_TARGET_DB" -c "UPDATE people.country SET name = 'elsewhere' WHERE ctid = (SELECT min(ctid) FROM people.country)" || fail "the mutation"
staging -c "CALL lakemover.validate('shop')" > "$OUT" 2>&1 && fail "a target that differs is equal"
says 'VALIDATION FAILED'
expect 0 "CALL lakemover.validate() with repair" staging -c "CALL lakemover.validate('shop', '{\"repair\": true}')"
says 'EQUAL AFTER REPAIR'
staging -c "CALL lakemover.validate('shop', '{\"colour\": 1}')" > "$OUT" 2>&1 && fail "an unknown option is taken"
says 'unknown migration option: colour'

# The tables are there now: a second run refuses, and migrate() raises.
output $LM_TMP/out.second
staging -c "CALL lakemover.migrate('shop')" > "$OUT" 2>&1 && fail "a second run over the same tables succeeds"
says 'ERROR' 'on.existing|already'

# Cancel through the statement: the run ends as cancelled, the daemon goes on.
lm_sql source "$LM_DB" -c "CREATE SCHEMA slow" -c "CREATE TABLE slow.big (id int PRIMARY KEY, v text)" \
    -c "INSERT INTO slow.big SELECT i, repeat(md5(i::text), 20) FROM generate_series(1, 600000) i" -c "ANALYZE slow.big"
# The schema changed since the plan was made: refused, until it is planned again.
output "$LM_TMP/out.drift"
staging -c "CALL lakemover.migrate('shop', '{\"on_existing\": \"drop\"}')" > "$LM_TMP/out.drift" 2>&1 && fail "a plan that the source has drifted from is carried out"
says 'schema has changed'
staging -c "SELECT lakemover.inventory('shop')" -c "SELECT lakemover.plan('shop')" > /dev/null || fail "planning again"
staging -c "CALL lakemover.migrate('shop', '{\"on_existing\": \"drop\"}')" > "$LM_TMP/out.cancel" 2>&1 &
caller=$!
moving() { [ "$(staging -c "SELECT count(*) FROM lakemover.run r JOIN lakemover.run_chunk c USING (run_id) WHERE r.state = 'running' AND c.state IN ('claimed', 'done')")" -gt 0 ]; }
eventually 60 moving || fail "the run does not begin"
start=$SECONDS
staging -c "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'CALL lakemover.migrate%' AND pid <> pg_backend_pid()" > /dev/null
wait $caller && fail "the cancelled CALL succeeds"
output $LM_TMP/out.cancel
says 'cancel'
ended() { [ "$(staging -c "SELECT state FROM lakemover.run ORDER BY run_id DESC LIMIT 1")" = cancelled ]; }
if eventually 60 ended; then pass "the run is cancelled after $((SECONDS - start)) s"; else
    fail "the run is not cancelled: $(staging -c "SELECT run_id, state, phase, cancel_requested, clock_timestamp() - heartbeat FROM lakemover.run ORDER BY run_id DESC LIMIT 1")"
    staging -c "SELECT pid, state, wait_event_type, wait_event, left(query, 120) FROM pg_stat_activity WHERE backend_type = 'client backend' OR backend_type ~ 'lakemover'"
    lm_sql target postgres -c "SELECT pid, state, wait_event_type, wait_event, left(query, 120) FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER'"
fi
if alive; then pass "the daemon lives on"; else fail "the daemon is gone: $(tail -n 5 "$LM_TMP/daemon.log")"; fi

# SIGTERM ends the daemon in good order.
kill -TERM $daemon
if lm_wait_gone $daemon 20; then
    wait $daemon
    equal "the daemon's exit code" 0 $?
else
    fail "the daemon does not end"
    kill -KILL $daemon
fi
no_sessions_left
none_left "background workers left in staging" staging -c "SELECT count(*) FROM pg_stat_activity WHERE backend_type ~ 'lakemover'"
finish
