#!/bin/bash
# Validation against a target that another tool loaded: no ledger, no run of ours, a role that may only read. Every
# table is read on both sides; differences are named by key and column; and the target is never written to.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init two_sided
lm_start_source
lm_start_target
lm_env
export LAKEMOVER_JOBS=2
lm_sql source "$LM_DB" -f - <<'SQL' || fail "the source database"
CREATE SCHEMA shop;
CREATE TABLE shop.customer (id int PRIMARY KEY, name text NOT NULL, note text, at timestamptz, amount numeric(10,2), pad char(8));
INSERT INTO shop.customer SELECT g, 'Name ' || g, CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'café ' || g END,
    timestamptz '2024-01-01' + g * interval '1 hour 7.000007 s', g + 0.25, 'p' || g FROM generate_series(1, 3000) g;
CREATE TABLE shop.orders (id int PRIMARY KEY, customer int REFERENCES shop.customer, total numeric(12,2));
INSERT INTO shop.orders SELECT g, 1 + g % 3000, g / 100.0 FROM generate_series(1, 5000) g;
CREATE INDEX orders_customer ON shop.orders (customer);
CREATE TABLE shop.log (line text, n int);
INSERT INTO shop.log SELECT 'line ' || g % 7, g FROM generate_series(1, 400) g;
CREATE TABLE shop.nothing (id int PRIMARY KEY);
SQL
# Its numbers are not ours: below the test counts transactions that write.
lm_sql target "$LM_TARGET_DB" -c 'ALTER SYSTEM SET autovacuum = off' -c 'SELECT pg_reload_conf()' > /dev/null
# The other tool.
lm_as "$LM_BIN/pg_dump" -h "$LM_TMP/source" -p "${LM_PORT[source]}" -U postgres --no-owner --no-acl "$LM_DB" > "$LM_TMP/dump.sql" || fail "pg_dump"
lm_sql target "$LM_TARGET_DB" -f - < "$LM_TMP/dump.sql" > /dev/null || fail "loading the dump"
lm_sql target "$LM_TARGET_DB" -c "CREATE ROLE reader LOGIN PASSWORD 'reads'; GRANT USAGE ON SCHEMA shop TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA shop TO reader"
export LAKEBASE_USERNAME=reader LAKEBASE_PASSWORD=reads
staging() { lm_cli psql -X -A -t -q -F '|' -c "$1"; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
verdict() { # TABLE LEVEL VERDICT
    equal "$1, level $2" "$3" "$(staging "SELECT v.verdict FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
        WHERE t.spec->>'target_table' = '$1' AND v.level = $2 AND v.$newest")"
}
caught() { # TABLE LEVEL ROW_KEY COLUMN SOURCE TARGET CAUSE
    local found
    found=$(staging "SELECT concat_ws('|', coalesce(d.row_key, '-'), coalesce(d.column_name, '-'), coalesce(d.source_value, 'NULL'), coalesce(d.target_value, 'NULL'), d.cause)
        FROM lakemover.difference d JOIN lakemover.run_table t USING (run_id, table_id) WHERE t.spec->>'target_table' = '$1' AND d.level = $2 AND d.$newest")
    if grep -qE "^$3\|$4\|$5\|$6\|$7" <<< "$found"; then pass "$1, level $2: $(grep -m 1 -E "^$3\|$4\|$5\|$6\|$7" <<< "$found")"; else
        fail "$1, level $2: no \"$3|$4|$5|$6|$7\" but: $found"; fi
}

# --- equal; without a run it needs no option -------------------------------------------------------
expect 2 "a run that is not there" lm_cli validate 7
lm_sql source "$LM_DB" -c 'ANALYZE'
expect 0 "planning" lm_cli plan
staging "UPDATE lakemover.plan_table SET batch_rows = 700, chunking = 'keyset' WHERE source_table = 'customer'"
# A transaction that wrote would have got a number.
next_xid() { lm_sql target "$LM_TARGET_DB" -c 'SELECT pg_snapshot_xmax(pg_current_snapshot())'; }
before=$(next_xid)
expect 0 "comparing" lm_cli validate
says 'there is no finished run' 'EQUAL'
equal "transactions on the target that wrote" "$before" "$(next_xid)"
equal "what was made on the target" 0 "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'lakemover%'")"
equal "kind and verdict" 'comparison|done|EQUAL|0' "$(staging "SELECT kind, state, verdict, exit_code FROM lakemover.run WHERE $newest")"
equal "the table was read in several ranges" t "$(staging "SELECT chunks > 3 FROM lakemover.run_table WHERE $newest AND spec->>'source_table' = 'customer'")"
for t in customer orders log nothing; do for level in 0 1 2 3 4; do verdict $t $level equal; done; done
equal "rows that level 2 covered" '3000' "$(staging "SELECT rows_covered FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id) WHERE $newest AND level = 2 AND t.spec->>'target_table' = 'customer'")"
dir=$(staging "SELECT audit_dir FROM lakemover.run WHERE $newest")
expect 0 "its directory" lm_cli verify "$dir"
output "$dir/reconciliation.html"
says 'comparison report' 'Each table of the target was read at a moment of its own' 'Rows read from the source'
says_not 'No blocker is open'
run=$(staging "SELECT max(run_id) FROM lakemover.run")
for command in resume 'rollback --yes' retry-rejects validate; do
    # shellcheck disable=SC2086  # words
    expect 2 "$command of a comparison" lm_cli $command "$run"
    says 'is a comparison'
done
expect 2 "a run and --two-sided" lm_cli validate --two-sided "$run"

# --- different -------------------------------------------------------------------------------------
lm_sql target "$LM_TARGET_DB" -f - <<'SQL' || fail "the mutations"
UPDATE shop.customer SET amount = amount + 0.01 WHERE id = 2500;
UPDATE shop.customer SET note = '' WHERE id = 2502;
UPDATE shop.customer SET name = CASE id WHEN 2510 THEN 'Name 2511' ELSE 'Name 2510' END WHERE id IN (2510, 2511);
UPDATE shop.customer SET note = 'caf', at = at + interval '1 microsecond' WHERE id = 2600;
DELETE FROM shop.orders WHERE id = 4000;
INSERT INTO shop.orders VALUES (6000, 1, 1);
INSERT INTO shop.log SELECT * FROM shop.log WHERE n = 17;
DROP INDEX shop.orders_customer;
SQL
before=$(next_xid)
expect 5 "comparing a target that differs" lm_cli validate --two-sided
says 'VALIDATION FAILED' 'shop.customer' 'amount'
equal "transactions on the target that wrote" "$before" "$(next_xid)"
caught customer 2 'id=2500' amount '2500.25' '2500.26' 'last digit'
caught customer 2 'id=2502' note 'NULL' '' 'NULL became empty text'
caught customer 2 'id=2510' name 'Name 2510' 'Name 2511' 'swapped with the value of row id=2511'
caught customer 2 'id=2600' at '.*' '.*' 'off by 1 microseconds'
caught customer 2 'id=2600' note 'café 2600' 'caf' 'truncated at 3 characters'
caught orders 2 'id=4000' - 'NULL|.*' '.*' 'the row is missing on the target'
caught orders 2 'id=6000' - '.*' '.*' 'the row is not in the source'
caught log 2 '.*17.*' - '.*' '.*' 'the row is there more often than in the source'
verdict customer 1 equal
verdict log 1 different
verdict orders 0 different
verdict nothing 2 equal

# --- a table that is not there, and an end in the middle -------------------------------------------
lm_sql target "$LM_TARGET_DB" -c 'DROP TABLE shop.nothing'
expect 5 "comparing a target that lacks a table" lm_cli validate --two-sided --json
says '"verdict":"VALIDATION FAILED"'
verdict nothing 2 'not comparable'
LAKEBASE_PORT=1 expect 6 "a target that is away" lm_cli validate --two-sided
equal "it is not to be resumed" 'comparison|failed' "$(staging "SELECT kind, state FROM lakemover.run WHERE $newest")"

# --- beside a run of ours --------------------------------------------------------------------------
export LAKEBASE_USERNAME=$LM_TARGET_USER LAKEBASE_PASSWORD=$LM_TARGET_PASSWORD
lm_sql target "$LM_TARGET_DB" -c 'SET client_min_messages = warning; DROP SCHEMA shop CASCADE'
expect 0 "a run" lm_cli --keep-ledger
expect 0 "comparing what it loaded" lm_cli validate --two-sided
equal "its ledger is left alone" 't' "$(lm_sql target "$LM_TARGET_DB" -c "SELECT count(*) >= 4 FROM lakemover_ledger.chunk")"
expect 0 "validating the run, though a comparison is newer" lm_cli validate
says "^run $(staging "SELECT max(run_id) FROM lakemover.run WHERE kind = 'migration'"): SUCCESS"
finish
