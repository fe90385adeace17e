#!/bin/bash
# Loaders that meet: a daemon and a CLI at one staging database. The daemon leaves the CLI's run alone, and the
# CLI's run of a source that is being moved is refused without harm to the run that goes on. A run whose loader
# was killed does not keep its source busy for ever.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init robust_two_loaders
lm_start_source
lm_start_target
lm_start_staging
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.big (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO app.big SELECT i, repeat(md5(i::text), 10) FROM generate_series(1, 200000) i;
ANALYZE;
SQL
printf '%s' "$LM_SOURCE_PASSWORD" > "$LM_TMP/password"
chmod 600 "$LM_TMP/password"
if [ "$(id -u)" -eq 0 ]; then chown "$LM_USER:" "$LM_TMP/password"; fi
lm_sql staging lakemover <<SQL
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname '$LM_DB');
CREATE USER MAPPING FOR postgres SERVER src OPTIONS ("user" '$LM_SOURCE_USER', password_file '$LM_TMP/password');
SQL
lm_env
unset "${!SOURCE_@}"
export LAKEMOVER_STAGING="host=$LM_TMP/staging port=${LM_PORT[staging]} dbname=lakemover user=postgres"
staging() { lm_sql staging lakemover -c "$1"; }
moving() { [ "$(staging "SELECT count(*) FROM lakemover.run WHERE state = 'running' AND phase = 'load'")" -gt 0 ]; }

"$LM_LAKEMOVER" daemon > "$LM_TMP/out.daemon" 2>&1 < /dev/null &
daemon=$!
lm_on_exit() { kill "$daemon" 2> /dev/null; }
eventually 30 grep -q 'is ready' "$LM_TMP/out.daemon" || fail "the daemon does not start: $(cat "$LM_TMP/out.daemon")"
expect 0 "planning" lm_cli plan
# Again and again: each run is a race for it.
for i in 1 2 3; do
    expect 0 "run $i of the CLI beside a daemon" lm_cli --on-existing=drop
    equal "its loader" f "$(staging "SELECT r.loader_id IN (SELECT loader_id FROM lakemover.loader WHERE mode = 'daemon') FROM lakemover.run r ORDER BY run_id DESC LIMIT 1")"
done

"$LM_LAKEMOVER" --on-existing=drop > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
eventually 60 moving || fail "the run does not begin: $(tail -n 5 "$LM_TMP/out.run")"
expect 1 "a second CLI meanwhile" lm_cli --on-existing=drop
says 'still active'
wait $run
equal "exit code of the first" 0 $?

"$LM_LAKEMOVER" --on-existing=drop > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
eventually 60 moving || fail "the run does not begin: $(tail -n 5 "$LM_TMP/out.run")"
kill -KILL $run
wait $run 2> /dev/null
expect 1 "right after a kill" lm_cli --on-existing=drop
says 'still active'
staging "UPDATE lakemover.run SET heartbeat = heartbeat - interval '3 minutes' WHERE state = 'running'"
expect 0 "when its loader is given up" lm_cli --on-existing=drop
equal "the killed run" "failed|run 6 has replaced its tables" "$(staging "SELECT state, error FROM lakemover.run ORDER BY run_id DESC OFFSET 1 LIMIT 1")"
equal "rows" 200000 "$(lm_sql target "$LM_TARGET_DB" -c 'SELECT count(*) FROM app.big')"

# A loader whose run was ended behind its back stops by itself.
"$LM_LAKEMOVER" --on-existing=drop > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
eventually 60 moving || fail "the run does not begin: $(tail -n 5 "$LM_TMP/out.run")"
staging "UPDATE lakemover.run SET state = 'failed', verdict = 'FAILED', exit_code = 1 WHERE state = 'running'"
if lm_wait_gone $run 20; then pass "it stops"; else fail "it goes on"; kill -KILL $run; fi
wait $run 2> /dev/null
equal "its exit code" 7 $?
kill -TERM $daemon
wait $daemon
equal "exit code of the daemon" 0 $?
check_nothing_left
finish
