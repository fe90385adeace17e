#!/bin/bash
# Rows that the target refuses for their data. By default their table fails, and the error names row and column. With
# --on-bad-row=reject they are set aside in the transaction that commits the rest of their batch, up to a limit; kill -9
# in between sets none aside twice; validation counts them; retry-rejects loads each once after the target was changed.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
. "$(dirname "$0")/../lib/house.sh"
lm_init bad_rows
lm_start_source
lm_start_target
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA app;
-- first, last, and several in the middle of two batches
CREATE TABLE app.mixed (id int PRIMARY KEY, v text NOT NULL, at timestamptz DEFAULT '2024-01-01 12:00:00.5+00');
INSERT INTO app.mixed SELECT i, CASE WHEN i IN (1, 17, 1000, 1001, 1002, 2000) THEN 'much too long ' || i ELSE 'v' || i END FROM generate_series(1, 2000) i;
-- every row
CREATE TABLE app.all_bad (id int PRIMARY KEY, n numeric(7,2));
INSERT INTO app.all_bad SELECT i, 1000 + i FROM generate_series(1, 40) i;
-- without a key, copied as text, and with the same bad row three times
CREATE TABLE app.keyless (a text, n numeric(7,2));
INSERT INTO app.keyless SELECT 'row	' || i, i FROM generate_series(1, 300) i;
INSERT INTO app.keyless SELECT E'bad\\row', 4711 FROM generate_series(1, 3);
-- whole rows are refused by a trigger of the target's administrator
CREATE TABLE app.ruled (at timestamptz PRIMARY KEY, v text);
INSERT INTO app.ruled SELECT '2024-02-29 00:00:00.25+00'::timestamptz + i * interval '1 hour', 'v' || i FROM generate_series(1, 500) i;
CREATE TABLE app.good (id int PRIMARY KEY, v text);
INSERT INTO app.good SELECT i, 'g' || i FROM generate_series(1, 100) i;
ANALYZE;
SQL
house_slow 0
lm_sql target "$LM_TARGET_DB" <<'SQL'
CREATE FUNCTION house.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'house rule: % is not wanted', NEW.v USING ERRCODE = 'check_violation';
END $$;
SQL
house_watch app.ruled "CREATE TRIGGER refuse BEFORE INSERT ON app.ruled FOR EACH ROW WHEN (NEW.v IN ('v7', 'v300')) EXECUTE FUNCTION house.refuse()" \
    "${HOUSE_LINGER[@]}"
lm_env
export LAKEMOVER_JOBS=2
staging() { lm_cli psql -q -A -t -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
newest="(SELECT max(run_id) FROM lakemover.run)"
error_of() { staging "SELECT error FROM lakemover.run_table WHERE run_id = $newest AND spec->>'source_table' = '$1'"; }
rejected() { target "SELECT count(*) FROM lakemover_ledger.reject"; }
verdicts() {    # verdicts TABLE
    staging "SELECT string_agg(v.level || ' ' || v.verdict, ', ' ORDER BY v.level) FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
             WHERE v.run_id = $newest AND v.level > 0 AND t.spec->>'source_table' = '$1'"
}
rows_agree() {  # rows_agree TABLE CONDITION: of the source's rows those that hold are what the target has
    equal "rows of $1" "$(lm_sql source "$LM_DB" -c "SET TimeZone = 'UTC'; SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text COLLATE \"C\")) FROM app.$1 t WHERE $2" | tail -n 1)" \
        "$(lm_sql target "$LM_TARGET_DB" -c "SET TimeZone = 'UTC'; SELECT count(*), md5(string_agg(t::text, ',' ORDER BY t::text COLLATE \"C\")) FROM app.$1 t" | tail -n 1)"
}

expect 0 "planning" lm_cli plan
staging "UPDATE lakemover.plan_table SET batch_rows = 500 WHERE source_table = 'mixed'"
staging "UPDATE lakemover.plan_table SET copy_format = 'text' WHERE source_table = 'keyless'"
staging "UPDATE lakemover.plan_column SET target_type = 'character varying(10)' WHERE source_column = 'v' AND table_id = (SELECT table_id FROM lakemover.plan_table WHERE source_table = 'mixed')"
staging "UPDATE lakemover.plan_column SET target_type = 'numeric(5,2)' WHERE source_column = 'n'"

# By default the table fails, and the row that is at fault is named.
expect 4 "bad rows, by default" lm_cli migrate
says 'INCOMPLETE'
output "$LM_TMP/errors"
for table in mixed all_bad keyless ruled; do error_of $table; done > "$OUT"
says 'mixed chunk [0-9]+: target: value too long for type character varying\(10\): row id=[0-9]+, column v = much too long [0-9]+, in the batch from ' \
    'all_bad chunk 1: target: numeric field overflow: row id=1, column n = 1001.00' 'keyless chunk 1: .*overflow: row \(bad.row, 4711.00\), column n = 4711.00' \
    'ruled chunk 1: target: house rule: v7 is not wanted: row at=2024-02-29 07:00:00.250000\+00' 'on-bad-row=reject'
equal "nothing is set aside" 0 "$(rejected)"
equal "attempts at what can only fail again" 0 "$(staging "SELECT count(*) FROM lakemover.event WHERE kind = 'chunk_retry'")"

# Beyond the limit a table fails; one that is within it does not.
expect 4 "more bad rows than allowed" lm_cli migrate --on-existing=drop --on-bad-row=reject --max-bad-rows 5
says 'INCOMPLETE'
output "$LM_TMP/errors"
for table in mixed all_bad; do error_of $table; done > "$OUT"
says 'mixed chunk [0-9]+: more than 5 rows of the table are refused by the target' 'all_bad chunk 1: more than 5 rows of the table are refused by the target.*numeric field overflow'
equal "state of keyless" "done" "$(staging "SELECT state FROM lakemover.run_table WHERE run_id = $newest AND spec->>'source_table' = 'keyless'")"
equal "rejects of undone tables" 5 "$(rejected)"

# Set aside. The loader is killed between finding out and committing, and nothing is set aside twice.
target 'UPDATE house.slow SET seconds = 20'
"$LM_LAKEMOVER" migrate --on-existing=drop --on-bad-row=reject > "$LM_TMP/out.killed" 2>&1 < /dev/null &
run=$!
lingers() { [ "$(target "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE 'INSERT INTO lakemover_ledger.chunk%'")" -ge 1 ]; }
if eventually 60 lingers; then pass "batches are about to be committed"; else fail "no batch: $(cat "$LM_TMP/out.killed")"; fi
kill -9 $run
wait $run 2> /dev/null
target 'UPDATE house.slow SET seconds = 0'
expect 4 "resumed" lm_cli resume
says 'COMPLETED WITH REJECTED ROWS' '51 rows were refused by the target and set aside: .*app.mixed' 'retry-rejects'
equal "rejects" 51 "$(rejected)"
equal "rejects by table" "all_bad 40, keyless 3, mixed 6, ruled 2" "$(staging "SELECT string_agg(n, ', ' ORDER BY n) FROM (SELECT t.spec->>'source_table' || ' ' || count(*) AS n
    FROM lakemover.run_reject x JOIN lakemover.run_table t USING (run_id, table_id) WHERE x.run_id = $newest GROUP BY t.spec->>'source_table') q")"
equal "counted by the batches" 51 "$(staging "SELECT sum(rows_rejected) FROM lakemover.run_chunk WHERE run_id = $newest")"
rows_agree mixed "length(v) <= 10"
rows_agree all_bad "n < 1000"
rows_agree keyless "n < 1000"
rows_agree ruled "v NOT IN ('v7', 'v300')"
rows_agree good true
except='equal except rejects'
for table in mixed all_bad keyless ruled; do equal "levels of $table" "1 $except, 2 $except, 3 $except, 4 $except" "$(verdicts $table)"; done
equal "levels of good" "1 equal, 2 equal, 3 equal, 4 equal" "$(verdicts good)"
equal "the sum" "source 2000, target 1994, rejected 6; 2000 = 1994 + 6" "$(staging "SELECT v.detail->>'sum' FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id) WHERE v.run_id = $newest AND level = 1 AND t.spec->>'source_table' = 'mixed'")"
equal "rows of one transaction per batch" 4 "$(target 'SELECT count(DISTINCT xmin::text) FROM app.mixed')"
equal "rows by the ledger's transactions" 1994 "$(target "SELECT count(*) FROM app.mixed m JOIN lakemover_ledger.chunk c ON m.xmin::text = (c.xid::text::numeric % 4294967296)::text")"
equal "key, column and reason" "id=17|v|22001|value too long for type character varying(10)" \
    "$(target "SELECT row_key, column_name, sqlstate, reason FROM lakemover_ledger.reject WHERE row_key = 'id=17' AND column_name = 'v'")"
audit=$(find "$LM_TMP/audit" -maxdepth 1 -name '*run-3*' | sort | tail -n 1)
equal "lines of rejects.jsonl" 51 "$(wc -l < "$audit/rejects.jsonl")"
equal "mode of rejects.jsonl" 600 "$(stat -c %a "$audit/rejects.jsonl")"
output "$audit/reconciliation.html"
says 'Rows that the target refused' 'id=17' '51 rows rejected'

# After the target was changed: what it takes by then goes in, once; the rest stays.
target 'ALTER TABLE app.mixed ALTER v TYPE varchar(16)'
target 'DROP TRIGGER refuse ON app.ruled'
expect 4 "the rejects again" lm_cli retry-rejects
says 'app.mixed: 2 rows loaded, 4 still refused' 'app.ruled: 2 rows loaded, 0 still refused' 'app.all_bad: 0 rows loaded, 40 still refused' 'app.mixed id=1000, column v: value too long for type character varying\(16\)' 'lakemover validate'
equal "rejects left" 47 "$(rejected)"
rows_agree mixed "length(v) <= 16"
expect 4 "validated in between" lm_cli validate
says '47 rows were refused by the target and set aside'
equal "levels of ruled" "1 equal, 2 equal" "$(verdicts ruled | cut -d, -f1-2)"
target 'ALTER TABLE app.mixed ALTER v TYPE varchar(30)'
target 'ALTER TABLE app.all_bad ALTER n TYPE numeric(10,2)'
target 'ALTER TABLE app.keyless ALTER n TYPE numeric(10,2)'
expect 0 "the rest of them" lm_cli retry-rejects
says 'app.mixed: 4 rows loaded, 0 still refused' 'app.all_bad: 40 rows loaded, 0 still refused' 'app.keyless: 3 rows loaded'
expect 0 "nothing is left to load" lm_cli retry-rejects
says 'has no rejected rows'
for table in mixed all_bad keyless ruled; do rows_agree $table true; done
# The widened types are not the plan's, which level 0 says; every row is there.
expect 4 "validated at last" lm_cli validate
says 'INCOMPLETE' 'app.mixed: level 0 different'
says_not 'set aside'
for table in mixed all_bad keyless ruled; do equal "levels of $table" "1 equal, 2 equal" "$(verdicts $table | cut -d, -f1-2 | sed 's/ under policy//')"; done

# Where the change does not show in the schema, the run becomes a success.
staging "UPDATE lakemover.plan_table SET exclude = true WHERE source_table IN ('mixed', 'all_bad', 'keyless')"
expect 4 "another run" lm_cli migrate --on-existing=drop --on-bad-row=reject
says 'COMPLETED WITH REJECTED ROWS'
target 'DROP TRIGGER refuse ON app.ruled'
expect 0 "its rejects" lm_cli retry-rejects --json
says '"loaded":2' '"still_refused":\[\]'
expect 0 "validated" lm_cli validate
says 'SUCCESS'
equal "the run's state" "done|SUCCESS|0" "$(staging "SELECT state, verdict, exit_code FROM lakemover.run WHERE run_id = $newest")"
rows_agree ruled true
check_nothing_left
finish
