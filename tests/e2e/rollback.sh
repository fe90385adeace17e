#!/bin/bash
# lakemover rollback drops what a run made and nothing else: the target's catalogs are as before, tables of others stay,
# and so does what somebody else's object depends on. It lists, asks, and knows the run also when its ledger is gone.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init rollback
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE SCHEMA "we ird";
CREATE TYPE app.mood AS ENUM ('low', 'high');
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TYPE app.pair AS (a int, b app.mood);
CREATE SEQUENCE app.numbers;
CREATE TABLE app.part (id int, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.part_1 PARTITION OF app.part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
INSERT INTO app.part SELECT i, '2020-05-05' FROM generate_series(1, 1000) i;
CREATE TABLE app.parent (id int PRIMARY KEY DEFAULT nextval('app.numbers'), m app.mood, p app.positive, x app.pair);
INSERT INTO app.parent SELECT i, 'low', i, ROW (i, 'high')::app.pair FROM generate_series(1, 1000) i;
CREATE TABLE app.child (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, parent int REFERENCES app.parent, s serial);
INSERT INTO app.child (parent) SELECT id FROM app.parent;
ALTER TABLE app.parent ADD COLUMN best int REFERENCES app.child;
CREATE TABLE "we ird"."ta""ble" (id int PRIMARY KEY);
CREATE TABLE public.open (id int PRIMARY KEY);
ANALYZE;
SQL
# Others were there before.
lm_sql target "$LM_TARGET_DB" <<SQL
CREATE SCHEMA app AUTHORIZATION $LM_TARGET_USER;
CREATE TABLE app.theirs (id int PRIMARY KEY, v text);
INSERT INTO app.theirs VALUES (1, 'one');
CREATE TABLE public.theirs (id int);
GRANT CREATE ON SCHEMA public TO $LM_TARGET_USER;
SQL
lm_env
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
# Every object that no initdb makes, by its number, and what others have in their tables.
catalogs() {
    lm_sql target "$LM_TARGET_DB" <<'SQL'
SELECT format('SELECT %L, oid, %I, t.* IS NULL FROM %I t WHERE oid >= 16384 ORDER BY oid', c, name, c)
  FROM (VALUES ('pg_class', 'relname'), ('pg_type', 'typname'), ('pg_namespace', 'nspname'), ('pg_constraint', 'conname'), ('pg_proc', 'proname'),
               ('pg_attrdef', 'adrelid'), ('pg_trigger', 'tgname'), ('pg_collation', 'collname'), ('pg_extension', 'extname'), ('pg_rewrite', 'rulename'),
               ('pg_event_trigger', 'evtname'), ('pg_policy', 'polname')) v(c, name) \gexec
SELECT nspname, nspowner::regrole, nspacl FROM pg_namespace ORDER BY 1;
SELECT oid::regclass, relowner::regrole, relacl, relnatts, relchecks FROM pg_class WHERE relname = 'theirs' ORDER BY 1;
SELECT * FROM app.theirs;
SQL
}
expect_on_terminal() { script -qec "$1" /dev/null > "$LM_TMP/out.terminal" 2>&1; }
as_before() {
    catalogs > "$LM_TMP/catalogs.now"
    same "catalogs and rows $1" "$LM_TMP/catalogs.before" "$LM_TMP/catalogs.now"
}
catalogs > "$LM_TMP/catalogs.before"

expect 0 "a run" lm_cli --force
if target "SELECT 'app.child'::regclass, '\"we ird\".\"ta\"\"ble\"'::regclass" > /dev/null; then pass "its tables are there"; else fail "its tables are not there"; fi
expect 2 "rolling back with nobody to ask" lm_cli rollback
says '--yes' 'drop +table app\.parent' 'drop +partitioned table app\.part' 'drop +enum app\.mood' 'drop +schema "we ird"'
says_not 'theirs|schema app$|public$'
equal "nothing was dropped" 1000 "$(target 'SELECT count(*) FROM app.child')"
# On a terminal it asks.
printf 'n\n' | expect_on_terminal "$LM_LAKEMOVER rollback"
equal "exit code when the answer is no" 7 $?
output "$LM_TMP/out.terminal"
says 'Drop them, with their rows\? \[y/N\]' 'nothing was dropped'
equal "rows when the answer is no" 1000 "$(target 'SELECT count(*) FROM app.child')"
expect 0 "rolling back a run whose ledger is gone" lm_cli rollback --yes
says ' 0 kept'
as_before "after the rollback"
expect 0 "rolling back again" lm_cli rollback 1 --yes
says 'was rolled back before'
expect 0 "resuming what was rolled back" lm_cli resume 1
says 'ROLLED BACK; there is nothing to resume'
as_before "after both"

# Built upon by others: that stays, with what it needs.
expect 0 "another run" lm_cli --force --keep-ledger
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE SCHEMA house;
CREATE VIEW house.moods AS SELECT id, m FROM app.parent;
CREATE TABLE house.part_2 PARTITION OF app.part FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
INSERT INTO house.part_2 VALUES (7, '2021-05-05');
CREATE TABLE "we ird".mine (id int);
DROP TABLE public.open;
CREATE TABLE public.open (id int);
SQL
expect 4 "rolling back what others built upon" lm_cli rollback --yes
says 'keep +table app\.parent: rule _RETURN on view house\.moods' 'keep +partitioned table app\.part: table house\.part_2' 'keep +enum app\.mood' 'keep +schema "we ird": table' 'drop +partition app\.part_1'
says_not 'public\.open'
equal "their view" 1000 "$(target 'SELECT count(*) FROM house.moods')"
equal "their partition" 1 "$(target 'SELECT count(*) FROM app.part')"
equal "their tables" 2 "$(target "SELECT count(*) FROM pg_class WHERE oid IN ('public.open'::regclass, '\"we ird\".mine'::regclass)")"
equal "a key of the table that stays" 0 "$(target "SELECT count(*) FROM pg_constraint WHERE conrelid = 'app.parent'::regclass AND contype = 'f' AND confrelid NOT IN (SELECT oid FROM pg_class)")"

# Killed in the middle: rolled back from there, and not to be resumed.
lm_sql target "$LM_TARGET_DB" -c 'DROP SCHEMA house CASCADE' -c 'DROP TABLE public.open' -c 'DROP SCHEMA "we ird" CASCADE'
target 'DROP TABLE IF EXISTS app.parent, app.part, app.child CASCADE'
target 'DROP TYPE app.pair, app.mood; DROP DOMAIN app.positive; DROP SEQUENCE IF EXISTS app.numbers; DROP SCHEMA lakemover_ledger CASCADE'
as_before "by hand"
lm_sql source "$LM_DB" -c "CREATE TABLE app.big AS SELECT i AS id, repeat(md5(i::text), 10) AS v FROM generate_series(1, 400000) i" -c "ALTER TABLE app.big ADD PRIMARY KEY (id)" -c ANALYZE
set -m
"$LM_LAKEMOVER" --force --max-batch-rows=20000 > "$LM_TMP/out.run" 2>&1 < /dev/null &
run=$!
set +m
eventually 60 committed 5 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
kill -KILL $run
wait $run 2> /dev/null
expect 0 "rolling back a run that was killed" lm_cli rollback --yes
says ' 0 kept'
as_before "after the kill"
check_nothing_left
finish
