#!/bin/bash
# Keys and indexes of a table that is loaded are made while another one still loads; one that cannot be made is told of, and its
# table's children are loaded all the same; nothing begins during a pause.
# timeout: 120
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init index_overlap
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.large (id int PRIMARY KEY, pad text);
INSERT INTO app.large SELECT i, repeat(md5(i::text), 30) FROM generate_series(1, 6000) i;
CREATE TABLE app.parent (id int PRIMARY KEY, v int, w int);
CREATE INDEX parent_v ON app.parent (v);
CREATE UNIQUE INDEX parent_w ON app.parent (w DESC) INCLUDE (v);
INSERT INTO app.parent SELECT i, i % 10, i FROM generate_series(1, 2000) i;
CREATE TABLE app.child (id int PRIMARY KEY, parent int REFERENCES app.parent);
INSERT INTO app.child SELECT i, i FROM generate_series(1, 1000) i;
CREATE TABLE app.parts (id int, v int, PRIMARY KEY (id)) PARTITION BY RANGE (id);
CREATE TABLE app.parts_1 PARTITION OF app.parts FOR VALUES FROM (1) TO (1000);
CREATE TABLE app.parts_2 PARTITION OF app.parts FOR VALUES FROM (1000) TO (2001);
CREATE INDEX parts_v ON app.parts (v);
INSERT INTO app.parts SELECT i, i FROM generate_series(1, 2000) i;
ANALYZE;
SQL
# The house has something of that name by then.
lm_sql target "$LM_TARGET_DB" -c 'CREATE SCHEMA house'
house_watch app.parent 'CREATE INDEX parent_v ON app.parent (id)'
lm_env
export LAKEMOVER_JOBS=2
staging() { lm_cli psql -q -A -t -c "$1" 2>&1; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
during() { staging "SELECT count(*) FILTER (WHERE s.state = 'done') FROM lakemover.run_statement s JOIN lakemover.run r USING (run_id) WHERE s.$newest AND r.phase = 'load' AND s.stage IN ('key', 'index')"; }

lm_cli --max-rate=1MB > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
# Who asks before it has its home would keep it out.
eventually 20 grep -q '^schema .*done' "$LM_TMP/out.run" || fail "the run does not begin: $(cat "$LM_TMP/out.run")"
# parent's key and its other index, child's key; those of the partitioned table wait for the end of the load.
if eventually 30 eval '[ "$(during)" = 3 ]'; then pass "made while another table loads: 3"; else fail "made while another table loads: $(during)"; fi
equal "asked to pause" 0 "$(lm_cli pause > "$LM_TMP/out.pause" 2>&1; echo $?)"
eventually 20 eval '[ "$(staging "SELECT state FROM lakemover.run WHERE $newest")" = paused ]' || fail "no pause: $(staging "SELECT state, phase FROM lakemover.run WHERE $newest")"
equal "go on" 0 "$(lm_cli resume > "$LM_TMP/out.resume" 2>&1; echo $?)"
wait $run
equal "exit code" 4 $?
output "$LM_TMP/out.run"
says 'INCOMPLETE' 'index .*parent_v.*already exists'
equal "tables" 'child done, large done, parent incomplete, parts_1 done, parts_2 done' \
    "$(staging "SELECT string_agg(spec->>'source_table' || ' ' || state, ', ' ORDER BY spec->>'source_table') FROM lakemover.run_table WHERE $newest AND (spec->>'copies_rows')::boolean" | sed 's/^"//')"
equal "keys and indexes there" 'child_pkey, large_pkey, parent_pkey, parent_v, parent_w, parts_pkey, parts_v' \
    "$(lm_sql target "$LM_TARGET_DB" -c "SELECT string_agg(c.relname, ', ' ORDER BY c.relname COLLATE \"C\") FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE c.relnamespace = 'app'::regnamespace AND NOT c.relispartition")"
equal "one of them" 'CREATE UNIQUE INDEX parent_w ON app.parent USING btree (w DESC) INCLUDE (v)' "$(lm_sql target "$LM_TARGET_DB" -c "SELECT pg_get_indexdef('app.parent_w'::regclass)")"
equal "statements left" 0 "$(staging "SELECT count(*) FROM lakemover.run_statement WHERE $newest AND state = 'pending'")"
lm_sql target "$LM_TARGET_DB" -c 'DROP EVENT TRIGGER watch'
expect 0 "without the house" lm_cli --on-existing=drop
says SUCCESS

# The target goes away for good while the last key is made: the run ends, and whoever waits for that key's table with it.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE FUNCTION house.slow_key() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'app.large') THEN PERFORM pg_sleep(30); END IF;
END $$;
CREATE EVENT TRIGGER slow_key ON ddl_command_end WHEN TAG IN ('ALTER TABLE') EXECUTE FUNCTION house.slow_key();
SQL
timeout 60 "$LM_LAKEMOVER" --on-existing=drop --outage-timeout=3 > "$LM_TMP/out.away" 2>&1 < /dev/null &
run=$!
eventually 30 grep -q '^load .*done' "$LM_TMP/out.away" || fail "the load does not end: $(tail -n 5 "$LM_TMP/out.away")"
sleep 2
lm_stop target QUIT
wait $run
equal "exit code without a target" 6 $?
lm_start_target
lm_sql target "$LM_TARGET_DB" -c 'DROP EVENT TRIGGER slow_key'
expect 0 "resumed" lm_cli resume
says SUCCESS
check_nothing_left
finish
