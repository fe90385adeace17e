-- Reading: every value arrives as it was stored; joins, rescans, batches, EXPLAIN, ANALYZE, locking.
SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS host, current_setting('port') AS port \gset
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'host', port :'port', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user :'USER');
CREATE SCHEMA r;
CREATE SCHEMA f;

-- values of every built-in kind, at their edges
CREATE TABLE r.vals (
    id int PRIMARY KEY, b bool, i2 int2, i8 int8, f4 float4, f8 float8, n numeric, n2 numeric(6,2), t text, v varchar(10), c char(5),
    by bytea, d date, tm time, tmz timetz, ts timestamp, tsz timestamptz, iv interval, u uuid, j json, jb jsonb, ia int[], ta text[],
    ip inet, r int4range, m int4multirange, x xml, bits varbit, q "char", p point, oid_ oid, rel regclass
);
INSERT INTO r.vals VALUES
    (1, true, -32768, 9223372036854775807, 'NaN', '-Infinity', 'NaN', 9999.99, '', '', '', '', 'infinity', '24:00', '23:59:59.999999+15',
     'infinity', '-infinity', '-1 year -2 mons +3 days -04:05:06.000007', '00000000-0000-0000-0000-000000000000', '{"a": 1,  "b":2}',
     '{"b": 2, "a": null}', '{}', '{NULL,"NULL","a,b","q\"uote",""}', '::1/64', 'empty', '{[1,3),[5,)}', '<a>x</a>', B'', 'z',
     '(1.5,-2)', 4294967295, 'pg_class'),
    (2, false, 32767, -9223372036854775808, 1e-45, 2.2250738585072014e-308, 12345678901234567890.123456789012345678901234567890, -0.01,
     E'tab\tnew\nline\\back''quote"', 'äöü€😀', 'ab', '\x00ff5c27', '4713-01-01 BC', '00:00', '00:00-15', '4713-01-01 00:00:00 BC',
     '294276-12-31 23:59:59.999999+00', '178000000 years', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '[]', '"x"',
     '{{1,2},{3,NULL}}', '[5:6]={a,b}', '10.1.2.3', '(,5]', '{}', NULL, B'10101', 'A', '(0,0)', 0, 'r.vals'),
    (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
     NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (4, true, 0, 0, '-0', '-0', 0.000, 0, E'\u00a0 ', ' x ', ' ', '\xdeadbeef', '2024-02-29', '12:34:56.5', '12:00+02', '1999-12-31 23:59:60',
     '2024-03-31 02:30:00 Europe/Berlin', '-00:00:00.5', '12345678-1234-1234-1234-123456789abc', 'null', 'null', '{1}', '{a}', '0.0.0.0/0',
     '[1,2)', '{[1,2)}', '<b/>', B'0', ' ', '(1e300,-0)', 1, NULL);
IMPORT FOREIGN SCHEMA r FROM SERVER src INTO f;
-- this session's own settings are far from those of the wire
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SET timezone = 'Asia/Kolkata';
SET extra_float_digits = -10;
SET bytea_output = 'escape';
-- compared as rows of text, json and point having no equality
SELECT count(*) FROM (SELECT v::text FROM r.vals v EXCEPT SELECT v::text FROM f.vals v) missing;
SELECT count(*) FROM (SELECT v::text FROM f.vals v EXCEPT SELECT v::text FROM r.vals v) extra;
SELECT l.id, l.f8::text = x.f8::text AND float8send(l.f8) = float8send(x.f8) AND float4send(l.f4) = float4send(x.f4) AS floats,
       l.n::text = x.n::text AS numerics, l.iv = x.iv AS intervals
  FROM r.vals l JOIN f.vals x USING (id) ORDER BY id;
-- constants and parameters travel in the wire's form too
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM f.vals WHERE d = '29/02/2024' AND iv = INTERVAL '-0.5' SECOND AND by = '\336\255\276\357';
SELECT id FROM f.vals WHERE d = '29/02/2024' AND iv = INTERVAL '-0.5' SECOND AND by = '\336\255\276\357';
PREPARE by_param(date, float8, interval, timestamptz) AS SELECT id FROM f.vals WHERE d = $1 AND f8 = $2 AND iv = $3 AND tsz = $4;
SET plan_cache_mode = force_generic_plan;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE by_param('29/02/2024', '-0', '-0:00:00.5', '31/03/2024 06:00:00');
EXECUTE by_param('29/02/2024', '-0', '-0:00:00.5', '31/03/2024 06:00:00');
SELECT tsz FROM r.vals WHERE id = 4;
RESET plan_cache_mode;
RESET datestyle; RESET intervalstyle; RESET timezone; RESET extra_float_digits; RESET bytea_output;

-- many rows, small batches; two scans and a rescan on one connection
CREATE TABLE r.big (id int PRIMARY KEY, grp int, t text COLLATE "C");
INSERT INTO r.big SELECT i, i % 10, 'row ' || i FROM generate_series(1, 1000) i;
CREATE INDEX ON r.big (grp);
ANALYZE r.big;
IMPORT FOREIGN SCHEMA r LIMIT TO (big) FROM SERVER src INTO f;
ALTER FOREIGN TABLE f.big OPTIONS (ADD fetch_size '7');
SELECT count(*), sum(id), count(DISTINCT t) FROM f.big WHERE id % 1 = random() * 0;
SELECT count(*) FROM f.big a JOIN f.big b ON a.id = b.id + 1;
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
EXPLAIN (COSTS OFF) SELECT v.x, count(b.id) FROM (VALUES (1), (2), (3)) v(x) LEFT JOIN f.big b ON b.grp > v.x GROUP BY v.x ORDER BY v.x;
SELECT v.x, count(b.id) FROM (VALUES (1), (2), (3)) v(x) LEFT JOIN f.big b ON b.grp > v.x GROUP BY v.x ORDER BY v.x;
-- a lookup per outer row, where the source has an index for it
CREATE TABLE few (k int, name text);
INSERT INTO few VALUES (3, 'three'), (30, 'thirty'), (NULL, 'none'), (3000, 'beyond');
ANALYZE few;
EXPLAIN (VERBOSE, COSTS OFF) SELECT few.name, b.t FROM few LEFT JOIN f.big b ON b.id = few.k ORDER BY few.name COLLATE "C";
SELECT few.name, b.t FROM few LEFT JOIN f.big b ON b.id = few.k ORDER BY few.name COLLATE "C";
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
SELECT few.k, (SELECT max(b.id) FROM f.big b WHERE b.grp = few.k) FROM few ORDER BY k;
SELECT few.k, l.t FROM few CROSS JOIN LATERAL (SELECT t FROM f.big b WHERE b.id >= few.k ORDER BY b.id LIMIT 1) l ORDER BY few.k;
-- a cursor forth and back
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id FROM f.big WHERE id <= 20 ORDER BY id;
FETCH 3 FROM c;
MOVE LAST FROM c;
FETCH BACKWARD 2 FROM c;
FETCH ABSOLUTE 1 FROM c;
COMMIT;
-- a view of the source that cannot be read backwards, rescanned beyond its first batch
CREATE VIEW r.agg AS SELECT grp, count(*) AS n FROM r.big GROUP BY grp;
IMPORT FOREIGN SCHEMA r LIMIT TO (agg) FROM SERVER src INTO f;
ALTER FOREIGN TABLE f.agg OPTIONS (ADD fetch_size '3');
SET enable_hashjoin = off;
SET enable_mergejoin = off;
SET enable_material = off;
SELECT v.x, sum(a.n) FROM (VALUES (1), (2)) v(x) LEFT JOIN f.agg a ON a.n > v.x GROUP BY v.x ORDER BY v.x;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;

-- whole rows, tableoid, no columns at all, dropped and added local columns
SELECT b, tableoid::regclass FROM f.big b WHERE id = 5;
SELECT count(*) FROM (SELECT FROM f.big) s;
SELECT ctid FROM f.big;
SELECT xmin FROM f.big;
ALTER FOREIGN TABLE f.big DROP COLUMN grp;
ALTER FOREIGN TABLE f.big ADD COLUMN again int OPTIONS (column_name 'grp');
ALTER FOREIGN TABLE f.big ADD COLUMN typo int;
SELECT id, t, again FROM f.big WHERE id = 42;
SELECT typo FROM f.big;
SELECT id FROM f.big WHERE typo = 1;
ALTER FOREIGN TABLE f.big DROP COLUMN typo;

-- estimates: from the option, the source's catalog, or ANALYZE, and never by running the query
CREATE FUNCTION estimate(query text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    v_plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) ' || query INTO v_plan;
    RETURN v_plan->0->'Plan'->>'Plan Rows';
END
$$;
SELECT estimate('SELECT * FROM f.big');
ALTER FOREIGN TABLE f.big OPTIONS (SET row_estimate '123456');
SELECT estimate('SELECT * FROM f.big');
ALTER FOREIGN TABLE f.big OPTIONS (DROP row_estimate);
SELECT estimate('SELECT * FROM f.big');
ANALYZE f.big;
SELECT estimate('SELECT * FROM f.big'), estimate('SELECT * FROM f.big WHERE again = 3') BETWEEN 80 AND 120 AS grouped;
SELECT attname, n_distinct FROM pg_stats WHERE schemaname = 'f' AND tablename = 'big' AND attname <> 't' ORDER BY attname;
SELECT reltuples FROM pg_class WHERE oid = 'f.big'::regclass;
-- a sample of a larger table is bounded
CREATE TABLE r.large AS SELECT i AS id, repeat('x', 100) AS pad FROM generate_series(1, 20000) i;
ANALYZE r.large;
IMPORT FOREIGN SCHEMA r LIMIT TO (large) FROM SERVER src INTO f;
SET default_statistics_target = 5;
ANALYZE f.large;
RESET default_statistics_target;
SELECT estimate('SELECT * FROM f.large') BETWEEN 15000 AND 25000 AS about_right,
       estimate('SELECT * FROM f.large WHERE id < 10000') BETWEEN 5000 AND 15000 AS about_half;
ANALYZE f.agg;

-- the source is only read
INSERT INTO f.big VALUES (1);
UPDATE f.big SET t = 'x' WHERE id = 1;
DELETE FROM f.big;
TRUNCATE f.big;
COPY f.big FROM '/dev/null';
SELECT pg_relation_is_updatable('f.big', true);

-- a locked row that changed meanwhile is checked again, with the conditions that the source has checked
CREATE TABLE stock (id int PRIMARY KEY, grp int, note text);
INSERT INTO stock VALUES (1, 1, 'before'), (2, 2, 'before');
CREATE TABLE rechecked (id int, grp int, note text, big_id int);
BEGIN;
UPDATE stock SET grp = 5, note = 'after' WHERE id = 1;
UPDATE stock SET note = 'after' WHERE id = 2;
\setenv PGDATABASE :DBNAME
\! (psql -X -q -c "INSERT INTO rechecked WITH locked AS (SELECT s.id, s.grp, s.note, b.id AS big_id FROM stock s JOIN f.big b ON b.again = s.grp WHERE b.id BETWEEN 1 AND 3 FOR UPDATE OF s) SELECT * FROM locked" &) ; sleep 1
COMMIT;
DO $$
BEGIN
    FOR i IN 1..50 LOOP
        EXIT WHEN EXISTS (SELECT FROM rechecked);
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$$;
SELECT * FROM rechecked;

SET client_min_messages = warning;
DROP SERVER src CASCADE;
DROP SCHEMA r, f CASCADE;
DROP TABLE few, stock, rechecked;
DROP FUNCTION estimate;
