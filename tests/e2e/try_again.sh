#!/bin/bash
# lakemover resume of a run that ended INCOMPLETE. A key, an index, a check and a foreign key that could not be made name the
# rows in their way and leave their tables as they are; after the cause is gone resuming makes them, loads tables that had
# failed at a new point, validates and signs. Refused when the plan or the target is another one: then the run stays what it was.
# timeout: 600
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init try_again
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.twice (id int PRIMARY KEY, code text, v text);
CREATE UNIQUE INDEX twice_code ON app.twice (lower(code)) WHERE v <> 'none';
INSERT INTO app.twice SELECT i, 'c' || i, 'v' || i FROM generate_series(1, 2000) i;
CREATE TABLE app.parent (id int PRIMARY KEY, v text, n int CONSTRAINT positive CHECK (n > 0));
INSERT INTO app.parent SELECT i, 'p' || i, i FROM generate_series(1, 50) i;
CREATE TABLE app.child (id int PRIMARY KEY, parent_id int REFERENCES app.parent);
INSERT INTO app.child SELECT i, 1 + i % 50 FROM generate_series(1, 1000) i;
INSERT INTO app.child VALUES (1001, NULL);
CREATE TABLE app.late (id int PRIMARY KEY, v text);
INSERT INTO app.late SELECT i, 'l' || i FROM generate_series(1, 500) i;
CREATE INDEX late_v ON app.late (v);
CREATE TABLE app.later (id serial PRIMARY KEY, late_id int REFERENCES app.late);
INSERT INTO app.later (late_id) SELECT i FROM generate_series(1, 100) i;
CREATE TABLE app.good (id int PRIMARY KEY, v text);
INSERT INTO app.good SELECT i, 'g' || i FROM generate_series(1, 300) i;
CREATE INDEX good_v ON app.good (v);
ANALYZE;
SQL
# What the target's administrator does to the rows as they come, and to an index.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE FUNCTION house.meddle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() > 1 THEN RETURN NULL; END IF;
    IF TG_TABLE_NAME = 'twice' THEN
        INSERT INTO app.twice SELECT id, upper(code), v FROM app.twice WHERE id IN (7, 900);
        INSERT INTO app.twice SELECT id, code, 'none' FROM app.twice WHERE id = 8;
    ELSE
        UPDATE app.parent SET n = -n WHERE id IN (11, 12);
        DELETE FROM app.parent WHERE id IN (3, 4);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION house.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'house rule: row % is not wanted', NEW.id USING ERRCODE = 'check_violation';
END $$;
CREATE FUNCTION house.no_index() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_query() LIKE '%good_v%' THEN RAISE EXCEPTION 'house rule: no index today'; END IF;
END $$;
CREATE EVENT TRIGGER no_index ON ddl_command_start WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION house.no_index();
SQL
house_watch app.twice "CREATE TRIGGER meddle AFTER INSERT ON app.twice FOR EACH STATEMENT EXECUTE FUNCTION house.meddle()" \
    app.parent "CREATE TRIGGER meddle AFTER INSERT ON app.parent FOR EACH STATEMENT EXECUTE FUNCTION house.meddle()" \
    app.late "CREATE TRIGGER refuse BEFORE INSERT ON app.late FOR EACH ROW WHEN (NEW.id = 400) EXECUTE FUNCTION house.refuse()"
lm_env
staging() { lm_cli psql -q -A -t -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
newest="(SELECT max(run_id) FROM lakemover.run)"
run_is() { equal "the run" "$1" "$(staging "SELECT concat_ws(' ', state, verdict, exit_code) FROM lakemover.run WHERE run_id = $newest")"; }
state_of() { staging "SELECT state FROM lakemover.run_table WHERE run_id = $newest AND spec->>'source_table' = '$1'"; }
failed() { staging "SELECT string_agg(object, ' ' ORDER BY object COLLATE \"C\") FROM lakemover.run_statement WHERE run_id = $newest AND state = 'failed'"; }
newest_dir() { find "$LM_TMP/audit" -mindepth 1 -maxdepth 1 -name '*run-*' | sort | tail -n 1; }
rows_agree() { # rows_agree TABLE...
    local table
    for table in "$@"; do
        equal "rows of $table" "$(lm_sql source "$LM_DB" -c "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text COLLATE \"C\")) FROM app.$table t")" \
            "$(target "SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text COLLATE \"C\")) FROM app.$table t")"
    done
}

expect 4 "a run that cannot finish" lm_cli --keep-ledger
says 'INCOMPLETE' 'lakemover resume 1 tries them again' \
    'primary key app.twice.twice_pkey: .*could not create unique index.*; keys that are there more than once: \(id\)=\(7\) 2 rows, \(id\)=\(8\) 2 rows, \(id\)=\(900\) 2 rows' \
    'index app.twice_code: .*keys that are there more than once: \(lower\(code\)\)=\(c7\) 2 rows, \(lower\(code\)\)=\(c900\) 2 rows *$' \
    'check app.parent.positive: .*violated by some row.*; rows: \(id\)=\(11\), \(id\)=\(12\)' \
    'validate app.child.child_parent_id_fkey: .*; keys that app.parent does not have: \(parent_id\)=\(3\) 20 rows, \(parent_id\)=\(4\) 20 rows' \
    'house rule: no index today' 'house rule: row 400 is not wanted'
run_is "incomplete INCOMPLETE 4"
equal "rows of a table whose key failed" 2003 "$(target 'SELECT count(*) FROM app.twice')"
for table in twice parent child good; do equal "state of $table" incomplete "$(state_of $table)"; done
equal "states of tables without rows" "failed blocked" "$(state_of late) $(state_of later)"
equal "statements that failed" "app.child.child_parent_id_fkey app.good_v app.parent.positive app.twice.twice_pkey app.twice_code" "$(failed)"
output "$(newest_dir)/reconciliation.html"
says 'keys that are there more than once: \(id\)=\(7\)' 'keys that app.parent does not have: \(parent_id\)=\(3\) 20 rows'

# Refused: it stays what it was, and can be validated as before.
staging "UPDATE lakemover.plan_table SET target_table = 'other' WHERE source_table = 'good'"
expect 2 "resuming with another plan" lm_cli resume
says 'run 1 cannot be resumed: the plan has changed since'
staging "UPDATE lakemover.plan_table SET target_table = 'good' WHERE source_table = 'good'"
run_is "incomplete INCOMPLETE 4"
lm_sql target postgres -c "CREATE DATABASE elsewhere OWNER $LM_TARGET_USER"
expect 2 "resuming into another target" env LAKEBASE_DATABASE=elsewhere "$LM_LAKEMOVER" resume
says 'run 1 cannot be resumed: the target is another one'
expect 2 "all tables of one point" lm_cli resume --consistent
says 'has come to its end' 'without --consistent'
run_is "incomplete INCOMPLETE 4"
expect 0 "the directory of a refused resume" lm_cli verify "$(newest_dir)"
expect 4 "validating it" lm_cli validate
says 'INCOMPLETE'

# With every cause still there, nothing changes but the reports.
lm_sql source "$LM_DB" -c "INSERT INTO app.late VALUES (501, 'after the snapshot')" -c "UPDATE app.good SET v = 'after' WHERE id = 1"
expect 4 "resuming too early" lm_cli resume
says '2 tables and [0-9]+ statements of the run that had failed are tried again' 'INCOMPLETE' 'keys that are there more than once: \(id\)=\(7\) 2 rows' 'row 400 is not wanted'
run_is "incomplete INCOMPLETE 4"
expect 0 "its directory" lm_cli verify "$(newest_dir)"

# The rows are mended on the target, but one table is refused still.
lm_sql target "$LM_TARGET_DB" <<'SQL'
DROP EVENT TRIGGER no_index;
DELETE FROM app.twice WHERE code = upper(code) OR v = 'none';
ALTER TABLE app.parent DISABLE TRIGGER ALL;
INSERT INTO app.parent VALUES (3, 'p3', 3), (4, 'p4', 4);
UPDATE app.parent SET n = -n WHERE n < 0;
SQL
expect 4 "resuming when the rows are mended" lm_cli resume
says 'INCOMPLETE' 'app.late'
equal "statements that failed" "" "$(failed)"
for table in twice parent child good; do equal "state of $table" "done" "$(state_of $table)"; done
equal "levels of twice" "1 equal, 2 equal, 3 equal, 4 equal" "$(staging "SELECT string_agg(v.level || ' ' || v.verdict, ', ' ORDER BY v.level) FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
    WHERE v.run_id = 1 AND v.level > 0 AND t.spec->>'source_table' = 'twice'")"
equal "keys, checks and foreign keys" "child_parent_id_fkey child_pkey good_pkey parent_pkey positive twice_pkey" \
    "$(target "SELECT string_agg(conname, ' ' ORDER BY conname) FROM pg_constraint WHERE connamespace = 'app'::regnamespace AND convalidated AND contype <> 'n'")"
equal "index" 1 "$(target "SELECT count(*) FROM pg_class WHERE relname = 'good_v'")"
equal "what was loaded is of the first point" g1 "$(target 'SELECT v FROM app.good WHERE id = 1')"

# Somebody's table in its place is left alone.
target 'ALTER EVENT TRIGGER watch DISABLE'
target 'CREATE TABLE app.late (mine int)'
expect 4 "somebody's table in the way" lm_cli resume
says 'app.late: the target has app.late by now, which this run did not make' 'INCOMPLETE'
equal "somebody's table" mine "$(target "SELECT string_agg(attname, ' ') FROM pg_attribute WHERE attrelid = 'app.late'::regclass AND attnum > 0")"
target 'DROP TABLE app.late'

# The rest: at a point of its own, which is said.
target 'DROP EVENT TRIGGER watch'
expect 0 "resuming the rest" lm_cli resume 1
says 'COMPLETED AT SEVERAL POINTS IN TIME' 'tables that failed are loaded at a new point'
rows_agree twice parent child late later
equal "the row that came later" 1 "$(target "SELECT count(*) FROM app.late WHERE id = 501")"
equal "foreign key and index" "later_late_id_fkey late_v" "$(target "SELECT conname FROM pg_constraint WHERE conname = 'later_late_id_fkey' AND convalidated") $(target "SELECT relname FROM pg_class WHERE relname = 'late_v'")"
dir=$(newest_dir)
expect 0 "its directory" lm_cli verify "$dir"
output "$dir/reconciliation.html"
says 'COMPLETED AT SEVERAL POINTS IN TIME'
if [ "$(grep -c 'point in time 20' "$dir/reconciliation.html")" -ge 6 ]; then pass "the report names each table's point"; else fail "the report does not name the points"; fi
expect 0 "resuming what has ended" lm_cli resume 1
says 'there is nothing to resume'
for what in constraints indexes; do
    describe_$what source "$LM_DB" > "$LM_TMP/source.$what"
    describe_$what target "$LM_TARGET_DB" | grep -v '^house' > "$LM_TMP/target.$what"
    same "$what" "$LM_TMP/source.$what" "$LM_TMP/target.$what"
done

# Committed rows of a failed table were kept, and nobody writes to the source: they are not read again.
staging "UPDATE lakemover.plan_table SET batch_rows = 100 WHERE source_table = 'late'"
house_watch_late() { lm_sql target "$LM_TARGET_DB" -c 'DROP FUNCTION IF EXISTS house.watch CASCADE' && house_watch "$@"; }
house_watch_late app.late "CREATE TRIGGER refuse BEFORE INSERT ON app.late FOR EACH ROW WHEN (NEW.id = 400) EXECUTE FUNCTION house.refuse()"
expect 4 "keeping what was committed" env LAKEMOVER_JOBS=1 "$LM_LAKEMOVER" migrate --on-existing=drop --on-table-failure=keep
says 'INCOMPLETE'
kept=$(target 'SELECT count(*) FROM app.late')
if [ "$kept" -ge 100 ]; then pass "$kept rows were kept"; else fail "no rows were kept"; fi
target 'SELECT table_id, chunk_no, xid FROM lakemover_ledger.chunk' | LC_ALL=C sort > "$LM_TMP/ledger.before"
target 'DROP TRIGGER refuse ON app.late'
target 'DROP EVENT TRIGGER watch'
expect 0 "resuming at a quiet source" lm_cli resume --source-quiesced --keep-ledger
says ': SUCCESS'
rows_agree twice parent child late later good

# Without saying so, its rows are loaded whole.
house_watch_late app.late "CREATE TRIGGER refuse BEFORE INSERT ON app.late FOR EACH ROW WHEN (NEW.id = 400) EXECUTE FUNCTION house.refuse()"
expect 4 "keeping what was committed, again" env LAKEMOVER_JOBS=1 "$LM_LAKEMOVER" migrate --on-existing=drop --on-table-failure=keep
target 'DROP TRIGGER refuse ON app.late'
target 'DROP EVENT TRIGGER watch'
expect 0 "resuming at another point" lm_cli resume
says 'SEVERAL POINTS'
rows_agree twice parent child late later good

# A foreign key that failed because its parents were set aside is made after they are loaded.
house_watch_late app.parent "CREATE TRIGGER refuse BEFORE INSERT ON app.parent FOR EACH ROW WHEN (NEW.id IN (3, 4)) EXECUTE FUNCTION house.refuse()"
expect 4 "parents that are set aside" lm_cli migrate --on-existing=drop --on-bad-row=reject
says 'INCOMPLETE' '2 rows were refused by the target and set aside' 'keys that app.parent does not have: \(parent_id\)=\(3\) 20 rows'
target 'DROP TRIGGER refuse ON app.parent'
target 'DROP EVENT TRIGGER watch'
expect 0 "loading them" lm_cli retry-rejects
says 'app.parent: 2 rows loaded, 0 still refused' 'lakemover resume'
expect 0 "making the key" lm_cli resume
says ': SUCCESS'
says_not 'table_begins_again|loaded at a new point'
rows_agree twice parent child late later good
equal "the key" t "$(target "SELECT convalidated FROM pg_constraint WHERE conname = 'child_parent_id_fkey'")"
run_is "done SUCCESS 0"
expect 0 "its directory" lm_cli verify "$(newest_dir)"
equal "ledger" "" "$(target "SELECT to_regnamespace('lakemover_ledger')")"
equal "samples that are kept" 0 "$(staging "SELECT count(*) FROM lakemover.run_sample WHERE run_id = $newest")"
check_nothing_left
finish
