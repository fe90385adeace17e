#!/bin/bash
# Bounds cut a table into chunks that hold every row exactly once, whatever the key: types, collations,
# composite keys, skew, hostile values, and types of extensions whose order differs from their text's.
# timeout: 200
. "$(dirname "$0")/../lib/e2e.sh"
# shellcheck source=tests/lib/stream.sh
. "$LM_ROOT/tests/lib/stream.sh"
lm_init stream_keys
stream_setup
lm_sql source "$LM_DB" <<'SQL' || lm_die "the tables could not be made"
SET client_min_messages = warning;
CREATE EXTENSION citext;
CREATE EXTENSION ltree;
CREATE TYPE mood AS ENUM ('z', 'a', 'M''"\');
CREATE DOMAIN price AS numeric(12,3) CHECK (value IS NOT NULL);
CREATE COLLATION folded (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE COLLATION german (provider = icu, locale = 'de-DE');
-- NAME, key columns, an expression per column over i
CREATE TEMP TABLE made (name text, columns text, key text, exprs text);
INSERT INTO made VALUES
 ('k_int', 'k int', 'k', 'CASE i WHEN 1 THEN -2147483648 WHEN 2 THEN 2147483647 ELSE i * 7 - 9000 END'),
 ('k_bigint_gaps', 'k bigint', 'k', 'CASE WHEN i < 4000 THEN i ELSE i::bigint * 1000000007 END'),
 ('k_numeric', 'k numeric', 'k', 'CASE i WHEN 1 THEN ''NaN'' ELSE (i - 2500) * 10.0 ^ (i % 20) + i / 7.0 END'),
 ('k_float', 'k float8', 'k', 'CASE i WHEN 1 THEN ''NaN'' WHEN 2 THEN ''infinity'' WHEN 3 THEN ''-infinity'' ELSE (i - 2500) / 3.0::float8 END'),
 ('k_uuid', 'k uuid', 'k', 'md5(i::text)::uuid'),
 ('k_bytea', 'k bytea', 'k', 'decode(md5(i::text), ''hex'')'),
 ('k_date', 'k date', 'k', 'CASE i WHEN 1 THEN ''infinity'' WHEN 2 THEN ''-infinity'' WHEN 3 THEN ''0044-03-15 BC'' ELSE ''1999-01-01''::date + i END'),
 ('k_stamp', 'k timestamptz', 'k', 'CASE i WHEN 1 THEN ''infinity'' WHEN 2 THEN ''0044-03-15 BC'' ELSE ''2020-03-29 00:00+00''::timestamptz + i * interval ''1.000001 s'' END'),
 ('k_interval', 'k interval', 'k', 'i * interval ''-1 day 2 hours'''),
 ('k_inet', 'k inet', 'k', '''10.0.0.0''::inet + i'),
 ('k_text', 'k text', 'k', 'CASE i % 5 WHEN 0 THEN chr(65 + i % 26) WHEN 1 THEN ''\x27"\\,{}'' WHEN 2 THEN ''ÄÖ'' WHEN 3 THEN ''a b'' ELSE E''\n\t'' END || i'),
 ('k_german', 'k text COLLATE german', 'k', 'CASE i % 4 WHEN 0 THEN ''Ä'' WHEN 1 THEN ''a'' WHEN 2 THEN ''Z'' ELSE ''z'' END || md5(i::text)'),
 ('k_folded', 'k text COLLATE folded', 'k', 'CASE i % 2 WHEN 0 THEN ''AB'' ELSE ''ab'' END || md5(i::text)'),
 ('k_citext', 'k citext', 'k', 'CASE i % 2 WHEN 0 THEN ''AB'' ELSE ''ab'' END || md5(i::text)'),
 ('k_ltree', 'k ltree', 'k', '(''top.a'' || i || ''.b'')::ltree'),
 ('k_bpchar', 'k char(12)', 'k', 'CASE i % 3 WHEN 0 THEN ''x'' ELSE ''Y '' END || i'),
 ('k_domain', 'k price', 'k', 'i / 8.0'),
 ('k_array', 'k int[]', 'k', 'ARRAY[i % 7, i]'),
 ('k_range', 'k int4range', 'k', 'int4range(i % 50, i + 60)'),
 ('k_bool_enum', 'a bool, b mood, k int', 'a, b, k', 'i % 3 = 0, (ARRAY[''z'', ''a'', ''M\x27"\''])[1 + i % 3]::mood, i'),
 ('k_pair_skewed', 'a text, "k 2" int', 'a, "k 2"', 'CASE WHEN i < 4500 THEN ''same'' ELSE ''other'' || i END, -i');
UPDATE made SET exprs = replace(replace(exprs, '\x27', ''''''), '"\\,{}', '"\,{}');
SELECT format('CREATE TABLE %I (%s, filler text DEFAULT repeat(''x'', 100), PRIMARY KEY (%s))', name, columns, key) FROM made \gexec
SELECT format('INSERT INTO %I SELECT %s FROM generate_series(1, 5000) i', name, exprs) FROM made \gexec
CREATE TABLE no_key (id int, v text);
INSERT INTO no_key SELECT i % 10, repeat('y', 300) FROM generate_series(1, 5000) i;
CREATE TABLE parent (id int PRIMARY KEY);
CREATE TABLE child (PRIMARY KEY (id)) INHERITS (parent);
INSERT INTO parent SELECT generate_series(1, 5000);
INSERT INTO child SELECT generate_series(1, 100);
ANALYZE;
SQL

tables=$(lm_sql source "$LM_DB" -c "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relname <> 'child' ORDER BY 1")
lm_sql staging lakemover -c "INSERT INTO lakemover.run (source, state, hash_key) VALUES ('src', 'running', '\\x00')"
n=0
for table in $tables; do
    n=$((n + 1))
    more='{}'
    if [ "$table" = no_key ]; then more='{"chunking": "ctid"}'; fi
    lm_sql staging lakemover -v "n=$n" -v "spec=$(stream_spec "$table" "$more")" \
        <<< "INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank) VALUES (1, :n, jsonb_set(:'spec', '{format}', '\"text\"'), 0)" || lm_die "no plan of $table"
done
lm_sql staging lakemover -c "SELECT lakemover.keeper_start(1)" > /dev/null || lm_die "no keeper"
n=0
for table in $tables; do
    n=$((n + 1))
    # Every row of every chunk as a line of text, against the source's own listing.
    got=$(lm_sql staging lakemover -v "n=$n" <<'SQL'
SET client_min_messages = warning;
INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method, lower_bound, upper_bound)
SELECT 1, :n, row_number() OVER (ORDER BY o) - 1, (SELECT spec ->> 'chunking' FROM lakemover.run_table WHERE table_id = :n), lag(b) OVER (ORDER BY o), b
  FROM (SELECT b, o FROM lakemover.source_bounds(1, :n, 8) WITH ORDINALITY s(b, o) UNION ALL SELECT NULL, 1000) x;
CREATE TEMP TABLE block AS SELECT chunk_id, lakemover.stream(1, chunk_id) AS b FROM lakemover.run_chunk WHERE table_id = :n;
SELECT count(DISTINCT chunk_id), (SELECT sum((convert_from(substr(b, 2), 'UTF8')::json ->> 'rows')::int) FROM block WHERE get_byte(b, 0) = 69),
       md5(string_agg(line, E'\n' ORDER BY line COLLATE "C"))
  FROM (SELECT chunk_id, unnest(string_to_array(trim(E'\n' FROM convert_from(substr(b, 2), 'UTF8')), E'\n')) AS line FROM block WHERE get_byte(b, 0) = 68) s;
SQL
    ) || fail "$table: the chunks cannot be read"
    only=$table
    wanted=$(lm_sql source "$LM_DB" -c "SET TimeZone = 'UTC'" -c "COPY (SELECT * FROM ONLY $only) TO STDOUT" | LC_ALL=C sort | head -c -1 | md5sum | cut -d' ' -f1)
    chunks=${got%%|*}
    if [ "$got" = "$chunks|5000|$wanted" ]; then pass "$table: $chunks chunks hold every row once"; else fail "$table: chunks|rows|digest are $got, wanted 5000|$wanted"; fi
    if [ "$table" != k_ltree ] && [ "$chunks" -lt 4 ]; then fail "$table: only $chunks chunks"; fi
    # The sample finds its rows again by key, each once.
    if [ "$table" != no_key ]; then
        sample=$(lm_sql staging lakemover -c "SELECT count(*), count(DISTINCT row_key), count(row_hash) FROM lakemover.source_sample(1, $n, 1000)")
        equal "$table: sample" "1000|1000|1000" "$sample"
    fi
done
finish
