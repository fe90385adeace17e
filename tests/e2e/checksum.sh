#!/bin/bash
# Level 3 of all rows: --checksum=full finds what its sample does not, with both hashes; lakemover.checksum() of foreign tables
# is computed on the source and is the same as that of a copy, and as what the definition says.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init checksum
lm_start_source
lm_start_target
lm_env
export LAKEMOVER_JOBS=2
lm_sql source "$LM_DB" -f - <<'SQL' || fail "the source"
CREATE SCHEMA shop;
CREATE TABLE shop.item (id int PRIMARY KEY, name text, price numeric(10,2), made timestamptz, span interval, raw bytea);
INSERT INTO shop.item SELECT g, CASE WHEN g % 7 > 0 THEN 'say "n' || g || '"' END, g / 4.0, timestamptz '2024-01-01' + g * interval '1 s', g * interval '1 day 2 h', decode(md5(g::text), 'hex') FROM generate_series(1, 3000) g;
CREATE TABLE shop.heap (a int, b text);
INSERT INTO shop.heap SELECT g % 40, 'x' || g % 3 FROM generate_series(1, 500) g;
CREATE TABLE shop.empty (a int);
SQL
staging() { lm_cli psql -X -A -t -q -F '|' -c "$1"; }
target() { lm_sql target "$LM_TARGET_DB" -c "$1"; }
newest="run_id = (SELECT max(run_id) FROM lakemover.run)"
level3() {
    staging "SELECT v.verdict, v.rows_covered, v.detail->>'hash', v.detail->>'whole_table' FROM lakemover.validation v JOIN lakemover.run_table t USING (run_id, table_id)
        WHERE t.spec->>'target_table' = '$1' AND v.$newest AND v.level = 3"
}
expect 2 "an unknown extent" lm_cli --checksum=most
says 'invalid value for --checksum: "most"' 'sample, full'
expect 0 "a run with the checksums of all rows" lm_cli --checksum=full --checksum-hash=sha256 --sample-rows=10
says ': SUCCESS'
equal "level 3 of item" 'equal|3000|sha256|true' "$(level3 item)"
equal "level 3 of heap" 'equal|500|sha256|true' "$(level3 heap)"
equal "level 3 of empty" 'equal|0|sha256|true' "$(level3 empty)"
output "$(staging "SELECT audit_dir FROM lakemover.run WHERE $newest")/reconciliation.html"
says 'SHA-256 of every row'

# One row that no sample of ten has.
target "UPDATE shop.item SET price = price + 0.01 WHERE id = 2999; UPDATE shop.heap SET b = 'y' WHERE ctid = (SELECT max(ctid) FROM shop.heap)"
expect 5 "a comparison by samples" lm_cli validate --two-sided --sample-rows=10
equal "a sample does not have the row" 'equal|10|md5|false' "$(level3 item)"
expect 5 "a comparison of all rows" lm_cli validate --two-sided --sample-rows=10 --checksum=full
equal "the checksum of all rows" 'different|3000|md5|true' "$(level3 item)"
equal "and of a table without a key" 'different|500|md5|true' "$(level3 heap)"
says 'shop.item: level 3 different: source 3000:.*, target 3000:' 'shop.item key id=2999 column price'

# In SQL.
staging 'CREATE SCHEMA remote; IMPORT FOREIGN SCHEMA shop FROM SERVER source INTO remote; CREATE TABLE remote.copy AS SELECT * FROM remote.item; CREATE VIEW remote.some AS SELECT * FROM remote.item WHERE id <= 3000'
there=$(staging "SELECT rows, checksum, hash, computed FROM lakemover.checksum('remote.item')")
expected=$(lm_sql source "$LM_DB" -c "SET TimeZone = 'UTC'" -c "SELECT count(*) || ':' || sum(('x' || left(h, 16))::bit(64)::bigint) || ':' || sum(('x' || right(h, 16))::bit(64)::bigint) FROM (SELECT md5(concat_ws(',', '\"' || id || '\"', coalesce('\"' || replace(name, '\"', '\"\"') || '\"', ''),
    '\"' || price || '\"', '\"' || to_char(made, 'YYYY-MM-DD HH24:MI:SS.US') || '\"', '\"' || span || '\"', '\"' || encode(raw, 'hex') || '\"')) AS h FROM shop.item) x")
equal "on the source" "3000|$expected|md5|on the source" "$there"
for what in copy some; do
    equal "here, of $what" "3000|$expected|md5|here" "$(staging "SELECT rows, checksum, hash, computed FROM lakemover.checksum('remote.$what')")"
done
equal "whatever the session's settings" "$expected" "$(staging "SET intervalstyle = 'iso_8601'; SET timezone = 'Asia/Tokyo'; SELECT checksum FROM lakemover.checksum('remote.copy')")"
equal "SHA-256 has four sums" 5 "$(staging "SELECT array_length(string_to_array(checksum, ':'), 1) FROM lakemover.checksum('remote.item', 'sha256')")"
equal "no rows" '0|0:0:0' "$(staging "SELECT rows, checksum FROM lakemover.checksum('remote.empty')")"
staging "UPDATE remote.copy SET name = NULL WHERE id = 1" > /dev/null
equal "of other rows it is another" t "$(staging "SELECT checksum <> '$expected' FROM lakemover.checksum('remote.copy')")"
expect 1 "an unknown hash" lm_cli psql -X -c "SELECT * FROM lakemover.checksum('remote.item', 'crc')"
says 'unknown hash "crc"' 'valid hashes are md5 and sha256'
expect 1 "no rows of its own" lm_cli psql -X -c "SELECT * FROM lakemover.checksum('remote.item_pkey')" -c "CREATE SEQUENCE remote.s" -c "SELECT * FROM lakemover.checksum('remote.s')" -v ON_ERROR_STOP=1
says 'does not exist|has no rows of its own'
equal "who may not read gets nothing" 'permission denied' "$(lm_cli psql -X -A -t -q -c "CREATE ROLE nobody_here; GRANT USAGE ON SCHEMA remote, lakemover TO nobody_here; GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA lakemover TO nobody_here; SET ROLE nobody_here; SELECT * FROM lakemover.checksum('remote.item')" 2>&1 | grep -o 'permission denied' | head -n 1)"
finish
