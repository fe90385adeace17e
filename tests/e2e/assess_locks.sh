#!/bin/bash
# An assessment of a PostgreSQL source takes no lock that anybody feels and waits for none: one table is locked exclusively, rows
# of others are; writers go on meanwhile. What is sent to the source is captured: reading statements in READ ONLY transactions.
# timeout: 300
. "$(dirname "$0")/../lib/e2e.sh"
lm_init assess_locks
helpers=()
lm_on_exit() { for pid in "${helpers[@]}"; do kill "$pid" 2> /dev/null; done; }
lm_start_source
lm_sql source postgres -c "ALTER SYSTEM SET log_statement = 'all'" -c "ALTER SYSTEM SET log_line_prefix = '[%u] '" -c 'SELECT pg_reload_conf()' > /dev/null
lm_sql source "$LM_DB" <<'SQL'
CREATE SCHEMA shop;
CREATE FUNCTION shop.one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1';
CREATE TABLE shop.customer (id int PRIMARY KEY, v int NOT NULL DEFAULT 0, name text);
CREATE TABLE shop.held (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, customer int REFERENCES shop.customer, a int DEFAULT shop.one(1) CHECK (a > shop.one(0)), g int GENERATED ALWAYS AS (a + 1) STORED);
CREATE INDEX ON shop.held (shop.one(a)) WHERE a > 1;
CREATE VIEW shop.over_held AS SELECT id, a FROM shop.held;
CREATE VIEW shop.over_both AS SELECT h.id, c.name FROM shop.over_held h JOIN shop.customer c USING (id);
CREATE FUNCTION shop.counted() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM shop.held; END;
CREATE FUNCTION shop.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER fires BEFORE UPDATE ON shop.held FOR EACH ROW WHEN (new.a > 1) EXECUTE FUNCTION shop.fire();
CREATE POLICY seen ON shop.held USING (a > 1);
CREATE STATISTICS shop.both_of ON a, customer FROM shop.held;
CREATE MATERIALIZED VIEW shop.sums AS SELECT count(*) FROM shop.customer;
CREATE TABLE shop.log (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
INSERT INTO shop.customer (id, name) SELECT i, repeat('x', 200) FROM generate_series(1, 20000) i;
INSERT INTO shop.held (customer) SELECT i FROM generate_series(1, 100) i;
ALTER TABLE shop.log ADD COLUMN customer int;
INSERT INTO shop.log (note, customer) SELECT 'x', i FROM generate_series(1, 20000) i;
ALTER TABLE shop.log ADD FOREIGN KEY (customer) REFERENCES shop.customer NOT VALID;
ANALYZE;
SQL
lm_env
export SOURCE_SCHEMAS=shop
staging() { lm_cli psql -q -A -t -c "$1"; }
expect 0 "an assessment in peace" lm_cli --assess-only
says_not 'Locked Objects'
peace=$(staging "SELECT count(*) FROM lakemover.inv_column WHERE table_id IN (SELECT table_id FROM lakemover.inv_table WHERE table_name = 'held')")
equal "columns of the table" 4 "$peace"

hold() { # hold SQL...: a transaction that stays open
    lm_sql source "$LM_DB" -c "SET application_name = 'the DBA'" -c "BEGIN; $1; SELECT pg_sleep(600)" > /dev/null 2>&1 &
    helpers+=($!)
}
hold 'LOCK TABLE shop.held IN ACCESS EXCLUSIVE MODE'
hold 'SELECT count(*) FROM (SELECT FROM shop.customer FOR UPDATE) x'
hold "UPDATE shop.log SET note = 'uncommitted' WHERE id <= 100"
hold 'REFRESH MATERIALIZED VIEW shop.sums'
locks() { lm_sql source "$LM_DB" -c "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'the DBA' AND wait_event = 'PgSleep'"; }
four() { [ "$(locks)" = 4 ]; }
eventually 20 four || fail "the locks are not taken"

# A writer that minds half a second, and what our sessions hold or wait for, looked at all the time.
(
    while :; do
        lm_sql source "$LM_DB" -c "SET lock_timeout = '500ms'" -c "INSERT INTO shop.log (note) VALUES ('written'); UPDATE shop.log SET note = 'again' WHERE id > 19000; SELECT nextval('shop.log_id_seq')" > /dev/null 2>> "$LM_TMP/writer.err" && echo written
        sleep 0.05
    done > "$LM_TMP/writer.out"
) &
helpers+=($!)
: > "$LM_TMP/watched"
(
    while :; do
        lm_sql source "$LM_DB" -c "SELECT c.relkind, l.mode, l.granted, coalesce(extract(epoch FROM clock_timestamp() - l.waitstart), 0), l.relation FROM pg_locks l JOIN pg_stat_activity a USING (pid) LEFT JOIN pg_class c ON c.oid = l.relation
            WHERE a.usename = '$LM_SOURCE_USER' AND l.locktype IN ('relation', 'tuple', 'transactionid', 'page') AND l.database IS DISTINCT FROM 0" >> "$LM_TMP/watched"
    done
) 2> /dev/null &
helpers+=($!)
log_from=$(wc -c < "$LM_TMP/source/server.log")
start=$SECONDS
expect 3 "an assessment among locks" lm_cli --assess-only --data-checks=sample
took=$((SECONDS - start))
if [ $took -le 30 ]; then pass "it took $took s"; else fail "it took $took s"; fi
says 'Locked Objects' 'table shop.held is locked, so its columns, keys, indexes and rows were not looked at' \
    'view shop.over_held uses what is locked' 'materialized view shop.sums is locked' 'routine shop.counted uses what is locked'
says_not 'shop.over_both uses what is locked|shop.held has no primary key'
equal "who holds it" t "$(staging "SELECT evidence->>'why' LIKE 'locked by session %' FROM lakemover.finding WHERE check_id = 'locked' AND object_name = 'held' ORDER BY assessment_id DESC LIMIT 1")"
equal "the other tables' columns" 6 "$(staging "SELECT count(*) FROM lakemover.inv_column c JOIN lakemover.inv_table t USING (source, table_id) WHERE NOT t.is_locked")"
equal "rows of the other tables were looked at" t "$(staging "SELECT count(*) FILTER (WHERE looked > 0) > 0 AND count(*) FILTER (WHERE error IS NOT NULL) = 0 FROM lakemover.data_probe")"
if [ "$(wc -l < "$LM_TMP/writer.out")" -gt 0 ] && ! [ -s "$LM_TMP/writer.err" ]; then pass "a writer wrote $(wc -l < "$LM_TMP/writer.out") times and never waited half a second"; else fail "the writer: $(wc -l < "$LM_TMP/writer.out") times; $(head -n 3 "$LM_TMP/writer.err")"; fi
expect 1 "such an inventory is not planned" lm_cli plan
says 'cannot be planned: .*table shop.held' 'locked by session' 'ALTER TABLE'

for pid in "${helpers[@]}"; do kill "$pid" 2> /dev/null; done
helpers=()
lm_sql source postgres -c "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'the DBA'" > /dev/null
if [ "$(wc -l < "$LM_TMP/watched")" -gt 20 ]; then pass "$(wc -l < "$LM_TMP/watched") locks were seen"; else fail "hardly a lock was seen"; fi
equal "locks of ours on tables, views and indexes" AccessShareLock "$(awk -F'|' '$1 != "S" && $2 != "" { print $2 }' "$LM_TMP/watched" | sort -u | tr '\n' ' ' | sed 's/ $//')"
equal "locks of ours on sequences that are more than what nextval() takes" "" "$(awk -F'|' '$1 == "S" && $2 != "AccessShareLock" && $2 != "RowExclusiveLock"' "$LM_TMP/watched" | sort -u)"
equal "waits of ours longer than two seconds and a half" "" "$(awk -F'|' '$3 == "f" && $4 > 2.5' "$LM_TMP/watched" | sort -u)"

# What reached the source.
tail -c +$((log_from + 1)) "$LM_TMP/source/server.log" | grep -aE "^\[$LM_SOURCE_USER\] LOG:  (statement|execute [^:]*): " | sed -E "s/^\[$LM_SOURCE_USER\] LOG:  (statement|execute [^:]*): //" > "$LM_TMP/statements"
if [ "$(wc -l < "$LM_TMP/statements")" -gt 30 ]; then pass "$(wc -l < "$LM_TMP/statements") statements captured"; else fail "statements captured: $(wc -l < "$LM_TMP/statements")"; fi
equal "statements that are neither reading nor settings" "" "$(grep -avE '^(SELECT|WITH|SET|BEGIN|ROLLBACK|COMMIT|DECLARE|FETCH|CLOSE|SHOW|COPY \(SELECT .*TO STDOUT)' "$LM_TMP/statements" | sort -u | cut -c1-120)"
equal "transactions that may write" "" "$(grep -aE '^BEGIN' "$LM_TMP/statements" | grep -av 'READ ONLY' | sort -u)"
equal "sessions that may write" "$(grep -acE "^SET default_transaction_read_only = on" "$LM_TMP/statements")" "$(grep -ac "set_config('search_path', '', false)" "$LM_TMP/statements")"
says_nothing_written() { [ "$(lm_sql source "$LM_DB" -c "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relname LIKE 'lakemover%' OR n.nspname LIKE 'lakemover%'")" = 0 ]; }
if says_nothing_written; then pass "nothing of ours is on the source"; else fail "something of ours is on the source"; fi

expect 0 "an assessment after that" lm_cli --assess-only
says_not 'Locked Objects'
expect 0 "and a plan" lm_cli plan
equal "columns that are planned" "$peace" "$(staging "SELECT count(*) FROM lakemover.plan_column WHERE table_id IN (SELECT table_id FROM lakemover.plan_table WHERE source_table = 'held')")"
check_nothing_left
finish
