#!/bin/bash
# Tables that the target refuses. For good: three attempts, the table is undone, what references it is not
# started and says why, the rest arrives complete, exit code 4, nothing is hidden. Once: the second attempt
# brings every row exactly once. With --on-table-failure=keep the rows that were committed stay.
# timeout: 400
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init table_failure
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.bad (id int PRIMARY KEY, v text NOT NULL);
INSERT INTO app.bad SELECT i, md5(i::text) FROM generate_series(1, 30000) i;
CREATE TABLE app.child (id int PRIMARY KEY, bad_id int NOT NULL REFERENCES app.bad);
INSERT INTO app.child SELECT i, i FROM generate_series(1, 100) i;
CREATE TABLE app.grandchild (id int PRIMARY KEY, child_id int REFERENCES app.child);
INSERT INTO app.grandchild VALUES (1, 1);
CREATE TABLE app.good (id int PRIMARY KEY, v text);
INSERT INTO app.good SELECT i, 'v' || i FROM generate_series(1, 1000) i;
CREATE TABLE app.shaky (id int PRIMARY KEY, good_id int REFERENCES app.good);
INSERT INTO app.shaky SELECT i, i FROM generate_series(1, 500) i;
-- A parent by inheritance that fails must not take its child's rows along.
CREATE TABLE app.base (id int, v text);
INSERT INTO app.base VALUES (1, 'refused');
CREATE TABLE app.derived (w int) INHERITS (app.base);
INSERT INTO app.derived SELECT i, 'd', i FROM generate_series(1, 200) i;
ANALYZE;
SQL
# The target's administrator hangs triggers on what is created: one refuses a row always, one only the first time.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE SEQUENCE house.attempts;
CREATE FUNCTION house.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'house rule: row % is not wanted', NEW.id USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION house.refuse_once() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    IF nextval('house.attempts') = 1 THEN RAISE EXCEPTION 'not now' USING ERRCODE = 'serialization_failure'; END IF;
    RETURN NULL;
END $$;
SQL
house_watch app.bad "CREATE TRIGGER refuse BEFORE INSERT ON app.bad FOR EACH ROW WHEN (NEW.id = 20000) EXECUTE FUNCTION house.refuse()" \
    app.base "CREATE TRIGGER refuse BEFORE INSERT ON app.base FOR EACH ROW EXECUTE FUNCTION house.refuse()" \
    app.shaky "CREATE TRIGGER once AFTER INSERT ON app.shaky FOR EACH STATEMENT EXECUTE FUNCTION house.refuse_once()"
lm_env
staging() { lm_cli psql -q -A -t -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
report() { find "$LM_TMP/audit" -path "*run-$1/$2"; }
state_of() {
    staging "SELECT state FROM lakemover.run_table WHERE run_id = (SELECT max(run_id) FROM lakemover.run) AND spec->>'source_table' = '$1'"
}
count_events() {    # count_events KIND TABLE
    staging "SELECT count(*) FROM lakemover.event e JOIN lakemover.run_table t USING (run_id, table_id)
             WHERE e.run_id = (SELECT max(run_id) FROM lakemover.run) AND e.kind = '$1' AND t.spec->>'source_table' = '$2'"
}

expect 0 "planning" lm_cli plan
# Chunks of 5000 rows: three of app.bad are committed before and around the one that fails.
staging "UPDATE lakemover.plan_table SET batch_rows = 5000 WHERE source_table = 'bad'"
expect 4 "a table that the target refuses" lm_cli
says 'INCOMPLETE' 'app.bad' 'house rule: row 20000 is not wanted'
equal "attempts at what can only fail again" 0 "$(count_events chunk_retry bad)"
equal "attempts that gave up" 1 "$(count_events chunk_failed bad)"
for table in bad base; do
    equal "state of $table" failed "$(state_of $table)"
done
for table in child grandchild; do
    equal "state of $table" blocked "$(state_of $table)"
    equal "events of $table" 1 "$(count_events table_blocked $table)"
    equal "cause of $table" t "$(staging "SELECT error LIKE 'not started: app.bad, which it references, failed%' FROM lakemover.run_table
                                           WHERE run_id = (SELECT max(run_id) FROM lakemover.run) AND spec->>'source_table' = '$table'")"
    equal "$table on the target" "" "$(target "SELECT to_regclass('app.$table')")"
done
equal "app.bad on the target" "" "$(target "SELECT to_regclass('app.bad')")"
equal "ledger of app.bad" 0 "$(target "SELECT count(*) FROM lakemover_ledger.object WHERE name = 'app.bad'")"
for table in good shaky derived; do
    equal "state of $table" "done" "$(state_of $table)"
    equal "rows of $table" "$(lm_sql source "$LM_DB" -c "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM ONLY app.$table t")" \
        "$(target "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM ONLY app.$table t")"
done
equal "rows of the refused parent" 0 "$(target "SELECT count(*) FROM ONLY app.base")"
equal "first attempt of shaky repeated" 1 "$(count_events chunk_retry shaky)"
equal "keys of what arrived" 2 "$(target "SELECT count(*) FROM pg_index WHERE indisprimary AND indrelid IN ('app.good'::regclass, 'app.shaky'::regclass)")"
equal "foreign keys of what arrived" 1 "$(target "SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conrelid = 'app.shaky'::regclass AND convalidated")"
html=$(report 1 reconciliation.html)
if [ -n "$html" ] && grep -q 'house rule' "$html"; then pass "the report says why"; else fail "the report does not say why"; fi
expect 0 "status" lm_cli status
says 'INCOMPLETE' 'app.bad'

# Kept: the chunks that were committed are there, and the verdict is the same.
expect 4 "keeping the table's committed rows" lm_cli --on-existing=drop --on-table-failure=keep
says 'INCOMPLETE'
says_not 'ledger on the target does not hold'
equal "state of bad" failed "$(state_of bad)"
equal "whole chunks of app.bad" 0 "$(target "SELECT count(*) % 5000 FROM app.bad")"
if [ "$(target 'SELECT count(*) FROM app.bad')" -ge 5000 ]; then pass "committed rows stay"; else fail "no row of app.bad stays"; fi
equal "state of good" "done" "$(state_of good)"
equal "levels of good" "0 1 2 3 4" "$(staging "SELECT string_agg(v.level::text, ' ' ORDER BY v.level) FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
                                              WHERE run_id = (SELECT max(run_id) FROM lakemover.run) AND spec->>'source_table' = 'good' AND v.verdict = 'equal'")"

# A table of somebody else, which our role may not read, is in the way: nothing is touched.
lm_sql target "$LM_TARGET_DB" -c "ALTER TABLE app.good OWNER TO postgres" -c "ALTER SCHEMA app OWNER TO postgres" -c "GRANT ALL ON SCHEMA app TO $LM_TARGET_USER"
expect 2 "somebody else's table in the way" lm_cli
says 'planned tables already, with rows: .*good'
expect 2 "dropping somebody else's table" lm_cli --on-existing=drop
says 'cannot drop the planned objects' 'must be owner'
equal "somebody else's rows" 1000 "$(target 'SELECT count(*) FROM app.good')"
lm_sql target "$LM_TARGET_DB" -c "ALTER TABLE app.good OWNER TO $LM_TARGET_USER" -c "ALTER SCHEMA app OWNER TO $LM_TARGET_USER"

# The rule goes, and everything arrives; nothing of the earlier runs is left in the ledger.
target 'DROP EVENT TRIGGER watch'
expect 0 "without the rule" lm_cli --on-existing=drop
says 'SUCCESS'
compare_rows() { describe_rows "$1" "$2" | grep -v '^house\.'; }
compare_rows source "$LM_DB" > "$LM_TMP/source.rows"
compare_rows target "$LM_TARGET_DB" > "$LM_TMP/target.rows"
same rows "$LM_TMP/source.rows" "$LM_TMP/target.rows"
equal "ledger after the success" "" "$(target "SELECT to_regnamespace('lakemover_ledger')")"
check_nothing_left
finish
