#!/bin/bash
# lakemover --rehearse: a share of each table into scratch schemas of the target, validated, dropped whatever happens; go or
# no-go with a forecast. The plan, the target's schemas and the source's name stay as they were.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init rehearse
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE SCHEMA "Second one";
CREATE TABLE app.big (id serial PRIMARY KEY, v text NOT NULL, n int UNIQUE);
INSERT INTO app.big (v, n) SELECT repeat(md5(i::text), 10), i FROM generate_series(1, 40000) i;
CREATE INDEX ON app.big (v, n);
CREATE TABLE app.child (id int PRIMARY KEY, big int NOT NULL REFERENCES app.big, CHECK (id > 0));
INSERT INTO app.child SELECT i, 40001 - i FROM generate_series(1, 20000) i;
CREATE TABLE app.heap AS SELECT i, repeat('x', 400) AS v FROM generate_series(1, 40000) i;
CREATE TABLE app.part (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.part_a PARTITION OF app.part FOR VALUES FROM ('2026-01-01') TO ('2026-06-01');
CREATE TABLE app.part_b PARTITION OF app.part DEFAULT;
INSERT INTO app.part (at) SELECT '2026-01-01'::date + i % 300 FROM generate_series(1, 30000) i;
CREATE TABLE "Second one"."Odd ""name" (id int PRIMARY KEY, v text);
INSERT INTO "Second one"."Odd ""name" VALUES (1, 'one');
CREATE TABLE "Second one".empty (id int PRIMARY KEY);
ANALYZE;
SQL
lm_env
export LAKEMOVER_JOBS=2
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
# Everything that the target holds, and what staging knows of sources and plans.
everything() {
    target "SELECT 'relation', n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname !~ '^pg_(toast|temp)' UNION ALL SELECT 'schema', nspname, '' FROM pg_namespace WHERE nspname !~ '^pg_(toast|temp)' UNION ALL SELECT 'type', n.nspname, t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE n.nspname !~ '^pg_(toast|temp)' ORDER BY 1, 2, 3"
}
staged() {
    lm_cli psql -A -t -c "SELECT 'source', srvname FROM pg_foreign_server UNION ALL SELECT 'plan', md5(string_agg(t::text, ',' ORDER BY table_id)) FROM lakemover.plan_table t UNION ALL SELECT 'columns', md5(string_agg(c::text, ',' ORDER BY table_id, ordinal)) FROM lakemover.plan_column c UNION ALL SELECT 'inventories', count(*)::text FROM lakemover.source_info UNION ALL SELECT 'hash', lakemover.plan_hash('source') ORDER BY 1, 2"
}
dropped() { same "$1: what the target holds" "$LM_TMP/before" <(everything); }
everything > "$LM_TMP/before"

for wrong in 0 0% 101% -5% five '' 5%%; do
    if [ -n "$wrong" ]; then expect 2 "a share of \"$wrong\"" lm_cli --rehearse="$wrong" && says 'such as 5%'; fi
done
expect 2 "rehearsing a phase" lm_cli migrate --rehearse=5%
says 'a run of its own'
expect 2 "with --require-signoff" lm_cli --rehearse=5% --require-signoff
expect 0 "planning" lm_cli plan
expect 3 "with blockers" lm_cli --rehearse=5%
says '^NO-GO: the assessment found blockers' 'Second one.*contains a space'
lm_cli psql -q -c "UPDATE lakemover.plan_table SET target_schema = 'second' WHERE source_schema = 'Second one'" -c "UPDATE lakemover.plan_table SET keep_quoted = true WHERE source_table LIKE 'Odd%'"
# Edits, which the rehearsal must heed and keep.
lm_cli psql -q -c "UPDATE lakemover.plan_table SET batch_rows = 1000 WHERE source_table = 'big'" -c "UPDATE lakemover.plan_table SET target_table = 'heaps' WHERE source_table = 'heap'" -c "UPDATE lakemover.plan_column SET target_type = 'bigint' WHERE source_column = 'n'"
staged > "$LM_TMP/staged"

expect 0 "a rehearsal" lm_cli --rehearse=10% --max-batch-rows=1000
says '^GO: 7 tables were loaded, validated and dropped again; about .* for the whole \(load' 'basis: (9|1[0-9])\.[0-9] % of the whole' 'not in it: 1 foreign key' 'upper bound'
says_not 'SUCCESS'
dropped "after it"
same "plans and sources" "$LM_TMP/staged" <(staged)
output "$LM_TMP/out.run"
lm_cli psql -A -t -c "SELECT state, verdict, options->>'rehearse' FROM lakemover.run" > "$OUT"
says '^cancelled\|ROLLED BACK\|0\.1'
lm_cli psql -A -t -c "SELECT spec->>'target_table', rows_copied, source_rows, chunks, (SELECT count(*) FROM lakemover.validation v WHERE v.run_id = t.run_id AND v.table_id = t.table_id AND v.verdict IN ('equal', 'equal under policy')), spec->>'target_schema' FROM lakemover.run_table t WHERE (spec->>'copies_rows')::boolean ORDER BY 1" > "$OUT"
says '^big\|4[01][0-9]{2}\|4[01][0-9]{2}\|[3-9]\|5\|lakemover_rehearsal_[0-9a-f]{6}_1' '^heaps\|[34][0-9]{3}\|[34][0-9]{3}\|[2-9]\|5\|' '^part_a\|1[56][0-9]{2}\|' '^Odd "name\|1\|1\|1\|5\|lakemover_rehearsal_[0-9a-f]{6}_2' '^empty\|0\|0\|'
audit=$(find "$LM_TMP/audit" -maxdepth 1 -name '*-run-1')
expect 0 "its directory" lm_cli verify "$audit"
equal "the signed verdict" REHEARSED "$(sed -n 's/.*"verdict": *"\([^"]*\)".*/\1/p' "$audit/manifest.json" | head -n 1)"

# What the target refuses would stop the real run, too.
lm_cli psql -q -c "UPDATE lakemover.plan_column SET target_type = 'character varying(300)' WHERE source_column = 'v' AND table_id = (SELECT table_id FROM lakemover.plan_table WHERE source_table = 'big')"
expect 4 "rows that do not fit" lm_cli --rehearse=5%
says '^NO-GO: INCOMPLETE: .*big'
dropped "after a table failed"
lm_cli psql -q -c "UPDATE lakemover.plan_column SET target_type = 'text' WHERE source_column = 'v'"
expect 1 "a deadline that is too near" lm_cli --rehearse=5% --deadline="$(date -d '+1 second' '+%F %T' | cut -c1-16)" --json
output "$OUT"
says '"go":false' '"why_not":"the deadline .* would be missed'

# Cancelled, killed: nothing is left, or the next one sees to it.
house_slow 1
house_watch "${HOUSE_LINGER[@]}"
everything > "$LM_TMP/before"
begin() {
    set -m
    "$LM_LAKEMOVER" --rehearse=50% --max-batch-rows=1000 > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    set +m
    eventually 15 committed 1 || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
}
begin
kill -INT $run
wait $run
equal "cancelled: exit code" 7 $?
output "$LM_TMP/out.run"
says '^NO-GO: CANCELLED'
dropped "after a cancel"
begin
kill -KILL $run
wait $run 2> /dev/null
equal "killed: scratch schemas" 2 "$(target "SELECT count(*) FROM pg_namespace WHERE nspname ~ '^lakemover_rehearsal_'")"
target 'DROP EVENT TRIGGER watch' > /dev/null 2>&1 || lm_sql target "$LM_TARGET_DB" -c 'DROP EVENT TRIGGER watch'
expect 0 "the next one" lm_cli --rehearse=5%
says 'rehearsal [0-9]+ of an earlier loader was dropped' '^GO:'
dropped "after the next one"
equal "sources" source "$(lm_cli psql -A -t -c 'SELECT srvname FROM pg_foreign_server')"

# What cannot be put into scratch schemas: said before anything is made.
lm_sql source "$LM_DB" -c "CREATE TYPE app.mood AS ENUM ('good', 'bad')" -c "CREATE TABLE app.felt (id int PRIMARY KEY, m app.mood)"
expect 2 "a type in a schema of its own" lm_cli --rehearse=5%
says 'cannot be rehearsed in scratch schemas' 'enum app\.mood' 'LAKEBASE_DATABASE'
says_one_error
dropped "after a refusal"
equal "sources" source "$(lm_cli psql -A -t -c 'SELECT srvname FROM pg_foreign_server')"

# The real thing is none the worse for it.
lm_cli psql -q -c "SELECT lakemover.plan('source')" > /dev/null
expect 0 "the run itself" lm_cli
says 'SUCCESS'
check_nothing_left
finish
