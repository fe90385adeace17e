#!/bin/bash
# Passwords appear nowhere: not in process lists while it runs, not in the servers' logs though they
# log every statement, not in the audit directory, not in what is left of embedded staging.
# alone
. "$(dirname "$0")/../lib/e2e.sh"
lm_init secrets
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -c "CREATE SCHEMA app" -c "CREATE TABLE app.t (id int PRIMARY KEY, v text)" -c "INSERT INTO app.t SELECT i, repeat('x', 500) FROM generate_series(1, 200000) i"
for server in source target; do
    lm_sql $server postgres -c "ALTER SYSTEM SET log_statement = 'all'" -c "ALTER SYSTEM SET log_min_error_statement = debug5" -c "ALTER SYSTEM SET log_parameter_max_length_on_error = -1" -c "SELECT pg_reload_conf()" > /dev/null
done
lm_env
# Parts without quotes or backslashes: found however the rest is escaped.
secret_source='rc p@ss;{='
secret_target='gt p@ss;{='

# A process list is what any user may read: command lines. The environment of our own processes is
# another matter, except for what the staging server inherits.
# (The search reads the secrets from a file: they may not be in its own command line either.)
printf '%s\n' "$secret_source" "$secret_target" > "$LM_TMP/secrets"
(
    trap 'exit 0' TERM
    while :; do
        grep -ahzF -f "$LM_TMP/secrets" /proc/[0-9]*/cmdline 2> /dev/null | tr '\0' '\n' >> "$LM_TMP/seen.ps"
        sleep 0.1
    done
) &
watcher=$!
export LAKEMOVER_LOG_LEVEL=debug
expect 0 "a run" lm_cli
unset LAKEMOVER_LOG_LEVEL
export SOURCE_PASSWORD="wrong $secret_source"
expect 6 "a run with a wrong password" lm_cli --on-existing=drop
cp "$OUT" "$LM_TMP/out.wrong"
export SOURCE_PASSWORD=$LM_SOURCE_PASSWORD
# The watch sees a secret that is there: this process carries one in its command line.
(exec -a "planted $secret_source" sleep 30) &
planted=$!
if eventually 20 grep -qF 'planted' "$LM_TMP/seen.ps"; then pass "the watch sees a planted secret"; else fail "the watch is blind"; fi
kill $planted
wait $planted 2> /dev/null
grep -v '^planted' "$LM_TMP/seen.ps" > "$LM_TMP/seen.ps.ours"
kill $watcher
wait $watcher 2>/dev/null

finds() {       # finds WHAT PATH...: no secret below these paths
    local what=$1 hits
    shift
    hits=$(grep -rlaF -f "$LM_TMP/secrets" -- "$@" 2>/dev/null)
    if [ -z "$hits" ]; then pass "no secret in $what"; else fail "a secret in $what: $hits"; fi
}
if [ -s "$LM_TMP/seen.ps.ours" ]; then fail "a secret in process lists: $(head -n 3 "$LM_TMP/seen.ps.ours")"; else pass "no secret in process lists"; fi
finds "what the CLI said" "$LM_TMP"/out.*
finds "the source's log" "$LM_TMP/source/server.log"
finds "the target's log" "$LM_TMP/target/server.log"
finds "the audit directory" "$LM_TMP/audit"
finds "embedded staging after it stopped" "$LM_TMP/home"
# The test itself: the same search finds a secret that is there.
echo "password=$LM_SOURCE_PASSWORD" > "$LM_TMP/audit/planted"
if grep -rlaFq -e "$secret_source" "$LM_TMP/audit"; then pass "the search finds a planted secret"; else fail "the search is blind"; fi
rm "$LM_TMP/audit/planted"
if grep -q 'COPY' "$LM_TMP/source/server.log"; then pass "the source logged our statements"; else fail "the source's log is empty"; fi
equal "files that others may read" 0 "$(find "$LM_TMP/audit" "$LM_TMP/home" -type f -perm /007 | wc -l)"

# Secrets come from files and commands too, and the command is asked again for each connection.
printf '%s\n' "$LM_SOURCE_PASSWORD" > "$LM_TMP/user/pw"
chmod 600 "$LM_TMP/user/pw"
cat > "$LM_TMP/user/token" <<SH
#!/bin/sh
echo asked >> '$LM_TMP/user/asked'
cat '$LM_TMP/user/target-pw'
SH
printf '%s\n' "$LM_TARGET_PASSWORD" > "$LM_TMP/user/target-pw"
chmod 700 "$LM_TMP/user/token"
expect 0 "passwords from a file and a command" env -u SOURCE_PASSWORD -u LAKEBASE_PASSWORD SOURCE_PASSWORD_FILE="$LM_TMP/user/pw" \
    LAKEBASE_PASSWORD_COMMAND="$LM_TMP/user/token" "$LM_LAKEMOVER" --on-existing=drop
if [ "$(wc -l < "$LM_TMP/user/asked")" -ge 1 ]; then pass "the command was asked $(wc -l < "$LM_TMP/user/asked") times"; else fail "the command was not asked"; fi
check_nothing_left
finish
