#!/bin/bash
# Owners of a PostgreSQL source go to the roles that the target has and that the migrating role acts for; the rest stays with it and
# is told. Rows are proven, mended, dropped and loaded again after that, and a rollback leaves nothing.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init owners
lm_start_source
lm_start_target
lm_sql source postgres -c 'CREATE ROLE app_owner' -c 'CREATE ROLE "Report; Owner"' -c 'CREATE ROLE nobody_there' -c 'CREATE ROLE not_ours' -c 'CREATE ROLE reader'
lm_sql target postgres -c 'CREATE ROLE app_owner' -c 'CREATE ROLE reports' -c 'CREATE ROLE not_ours' -c 'CREATE ROLE reader' \
    -c "GRANT app_owner, reports TO $LM_TARGET_USER"
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app AUTHORIZATION app_owner;
CREATE SCHEMA common;
SET ROLE app_owner;
CREATE TYPE app.mood AS ENUM ('good', 'bad');
CREATE TABLE app.parent (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, m app.mood DEFAULT 'good', n serial);
CREATE TABLE app.child (id int PRIMARY KEY, parent int REFERENCES app.parent ON DELETE CASCADE);
INSERT INTO app.parent (m) SELECT 'bad' FROM generate_series(1, 300) i;
INSERT INTO app.child SELECT i, i FROM generate_series(1, 300) i;
CREATE SEQUENCE app.loose;
CREATE VIEW app.both AS SELECT p.id, c.id AS child FROM app.parent p JOIN app.child c ON c.parent = p.id;
CREATE MATERIALIZED VIEW app.counted AS SELECT count(*) AS n FROM app.both;
CREATE FUNCTION app.size() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM app.parent';
ALTER TABLE app.parent ENABLE ROW LEVEL SECURITY;
GRANT USAGE ON SCHEMA app TO reader;
GRANT SELECT ON app.child TO reader;
RESET ROLE;
CREATE TABLE common.report (id int PRIMARY KEY);
CREATE TABLE common.lost (id int PRIMARY KEY);
CREATE TABLE common.foreign_to_us (id int PRIMARY KEY);
CREATE TABLE common.ours (id int PRIMARY KEY);
INSERT INTO common.report SELECT generate_series(1, 50);
ALTER TABLE common.report OWNER TO "Report; Owner";
ALTER TABLE common.lost OWNER TO nobody_there;
ALTER TABLE common.foreign_to_us OWNER TO not_ours;
ANALYZE;
SQL
lm_sql source postgres -c "ALTER ROLE $LM_SOURCE_USER BYPASSRLS"
lm_env
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
owners() {
    target "SELECT string_agg(x, ' ' ORDER BY x) FROM (
        SELECT relname || '=' || relowner::regrole FROM pg_class WHERE relnamespace::regnamespace::text IN ('app', 'common') AND relkind IN ('r', 'v', 'm', 'S')
        UNION ALL SELECT proname || '=' || proowner::regrole FROM pg_proc WHERE pronamespace::regnamespace::text = 'app'
        UNION ALL SELECT typname || '=' || typowner::regrole FROM pg_type WHERE typname = 'mood'
        UNION ALL SELECT nspname || '=' || nspowner::regrole FROM pg_namespace WHERE nspname IN ('app', 'common')) s(x)"
}
report() { find "$LM_TMP/audit" -name reconciliation.json -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2; }
wanted="app=app_owner both=app_owner child=app_owner common=$LM_TARGET_USER counted=app_owner foreign_to_us=$LM_TARGET_USER loose=app_owner lost=$LM_TARGET_USER mood=app_owner ours=$LM_TARGET_USER parent=app_owner parent_id_seq=app_owner parent_n_seq=app_owner report=reports size=app_owner"

expect 0 "an assessment" lm_cli --assess-only
expect 0 "its findings" lm_cli psql -X -A -t -c "SELECT message FROM lakemover.finding WHERE check_id = 'object'"
says 'owner nobody_there of 1 objects: they will belong to the role that migrates: the target has no role nobody_there' "owner not_ours of 1 objects: .*$LM_TARGET_USER on the target is not a member of not_ours with INHERIT and SET"
expect 0 "planning" lm_cli plan
lm_cli psql -q -c "INSERT INTO lakemover.role_map SELECT source, 'Report; Owner', 'reports' FROM lakemover.plan" > /dev/null || fail "role_map"
expect 0 "the run" lm_cli
says 'SUCCESS'
equal "owners" "$wanted" "$(owners)"
equal "who may create in the schema" f "$(target "SELECT has_schema_privilege('reports', 'common', 'CREATE')")"
equal "who may read" t "$(target "SELECT has_table_privilege('reader', 'app.child', 'SELECT')")"
output "$(report)"
says 'the target has no role nobody_there: 1 objects belong to the role that migrates' 'is not a member of not_ours with INHERIT and SET: 1 objects'
says_not '"name": ?"app_owner"'
expect 0 "validating afterwards" lm_cli validate
expect 0 "what the target lacks" lm_cli plan --diff
expect 0 "comparing both sides" lm_cli validate --two-sided

# Rows of somebody else's table are mended as one's own.
target "DELETE FROM app.child WHERE id < 10"
lm_sql source "$LM_DB" -c "INSERT INTO app.child VALUES (1001, 1)"
expect 0 "refreshing" lm_cli migrate --refresh
equal "rows after it" 301 "$(target 'SELECT count(*) FROM app.child')"
equal "owners after it" "$wanted" "$(owners)"

# Dropped and loaded again.
expect 0 "a second run" lm_cli --on-existing=drop
equal "owners after the second run" "$wanted" "$(owners)"
expect 0 "rolling back" lm_cli rollback --yes
says ' 0 kept'
target 'DROP SCHEMA IF EXISTS app, common RESTRICT' || target "DROP SEQUENCE app.loose; DROP TYPE app.mood; DROP SCHEMA app, common"

target "CREATE SCHEMA common"
lm_sql target "$LM_TARGET_DB" -c 'ALTER SCHEMA common OWNER TO not_ours' -c "GRANT USAGE, CREATE ON SCHEMA common TO $LM_TARGET_USER"
expect 0 "a run into a schema of somebody else" lm_cli
says 'SUCCESS'
equal "the schema keeps its owner" not_ours "$(target "SELECT nspowner::regrole FROM pg_namespace WHERE nspname = 'common'")"
equal "what cannot be given away there" "$LM_TARGET_USER" "$(target "SELECT relowner::regrole FROM pg_class WHERE oid = 'common.report'::regclass")"
output "$(report)"
says 'reports may not create in schema common of the target, which was there before'
expect 0 "rolling that back" lm_cli rollback --yes
says ' 0 kept'
finish
