#!/bin/bash
# Columns that the plan leaves to a second pass: refused where they matter before it, filled by key afterwards, in chunks of their own in
# the same ledger, and proven like every other one. Killed in the middle, without its source, refused by the target; resumed each time.
# timeout: 500
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init second_pass
lm_on_exit() { [ -z "${run:-}" ] || kill -KILL "$run" 2> /dev/null; }
lm_start_source
lm_start_target
lm_start_staging
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE DOMAIN app.always AS text NOT NULL;
CREATE TABLE app.docs (id int PRIMARY KEY, title text NOT NULL, body text NOT NULL, blob bytea, meta jsonb, secret text, CHECK (length(body) > 0));
INSERT INTO app.docs SELECT i, 'title ' || i, repeat(md5(i::text), 40), CASE WHEN i % 3 > 0 THEN decode(repeat(md5((-i)::text), 100), 'hex') END,
       CASE WHEN i % 5 = 0 THEN jsonb_build_object('i', i) END, 'secret ' || i FROM generate_series(1, 4000) i;
CREATE INDEX docs_title ON app.docs (title);
-- without a primary key, with a key of two columns and odd names
CREATE TABLE app."Odd ""Parts" ("a b" uuid NOT NULL, n numeric(20,5) NOT NULL, "the Body" xml, UNIQUE ("a b", n));
INSERT INTO app."Odd ""Parts" SELECT md5((i / 2)::text)::uuid, i % 2 + 0.5, CASE WHEN i % 7 > 0 THEN xmlelement(name b, i) END FROM generate_series(1, 600) i;
CREATE TABLE app.part (id bigint NOT NULL, at date NOT NULL, note text NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.part_a PARTITION OF app.part FOR VALUES FROM ('2026-01-01') TO ('2026-06-01');
CREATE TABLE app.part_b PARTITION OF app.part DEFAULT;
INSERT INTO app.part SELECT i, '2026-01-01'::date + i % 300, repeat('n', 200) || i FROM generate_series(1, 900) i;
CREATE TABLE app.child (id int PRIMARY KEY, doc int NOT NULL REFERENCES app.docs);
INSERT INTO app.child SELECT i, i FROM generate_series(1, 500) i;
CREATE TABLE app.keyless (v text);
INSERT INTO app.keyless VALUES ('one');
CREATE TABLE app.tied (id int PRIMARY KEY, tag text UNIQUE, low text, made text GENERATED ALWAYS AS (upper(low)) STORED, d app.always, plain text,
    inc text, cond text, CONSTRAINT tied_plain CHECK (plain <> 'never'));
CREATE INDEX tied_low ON app.tied (lower(low));
CREATE UNIQUE INDEX tied_inc ON app.tied (id) INCLUDE (inc);
CREATE INDEX tied_cond ON app.tied (id) WHERE cond IS NOT NULL;
INSERT INTO app.tied (id, tag, low, d, plain, inc, cond) SELECT i, 't' || i, 'Low' || i, 'd', 'p' || i, 'i', 'c' FROM generate_series(1, 20) i;
ANALYZE;
SQL
house_slow 0
house_watch "${HOUSE_LINGER[@]}"
lm_env
own_source src
export LAKEMOVER_JOBS=2
staging() { lm_sql staging lakemover -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
columns() { # columns PASS TABLE COLUMN...: how many were changed
    local pass=$1 table=$2 list
    shift 2
    list=$(printf "'%s'," "$@")
    staging "UPDATE lakemover.plan_column c SET pass = $pass FROM lakemover.plan_table t WHERE t.source = c.source AND t.table_id = c.table_id AND t.source_table = '$table' AND c.source_column IN (${list%,})"
}
state_of() { staging "SELECT state FROM lakemover.run_table WHERE $newest AND spec->>'source_table' = '$1'"; }
chunks() { staging "SELECT string_agg(pass || ' ' || n, ', ' ORDER BY pass) FROM (SELECT c.pass, count(*) AS n FROM lakemover.run_chunk c JOIN lakemover.run_table t USING (run_id, table_id) WHERE $newest AND c.state = 'done' AND t.spec->>'source_table' = '$1' GROUP BY 1) x"; }
verdicts() {
    staging "SELECT string_agg(DISTINCT v.level || ' ' || v.verdict, ', ' ORDER BY v.level || ' ' || v.verdict) FROM lakemover.validation v WHERE $newest"
}
# All rows without the column that does not move.
rows_of() {
    describe_rows "$1" "$2" | grep -vE '^(house|app\.docs)'
    lm_sql "$1" "$2" -c "SELECT 'app.docs', count(*), md5(string_agg(concat_ws('|', id, title, body, encode(coalesce(blob, 'none'), 'hex'), coalesce(meta, 'null')), ',' ORDER BY id)) FROM app.docs"
}
compared() {
    rows_of source "$LM_DB" > "$LM_TMP/source.rows"
    rows_of target "$LM_TARGET_DB" > "$LM_TMP/target.rows"
    same "$1: rows" "$LM_TMP/source.rows" "$LM_TMP/target.rows"
}

expect 0 "planning" lm_cli plan
staging "UPDATE lakemover.plan_table SET keep_quoted = true WHERE source_table LIKE 'Odd%'" > /dev/null
staging "UPDATE lakemover.plan_column SET keep_quoted = true WHERE source_column LIKE '% %'" > /dev/null
# What cannot wait.
columns 2 tied id tag low d inc cond plain > /dev/null
columns 2 keyless v > /dev/null
columns 2 part at > /dev/null
columns 2 child doc > /dev/null
expect 1 "columns that cannot wait" lm_cli migrate
says 'column app.tied.id cannot be filled in a second pass: .*the primary key tied_pkey uses it.*; set plan_column.pass to 1' \
    'column app.tied.tag .*the unique constraint tied_tag_key uses it' 'column app.tied.low .*the generated column made is made from it, the index tied_low uses it' \
    'column app.tied.d .*its type is a domain that is NOT NULL' 'column app.tied.inc .*the index tied_inc uses it' 'column app.tied.cond .*the index tied_cond uses it' \
    'column app.keyless.v .*its table has no primary key, and no unique index' 'column app.part.at .*the partition key uses it, the primary key' \
    'column app.child.doc .*the foreign key child_doc_fkey uses it'
says_not 'app.tied.plain'
staging "UPDATE lakemover.plan_column SET pass = 1 WHERE source_column <> 'plain' OR pass = 2 AND source_column <> 'plain'" > /dev/null
columns 2 docs body blob meta > /dev/null
columns 2 'Odd "Parts' 'the Body' > /dev/null
columns 2 part note > /dev/null
staging "UPDATE lakemover.plan_column SET exclude = true WHERE source_column = 'secret'" > /dev/null
staging "UPDATE lakemover.plan_table SET batch_rows = 500 WHERE source_table IN ('docs', 'part_a')" > /dev/null
equal "partitions follow" 2 "$(staging "SELECT count(*) FROM lakemover.plan_column c JOIN lakemover.plan_table t USING (source, table_id) WHERE t.source_table IN ('part_a', 'part_b') AND c.source_column = 'note' AND c.pass = 2")"
equal "edits are kept" 'pass' "$(lm_cli plan > /dev/null 2>&1; staging "SELECT edited[1] FROM lakemover.plan_column WHERE source_column = 'body' AND pass = 2")"
expect 2 "with rows that may be set aside" lm_cli migrate --on-bad-row=reject
says 'rows cannot be set aside' 'docs.body'

expect 0 "two passes" lm_cli migrate --keep-ledger
says 'SUCCESS' 'second pass, of body, blob, meta' 'second pass *done in'
compared "two passes"
equal "chunks of docs" '1 8, 2 8' "$(chunks docs)"
equal "chunks of a partition" '1 1, 2 1' "$(chunks part_b)"
equal "every level" '0 equal, 1 equal, 2 equal, 3 equal, 4 equal' "$(verdicts)"
equal "level 2 compares what the second pass read" t "$(staging "SELECT v.source_value = sum(c.rows_copied)::text || ':' || sum(c.digest[1]) || ':' || sum(c.digest[2]) AND v.source_value = v.target_value
    FROM lakemover.validation v JOIN lakemover.run_chunk c USING (run_id, table_id) JOIN lakemover.run_table t USING (run_id, table_id) WHERE $newest AND v.level = 2 AND c.pass = 2 AND t.spec->>'source_table' = 'docs' GROUP BY v.source_value, v.target_value")"
equal "its chunks in the ledger, each row written by one of them" '16|8|4000' "$(target "SELECT (SELECT count(*) FROM lakemover_ledger.chunk WHERE table_id = c.table_id), count(DISTINCT c.chunk_no), count(*) FROM app.docs d JOIN lakemover_ledger.chunk c ON c.xid::text::numeric % 4294967296 = d.xmin::text::numeric GROUP BY c.table_id")"
equal "NOT NULL of filled columns" 'body,id,title' "$(target "SELECT string_agg(attname, ',' ORDER BY attname) FROM pg_attribute WHERE attrelid = 'app.docs'::regclass AND attnum > 0 AND attnotnull")"
equal "NOT NULL of partitions" 3 "$(target "SELECT count(*) FROM pg_attribute WHERE attrelid IN ('app.part'::regclass, 'app.part_a'::regclass, 'app.part_b'::regclass) AND attname = 'note' AND attnotnull")"
equal "dead versions are gone" 0 "$(target "SELECT sum(pg_stat_get_dead_tuples(c)) FROM (VALUES ('app.docs'::regclass), ('app.part_a'::regclass)) x(c)")"
equal "the excluded column" '0|1' "$(target "SELECT count(*) FROM pg_attribute WHERE attrelid = 'app.docs'::regclass AND attname = 'secret'")|$(staging "SELECT count(*) FROM lakemover.not_moved('src') WHERE object = 'app.docs.secret' AND reason = 'excluded in the plan'")"
audit=$(staging "SELECT audit_dir FROM lakemover.run WHERE $newest")
output "$audit/reconciliation.html"
says 'second pass: body, blob, meta' 'app.docs.secret'
expect 0 "the audit directory" lm_cli verify "$audit"
expect 0 "status" lm_cli status --json
says '"second_pass":\{"bytes":[0-9]+,"chunks":8,"chunks_done":8,"columns":\["body","blob","meta"\]\}'

# One value of a filled column, changed afterwards.
target "UPDATE app.docs SET blob = blob || '\\x00' WHERE id = 1000" > /dev/null
expect 5 "validating a changed value" lm_cli validate
equal "the table" '2 different' "$(staging "SELECT string_agg(v.level || ' ' || v.verdict, ', ') FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id) WHERE $newest AND v.verdict = 'different'")"
equal "the column" t "$(staging "SELECT bool_or(detail::text LIKE '%blob%') FROM lakemover.validation WHERE $newest AND verdict = 'different'")"
expect 0 "repairing it" lm_cli validate --repair
says 'EQUAL AFTER REPAIR'
compared "repaired"
expect 0 "comparing both sides" lm_cli validate --two-sided
lm_sql source "$LM_DB" -c "UPDATE app.docs SET body = body || 'more' WHERE id % 1000 = 0" -c "DELETE FROM app.docs WHERE id = 3999" > /dev/null
expect 0 "a refresh" lm_cli migrate --refresh
compared "refreshed"
# A domain has its own schema, into which a rehearsal may not write.
lm_sql source "$LM_DB" -c 'ALTER TABLE app.tied ALTER d TYPE text' -c 'DROP DOMAIN app.always' > /dev/null
expect 0 "planning without the domain" lm_cli plan
expect 0 "a rehearsal" lm_cli --rehearse=20%
says '^GO: '
equal "nothing of it is left" "" "$(target "SELECT string_agg(nspname, ',') FROM pg_namespace WHERE nspname LIKE 'lakemover_rehearsal%'")"

# In the middle of the second pass: at least two chunks of it are there, at least four are not.
# In one statement: the run before this one may have had a second pass, too.
filling() { [ "$(staging "SELECT count(*) FROM lakemover.run_chunk JOIN lakemover.run USING (run_id) WHERE $newest AND run.state = 'running' AND pass = 2 AND run_chunk.state = 'done'")" -ge 2 ]; }
begin() {
    target 'UPDATE house.slow SET seconds = 0.3' > /dev/null
    set -m
    "$LM_LAKEMOVER" migrate --keep-ledger --on-existing=drop "$@" > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    set +m
    eventually 60 filling ||
        fail "the second pass does not begin: $(tail -n 5 "$LM_TMP/out.run")"
}
ledger() { target "SELECT table_id, chunk_no, xid FROM lakemover_ledger.chunk ORDER BY 1, 2" > "$1"; }
begin
equal "phase" 'second pass' "$(staging "SELECT phase FROM lakemover.run WHERE $newest")"
expect 0 "status in the second pass" lm_cli status
says 'second pass'
kill -KILL $run
wait $run 2> /dev/null
ledger "$LM_TMP/before"
target 'UPDATE house.slow SET seconds = 0' > /dev/null
lm_sql source "$LM_DB" -c "UPDATE app.docs SET body = body || 'later', title = title || 'later'" > /dev/null
expect 0 "resuming after kill -9 in the second pass" lm_cli resume
says 'SUCCESS'
ledger "$LM_TMP/after"
equal "chunks that were loaded again" "" "$(LC_ALL=C comm -23 <(LC_ALL=C sort "$LM_TMP/before") <(LC_ALL=C sort "$LM_TMP/after"))"
equal "of the point that the first pass saw" '0|1' "$(target "SELECT count(*) FROM app.docs WHERE body LIKE '%later' OR title LIKE '%later'")|$(staging "SELECT count(DISTINCT snapshot_at) FROM lakemover.run_table WHERE $newest")"

# Its source is restarted: what is not filled is loaded again, whole, at a new point.
begin
lm_stop source QUIT
lm_start_source
wait $run
equal "exit code without the source's snapshot" 6 $?
target 'UPDATE house.slow SET seconds = 0' > /dev/null
expect 0 "resuming without it" lm_cli resume
says 'COMPLETED AT SEVERAL POINTS IN TIME|SUCCESS'
compared "at a new point"
equal "nothing waits" 0 "$(staging "SELECT count(*) FROM lakemover.run_chunk WHERE $newest AND state <> 'done'")"

# The target refuses rows of the second pass: the table is undone, the others stay; without the rule it is loaded by resume.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE FUNCTION house.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'house rule: row % stays as it is', NEW.id USING ERRCODE = 'check_violation';
END $$;
CREATE OR REPLACE FUNCTION house.watch() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE o record;
BEGIN
    FOR o IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        IF o.object_identity = 'app.docs' AND o.command_tag = 'CREATE TABLE' THEN
            CREATE TRIGGER refuse BEFORE UPDATE ON app.docs FOR EACH ROW WHEN (NEW.id = 3000) EXECUTE FUNCTION house.refuse();
        END IF;
    END LOOP;
END $$;
SQL
expect 4 "a second pass that the target refuses" lm_cli migrate --on-existing=drop
says 'INCOMPLETE' 'house rule: row 3000 stays as it is'
equal "the table" 'failed|' "$(state_of docs)|$(target "SELECT to_regclass('app.docs')")"
equal "others" 'done done' "$(state_of tied) $(state_of part_a)"
target 'DROP EVENT TRIGGER watch' > /dev/null
expect 0 "resuming it without the rule" lm_cli resume
compared "after the rule was lifted"
equal "both passes again" '1 8, 2 8' "$(chunks docs)"

# A row that the second pass reads and the first has not left there.
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE FUNCTION house.lose() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE o record;
BEGIN
    FOR o IN SELECT * FROM pg_event_trigger_ddl_commands() LOOP
        IF o.object_identity = 'app.docs_title' THEN DELETE FROM app.docs WHERE id = 17; END IF;
    END LOOP;
END $$;
CREATE EVENT TRIGGER lose ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION house.lose();
SQL
expect 4 "a row that is gone meanwhile" lm_cli migrate --on-existing=drop
says 'the second pass found 499 rows on the target for 500 that it read'
target 'DROP EVENT TRIGGER lose' > /dev/null
expect 0 "dropping all of it" lm_cli rollback --yes
equal "tables that are left" 0 "$(target "SELECT count(*) FROM pg_tables WHERE schemaname = 'app'")"
check_nothing_left
finish
