#!/bin/bash
# Secrets with a staging database of one's own: one run that succeeds, one that loses its password half-way, one that never
# gets in, while all three servers log every statement. The planted secrets are in no output, log, report, event or table,
# not in process lists nor in what pg_stat_activity shows, and no process of ours leaves a core file.
# alone
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
lm_init secrets_staging
lm_on_exit() { [ -z "${watcher:-}" ] || kill $watcher 2> /dev/null; }
lm_start_source
lm_start_target
lm_start_staging
make_big_tables
# Parts without quotes: found however the rest is escaped. The search reads them from a file.
printf '%s\n' 'rc p@ss;{=' 'gt p@ss;{=' 'later s3cret' > "$LM_TMP/secrets"
printf '%s' "$LM_SOURCE_PASSWORD" > "$LM_TMP/source.password"
printf '%s' "$LM_TARGET_PASSWORD" > "$LM_TMP/target.password"
chmod 600 "$LM_TMP"/*.password
if [ "$(id -u)" -eq 0 ]; then chown "$LM_USER:" "$LM_TMP"/*.password; fi
lm_sql staging lakemover <<SQL
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname '$LM_DB');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS ("user" '$LM_SOURCE_USER', password_file '$LM_TMP/source.password');
SQL
for server in source target staging; do
    lm_sql $server postgres -c "ALTER SYSTEM SET log_statement = 'all'" -c "ALTER SYSTEM SET log_min_error_statement = debug5" \
        -c "ALTER SYSTEM SET log_parameter_max_length_on_error = -1" -c "ALTER SYSTEM SET log_min_messages = debug1" -c "SELECT pg_reload_conf()" > /dev/null
    : > "$LM_TMP/$server/server.log" # the set-up's own words
done
lm_env
unset "${!SOURCE_@}"
export LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} dbname=lakemover user=postgres" LAKEMOVER_LOG_LEVEL=debug
staging() { lm_sql staging lakemover -c "$1"; }
(
    trap 'exit 0' TERM
    while :; do
        for file in /proc/[0-9]*/cmdline; do
            { tr '\0' ' ' < "$file"; } 2> /dev/null
            echo
        done | grep -aF -f "$LM_TMP/secrets" >> "$LM_TMP/seen"
        for server in source target staging; do
            lm_sql $server postgres -c "SELECT * FROM pg_stat_activity WHERE pid <> pg_backend_pid()" >> "$LM_TMP/activity" 2> /dev/null
        done
    done
) &
watcher=$!
loading() { [ "$(staging "SELECT count(*) FROM lakemover.run_chunk WHERE state = 'done' AND run_id = (SELECT max(run_id) FROM lakemover.run WHERE state = 'running')")" -ge 2 ]; }
start() {
    "$LM_LAKEMOVER" --max-batch-rows=20000 --keep-ledger "$@" > "$LM_TMP/out.$1" 2>&1 < /dev/null &
    run=$!
    eventually 60 loading || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.$1")"
}
core_limit() { sed -nE 's/^Max core file size +([^ ]+) +([^ ]+) .*/\1 \2/p' "/proc/$1/limits"; }

start --json
equal "the loader's limit of core files" "0 0" "$(core_limit $run)"
wait $run
equal "exit code of a run" 0 $?
# Half-way the target has another password, and there is no command that could be asked for it.
start --on-existing=drop
lm_sql target postgres -c "SET log_statement = 'none'" -c "ALTER ROLE $LM_TARGET_USER PASSWORD 'later s3cret'" \
    -c "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '$LM_TARGET_USER'" > /dev/null
wait $run
equal "exit code when the password is another one" 6 $?
output "$LM_TMP/out.--on-existing=drop"
says 'password authentication failed' 'INTERRUPTED'
expect 0 "resuming it with the new one" env LAKEBASE_PASSWORD='later s3cret' "$LM_LAKEMOVER" resume
export LAKEBASE_PASSWORD='later s3cret'
# The source refuses.
printf 'wrong %s' "$LM_SOURCE_PASSWORD" > "$LM_TMP/source.password"
expect 6 "a run whose source refuses" lm_cli --on-existing=drop
says 'password'
# Data that the target refuses: the error comes with its statement and its row.
printf '%s' "$LM_SOURCE_PASSWORD" > "$LM_TMP/source.password"
lm_sql target "$LM_TARGET_DB" <<SQL
SET log_statement = 'none';
CREATE SCHEMA house;
CREATE FUNCTION house.full() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$
BEGIN
    IF to_regclass('app.big') IS NOT NULL AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = 'never') THEN
        ALTER TABLE app.big ADD CONSTRAINT never CHECK (id < 1000) NOT VALID;
    END IF;
END \$\$;
GRANT USAGE ON SCHEMA house TO PUBLIC;
DROP TABLE app.big, app.small CASCADE;
CREATE EVENT TRIGGER full_table ON ddl_command_end WHEN TAG IN ('CREATE TABLE') EXECUTE FUNCTION house.full();
SQL
expect 4 "a run whose rows the target refuses" lm_cli
says 'never'

if eventually 5 test -s "$LM_TMP/activity" && grep -q 'lakemover' "$LM_TMP/activity"; then pass "pg_stat_activity was watched"; else fail "pg_stat_activity shows nothing of ours"; fi
kill $watcher
wait $watcher 2> /dev/null
watcher=
staging "SELECT count(*) FROM lakemover.event" > /dev/null
lm_as "$LM_BIN/pg_dump" -h "$LM_TMP/staging" -p "${LM_PORT[staging]}" -U postgres lakemover > "$LM_TMP/staging.dump" || fail "pg_dump"
staging "SELECT * FROM lakemover.event; SELECT * FROM lakemover.run; SELECT * FROM lakemover.run_table; SELECT * FROM lakemover.run_statement; SELECT lakemover.run_json(run_id) FROM lakemover.run; SELECT * FROM lakemover.target_fact; SELECT * FROM lakemover.loader" > "$LM_TMP/staging.tables"
lm_sql target "$LM_TARGET_DB" -c 'SELECT * FROM lakemover_ledger.run; SELECT * FROM lakemover_ledger.chunk; SELECT * FROM lakemover_ledger.object' > "$LM_TMP/ledger"
finds() { # finds WHAT FILE...
    local what=$1 hits
    shift
    hits=$(grep -rlaF -f "$LM_TMP/secrets" -- "$@" 2> /dev/null)
    if [ -z "$hits" ]; then pass "no secret in $what"; else fail "a secret in $what: $hits: $(grep -raF -f "$LM_TMP/secrets" -- "$@" | head -n 3 | cut -c1-300)"; fi
}
if [ -s "$LM_TMP/seen" ]; then fail "a secret in process lists: $(head -n 3 "$LM_TMP/seen")"; else pass "no secret in process lists"; fi
finds "what the CLI said" "$LM_TMP"/out.*
finds "the source's log" "$LM_TMP/source/server.log"
finds "the target's log" "$LM_TMP/target/server.log"
finds "staging's log" "$LM_TMP/staging/server.log"
finds "reports and events" "$LM_TMP/audit"
finds "staging's tables" "$LM_TMP/staging.dump" "$LM_TMP/staging.tables"
finds "the ledger" "$LM_TMP/ledger"
finds "pg_stat_activity" "$LM_TMP/activity"
for server in source target staging; do
    if grep -q 'lakemover\|COPY' "$LM_TMP/$server/server.log"; then pass "$server logged our statements"; else fail "$server logged nothing"; fi
done
if grep -q '"kind"' "$LM_TMP/out.--json" && [ -s "$LM_TMP/ledger" ] && [ "$(wc -l < "$LM_TMP/staging.tables")" -gt 20 ]; then pass "there was something to search"; else fail "there was nothing to search"; fi
# The search itself: it finds what is there.
echo "x${LM_TARGET_PASSWORD}x" > "$LM_TMP/audit/planted"
if grep -rlaFq -f "$LM_TMP/secrets" "$LM_TMP/audit"; then pass "the search finds a planted secret"; else fail "the search is blind"; fi
finish
