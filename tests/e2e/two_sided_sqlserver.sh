#!/bin/bash
# A SQL Server source compared with a target that holds copies made by others: plain tables, filled with INSERTs from a
# dump of values. Equal first; then a value, a missing row and a doubled one are named.
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/mssql.sh"
lm_init two_sided_sqlserver
lm_start_target
lm_env
ms_start
export SOURCE_SCHEMAS=cmp LAKEMOVER_JOBS=2
cat > "$LM_TMP/source.sql" <<'SQL'
CREATE SCHEMA cmp
GO
CREATE TABLE cmp.item (id int NOT NULL CONSTRAINT item_pkey PRIMARY KEY, name nvarchar(40), price money, made datetime, code char(6))
CREATE TABLE cmp.heap (a int NULL, b nvarchar(20) NULL)
GO
INSERT INTO cmp.item VALUES (1, N'ünal', 1.2345, '2024-01-02T03:04:05.007', 'ab'), (2, NULL, 2, '2024-02-29T00:00:00', 'abc'), (3, N'', -3.5, NULL, 'xyz')
INSERT INTO cmp.heap VALUES (1, N'x'), (1, N'x'), (2, NULL)
GO
SQL
ms_load "$LM_TMP/source.sql"
lm_sql target "$LM_TARGET_DB" -f - <<'SQL' || fail "the target"
CREATE SCHEMA cmp;
CREATE TABLE cmp.item (id int CONSTRAINT item_pkey PRIMARY KEY, name varchar(40), price numeric(19,4), made timestamp(3), code char(6));
CREATE TABLE cmp.heap (a int, b varchar(20));
INSERT INTO cmp.item VALUES (1, 'ünal', 1.2345, '2024-01-02 03:04:05.007', 'ab'), (2, NULL, 2, '2024-02-29', 'abc'), (3, '', -3.5, NULL, 'xyz');
INSERT INTO cmp.heap VALUES (2, NULL), (1, 'x'), (1, 'x');
GRANT USAGE ON SCHEMA cmp TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA cmp TO PUBLIC;
SQL
staging() { lm_cli psql -X -A -t -q -F '|' -c "$1"; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
verdicts() {
    staging "SELECT string_agg(v.verdict, ' ' ORDER BY v.level) FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
        WHERE t.spec->>'target_table' = '$1' AND v.$newest AND v.level > 0"
}
expect 0 "comparing" lm_cli validate --two-sided
says 'EQUAL'
equal "levels of item" 'equal equal equal equal' "$(verdicts item)"
equal "levels of heap" 'equal equal equal equal' "$(verdicts heap)"
expect 0 "comparing all rows by each engine" lm_cli validate --two-sided --checksum=full --checksum-hash=sha256
equal "level 3 covers all rows" 'heap 3 true sha256|item 3 true sha256' "$(staging "SELECT string_agg(concat_ws(' ', t.spec->>'target_table', v.rows_covered, v.detail->>'whole_table', v.detail->>'hash'), '|' ORDER BY t.spec->>'target_table') FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id) WHERE v.$newest AND v.level = 3")"
lm_sql target "$LM_TARGET_DB" -c "UPDATE cmp.item SET made = made + interval '1 millisecond' WHERE id = 1; DELETE FROM cmp.item WHERE id = 2; INSERT INTO cmp.heap VALUES (2, NULL)"
expect 5 "comparing a target that differs" lm_cli validate --two-sided
says 'VALIDATION FAILED' 'cmp.item key id=1 column made: source 2024-01-02 03:04:05.007.*, target 2024-01-02 03:04:05.008.*: precision' \
    'cmp.item key id=2 column : .*the row is missing on the target' 'cmp.heap key .*the row is there more often than in the source'
# Mended: by a role that may write.
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
target "ALTER TABLE cmp.item OWNER TO $LM_TARGET_USER; ALTER TABLE cmp.heap OWNER TO $LM_TARGET_USER; GRANT USAGE ON SCHEMA cmp TO $LM_TARGET_USER"
expect 0 "repairing" lm_cli validate --repair
says 'EQUAL AFTER REPAIR' 'cmp.item was repaired: 1 rows updated, 1 inserted, 0 deleted, of 3' 'cmp.heap was repaired: 0 rows updated, 0 inserted, 1 deleted, of 3'
equal "levels of item" 'equal equal equal equal' "$(verdicts item)"
finish
