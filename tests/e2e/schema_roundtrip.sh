#!/bin/bash
# The DDL of a plan, executed: pg_dump is the oracle on the source's version, level 0 on the target's. Then again with
# every name replaced by a hostile one, and in the portable profile; and level 0 must notice what is changed by hand.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init schema_roundtrip
lm_start_source
lm_start_staging
lm_start_target
# Roles belong to a server.
for server in source target; do
    lm_sql "$server" postgres -c 'CREATE ROLE reporter' -c 'CREATE ROLE "App user"'
done
lm_sql source postgres -c "ALTER ROLE $LM_SOURCE_USER BYPASSRLS"
lm_sql source "$LM_DB" -f - < "$LM_ROOT/tests/e2e/schema_roundtrip.sql" > /dev/null || lm_die "the source's schema could not be made"
lm_sql staging lakemover <<SQL > /dev/null
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw
    OPTIONS (engine 'postgres', host '$LM_TMP/source', port '${LM_PORT[source]}', dbname '$LM_DB');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username '$LM_SOURCE_USER', password $(lm_literal "$LM_SOURCE_PASSWORD"));
INSERT INTO lakemover.target_fact (name, value) VALUES ('roles', '["reporter", "App user"]'), ('extension:pg_trgm', '1.6'), ('server_version_num', '160000');
SELECT lakemover.inventory('src');
SELECT lakemover.plan('src');
CREATE TABLE public.found (no int, j jsonb);
SQL

staging() {
    lm_sql staging lakemover "$@"
}
# psql on the target as the role that owns the database, and nothing more.
target() {
    lm_as env PGPASSWORD="$LM_TARGET_PASSWORD" "$LM_BIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 \
        "host=localhost port=${LM_PORT[target]} dbname=$LM_TARGET_DB user=$LM_TARGET_USER sslmode=verify-full sslrootcert=$LM_TMP/tls/ca.crt" "$@"
}
empty_target() {
    lm_sql target postgres -c "DROP DATABASE $LM_TARGET_DB WITH (FORCE)" -c "CREATE DATABASE $LM_TARGET_DB OWNER $LM_TARGET_USER"
}
# the plan's statements, one transaction each, as a run executes them
ddl() {
    staging -c "SELECT sql || E'\n;' FROM lakemover._ddl('src') ORDER BY ordinal"
}
schema_of() {
    lm_as "$LM_BIN/pg_dump" -h "$LM_TMP/source" -p "${LM_PORT[source]}" -U postgres -d "$1" --schema-only --no-owner |
        grep -vE '^(--|$|\\(un)?restrict)'
}
# take NO [SQL]: what the target's catalogs say after SQL, which is rolled back, into the row NO of public.found
take() {
    {
        printf 'BEGIN;\nSET LOCAL search_path = pg_catalog, pg_temp;\n\\o /dev/null\n%s;\n\\o\n' "${2:-SELECT 1}"
        printf 'COPY (SELECT %s, jsonb_agg(to_jsonb(q)) FROM (' "$1"
        cat "$LM_TMP/level0.sql"
        printf ') q) TO STDOUT;\nROLLBACK;\n'
    } | target -f - >> "$LM_TMP/taken" 2> "$LM_TMP/take.err" || fail "level 0 query after \"${2:-nothing}\": $(tail -n 2 "$LM_TMP/take.err")"
}
# a run of the plan as it is now, so that level 0 has something to compare with
freeze() {
    staging -c "DELETE FROM lakemover.run" \
        -c "INSERT INTO lakemover.run (source, hash_key, plan_hash) VALUES ('src', 'x', lakemover.plan_hash('src'))"
    staging -c "SELECT lakemover._level0_sql(max(run_id)) FROM lakemover.run" > "$LM_TMP/level0.sql"
    : > "$LM_TMP/taken"
}
# the differences, with the row's number
differences() {
    staging -c 'TRUNCATE public.found'
    staging -c 'COPY public.found FROM STDIN' < "$LM_TMP/taken"
    staging -F ' | ' -c "SELECT f.no, c.* FROM public.found f, lakemover._level0_compare((SELECT max(run_id) FROM lakemover.run), f.j) c ORDER BY f.no"
}
level0() {
    freeze
    take 0
    differences
}

# 1. The oracle: pg_dump restored, and our statements, dumped alike. (Restoring first evens out how a server prints
# expressions.) Unlogged tables become ordinary.
ddl > "$LM_TMP/native.sql"
lm_sql source postgres -c 'CREATE DATABASE oracle' -c 'CREATE DATABASE ours'
lm_as "$LM_BIN/pg_dump" -h "$LM_TMP/source" -p "${LM_PORT[source]}" -U postgres -d "$LM_DB" --schema-only --no-owner |
    sed 's/^CREATE UNLOGGED TABLE/CREATE TABLE/' > "$LM_TMP/dump.sql"
lm_sql source oracle -f - < "$LM_TMP/dump.sql" > /dev/null || fail "pg_dump's own output"
lm_sql source ours -o /dev/null -f - < "$LM_TMP/native.sql" 2> "$LM_TMP/native.err" || fail "our statements on the source's version: $(tail -n 3 "$LM_TMP/native.err")"
schema_of oracle > "$LM_TMP/oracle.txt"
schema_of ours > "$LM_TMP/ours.txt"
if [ -s "$LM_TMP/ours.txt" ] && diff "$LM_TMP/oracle.txt" "$LM_TMP/ours.txt" > "$LM_TMP/diff.txt"; then
    pass "pg_dump says the same: $(wc -l < "$LM_TMP/ours.txt") lines"
else
    fail "pg_dump's view differs (< theirs, > ours):"
    head -n 40 "$LM_TMP/diff.txt"
fi
sequences="SELECT string_agg(format('%s.%s %s %s', schemaname, sequencename, last_value, start_value), ',' ORDER BY 1) FROM
    (SELECT schemaname, sequencename, last_value, start_value FROM pg_sequences ORDER BY 1, 2) s"
equal "sequences on the source and ours" "$(lm_sql source "$LM_DB" -c "$sequences")" "$(lm_sql source ours -c "$sequences")"

# 2. On the target, as a role that is not a superuser.
target -o /dev/null -f - < "$LM_TMP/native.sql" 2> "$LM_TMP/target.err" || fail "our statements on the target: $(tail -n 3 "$LM_TMP/target.err")"
equal "level 0" "" "$(level0)"
equal "objects compared" "yes" "$(staging -c "SELECT CASE WHEN jsonb_array_length(j) > 150 THEN 'yes' ELSE j::text END FROM public.found")"

# 3. Level 0 notices.
freeze
mutations=()
objects=()
while IFS='#' read -r object sql; do
    objects+=("$object")
    mutations+=("$sql")
    take ${#mutations[@]} "$sql"
done <<'MUTATIONS'
index | sales.customer.customer_doc_idx |#DROP INDEX sales.customer_doc_idx
unique | sales.customer.customer_code_key#ALTER TABLE sales.customer DROP CONSTRAINT customer_code_key
primary key | sales.dept.dept_pkey#ALTER TABLE sales.dept DROP CONSTRAINT dept_pkey CASCADE
foreign key | sales.dept.dept_boss_fkey#ALTER TABLE sales.dept ALTER CONSTRAINT dept_boss_fkey NOT DEFERRABLE
foreign key | sales.emp.emp_dept_fkey#ALTER TABLE sales.emp DROP CONSTRAINT emp_dept_fkey
check | sales.emp.late#ALTER TABLE sales.emp VALIDATE CONSTRAINT late
check | sales.event_old.own#ALTER TABLE sales.event_old DROP CONSTRAINT own
exclusion | sales.emp.emp_room_excl#ALTER TABLE sales.emp DROP CONSTRAINT emp_room_excl
column | sales.customer.code |#ALTER TABLE sales.customer ALTER COLUMN code TYPE varchar(21)
column | sales.customer.payload#ALTER TABLE sales.customer ALTER COLUMN payload TYPE text USING NULL
column | sales.customer.name#ALTER TABLE sales.customer ALTER COLUMN name DROP NOT NULL
column | sales.customer.mood#ALTER TABLE sales.customer ALTER COLUMN mood DROP DEFAULT
column | sales.customer.id#ALTER TABLE sales.customer ALTER COLUMN id SET GENERATED BY DEFAULT
column | sales.customer.lower_name#ALTER TABLE sales.customer ALTER COLUMN lower_name DROP EXPRESSION
column | public.plain.i#ALTER TABLE public.plain DROP COLUMN i
table | sales.nothing#DROP TABLE sales.nothing
table | sales.event_2024#ALTER TABLE sales.event DETACH PARTITION sales.event_2024
sequence | sales.loose#SELECT nextval('sales.loose')
sequence | sales.serials_b_seq#SELECT setval('sales.serials_b_seq', 9000000001)
sequence | sales.serials_a_seq#SELECT setval('sales.serials_a_seq', 1, true)
sequence | sales.loose#ALTER SEQUENCE sales.loose NO CYCLE
sequence | sales.serials_c_seq#ALTER SEQUENCE sales.serials_c_seq OWNED BY NONE
enum | sales.mood#ALTER TYPE sales.mood RENAME VALUE 'sad' TO 'Sad'
domain | sales.cents#ALTER DOMAIN sales.cents DROP CONSTRAINT positive
composite | sales.address#ALTER TYPE sales.address ADD ATTRIBUTE more int
index | sales.customer.customer_name_idx#DROP INDEX sales.customer_name_idx; CREATE INDEX customer_name_idx ON sales.customer (name, year) INCLUDE (code) WHERE year > 2000
view | sales.v#ALTER VIEW sales.v SET (security_barrier = false)
view | sales.b_of_function#DROP VIEW sales.b_of_function
view | sales.z_first#ALTER VIEW sales.z_first RENAME COLUMN "Odd ; col" TO other
materialized view | sales.mat_empty#REFRESH MATERIALIZED VIEW sales.mat; REFRESH MATERIALIZED VIEW sales.mat_empty
materialized view index | sales.mat.mat_key#DROP INDEX sales.mat_key
function | sales.of_view()#ALTER FUNCTION sales.of_view() VOLATILE
function | sales.f(text,#ALTER FUNCTION sales.f(text, int, text[]) RESET work_mem
function | sales."Odd (name)"#ALTER FUNCTION sales."Odd (name)"(sales.mood) SECURITY INVOKER
function | sales.is_even#CREATE OR REPLACE FUNCTION sales.is_even(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT true'
procedure | sales.do_nothing#DROP PROCEDURE sales.do_nothing
aggregate | sales.any_count#DROP AGGREGATE sales.any_count(*)
operator | sales.<~>#ALTER OPERATOR sales.<~> (int, text) SET (RESTRICT = NONE)
trigger | sales.customer.tr#ALTER TABLE sales.customer ENABLE TRIGGER tr
trigger | sales.customer.tr3#DROP TRIGGER tr3 ON sales.customer
trigger | sales.z_first.tr5#DROP TRIGGER tr5 ON sales.z_first
rule | sales.serials.log#ALTER TABLE sales.serials ENABLE RULE log
rule | sales.dept.keep#DROP RULE keep ON sales.dept
policy | sales.customer.own_rows#ALTER POLICY own_rows ON sales.customer TO "App user"
policy | sales.customer."For reporters"#DROP POLICY "For reporters" ON sales.customer
row security | sales.customer#ALTER TABLE sales.customer DISABLE ROW LEVEL SECURITY
statistics | sales.calc.calc_stat#ALTER STATISTICS sales.calc_stat SET STATISTICS 7
table setting | sales.calc#ALTER TABLE sales.calc SET (fillfactor = 71)
table setting | sales.calc#ALTER TABLE sales.calc ALTER COLUMN txt SET STORAGE MAIN
table setting | sales.dept#ALTER TABLE sales.dept REPLICA IDENTITY DEFAULT
table setting | sales.emp#ALTER TABLE sales.emp SET WITHOUT CLUSTER
index | sales.customer.customer_nnd#DROP INDEX sales.customer_nnd; CREATE UNIQUE INDEX customer_nnd ON sales.customer ("time", year)
MUTATIONS
differences > "$LM_TMP/noticed"
for ((i = 0; i < ${#mutations[@]}; i++)); do
    if grep -F -- "${objects[i]}" "$LM_TMP/noticed" | grep -q "^$((i + 1)) |"; then
        pass "level 0 notices: ${mutations[i]}"
    else
        fail "level 0 does not notice \"${mutations[i]}\": $(grep "^$((i + 1)) |" "$LM_TMP/noticed" | head -n 3)"
    fi
done

# 4. Every name replaced, with what SQL quotes in each.
empty_target
staging <<'SQL' > /dev/null
UPDATE lakemover.plan_table SET target_schema = 'S"; ' || target_schema || ' $$ ж''', target_table = 'T"' || table_id || '; -- $$ [x] '' ' || E'\n' || repeat('ж', 12);
UPDATE lakemover.plan_column SET target_column = 'C"' || ordinal || '; /* $1 '' ' || E'\n' || repeat('ж', 20);
UPDATE lakemover.plan_constraint SET target_name = 'K"' || constraint_id || '; $$ '' ]';
UPDATE lakemover.plan_index SET target_name = 'I"' || index_id || '; $$ '' ]';
UPDATE lakemover.plan_sequence SET target_name = 'Q"' || sequence_id || '; $$ '' ]';
UPDATE lakemover.plan_sequence SET target_schema = 'S"; loose' WHERE source_name IN ('loose', 'Order seq');
SQL
equal "problems of the hostile names" "" "$(staging -c "SELECT message FROM lakemover._plan_problems('src')")"
equal "what is not moved with other names" "function: sales.of_view(), sales.z_atomic(), sales.z_row(sales.dept)
materialized view: sales.mat, sales.mat_empty
materialized view index: mat_key on sales.mat
policy: \"For reporters\" on sales.customer
rule: keep on sales.dept, log on sales.serials
statistics: \"Ex pr\" on sales.calc, calc_stat on sales.calc
text of function: sales.\"Odd (name)\"(sales.mood)
trigger: \"Tr; 2\" on sales.customer
view: sales.a_second, sales.b_of_function, sales.by_key, sales.v" \
    "$(staging -c "SELECT kind || ': ' || string_agg(object, ', ' ORDER BY object COLLATE \"C\") FROM lakemover.not_moved('src') WHERE kind <> 'unlogged' GROUP BY kind ORDER BY kind")"
ddl > "$LM_TMP/hostile.sql"
target -o /dev/null -f - < "$LM_TMP/hostile.sql" 2> "$LM_TMP/target.err" || fail "statements with hostile names: $(tail -n 3 "$LM_TMP/target.err")"
equal "level 0 with hostile names" "" "$(level0)"
equal "the defaults take the renamed sequences" "t" "$(target -c "SELECT bool_and(pg_get_expr(d.adbin, d.adrelid) !~ 'Order seq') FROM pg_attrdef d")"

# 5. The portable profile.
empty_target
staging -c "UPDATE lakemover.plan_table SET target_schema = source_schema, target_table = source_table" \
    -c "DELETE FROM lakemover.plan_table" -c "DELETE FROM lakemover.plan_constraint" -c "DELETE FROM lakemover.plan_index" \
    -c "DELETE FROM lakemover.plan_sequence" -c "SELECT lakemover.plan('src', 'portable')" > /dev/null
ddl > "$LM_TMP/portable.sql"
target -o /dev/null -f - < "$LM_TMP/portable.sql" 2> "$LM_TMP/target.err" || fail "the portable profile's statements: $(tail -n 3 "$LM_TMP/target.err")"
equal "level 0, portable" "" "$(level0)"
equal "types on the target, portable" "0" "$(target -c "SELECT count(*) FROM information_schema.columns
    WHERE table_schema IN ('sales', 'public') AND data_type IN ('json', 'jsonb', 'xml', 'timestamp with time zone')")"
equal "a plan that was edited since is refused" "refused" "$(
    staging -c "UPDATE lakemover.plan_table SET target_table = 'other' WHERE source_table = 'dept'"
    staging -c "SELECT lakemover._level0_compare(max(run_id), '[]') FROM lakemover.run" 2>&1 |
        grep -q 'has changed since run' && echo refused)"
finish
