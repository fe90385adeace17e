#!/bin/bash
# The connection is lost while the target commits: nobody can tell whether the rows are there, but the ledger can.
# They are counted once, it costs no attempt, and with a single attempt per batch the run succeeds.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init commit_unanswered
lm_on_exit() { kill "$proxy" 2> /dev/null; }
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -c "CREATE SCHEMA app" -c "CREATE TABLE app.t (id int PRIMARY KEY, v text)" \
    -c "INSERT INTO app.t SELECT i, 'v' || i FROM generate_series(1, 5000) i" -c "ANALYZE"
# The first COMMIT of a chunk takes three seconds, and does not look whether its client is still there.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE SEQUENCE house.commits;
CREATE FUNCTION house.linger() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    PERFORM set_config('client_connection_check_interval', '0', true);
    IF nextval('house.commits') = 1 THEN PERFORM pg_sleep(3); END IF;
    RETURN NULL;
END $$;
SQL
house_watch lakemover_ledger.chunk "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON lakemover_ledger.chunk DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION house.linger()"
lm_env
staging() { lm_cli psql -q -A -t -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
mkdir "$LM_TMP/proxy"
for _ in 1 2 3 4 5; do
    port=$((30000 + RANDOM % 2000))
    perl "$LM_ROOT/tests/lib/tcp_proxy.pl" $port "${LM_PORT[target]}" "$LM_TMP/proxy" > "$LM_TMP/proxy.log" 2>&1 < /dev/null &
    proxy=$!
    eventually 10 test -e "$LM_TMP/proxy/ready" && break
done
export LAKEBASE_PORT=$port

"$LM_LAKEMOVER" --attempts 1 > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
client_port() { target "SELECT client_port FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%; COMMIT'"; }
committing() { [ -n "$(client_port)" ]; }
if eventually 60 committing; then pass "a chunk is being committed"; else fail "no chunk was ever committed: $(cat "$LM_TMP/out.run")"; fi
echo "port $(client_port)" > "$LM_TMP/proxy/order.new"
mv "$LM_TMP/proxy/order.new" "$LM_TMP/proxy/order"
wait "$run"
equal "exit code" 0 $?
output "$LM_TMP/out.run"
says 'SUCCESS'
equal "events" "commit_unanswered" "$(staging "SELECT string_agg(kind, ' ') FROM lakemover.event WHERE kind IN ('commit_unanswered', 'chunk_retry', 'chunk_failed')")"
equal "rows" "$(lm_sql source "$LM_DB" -c "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM app.t")" \
    "$(target "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM app.t")"
check_nothing_left
finish
