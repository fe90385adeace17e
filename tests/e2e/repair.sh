#!/bin/bash
# validate --repair and migrate --refresh: rows that differ are updated, inserted and deleted, and no others; the end is
# proven before it is committed; what cannot be repaired is refused and stays as it is.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init repair
lm_start_source
lm_start_target
lm_env
export LAKEMOVER_JOBS=2
lm_sql source "$LM_DB" -f - <<'SQL' || fail "the source database"
CREATE SCHEMA shop;
CREATE TABLE shop.customer (id int PRIMARY KEY, mail text UNIQUE, note text, boss int REFERENCES shop.customer);
INSERT INTO shop.customer SELECT g, 'm' || g, 'n' || g, nullif(g / 10, 0) FROM generate_series(1, 4000) g;
CREATE TABLE shop.orders (id bigint PRIMARY KEY, customer int NOT NULL REFERENCES shop.customer ON DELETE CASCADE, total numeric(12,2));
INSERT INTO shop.orders SELECT g, 1 + g % 3000, g / 100.0 FROM generate_series(1000, 20000) g;
CREATE TABLE shop.line (orders bigint REFERENCES shop.orders, no int, what text, PRIMARY KEY (orders, no));
INSERT INTO shop.line SELECT g, 1, 'w' || g FROM generate_series(2000, 5000) g;
CREATE TABLE shop.log (line text, n int);
INSERT INTO shop.log SELECT 'line ' || g % 7, g / 2 FROM generate_series(1, 4000) g;
CREATE TABLE shop.quiet (id int PRIMARY KEY, v text);
INSERT INTO shop.quiet SELECT g, 'v' || g FROM generate_series(1, 500) g;
CREATE TABLE shop.made (n int GENERATED ALWAYS AS IDENTITY, id int PRIMARY KEY, v int, twice int GENERATED ALWAYS AS (v * 2) STORED);
INSERT INTO shop.made (id, v) SELECT g, g FROM generate_series(1, 100) g;
CREATE SEQUENCE shop.countdown INCREMENT -1 MAXVALUE 1000 START 1000;
SELECT nextval('shop.countdown');
SQL
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
staging() { lm_cli psql -X -A -t -q -F '|' -c "$1"; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
moved() { # TABLE UPDATED INSERTED DELETED, "- - -" when it was not repaired
    equal "$1: updated, inserted, deleted" "$2 $3 $4" "$(staging "SELECT coalesce((SELECT concat_ws(' ', e.data->>'updated', e.data->>'inserted', e.data->>'deleted') FROM lakemover.event e
        JOIN lakemover.run_table t USING (run_id, table_id) WHERE e.kind = 'table_repaired' AND t.spec->>'target_table' = '$1' AND e.$newest), '- - -')")"
}
same_rows() {
    describe_rows source "$LM_DB" > "$LM_TMP/rows.source"
    describe_rows target "$LM_TARGET_DB" > "$LM_TMP/rows.target"
    same "rows of both sides" "$LM_TMP/rows.source" "$LM_TMP/rows.target"
}
expect 0 "the load" lm_cli --keep-ledger
places="SELECT md5(string_agg(xmin::text || ctid::text, chr(32) ORDER BY id)) FROM shop.quiet"
quiet=$(target "$places")

# --- repair of what somebody did to the target -----------------------------------------------------
lm_sql target "$LM_TARGET_DB" -f - <<'SQL' || fail "the mutations"
UPDATE shop.customer SET note = 'changed' WHERE id IN (5, 6, 7);
DELETE FROM shop.line WHERE orders = 3000;
DELETE FROM shop.orders WHERE id = 3000;
INSERT INTO shop.orders VALUES (1, 1, 1);
INSERT INTO shop.log SELECT * FROM shop.log WHERE n = 17;
DELETE FROM shop.log WHERE ctid = (SELECT min(ctid) FROM shop.log WHERE n = 18);
UPDATE shop.made SET v = 0 WHERE id = 3;
DELETE FROM shop.made WHERE id = 4;
SQL
expect 2 "a run and --repair" lm_cli validate --repair 1
expect 0 "repairing" lm_cli validate --repair
says 'EQUAL AFTER REPAIR' 'shop.customer was repaired: 3 rows updated, 0 inserted, 0 deleted, of 4000'
moved customer 3 0 0
moved orders 0 1 1
moved line 0 1 0
moved log 0 1 2
moved made 1 1 0
moved quiet - - -
same_rows
equal "a table without a difference was not touched" "$quiet" "$(target "$places")"
dir=$(staging "SELECT audit_dir FROM lakemover.run WHERE $newest")
expect 0 "its directory" lm_cli verify "$dir"
output "$dir/events.jsonl"
says '"table_repaired"' '"validation_different"'
output "$dir/reconciliation.html"
says 'EQUAL AFTER REPAIR' '3 rows updated'
expect 0 "repairing what is equal" lm_cli validate --repair
says ': EQUAL$'

# --- what cannot be repaired is refused, and stays -------------------------------------------------
lm_sql target "$LM_TARGET_DB" -f - <<'SQL' || fail "triggers and foreign tables"
CREATE FUNCTION shop.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER hook BEFORE UPDATE ON shop.quiet FOR EACH ROW EXECUTE FUNCTION shop.f();
CREATE TABLE shop.elsewhere (orders bigint REFERENCES shop.orders ON DELETE CASCADE);
INSERT INTO shop.orders VALUES (2, 1, 1);
INSERT INTO shop.elsewhere VALUES (2);
UPDATE shop.quiet SET v = 'x' WHERE id = 1;
UPDATE shop.customer SET note = 'x' WHERE id = 1;
SQL
expect 5 "repairing in part" lm_cli validate --repair
says 'shop.quiet cannot be repaired: its triggers would fire: hook' 'shop.orders cannot be repaired: writing to its rows would change rows of shop.elsewhere'
moved customer 1 0 0
equal "rows elsewhere" 1 "$(target 'SELECT count(*) FROM shop.elsewhere')"
target 'DROP TRIGGER hook ON shop.quiet; DROP TABLE shop.elsewhere; DROP FUNCTION shop.f()'
# The proof: a rule that undoes what the repair does.
target 'CREATE RULE never AS ON UPDATE TO shop.quiet DO INSTEAD NOTHING'
expect 5 "a rule in the way" lm_cli validate --repair
says 'after its repair the table is not what the source has'
equal "a row that differs is shown once" 1 "$(grep -c '^shop.quiet key .* column v' "$OUT")"
equal "nothing was committed, of no table" 1 "$(target 'SELECT count(*) FROM shop.orders WHERE id = 2')"
target 'DROP RULE never ON shop.quiet'
expect 0 "repairing the rest" lm_cli validate --repair
same_rows

# --- killed in the middle: all or nothing, and the next one ends it ---------------------------------
target 'UPDATE shop.customer SET note = $$lost$$ WHERE id = 9; UPDATE shop.line SET what = $$lost$$ WHERE orders = 4000'
# A row that somebody holds lets the repair change the parents and wait there.
target 'BEGIN; SELECT 1 FROM shop.line WHERE orders = 4000 FOR UPDATE; SELECT pg_sleep(120)' > /dev/null 2>&1 &
holder=$!
held() { [ "$(target "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")" = 1 ]; }
waits() { [ "$(target "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE 'UPDATE ONLY shop.line%'")" = 1 ]; }
eventually 20 held || fail "the row is not held"
set -m
"$LM_LAKEMOVER" validate --repair > "$LM_TMP/out.killed" 2>&1 < /dev/null &
repairing=$!
set +m
if eventually 60 waits; then pass "it waits in the middle of the repair"; else fail "it does not wait: $(tail -n 5 "$LM_TMP/out.killed")"; fi
kill -KILL $repairing
wait $repairing 2> /dev/null
target "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'" > /dev/null
wait $holder 2> /dev/null
gone() { [ "$(target "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'UPDATE ONLY shop.line%'")" = 0 ]; }
eventually 20 gone || fail "the killed repair's session stays"
equal "nothing of the killed repair was kept" "lost lost" "$(target "SELECT note || ' ' || (SELECT what FROM shop.line WHERE orders = 4000) FROM shop.customer WHERE id = 9")"
expect 0 "repairing after it" lm_cli validate --repair
says 'EQUAL AFTER REPAIR'
same_rows

# --- refresh: the source went on -------------------------------------------------------------------
orders_2500=$(target 'SELECT count(*) FROM shop.orders WHERE customer = 2500')
lm_sql source "$LM_DB" -f - <<'SQL' || fail "the source goes on"
UPDATE shop.orders SET total = total + 1 WHERE id BETWEEN 7000 AND 7099;
INSERT INTO shop.orders SELECT g, 1, 0 FROM generate_series(20001, 20020) g;
INSERT INTO shop.orders SELECT g, 1, 0 FROM generate_series(900, 909) g;
DELETE FROM shop.orders WHERE id BETWEEN 9000 AND 9029;
INSERT INTO shop.customer SELECT g, 'm' || g, 'new', 1 FROM generate_series(5001, 5005) g;
UPDATE shop.orders SET customer = 5001 WHERE id = 2000;
UPDATE shop.orders SET customer = 1 WHERE customer = 2500;
DELETE FROM shop.customer WHERE id = 2500;
UPDATE shop.customer SET id = 6000 WHERE id = 3999;
UPDATE shop.line SET orders = 5500 WHERE orders = 2001;
INSERT INTO shop.log VALUES ('new', 1);
DELETE FROM shop.made WHERE id = 9;
INSERT INTO shop.made (id, v) VALUES (9, 9);
SELECT nextval('shop.countdown');
SQL
expect 0 "refreshing" lm_cli migrate --refresh
says 'EQUAL AFTER REPAIR'
equal "the next number of an identity" "$(lm_sql source "$LM_DB" -c 'SELECT last_value FROM shop.made_n_seq')" "$(target 'SELECT last_value FROM shop.made_n_seq')"
equal "the next number of a descending sequence" "998" "$(target "SELECT nextval('shop.countdown')")"
moved orders $((100 + 1 + orders_2500)) 30 30
moved customer 0 6 2
moved line 0 1 1
moved log 0 1 0
moved made 0 1 1
moved quiet - - -
same_rows
# An object without a table is named as well.
target 'DROP SEQUENCE shop.countdown'
expect 5 "a sequence that is gone" lm_cli validate --two-sided
says '^schema: level 0 different' '^schema key shop.countdown .*sequence is missing'
# What could be resumed would load its rows a second time.
staging "UPDATE lakemover.run SET state = 'interrupted' WHERE run_id = 1"
expect 1 "repairing beside a run that was interrupted" lm_cli validate --repair
says 'was interrupted and can be resumed' 'lakemover resume 1'
staging "UPDATE lakemover.run SET state = 'done' WHERE run_id = 1"
lm_sql source "$LM_DB" -c 'ALTER TABLE shop.quiet ADD w int'
expect 2 "refreshing after a change of the schema" lm_cli migrate --refresh
says "schema has changed"
finish
