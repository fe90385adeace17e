-- What goes to the source and what does not: EXPLAIN VERBOSE shows the remote SQL, and results agree.
SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS host, current_setting('port') AS port \gset
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'host', port :'port', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user :'USER');
CREATE SCHEMA r;
CREATE SCHEMA f;
CREATE COLLATION r.loose (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE r.t (
    id int PRIMARY KEY, n numeric(8,2), c text COLLATE "C", icu text COLLATE "en-x-icu", loose text COLLATE r.loose,
    v varchar(20) COLLATE "C", d date, ts timestamptz, j jsonb, a int[], b bool, f float8, u uuid
);
INSERT INTO r.t
SELECT i, i / 4.0, CASE WHEN i % 7 <> 0 THEN chr(65 + i % 26) || i END, CASE WHEN i % 2 = 0 THEN 'b' ELSE 'B' END || i, 'L' || i % 3,
       'v' || i, date '2024-01-01' + i, '2024-01-01Z'::timestamptz + i * interval '1 hour', jsonb_build_object('k', i),
       ARRAY[i, i + 1], i % 3 = 0, i / 3.0, ('00000000-0000-0000-0000-' || lpad(i::text, 12, '0'))::uuid
  FROM generate_series(1, 100) i;
ANALYZE r.t;
IMPORT FOREIGN SCHEMA r FROM SERVER src INTO f;
-- as text the type of the collation stays local; a text column over a number, and one with another precision
CREATE FOREIGN TABLE f.odd (id text, n numeric(8,1), c text COLLATE "en-x-icu") SERVER src OPTIONS (schema_name 'r', table_name 't');

-- runs the query over the foreign and the local table: prints the remote SQL, the steps left here, and whether results are equal
CREATE FUNCTION pushed(p_query text, p_ordered boolean DEFAULT false) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    v_line text;
    v_there text;
    v_here text;
BEGIN
    FOR v_line IN EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF) ' || replace(p_query, 'SRC.', 'f.') LOOP
        IF v_line ~ '(Remote SQL|Filter|Sort Key|Limit|Aggregate|Relations|Unique|WindowAgg|Rows Removed|Incremental)' THEN
            RETURN NEXT pg_catalog.btrim(v_line);
        END IF;
    END LOOP;
    EXECUTE format('SELECT array_agg(q::text %s) FROM (%s) q', CASE WHEN NOT p_ordered THEN 'ORDER BY q::text' END, replace(p_query, 'SRC.', 'f.'))
       INTO v_there;
    EXECUTE format('SELECT array_agg(q::text %s) FROM (%s) q', CASE WHEN NOT p_ordered THEN 'ORDER BY q::text' END, replace(p_query, 'SRC.', 'r.'))
       INTO v_here;
    IF v_there IS DISTINCT FROM v_here THEN
        RETURN NEXT format('DIFFERENT: %s instead of %s', v_there, v_here);
    END IF;
END
$$;
\t on
\pset format unaligned

-- conditions
SELECT pushed('SELECT id FROM SRC.t WHERE id = 7');
SELECT pushed('SELECT id FROM SRC.t WHERE id <> 7 AND n >= 1.25 AND NOT b');
SELECT pushed('SELECT id FROM SRC.t WHERE id IN (1, 2, 300) OR c = ''B1''');
SELECT pushed('SELECT id FROM SRC.t WHERE id BETWEEN 3 AND 5 AND d > ''2024-01-04'' AND ts < ''2024-02-01 00:00+01''');
SELECT pushed('SELECT id FROM SRC.t WHERE c IS NULL AND b IS NOT TRUE');
SELECT pushed('SELECT id FROM SRC.t WHERE c IS DISTINCT FROM ''B1'' AND id < 4');
SELECT pushed('SELECT id FROM SRC.t WHERE (id + 1) * 2 % 5 = 0 AND -id < -95');
SELECT pushed('SELECT id FROM SRC.t WHERE length(c) = 2 AND abs(id - 50) < 3');
SELECT pushed('SELECT id FROM SRC.t WHERE c LIKE ''B%'' AND v NOT LIKE ''%7''');
SELECT pushed('SELECT id FROM SRC.t WHERE v || c = ''v1B1''');
SELECT pushed('SELECT id FROM SRC.t WHERE id::bigint = 5::bigint AND n::float8 < 2');
SELECT pushed('SELECT id FROM SRC.t WHERE j @> ''{"k": 5}'' OR j ->> ''k'' = ''6''');
SELECT pushed('SELECT id FROM SRC.t WHERE a @> ARRAY[5] AND 6 = ANY (a)');
SELECT pushed('SELECT id FROM SRC.t WHERE coalesce(c, ''none'') = ''none''');
SELECT pushed('SELECT id FROM SRC.t WHERE u = ''00000000-0000-0000-0000-000000000009''');
SELECT pushed('SELECT id FROM SRC.t WHERE c = E''it''''s \\ "quoted"''');
SELECT pushed('SELECT id FROM SRC.t WHERE f > 33.3 AND f = ANY (ARRAY[33.333333333333336, 34])');

-- not pushed: volatile, stable, by setting, by library, user-made, not built in, regular expressions
SELECT pushed('SELECT id FROM SRC.t WHERE id > random() * 0 + 99');
SELECT pushed('SELECT id FROM SRC.t WHERE ts < now() - interval ''1000 years''');
SELECT pushed('SELECT id FROM SRC.t WHERE to_char(d, ''YYYY'') = ''2023''');
SELECT pushed('SELECT id FROM SRC.t WHERE upper(c) = ''B1''');
SELECT pushed('SELECT id FROM SRC.t WHERE c ~ ''^B1$''');
SELECT pushed('SELECT id FROM SRC.t WHERE c ILIKE ''b1''');
SELECT pushed('SELECT id FROM SRC.t WHERE d::text = ''2024-01-02''');
CREATE FUNCTION mine(int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1 OFFSET 0';
SELECT pushed('SELECT id FROM SRC.t WHERE mine(id) = 3');
-- partly
SELECT pushed('SELECT id FROM SRC.t WHERE id < 10 AND mine(id) = 3');
SELECT pushed('SELECT id FROM SRC.t WHERE id < 10 OR mine(id) = 3');

-- the column's type there decides: text over a number, and rounding, stay here
SELECT pushed('SELECT id FROM f.odd WHERE id = ''7''');
SELECT pushed('SELECT count(*) FROM f.odd WHERE n = 2.3');
SELECT pushed('SELECT id FROM f.odd WHERE n IS NULL');

-- collations: bytes for equality; order only where it is proven to be the same
SELECT pushed('SELECT id FROM SRC.t WHERE c < ''B2'' AND c COLLATE "C" >= ''A''');
SELECT pushed('SELECT id FROM SRC.t WHERE icu = ''b2''');
SELECT pushed('SELECT id FROM SRC.t WHERE icu < ''b2''');
SELECT pushed('SELECT id FROM SRC.t WHERE icu COLLATE "C" < ''B5''');
SELECT pushed('SELECT id FROM SRC.t WHERE icu < ''b2'' COLLATE "de-x-icu"');
SELECT pushed('SELECT id FROM SRC.t WHERE loose = ''l1''');
SELECT pushed('SELECT id FROM SRC.t WHERE loose = ''L1'' COLLATE "C"');
SELECT pushed('SELECT c FROM f.odd WHERE c < ''b2''');
SELECT pushed('SELECT c FROM f.odd WHERE c = ''B1''');
SELECT pushed('SELECT id FROM SRC.t WHERE c = v');
-- what has no collation here gets none from the source
SELECT id FROM f.t WHERE c = icu;

-- order
SELECT pushed('SELECT id FROM SRC.t ORDER BY id DESC', true);
SELECT pushed('SELECT id, c FROM SRC.t ORDER BY c NULLS FIRST, id', true);
SELECT pushed('SELECT icu FROM SRC.t ORDER BY icu DESC', true);
SELECT pushed('SELECT icu FROM SRC.t ORDER BY icu COLLATE "C"', true);
SELECT pushed('SELECT icu FROM SRC.t ORDER BY icu COLLATE "de-x-icu"', true);
SELECT pushed('SELECT loose, id FROM SRC.t ORDER BY loose, id', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY n + 1, d', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY mine(id)', true);
SELECT pushed('SELECT j FROM SRC.t WHERE id < 3 ORDER BY j', true);
SELECT pushed('SELECT c FROM f.odd ORDER BY c', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY c USING ~<~, id', true);

-- limit and offset
SELECT pushed('SELECT id FROM SRC.t ORDER BY id LIMIT 3', true);
SELECT pushed('SELECT id, mine(id) FROM SRC.t WHERE n > 3 ORDER BY c, id LIMIT 3 OFFSET 2', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY id OFFSET 97', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY id LIMIT ALL', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY id FETCH FIRST 2 ROWS ONLY', true);
SELECT pushed('SELECT count(*) FROM (SELECT id FROM SRC.t LIMIT 5) s');
SELECT pushed('SELECT id FROM SRC.t WHERE id = 5 ORDER BY id LIMIT 1', true);
-- not: a condition, the order or ties are decided here; more than one table; locks; sets
SELECT pushed('SELECT id FROM SRC.t WHERE mine(id) > 90 ORDER BY id LIMIT 3', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY mine(id) LIMIT 3', true);
SELECT pushed('SELECT b FROM SRC.t ORDER BY b FETCH FIRST 1 ROW WITH TIES', true);
SELECT pushed('SELECT t1.id FROM SRC.t t1 JOIN SRC.t t2 USING (id) ORDER BY t1.id LIMIT 3', true);
SELECT pushed('SELECT DISTINCT b FROM SRC.t ORDER BY b LIMIT 2', true);
SELECT pushed('SELECT b, count(*) FROM SRC.t GROUP BY b ORDER BY b LIMIT 2', true);
SELECT pushed('SELECT id, row_number() OVER (ORDER BY id DESC) FROM SRC.t ORDER BY id LIMIT 2', true);
SELECT pushed('SELECT generate_series(1, 2), id FROM SRC.t ORDER BY id LIMIT 3', true);
SELECT pushed('SELECT id FROM SRC.t UNION ALL SELECT 0 ORDER BY id LIMIT 2', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY id LIMIT (SELECT 2)', true);
SELECT pushed('SELECT id FROM SRC.t ORDER BY id LIMIT 1 + mine(1)', true);
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM f.t ORDER BY id LIMIT 3 FOR UPDATE;
SELECT id FROM f.t ORDER BY id LIMIT 3 FOR UPDATE;

-- aggregates
SELECT pushed('SELECT count(*) FROM SRC.t');
SELECT pushed('SELECT count(*), count(c), min(id), max(id), min(n), max(ts), max(c), min(icu) FROM SRC.t WHERE id > 10');
SELECT pushed('SELECT count(*) + 1, 2 * max(id) - min(id), ''constant'' FROM SRC.t');
SELECT pushed('SELECT count(*), min(id) FROM SRC.t WHERE id < 0');
SELECT pushed('SELECT max(icu COLLATE "C"), max(id + 1), count(1), count(b) FROM SRC.t');
SELECT pushed('SELECT (SELECT max(id) FROM SRC.t WHERE id < x) FROM generate_series(1, 3) x');
SELECT pushed('SELECT count(*) FROM SRC.t LIMIT 1');
SELECT pushed('SELECT count(*) FROM SRC.t WHERE (SELECT false)');
SELECT pushed('SELECT count(*), max(id) FROM SRC.t WHERE false');
SELECT pushed('SELECT max(id), row_number() OVER () FROM SRC.t');
SELECT pushed('SELECT x, (SELECT count(*) FROM SRC.t WHERE x = 2) FROM generate_series(1, 2) x');
SELECT pushed('SELECT id FROM SRC.t WHERE (SELECT false) ORDER BY id LIMIT 2');
-- not
SELECT pushed('SELECT count(*) FROM SRC.t WHERE mine(id) = 1');
SELECT pushed('SELECT count(DISTINCT b) FROM SRC.t');
SELECT pushed('SELECT count(*) FILTER (WHERE b) FROM SRC.t');
SELECT pushed('SELECT count(*) FROM SRC.t HAVING count(*) > 1');
SELECT pushed('SELECT sum(id), count(*) FROM SRC.t');
SELECT pushed('SELECT max(loose) FROM SRC.t');
SELECT pushed('SELECT max(a) FROM SRC.t');
SELECT pushed('SELECT max(mine(id)) FROM SRC.t');
SELECT pushed('SELECT b, count(*) FROM SRC.t GROUP BY b');
SELECT pushed('SELECT count(*) FROM SRC.t t1, SRC.t t2 WHERE t1.id = t2.id');
SELECT pushed('SELECT max(id) FROM f.odd');
SELECT pushed('SELECT count(*) FROM f.odd');

-- as a partition and as a child: what is above a single table stays here
CREATE TABLE f.parent (id int, c text COLLATE "C", n numeric(8,2)) PARTITION BY RANGE (id);
CREATE FOREIGN TABLE f.child PARTITION OF f.parent FOR VALUES FROM (0) TO (50) SERVER src OPTIONS (schema_name 'r', table_name 'low');
CREATE TABLE f.child_local PARTITION OF f.parent FOR VALUES FROM (50) TO (1000);
CREATE TABLE r.low AS SELECT id, c, n FROM r.t WHERE id < 50;
CREATE TABLE r.parent AS SELECT id, c, n FROM r.t;
INSERT INTO f.parent SELECT id, c, n FROM r.t WHERE id >= 50;
INSERT INTO f.parent VALUES (1, 'x', 1);
SELECT pushed('SELECT id, c FROM SRC.parent WHERE id IN (48, 49, 50) AND n > 12');
SELECT pushed('SELECT count(*), max(c) FROM SRC.parent');
SELECT pushed('SELECT id FROM SRC.parent ORDER BY id LIMIT 2', true);
SELECT pushed('SELECT id FROM SRC.parent WHERE id < 10 ORDER BY id LIMIT 2', true);

-- a security barrier comes first: what could tell of hidden rows is not sent beside a check that is made here
CREATE VIEW f.barrier WITH (security_barrier) AS SELECT * FROM f.t WHERE mine(id) < 5;
CREATE VIEW r.barrier WITH (security_barrier) AS SELECT * FROM r.t WHERE mine(id) < 5;
SELECT pushed('SELECT id FROM SRC.barrier WHERE 100 / (id + 1) > 30');
SELECT pushed('SELECT id FROM SRC.barrier WHERE id = 3');

-- parameters of a prepared statement, in a generic plan
SET plan_cache_mode = force_generic_plan;
PREPARE q(int, text, int) AS SELECT id FROM f.t WHERE id > $1 AND c < $2 ORDER BY id LIMIT $3;
EXPLAIN (VERBOSE, COSTS OFF) EXECUTE q(3, 'M', 2);
EXECUTE q(3, 'M', 2);
EXECUTE q(NULL, 'M', 2);
EXECUTE q(90, 'M', NULL);
RESET plan_cache_mode;

-- a remote table that changes its type: the plan follows within a minute, or with a new session
DROP VIEW f.barrier, r.barrier;
ALTER TABLE r.t ALTER COLUMN id TYPE text;
\c
EXPLAIN (VERBOSE, COSTS OFF) SELECT id FROM f.t WHERE id = 7;
SELECT id FROM f.t WHERE id = 7;

SET client_min_messages = warning;
DROP SERVER src CASCADE;
DROP SCHEMA r, f CASCADE;
DROP FUNCTION pushed, mine;
