#!/bin/bash
# Large objects of a PostgreSQL source: moved with their OIDs, owners, privileges and comments, proven piece by piece; killed and
# resumed, at the same point and at another one; refused where the target has an OID already; rolled back without touching
# others'. And each way of corrupting one is caught, and named by object and place.
# timeout: 600
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/memory.sh
. "$LM_ROOT/tests/lib/memory.sh"
lm_init large_objects
lm_on_exit() {
    [ -z "${run:-}" ] || kill -KILL "$run" 2> /dev/null
    memory_stop
}
lm_start_source
lm_start_target
for server in source target; do lm_sql $server postgres -c 'CREATE ROLE app_owner' -c 'CREATE ROLE reader'; done
lm_sql target postgres -c "GRANT app_owner TO $LM_TARGET_USER"
lm_sql source postgres -c 'CREATE ROLE gone'
lm_sql source "$LM_DB" > /dev/null <<'SQL'
CREATE SCHEMA app;
CREATE TABLE app.document (id int PRIMARY KEY, body oid NOT NULL);
CREATE FUNCTION app.noise(bytes int, seed int) RETURNS bytea LANGUAGE sql AS $$
    SELECT substr(decode(string_agg(md5(seed || ' ' || i), '' ORDER BY i), 'hex'), 1, bytes) FROM generate_series(1, bytes / 16 + 1) i $$;
SELECT lo_from_bytea(5000 + n, app.noise(size, n)) FROM (VALUES (0, 0), (1, 1), (2, 131071), (3, 131072), (4, 131073), (5, 5000000), (6, 262144)) v(n, size);
SELECT lo_from_bytea(6000 + i, app.noise(i % 3000, i)) FROM generate_series(1, 400) i;
SELECT lo_create(7000), lo_put(7000, 1000000, 'behind a hole');
SELECT lo_from_bytea(4000000000, 'a high OID');
INSERT INTO app.document SELECT row_number() OVER (ORDER BY oid), oid FROM pg_largeobject_metadata;
CREATE INDEX document_body ON app.document (body);
DROP FUNCTION app.noise;
COMMENT ON LARGE OBJECT 5005 IS 'the ''large'' one';
ALTER LARGE OBJECT 5001 OWNER TO app_owner;
ALTER LARGE OBJECT 5002 OWNER TO gone;
GRANT SELECT ON LARGE OBJECT 5003 TO reader;
GRANT UPDATE ON LARGE OBJECT 5003 TO reader WITH GRANT OPTION;
ANALYZE;
SQL
lm_env
export LAKEMOVER_JOBS=3
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
source_of() { lm_sql source "$LM_DB" -c "$1"; }
# Each object with its size and MD5, as either server says; 99 is somebody else's.
described="SELECT oid, length(lo_get(oid)), md5(lo_get(oid)) FROM pg_largeobject_metadata WHERE oid <> 99 ORDER BY oid"
same_objects() {
    source_of "$described" > "$LM_TMP/objects.source"
    target "$described" > "$LM_TMP/objects.target"
    same "$1" "$LM_TMP/objects.source" "$LM_TMP/objects.target"
}
report() { find "$LM_TMP/audit" -name reconciliation.json -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2; }

expect 3 "a reader who may not read them" lm_cli
says "409 large object\(s\): user $LM_SOURCE_USER has no SELECT on them; the first: 5000, 5001, 5002"
equal "objects on the target" 0 "$(target 'SELECT count(*) FROM pg_largeobject_metadata')"
expect 4 "going on in spite of it" lm_cli --force
says 'INCOMPLETE' 'may not read 409 large objects, the first of them: 5000'
equal "rows that moved all the same" 409 "$(target 'SELECT count(*) FROM app.document')"
expect 0 "rolling that back" lm_cli rollback --yes
expect 0 "without them" lm_cli --no-large-objects
says 'SUCCESS'
output "$(report)"
says '"kind": ?"large objects"' 'excluded in the plan'
equal "objects on the target" 0 "$(target 'SELECT count(*) FROM pg_largeobject_metadata')"
expect 0 "rolling that back" lm_cli rollback --yes
source_of "DO \$\$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_largeobject_metadata LOOP EXECUTE format('GRANT SELECT ON LARGE OBJECT %s TO $LM_SOURCE_USER', o); END LOOP; END \$\$"

# Somebody's object with an OID of the source's.
target "SELECT lo_from_bytea(5003, 'theirs'), lo_from_bytea(99, 'theirs, too')" > /dev/null
for flag in refuse drop; do
    expect 2 "an OID that is taken ($flag)" lm_cli --large-objects --on-existing=$flag
    says "the target has 1 of the source's large objects already, by OID: 5003" 'nothing was changed' '--no-large-objects'
done
equal "theirs" theirs "$(target "SELECT convert_from(lo_get(5003), 'UTF8')")"
equal "schemas that were made" 0 "$(target "SELECT count(*) FROM pg_namespace WHERE nspname IN ('app', 'lakemover_ledger')")"
target 'SELECT lo_unlink(5003)' > /dev/null

expect 0 "the run" lm_cli --max-batch-rows=200 --keep-ledger
says 'SUCCESS' 'pg_catalog\.pg_largeobject'
same_objects "objects, sizes and digests"
chunks=$(target 'SELECT count(*) FROM lakemover_ledger.chunk WHERE table_id = 2613')
if [ "$chunks" -ge 8 ]; then pass "batches: $chunks"; else fail "only $chunks batches"; fi
equal "owners" "5000 $LM_TARGET_USER,5001 app_owner,5002 $LM_TARGET_USER" \
    "$(target "SELECT string_agg(oid || ' ' || lomowner::regrole, ',' ORDER BY oid) FROM pg_largeobject_metadata WHERE oid BETWEEN 5000 AND 5002")"
equal "comment" "the 'large' one" "$(target "SELECT obj_description(5005, 'pg_largeobject')")"
equal "privileges" "SELECT f,UPDATE t" \
    "$(target "SELECT string_agg(privilege_type || ' ' || is_grantable::text::char, ',' ORDER BY 1) FROM pg_largeobject_metadata m, aclexplode(lomacl) a WHERE m.oid = 5003 AND grantee = 'reader'::regrole" | sed 's/true/t/; s/false/f/')"
json=$(report)
equal "verdicts of the report" "equal equal equal equal equal" \
    "$(python3 -c 'import json, sys
d = json.load(open(sys.argv[1]))
t = [t for t in d["tables"] if t["table_id"] == 2613][0]
assert t["large_objects"] == 409, t
print(*[v["verdict"] for v in t["validation"]])' "$json")"
expect 0 "validating afterwards" lm_cli validate
expect 0 "comparing both sides" lm_cli validate --two-sided
says 'EQUAL'

# Corrupted: what validation says without the source, then with it.
staging() { lm_cli psql -X -A -t -q -F '|' -c "$1"; }
mutated() {         # mutated WHAT SQL BATCH ROW_KEY CAUSE: patterns
    target "$2" > /dev/null || fail "$1: $2"
    expect 5 "$1, without the source" lm_cli validate
    says 'pg_catalog\.pg_largeobject: level 2 different'
    local found
    found=$(staging "SELECT row_key || '|' || cause FROM lakemover.difference WHERE table_id = 2613 AND level = 2 AND run_id = (SELECT max(run_id) FROM lakemover.run WHERE kind = 'migration')")
    if grep -qE "$3" <<< "$found"; then pass "$1: $(grep -E -m 1 "$3" <<< "$found")"; else fail "$1: no \"$3\" but: $found"; fi
    expect 5 "$1, with the source" lm_cli validate --two-sided
    found=$(staging "SELECT row_key || '|' || coalesce(column_name, '-') || '|' || cause FROM lakemover.difference WHERE table_id = 2613 AND level = 2 AND run_id = (SELECT max(run_id) FROM lakemover.run)")
    if grep -qE "$4.*\|$5" <<< "$found"; then pass "$1: $(grep -E -m 1 "$4" <<< "$found")"; else fail "$1: no \"$4|$5\" but: $found"; fi
    equal "$1: differences" "${6:-1}" "$(grep -c . <<< "$found")"
}
place='loid ?= ?%s, position ?= ?%s'
# shellcheck disable=SC2059  # the pattern is the format
at() { printf "$place" "$1" "$2"; }
byte() { echo "SELECT lo_put($1, $2, set_byte(lo_get($1, $2, 1), 0, get_byte(lo_get($1, $2, 1), 0) # $3))"; }
mutated "one bit of one byte" "$(byte 5005 4000000 4)" 'chunk [0-9]+ from 5005, ' "$(at 5005 3932160)" 'data'
target "$(byte 5005 4000000 4)" > /dev/null
expect 0 "put right again" lm_cli validate
target "CREATE TABLE public.kept AS SELECT lo_get(6007) AS data" > /dev/null
mutated "an object that is missing" 'SELECT lo_unlink(6007)' 'chunk [0-9]+' "$(at 6007 0)" '.*missing'
target "SELECT lo_from_bytea(6007, data) FROM public.kept" > /dev/null
target "ALTER LARGE OBJECT 6007 OWNER TO $LM_TARGET_USER" > /dev/null
mutated "a piece too many" "SELECT lo_put(5006, 262144, 'more')" 'chunk [0-9]+' "$(at 5006 262144)" '.*'
mutated "and one that is cut off" "BEGIN; SELECT lo_truncate64(lo_open(5006, 131072), 262000); COMMIT" 'chunk [0-9]+' "$(at 5006 131072)" 'data'
expect 5 "a refresh does not mend them" lm_cli migrate --refresh
says 'large objects differ and are not repaired'
target "DROP TABLE public.kept"

expect 0 "a second run" lm_cli --on-existing=drop
says 'unlinked on the target: 409 large objects of an earlier run' 'SUCCESS'
same_objects "objects after the second run"
expect 0 "rolling back" lm_cli rollback --yes
says 'drop +large objects' ' 0 kept'
equal "what is left" "99 theirs, too" "$(target "SELECT oid || ' ' || convert_from(lo_get(oid), 'UTF8') FROM pg_largeobject_metadata")"
equal "the earlier run has nothing to roll back" 0 "$(target "SELECT count(*) FROM pg_class WHERE relname = 'document'")"

# Corrupted while the run goes on, by the session that makes the index, once the piece is there.
target "CREATE FUNCTION public.strike() RETURNS event_trigger LANGUAGE plpgsql SECURITY DEFINER AS \$\$ BEGIN
    IF EXISTS (SELECT FROM pg_event_trigger_ddl_commands() WHERE object_identity = 'app.document_body') THEN
        WHILE NOT EXISTS (SELECT FROM pg_largeobject WHERE loid = 5004 AND pageno = 64) LOOP PERFORM pg_sleep(0.05); END LOOP; PERFORM lo_put(5004, 131072, 'x'); END IF; END \$\$"
target "CREATE EVENT TRIGGER strike ON ddl_command_end WHEN TAG IN ('CREATE INDEX') EXECUTE FUNCTION public.strike()"
expect 5 "a run whose object is changed" lm_cli
says 'VALIDATION FAILED' 'pg_catalog\.pg_largeobject'
found=$(staging "SELECT row_key || '|' || coalesce(column_name, '-') || '|' || cause FROM lakemover.difference WHERE table_id = 2613 AND level = 2 AND run_id = (SELECT max(run_id) FROM lakemover.run)")
if grep -qE "$(at 5004 131072).*data" <<< "$found"; then pass "caught: $found"; else fail "not named: $found"; fi
target 'DROP EVENT TRIGGER strike' -c 'DROP FUNCTION public.strike'
expect 0 "rolling that back" lm_cli rollback --yes

# Killed in the middle; the keeper of a staging of one's own outlives it.
lm_start_staging
own_source src
lm_sql source "$LM_DB" > /dev/null -c "SELECT lo_from_bytea(8000, decode(repeat(md5('large'), 5000000), 'hex'))" -c "GRANT SELECT ON LARGE OBJECT 8000 TO $LM_SOURCE_USER"
start() {
    set -m
    "$LM_LAKEMOVER" --max-batch-rows=200 --keep-ledger "$@" > "$LM_TMP/out.run" 2>&1 < /dev/null &
    run=$!
    set +m
    eventually 60 committed "${before:-5}" || fail "the load does not begin: $(tail -n 5 "$LM_TMP/out.run")"
    kill -KILL $run
    wait $run 2> /dev/null
    run=
}
batches() { target "SELECT table_id, chunk_no, xid FROM lakemover_ledger.chunk ORDER BY 1, 2" > "$1"; }
start
batches "$LM_TMP/before"
if [ "$(wc -l < "$LM_TMP/before")" -lt 90 ]; then pass "in the middle: $(wc -l < "$LM_TMP/before") batches"; else fail "too late: $(wc -l < "$LM_TMP/before") batches"; fi
expect 0 "resuming after kill -9" lm_cli resume
says 'SUCCESS'
batches "$LM_TMP/after"
equal "batches that were loaded again" "" "$(LC_ALL=C comm -23 <(LC_ALL=C sort "$LM_TMP/before") <(LC_ALL=C sort "$LM_TMP/after"))"
same_objects "objects after resuming"
expect 0 "rolling back" lm_cli rollback --yes

# Killed, and the source was restarted meanwhile: unlinked, listed and loaded again at the new point.
start
lm_stop source
lm_start_source
lm_sql source "$LM_DB" > /dev/null -c 'SELECT lo_unlink(5004)' -c "SELECT lo_from_bytea(5555, 'new'), lo_put(5000, 0, 'no longer empty')" -c "GRANT SELECT ON LARGE OBJECT 5555 TO $LM_SOURCE_USER"
lm_sql staging lakemover -c "ALTER SERVER src OPTIONS (SET port '${LM_PORT[source]}')"
expect 0 "resuming at another point" lm_cli resume
says 'large objects: their point in time is gone'
same_objects "objects of the new point"
equal "somebody else's" "theirs, too" "$(target "SELECT convert_from(lo_get(99), 'UTF8')")"
expect 0 "rolling back" lm_cli rollback --yes
equal "what is left" 99 "$(target 'SELECT oid FROM pg_largeobject_metadata')"

# Memory does not follow the object.
export MAX_MEMORY_TARGET_MB=32
lm_sql source "$LM_DB" > /dev/null -c "SELECT lo_put(8000, i * 80000000::bigint, lo_get(8000)) FROM generate_series(1, 3) i"
memory_watch "$LM_TMP/memory" "$LM_LAKEMOVER|^postgres: "
expect 0 "an object of 320 MB" lm_cli
memory_stop
loader=$(memory_most "$LM_TMP/memory" "$LM_LAKEMOVER")
backend=$(memory_most "$LM_TMP/memory" 'postgres: .*lakemover.*\[local\]')
if [ "${loader:-0}" -gt 0 ] && [ "$loader" -le $(((64 + 32) * 1024)) ]; then pass "loader: $loader kB"; else fail "loader: $loader kB"; fi
if [ "${backend:-0}" -gt 0 ] && [ "$backend" -le $(((64 + 32) * 1024)) ]; then pass "staging backend: $backend kB"; else fail "staging backend: $backend kB"; fi
equal "the large one" "$(source_of 'SELECT md5(lo_get(8000))')" "$(target 'SELECT md5(lo_get(8000))')"
finish
