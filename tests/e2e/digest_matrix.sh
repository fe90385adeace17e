#!/bin/bash
# Both decoders over real COPY output of two servers: every kind of type, with OIDs of user-defined
# types that differ between the servers.
. "$(dirname "$0")/../lib/e2e.sh"
lm_init digest_matrix
lm_start_source
lm_start_target
lm_sql target postgres -c 'CREATE DATABASE matrix' > /dev/null
# The target's user-defined types get other OIDs than the source's.
lm_sql target matrix -c 'CREATE SCHEMA shift; CREATE TYPE shift.a AS ENUM ($$x$$); CREATE TYPE shift.b AS (x int)' > /dev/null

cat > "$LM_TMP/types.sql" <<'SQL'
CREATE SCHEMA m;
CREATE TYPE m.mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN m.price AS numeric(10,2);
CREATE DOMAIN m.word AS varchar(20);
CREATE TYPE m.inner_pair AS (label char(5), mood m.mood);
CREATE TYPE m.pair AS (a int, b numeric, c text, moods m.mood[], nested m.inner_pair, pairs m.inner_pair[], f float8, w m.word);
CREATE TYPE m.mood_range AS RANGE (subtype = float8);
CREATE FUNCTION m.codec(t oid) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    SELECT * INTO r FROM pg_type WHERE oid = t;
    IF r.typtype = 'd' THEN RETURN m.codec(r.typbasetype);
    ELSIF r.typtype = 'e' THEN RETURN 'enum';
    ELSIF r.typtype = 'c' THEN RETURN 'record';
    ELSIF r.typcategory = 'A' AND r.typelem <> 0 AND r.typlen = -1 THEN RETURN '_' || m.codec(r.typelem);
    ELSE RETURN r.typname; END IF;
END $$;
SQL
cat > "$LM_TMP/tables.sql" <<'SQL'
CREATE TABLE m.integers AS SELECT g::int2 AS a, -g AS b, g * 9007199254740993 AS c, g::oid AS d, (g % 2 = 0) AS e FROM generate_series(1, 500) g;
CREATE TABLE m.numerics (a numeric, b numeric(10,3), c m.price);
INSERT INTO m.numerics VALUES (0, 0, 0), (0.00, -0.001, 1), ('NaN', 'NaN', NULL), ('Infinity', NULL, NULL), ('-Infinity', NULL, NULL),
    (10000, 1, 2), (100000000, 1, 2), (0.0001, 1, 2), (0.00000000000000000001, 1, 2), (1e300, 1, 2), (-1e-300, 1, 2), (1.50, 1.5, 1.5),
    (99999999999999999999999999999999999999.99999999999999999999, 9999999.999, 99999999.99);
INSERT INTO m.numerics SELECT (random() * 1e12)::numeric / (g * 7), g / 1000.0, g FROM generate_series(1, 1000) g;
CREATE TABLE m.floats AS SELECT v AS a, v::float4 AS b FROM unnest('{0,-0,NaN,Infinity,-Infinity,1.5,1e-30,-1e30,0.1}'::float8[]) v;
CREATE TABLE m.texts (a text, b varchar(30), c char(8), d name, e "char", f m.word);
INSERT INTO m.texts VALUES ('', '', '', '', '', ''), (NULL, NULL, NULL, NULL, NULL, NULL), ('a b  ', ' x ', 'pad', 'n', 'c', 'w'),
    (E'tab\tnew\nline\\back\rreturn', '\N', '  x', 'N', 'N', '\.'), ('émoji 😀 ñ', 'é', 'ü', 'ß', 'x', 'Ω'), (repeat('long', 50000), 'b', 'c', 'd', 'e', 'f'),
    (E'\b\f\v\x01\x7f', '\', '\\', '\N', '\', E'\\x');
CREATE TABLE m.bytes AS SELECT decode(repeat('00ff5c0a09', g), 'hex') AS a FROM generate_series(0, 200) g;
CREATE TABLE m.moments (a date, b time, c timetz, d timestamp, e timestamptz, f interval);
INSERT INTO m.moments VALUES ('0001-01-01', '00:00', '00:00+13', '0001-01-01', '0001-01-01 00:00+00', '0'), ('9999-12-31', '24:00', '23:59:59.999999-12', 'infinity', '-infinity', '-1 mon 1 day -00:00:00.000001'),
    ('4713-01-01 BC', '12:00:00.000001', '12:00+05:30', '4713-01-01 BC', '2024-02-29 23:59:59.999999+14', '178000000 years'), ('infinity', NULL, NULL, NULL, NULL, NULL);
CREATE TABLE m.json AS SELECT jsonb_build_object('g', g, 'x', repeat('ü', g), 'n', 1.50) AS a, '{"a" : 1,  "a":2}'::json AS b FROM generate_series(1, 50) g;
CREATE TABLE m.uuids AS SELECT md5(g::text)::uuid AS a FROM generate_series(1, 50) g;
CREATE TABLE m.net (a inet, b cidr, c macaddr, d macaddr8);
INSERT INTO m.net VALUES ('10.0.0.1/8', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05'), ('::1', '2001:db8::/32', NULL, NULL);
CREATE TABLE m.bits AS SELECT g::bit(7) AS a, g::bit(13)::varbit(13) AS b FROM generate_series(1, 50) g;
CREATE TABLE m.geometry (a point, b line, c lseg, d box, e path, f polygon, g circle);
INSERT INTO m.geometry VALUES ('(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '((0,0),(1,1))', '((0,0),(1,1),(2,0))', '<(0,0),3>');
CREATE TABLE m.ranges AS SELECT int4range(g, g + 5) AS a, numrange(g / 2.0, NULL, '()') AS b, daterange('2024-01-01', NULL) AS c, tstzrange(now(), 'infinity') AS d,
    'empty'::int8range AS e, int4multirange(int4range(1, 2), int4range(5, 9)) AS f FROM generate_series(1, 50) g;
CREATE TABLE m.search AS SELECT to_tsvector('simple', 'a fat cat ' || g) AS a, to_tsquery('simple', 'fat & cat') AS b FROM generate_series(1, 20) g;
CREATE TABLE m.xmls AS SELECT xmlparse(content '<a>ü' || g || '</a>') AS a FROM generate_series(1, 5) g;
CREATE TABLE m.money AS SELECT g::money AS a, '16/B374D848'::pg_lsn AS b, g::text::xid8 AS c, '(1,2)'::tid AS d FROM generate_series(1, 20) g;
CREATE TABLE m.arrays (a int[], b text[], c numeric[], d char(4)[], e float8[], f timestamptz[], g bool[], h uuid[]);
INSERT INTO m.arrays VALUES ('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}'), ('{1,NULL,3}', '{a,NULL,"",NULL," "}', '{1.50,NaN,0}', '{a,"b  ",NULL}', '{NaN,-0,1}', '{now,infinity}', '{t,f,NULL}', NULL),
    ('[2:4]={1,2,3}', '{{a,b},{c,d}}', '[0:0]={7}', NULL, NULL, NULL, NULL, '{00000000-0000-0000-0000-000000000001}');
INSERT INTO m.arrays (a) VALUES ('{1,NULL}');
UPDATE m.arrays SET a[2] = 5 WHERE a = '{1,NULL}';
CREATE TABLE m.enums (a m.mood, b m.mood[]);
INSERT INTO m.enums VALUES ('sad', '{sad,happy}'), ('ok', '{}'), (NULL, '{NULL,ok}'), ('happy', NULL);
CREATE TABLE m.domains (a m.price, b m.word, c m.price[], d m.word[]);
INSERT INTO m.domains VALUES (1.5, 'x', '{1.5,2}', '{a,b}'), (NULL, NULL, '{}', '{NULL}');
CREATE TABLE m.composites (a m.pair, b m.pair[], c m.inner_pair);
INSERT INTO m.composites VALUES (ROW(1, 1.50, 'x', '{sad,NULL}', ROW('ab', 'ok'), ARRAY[ROW('p', 'sad')::m.inner_pair, NULL], 'NaN', 'w'), ARRAY[ROW(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::m.pair, NULL], ROW('', NULL)),
    (NULL, '{}', NULL), (ROW(2, 'NaN', '', '{}', ROW(NULL, NULL), '{}', '-0', ''), NULL, ROW('12345', 'happy'));
CREATE TABLE m.user_ranges AS SELECT m.mood_range(g, g + 1) AS a FROM generate_series(1, 5) g;
CREATE TABLE m.no_columns ();
INSERT INTO m.no_columns DEFAULT VALUES;
CREATE TABLE m.wide AS SELECT g AS id, repeat(md5(g::text), 30000) AS big FROM generate_series(1, 5) g;
SQL
lm_sql source "$LM_DB" -f - < "$LM_TMP/types.sql" > /dev/null || fail "types on the source"
lm_sql target matrix -f - < "$LM_TMP/types.sql" > /dev/null || fail "types on the target"
lm_sql source "$LM_DB" -f - < "$LM_TMP/tables.sql" > /dev/null || fail "tables on the source"
lm_sql target matrix -f - < "$LM_TMP/tables.sql" > /dev/null || fail "tables on the target"

export LAKEMOVER_TEST_SOURCE="host=$LM_TMP/source port=${LM_PORT[source]} dbname=$LM_DB"
export LAKEMOVER_TEST_TARGET="host=$LM_TMP/target port=${LM_PORT[target]} dbname=matrix"
expect 0 "building the unit tests" cmake --build "$LM_ROOT/build/cmake" --target unit_tests
expect 0 "the matrix" "$LM_ROOT/build/cmake/unit_tests" --gtest_filter='DigestMatrix.*'
says '\[  PASSED  \] 2 tests'
says_not 'SKIPPED'
finish
