#!/bin/bash
# Views, routines, triggers, rules, policies and privileges of a PostgreSQL source in a whole run: nothing of it fires while rows
# are loaded, it works behind that, objects of others are never replaced, what cannot move is told, and a rollback leaves nothing.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init code_objects
lm_start_source
lm_start_target
for server in source target; do lm_sql "$server" postgres -c 'CREATE ROLE reporter'; done
lm_sql source postgres -c 'CREATE ROLE "only here"' -c "ALTER ROLE $LM_SOURCE_USER BYPASSRLS"
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
CREATE FUNCTION app.code(n int) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'c' || n $$;
CREATE SEQUENCE app.falling INCREMENT BY -5 MINVALUE -100000 MAXVALUE 7 START WITH 7;
SELECT nextval('app.falling'), nextval('app.falling');
CREATE SEQUENCE app.unused START WITH 42;
CREATE TABLE app.customer (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL, code text DEFAULT app.code(7), kind int NOT NULL CHECK (app.code(kind) <> 'c0'));
CREATE TABLE app.log (id bigserial PRIMARY KEY, what text);
CREATE TABLE app.orders (id int PRIMARY KEY, customer int REFERENCES app.customer, total numeric(10, 2)) WITH (fillfactor = 80);
INSERT INTO app.customer (name, kind) SELECT 'n' || i, 1 + i % 3 FROM generate_series(1, 500) i;
INSERT INTO app.log (what) SELECT 'before ' || i FROM generate_series(1, 50) i;
INSERT INTO app.orders SELECT i, 1 + i % 500, i * 1.5 FROM generate_series(1, 2000) i;
CREATE FUNCTION app.note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.log (what) VALUES (TG_OP || ' ' || NEW.id); RETURN NEW; END $$;
CREATE TRIGGER noted AFTER INSERT ON app.orders FOR EACH ROW EXECUTE FUNCTION app.note();
CREATE TRIGGER never BEFORE INSERT ON app.customer FOR EACH ROW EXECUTE FUNCTION app.note();
ALTER TABLE app.customer DISABLE TRIGGER never;
CREATE RULE kept AS ON DELETE TO app.customer DO INSTEAD NOTHING;
CREATE VIEW app.per_customer AS SELECT c.id, c.name, sum(o.total) AS total FROM app.customer c JOIN app.orders o ON o.customer = c.id GROUP BY c.id;
CREATE MATERIALIZED VIEW app.best AS SELECT * FROM app.per_customer WHERE total > 100;
CREATE UNIQUE INDEX best_id ON app.best (id);
CREATE FUNCTION app.of_customer(app.customer) RETURNS text LANGUAGE sql STABLE AS $$ SELECT $1.name || ' ' || $1.code $$;
CREATE PROCEDURE app.add_order(c int) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO app.orders SELECT max(id) + 1, c, 1 FROM app.orders; END $$;
ALTER TABLE app.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_kind ON app.customer FOR SELECT TO reporter USING (kind = 1);
GRANT USAGE ON SCHEMA app TO reporter;
GRANT SELECT ON app.customer, app.best TO reporter;
GRANT SELECT ON app.orders TO "only here";
REVOKE EXECUTE ON PROCEDURE app.add_order(int) FROM PUBLIC;
-- what cannot move, and what needs it
CREATE FUNCTION app.in_c(cstring) RETURNS int LANGUAGE internal AS 'int4in';
CREATE VIEW app.uses_c AS SELECT app.in_c('5') AS five;
CREATE FUNCTION app.watch() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER watcher ON ddl_command_end WHEN TAG IN ('CREATE RULE') EXECUTE FUNCTION app.watch();
CREATE PUBLICATION p FOR TABLE app.orders;
ANALYZE;
SQL
lm_env
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
source_of() { lm_sql source "$LM_DB" -c "$1"; }
objects() {
    target "SELECT string_agg(x, E'\n' ORDER BY x) FROM (
        SELECT 'relation ' || oid::regclass::text FROM pg_class WHERE oid >= 16384 AND relkind IN ('r', 'v', 'm', 'S', 'i') AND relnamespace::regnamespace::text !~ '^pg_'
        UNION ALL SELECT 'routine ' || oid::regprocedure::text FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT 'schema ' || nspname FROM pg_namespace WHERE oid >= 16384 AND nspname !~ '^pg_') s(x)"
}
objects > "$LM_TMP/objects.before"

# Somebody's function of the same name and arguments.
target "CREATE SCHEMA app AUTHORIZATION $LM_TARGET_USER"
target "CREATE FUNCTION app.code(int) RETURNS text LANGUAGE sql AS \$\$ SELECT 'theirs' \$\$"
expect 2 "a target with a function of that name" lm_cli --force
says 'the target has planned objects already: routine app\.code\(integer\)' 'nothing was changed' '--on-existing=drop'
equal "their function" theirs "$(target 'SELECT app.code(1)')"
target 'DROP SCHEMA app CASCADE'

expect 0 "the run" lm_cli
says 'SUCCESS'
# Nothing fired, and nothing was hidden.
equal "rows of the log" 50 "$(target 'SELECT count(*) FROM app.log')"
equal "customers" 500 "$(target 'SELECT count(*) FROM app.customer')"
for query in 'SELECT md5(string_agg(t::text, $$,$$ ORDER BY id)) FROM app.per_customer t' 'SELECT md5(string_agg(t::text, $$,$$ ORDER BY id)) FROM app.best t' \
    'SELECT string_agg(app.of_customer(c), $$,$$ ORDER BY id) FROM app.customer c WHERE id < 5' \
    "SELECT string_agg(indexdef, ',' ORDER BY indexdef) FROM pg_indexes WHERE schemaname = 'app'" \
    "SELECT string_agg(concat(tgname, tgenabled), ',' ORDER BY tgname) FROM pg_trigger WHERE NOT tgisinternal" \
    "SELECT string_agg(relname || coalesce(reloptions::text, ''), ',' ORDER BY relname) FROM pg_class WHERE relnamespace = 'app'::regnamespace AND relkind IN ('r', 'v', 'm') AND relname <> 'uses_c'"; do
    equal "the same on both sides: $query" "$(source_of "$query")" "$(target "$query")"
done
expect 0 "what the target lacks" lm_cli plan --diff
says '^0 planned objects'
# The next value of each sequence and identity, on both sides; each draws one.
next="SELECT string_agg(format('%s %s', c.oid::regclass, nextval(c.oid)), ',' ORDER BY c.oid::regclass::text) FROM pg_class c WHERE c.relkind = 'S' AND c.relnamespace = 'app'::regnamespace"
equal "next values" "$(source_of "$next")" "$(target "$next")"
row="INSERT INTO app.customer (name, kind) VALUES ('new', 2) RETURNING id || code"
equal "the next row's identity and default" "$(source_of "$row")" "$(target "$row")"
# It works.
target "INSERT INTO app.orders VALUES (9001, 1, 1)"
equal "the trigger fires" "INSERT 9001" "$(target 'SELECT what FROM app.log ORDER BY id DESC LIMIT 1')"
target "CALL app.add_order(2)"
equal "the procedure works" 9002 "$(target 'SELECT max(id) FROM app.orders')"
target "DELETE FROM app.customer"
equal "the rule keeps the rows" 501 "$(target 'SELECT count(*) FROM app.customer')"
equal "what a policy shows" "$(source_of 'SELECT count(*) FROM app.customer WHERE kind = 1')" \
    "$(lm_sql target "$LM_TARGET_DB" -c 'SET ROLE reporter' -c 'SELECT count(*) FROM app.customer' | tail -n 1)"
equal "who may call the procedure" f "$(target "SELECT has_function_privilege('reporter', 'app.add_order(int)', 'EXECUTE')")"
equal "who may read the materialized view" t "$(target "SELECT has_table_privilege('reporter', 'app.best', 'SELECT')")"
# What did not come is in the report, with the reason.
json=$(find "$LM_TMP/audit" -name reconciliation.json | sort | tail -n 1)
output "$json"
says 'it is written in internal' 'it uses app.in_c\(cstring\), which is not moved' 'only a superuser may create it' 'the target has no role \\"only here\\"' 'publication'
equal "objects that were not to come" "" "$(target "SELECT string_agg(proname, ',') FROM pg_proc WHERE proname IN ('in_c', 'uses_c')")"
# ddl.sql makes the same on an empty database.
ddl=$(find "$LM_TMP/audit" -name ddl.sql | sort | tail -n 1)
lm_sql target postgres -c "CREATE DATABASE again OWNER $LM_TARGET_USER"
if lm_as "$LM_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$LM_TMP/target" -p "${LM_PORT[target]}" -U postgres -d again -f - < "$ddl" > "$LM_TMP/out.ddl" 2>&1; then
    listing="SELECT string_agg(x, ',' ORDER BY x) FROM (SELECT oid::regclass::text FROM pg_class WHERE relnamespace = 'app'::regnamespace UNION ALL SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'app'::regnamespace) s(x)"
    equal "objects from ddl.sql" "$(target "$listing")" "$(lm_sql target again -c "$listing")"
else
    fail "ddl.sql does not run: $(tail -n 5 "$LM_TMP/out.ddl")"
fi

target 'DROP VIEW app.per_customer CASCADE'
target "ALTER FUNCTION app.code(int) VOLATILE"
expect 5 "what the target lacks after two changes" lm_cli plan --diff
says 'missing +view app\.per_customer' 'missing +materialized view app\.best' 'different +function app\.code\(integer\): planned .*"volatility": "i".*found'
lm_cli plan --ddl > "$LM_TMP/plan.sql" || fail "plan --ddl: exit code $?"
lm_sql target postgres -c "CREATE DATABASE planned OWNER $LM_TARGET_USER"
if lm_as "$LM_BIN/psql" -X -q -v ON_ERROR_STOP=1 -h "$LM_TMP/target" -p "${LM_PORT[target]}" -U postgres -d planned -f - < "$LM_TMP/plan.sql" > "$LM_TMP/out.ddl" 2>&1; then
    equal "objects from plan --ddl" "$(lm_sql target again -c "$listing")" "$(lm_sql target planned -c "$listing")"
else
    fail "the script of plan --ddl does not run: $(tail -n 5 "$LM_TMP/out.ddl")"
fi

expect 2 "a second run" lm_cli
says 'the target has planned tables already, with rows: "app"\."customer"' 'other objects: .*routine app\.code'
# Somebody's view on one of ours stops the drop.
target 'CREATE VIEW public.theirs AS SELECT * FROM app.orders'
expect 2 "dropping what somebody uses" lm_cli --on-existing=drop
says 'cannot drop the planned objects' 'theirs'
equal "nothing was dropped" 501 "$(target 'SELECT count(*) FROM app.customer')"
target 'DROP VIEW public.theirs'
expect 0 "a run that drops what is there" lm_cli --on-existing=drop
says 'SUCCESS'
equal "rows of the log after the second run" 50 "$(target 'SELECT count(*) FROM app.log')"
expect 0 "rolling back" lm_cli rollback --yes
says ' 0 kept' 'drop +view app\.per_customer' 'drop +function app\.code\(integer\)'
# Schema and loose sequences were there when the last run began, and are not its own; RESTRICT tells that nothing else is.
target 'DROP SEQUENCE app.falling, app.unused'
target 'DROP SCHEMA app RESTRICT' || fail "the schema is not empty"
objects > "$LM_TMP/objects.now"
same "objects after the rollback" "$LM_TMP/objects.before" "$LM_TMP/objects.now"

expect 0 "without privileges" lm_cli --no-privileges
equal "what a role may do" f "$(target "SELECT has_table_privilege('reporter', 'app.best', 'SELECT')")"
expect 0 "rolling back again" lm_cli rollback --yes

# A plan that was made before anybody had looked at the target.
lm_cli psql -q -c "DELETE FROM lakemover.target_fact" > /dev/null || fail "the facts cannot be forgotten"
expect 0 "planning without a target" env -u LAKEBASE_HOST "$LM_LAKEMOVER" plan --privileges
equal "whether the policy moves" "whether the target has the role reporter is not known" \
    "$(lm_cli psql -X -q -A -t -c "SELECT reason FROM lakemover.plan_routine WHERE kind = 'policy'")"
expect 0 "loading that plan" lm_cli migrate
says 'SUCCESS'
equal "the policy is there" by_kind "$(target "SELECT polname FROM pg_policy")"
expect 0 "rolling back that run" lm_cli rollback --yes

# A setting that the target does not take keeps nothing from being loaded.
if [ "$(lm_sql target postgres -c "SELECT 'lz4' = ANY (enumvals) FROM pg_settings WHERE name = 'default_toast_compression'")" = f ] &&
    lm_sql source "$LM_DB" -c 'ALTER TABLE app.log ALTER COLUMN what SET COMPRESSION lz4' > /dev/null 2>&1; then
    expect 4 "a setting that the target lacks" lm_cli --no-privileges
    says 'app\.log' 'compression method lz4 not supported'
    equal "rows of the table with that setting" 50 "$(target 'SELECT count(*) FROM app.log')"
fi
finish
