#!/bin/bash
# lakemover psql beside a run of the same home, with other settings of the source: the run's source stays as it is.
# Alone, it brings its settings along.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init robust_psql
lm_start_source
lm_start_target
lm_sql source "$LM_DB" -c "CREATE SCHEMA app" -c "CREATE SCHEMA other" -c "CREATE TABLE app.t (id int PRIMARY KEY, v text)" \
    -c "INSERT INTO app.t SELECT i, 'v' || i FROM generate_series(1, 5000) i" -c "ANALYZE"
# The target takes no row before somebody opens the door.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE TABLE house.door (is_open boolean);
CREATE FUNCTION house.wait() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    WHILE NOT EXISTS (SELECT FROM house.door) LOOP PERFORM pg_sleep(0.1); END LOOP;
    RETURN NULL;
END $$;
SQL
house_watch app.t "CREATE TRIGGER wait BEFORE INSERT ON app.t FOR EACH STATEMENT EXECUTE FUNCTION house.wait()"
lm_env
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
waiting() { [ "$(target "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'COPY %'")" -gt 0 ]; }
other_psql() { SOURCE_PASSWORD='not this one' SOURCE_SCHEMAS=other "$LM_LAKEMOVER" psql -q -A -t -c "$1"; }
scope="SELECT count(*) FROM lakemover.source_scope"

"$LM_LAKEMOVER" > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
if eventually 60 waiting; then pass "the run loads"; else fail "the run never loaded: $(cat "$LM_TMP/out.run")"; fi
equal "schemas in scope, asked beside the run" 0 "$(other_psql "$scope")"
target "INSERT INTO house.door VALUES (true)"
wait "$run"
equal "exit code of the run" 0 $?
output "$LM_TMP/out.run"
says 'SUCCESS'
equal "schemas in scope, asked after the run" 1 "$(other_psql "$scope")"
check_nothing_left
finish
