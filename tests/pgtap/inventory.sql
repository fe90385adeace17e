-- Inventory of PostgreSQL sources; this database is its own source.
SET client_min_messages = warning;
SELECT plan(47);

CREATE SCHEMA app;
CREATE SCHEMA other;
CREATE TYPE app.mood AS ENUM ('sad', 'ok');
CREATE DOMAIN app.posint AS int CHECK (VALUE > 0);
CREATE DOMAIN app.even AS app.posint NOT NULL DEFAULT 2 CHECK (VALUE % 2 = 0);
CREATE TYPE app.address AS (street text COLLATE "C", zip app.posint);
CREATE TYPE app.span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TYPE app.int4 AS ENUM ('not an integer');
CREATE TYPE app.holder AS (r regclass);
CREATE TYPE other.shape AS ENUM ('round');
CREATE TYPE other.box_of AS (s other.shape);
CREATE TYPE other.unused AS ENUM ('x');
CREATE COLLATION app.german (provider = libc, locale = 'C');

CREATE TABLE app.types (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, v varchar(20) COLLATE "C" NOT NULL DEFAULT 'x', b bpchar, c char(3),
    m app.mood[], e app.even, ea app.even[], a app.address, aa app.address[], s app.span, num numeric(10,2), i4 app.int4,
    rc regclass, rca regtype[], h app.holder[], acl aclitem, o oid, iv int2vector, "char" "char", g text COLLATE app.german,
    twice int GENERATED ALWAYS AS (1 + 1) STORED, gone int, bx other.box_of[], x xml);
ALTER TABLE app.types DROP COLUMN gone;
COMMENT ON TABLE app.types IS 'a table';
COMMENT ON COLUMN app.types.v IS 'a column';
CREATE TABLE app.child (id int PRIMARY KEY, t bigint CONSTRAINT child_t REFERENCES app.types ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
    note text, EXCLUDE USING gist (int4range(id, id + 1) WITH &&));
ALTER TABLE app.child ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;
CREATE UNIQUE INDEX child_note ON app.child (lower(note), t DESC) INCLUDE (id) WHERE t > 3;
CREATE TABLE app.part (d date, k int, PRIMARY KEY (d, k)) PARTITION BY RANGE (d);
CREATE TABLE app.part_1 PARTITION OF app.part FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE app.part_2 PARTITION OF app.part DEFAULT PARTITION BY LIST (k);
CREATE TABLE app.part_2_a PARTITION OF app.part_2 DEFAULT;
INSERT INTO app.part VALUES ('2020-05-05', 1);
CREATE TABLE other.ref (d date, k int, CONSTRAINT ref_part FOREIGN KEY (d, k) REFERENCES app.part);
CREATE TABLE other.heir () INHERITS (other.ref);
CREATE UNLOGGED TABLE other.scratch (x int);
CREATE TABLE other.emptied (x int);
INSERT INTO other.emptied SELECT generate_series(1, 100);
DELETE FROM other.emptied;
CREATE TEMP TABLE temporary (x int);
CREATE SEQUENCE app.fresh START 5 INCREMENT 3;
CREATE SEQUENCE app.restarted;
ALTER SEQUENCE app.restarted RESTART WITH 1000;
CREATE SEQUENCE app.used INCREMENT -2 MAXVALUE 50 START 50;
SELECT nextval('app.used'), nextval('app.used'), setval('app.used', 7, true);
CREATE VIEW app.view AS SELECT id FROM app.types;
CREATE MATERIALIZED VIEW app.matview AS SELECT 1 AS one;
CREATE FUNCTION app.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE AGGREGATE app.total (int) (sfunc = int4pl, stype = int);
CREATE TRIGGER t1 BEFORE INSERT ON app.part FOR EACH ROW EXECUTE FUNCTION app.tf();
CREATE RULE quiet AS ON DELETE TO other.ref DO INSTEAD NOTHING;

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE FUNCTION pg_temp.id(text) RETURNS bigint LANGUAGE sql AS $$ SELECT $1::regclass::oid::bigint $$;
SELECT lives_ok($$ SELECT lakemover.inventory('src') $$, 'inventory');

SELECT is((SELECT (engine, dbname, encoding, version_num, identity, settings ->> 'username')::text FROM lakemover.source_info),
    (SELECT format('(postgres,%s,UTF8,%s,%s/%s,%s)', current_database(), current_setting('server_version_num'), system_identifier,
                   current_database(), current_user) FROM pg_control_system()), 'source_info');
SELECT results_eq($$ SELECT schema_name FROM lakemover.inv_schema ORDER BY 1 $$, $$ VALUES ('app'), ('other'), ('public') $$,
    'schemas: neither the system''s nor an extension''s own');
SELECT results_eq($$ SELECT schema_name, table_name, kind, persistence FROM lakemover.inv_table ORDER BY 1, 2 $$,
    $$ VALUES ('app', 'child', 'r', 'p'), ('app', 'part', 'p', 'p'), ('app', 'part_1', 'r', 'p'), ('app', 'part_2', 'p', 'p'),
              ('app', 'part_2_a', 'r', 'p'), ('app', 'types', 'r', 'p'), ('other', 'emptied', 'r', 'p'), ('other', 'heir', 'r', 'p'),
              ('other', 'ref', 'r', 'p'), ('other', 'scratch', 'r', 'u') $$,
    'tables: no temporary ones, none of an extension');
SELECT results_eq($$ SELECT table_name, parent_id, partition_key, partition_bound FROM lakemover.inv_table WHERE table_name LIKE 'part%' ORDER BY 1 $$,
    $$ VALUES ('part', NULL, 'RANGE (d)', NULL), ('part_1', pg_temp.id('app.part'), NULL, 'FOR VALUES FROM (''2020-01-01'') TO (''2021-01-01'')'),
              ('part_2', pg_temp.id('app.part'), 'LIST (k)', 'DEFAULT'), ('part_2_a', pg_temp.id('app.part_2'), NULL, 'DEFAULT') $$, 'partitions');
SELECT is((SELECT inherits FROM lakemover.inv_table WHERE table_name = 'heir'), ARRAY[pg_temp.id('other.ref')], 'inheritance');
SELECT is((SELECT inherits FROM lakemover.inv_table WHERE table_name = 'part_1'), NULL, 'a partition is no heir');
SELECT results_eq($$ SELECT table_name, is_empty FROM lakemover.inv_table WHERE table_name IN ('types', 'part', 'part_1', 'part_2', 'part_2_a', 'emptied') ORDER BY 1 $$,
    $$ VALUES ('emptied', true), ('part', false), ('part_1', false), ('part_2', true), ('part_2_a', true), ('types', true) $$,
    'emptiness: by file size, by a probe, and from the partitions');
SELECT is((SELECT comment FROM lakemover.inv_table WHERE table_name = 'types'), 'a table', 'a table''s comment');
SELECT is((SELECT count(*) FROM lakemover.inv_table WHERE NOT can_select OR rls_applies OR row_security), 0::bigint, 'everything is readable');
SELECT ok((SELECT table_bytes = 8192 AND index_bytes = 16384 AND pages = 1 FROM lakemover.inv_table WHERE table_name = 'part_1'), 'sizes');

SELECT results_eq($$ SELECT column_name, data_type, base_type, type_kind, type_schema, codec, binary_ok
                       FROM lakemover.inv_column WHERE table_id = pg_temp.id('app.types') ORDER BY ordinal $$,
    $$ VALUES ('id', 'bigint', 'bigint', 'b', 'pg_catalog', 'int8', true), ('n', 'integer', 'integer', 'b', 'pg_catalog', 'int4', true),
        ('v', 'character varying(20)', 'character varying', 'b', 'pg_catalog', 'varchar', true),
        ('b', 'bpchar', 'character', 'b', 'pg_catalog', 'bpchar', true), ('c', 'character(3)', 'character', 'b', 'pg_catalog', 'bpchar', true),
        ('m', 'app.mood[]', 'app.mood[]', 'b', 'app', '_enum', true), ('e', 'app.even', 'app.even', 'd', 'app', 'int4', true),
        ('ea', 'app.even[]', 'app.even[]', 'b', 'app', '_int4', true), ('a', 'app.address', 'app.address', 'c', 'app', 'record', true),
        ('aa', 'app.address[]', 'app.address[]', 'b', 'app', '_record', true), ('s', 'app.span', 'app.span', 'r', 'app', 'span', true),
        ('num', 'numeric(10,2)', 'numeric', 'b', 'pg_catalog', 'numeric', true), ('i4', 'app.int4', 'app.int4', 'e', 'app', 'enum', true),
        ('rc', 'regclass', 'regclass', 'b', 'pg_catalog', 'regclass', false), ('rca', 'regtype[]', 'regtype[]', 'b', 'pg_catalog', '_regtype', false),
        ('h', 'app.holder[]', 'app.holder[]', 'b', 'app', '_record', false), ('acl', 'aclitem', 'aclitem', 'b', 'pg_catalog', 'aclitem', false),
        ('o', 'oid', 'oid', 'b', 'pg_catalog', 'oid', true), ('iv', 'int2vector', 'int2vector', 'b', 'pg_catalog', 'int2vector', true),
        ('char', '"char"', '"char"', 'b', 'pg_catalog', 'char', true), ('g', 'text', 'text', 'b', 'pg_catalog', 'text', true),
        ('twice', 'integer', 'integer', 'b', 'pg_catalog', 'int4', true),
        ('bx', 'other.box_of[]', 'other.box_of[]', 'b', 'other', '_record', true), ('x', 'xml', 'xml', 'b', 'pg_catalog', 'xml', true) $$,
    'columns: types, storage types, binary COPY');
SELECT results_eq($$ SELECT column_name, default_expr, identity, generated, "collation", comment FROM lakemover.inv_column
                      WHERE table_id = pg_temp.id('app.types') AND (default_expr IS NOT NULL OR identity <> '' OR "collation" IS NOT NULL) ORDER BY ordinal $$,
    $$ VALUES ('id', NULL, 'a', '', NULL, NULL), ('n', 'nextval(''app.types_n_seq''::regclass)', '', '', NULL, NULL),
              ('v', '''x''::character varying', '', '', 'pg_catalog."C"', 'a column'), ('g', NULL, '', '', 'app.german', NULL),
              ('twice', '(1 + 1)', '', 's', NULL, NULL) $$, 'defaults, identity, generated, collation');
SELECT is((SELECT max(ordinal) FROM lakemover.inv_column WHERE table_id = pg_temp.id('app.types')), 25, 'a dropped column leaves its number unused');
SELECT is((SELECT array_agg(DISTINCT is_local) FROM lakemover.inv_column WHERE table_id = pg_temp.id('other.heir')), '{f}', 'inherited columns are not local');

SELECT results_eq($$ SELECT name, kind, columns, ref_table_id, ref_columns, on_delete, is_deferrable, is_deferred, is_validated, definition
                       FROM lakemover.inv_constraint WHERE table_id = pg_temp.id('app.child') ORDER BY name $$,
    $$ VALUES ('child_int4range_excl', 'x', '{}'::text[], NULL::bigint, NULL::text[], NULL::text, false, false, true, 'EXCLUDE USING gist (int4range(id, (id + 1)) WITH &&)'),
              ('child_pkey', 'p', '{id}', NULL, NULL, NULL, false, false, true, 'PRIMARY KEY (id)'),
              ('child_t', 'f', '{t}', pg_temp.id('app.types'), '{id}', 'c', true, true, true,
               'FOREIGN KEY (t) REFERENCES app.types(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED'),
              ('positive', 'c', '{id}', NULL, NULL, NULL, false, false, false, 'CHECK ((id > 0)) NOT VALID') $$, 'constraints');
SELECT is((SELECT count(*) FROM lakemover.inv_constraint WHERE kind = 'f' AND table_id = pg_temp.id('other.ref') AND parent_id IS NULL), 1::bigint,
    'the foreign keys that a partitioned table adds below have a parent');
SELECT is((SELECT count(*) FROM lakemover.inv_constraint c JOIN lakemover.inv_constraint p ON p.constraint_id = c.parent_id
            WHERE c.kind = 'p' AND c.table_id = pg_temp.id('app.part_1') AND p.table_id = pg_temp.id('app.part')), 1::bigint, 'and so do partitions'' keys');
SELECT results_eq($$ SELECT method, is_unique, is_primary, is_valid, key_columns, include_columns, has_expressions, predicate, constraint_id
                       FROM lakemover.inv_index WHERE name = 'child_note' $$,
    $$ VALUES ('btree', true, false, true, '{lower(note),t}'::text[], '{id}'::text[], true, '(t > 3)', NULL::bigint) $$, 'an index');
SELECT is((SELECT c.name FROM lakemover.inv_index i JOIN lakemover.inv_constraint c USING (source, constraint_id) WHERE i.name = 'child_pkey'), 'child_pkey',
    'the constraint that owns an index');
SELECT is((SELECT p.name FROM lakemover.inv_index i JOIN lakemover.inv_index p ON p.index_id = i.parent_id WHERE i.name = 'part_1_pkey'), 'part_pkey', 'a partition''s index');

SELECT results_eq($$ SELECT sequence_name, data_type, last_value, is_called, owner_column, owner_kind FROM lakemover.inv_sequence ORDER BY 1 $$,
    $$ VALUES ('fresh', 'bigint', 5::bigint, false, NULL, NULL), ('restarted', 'bigint', 1000, false, NULL, NULL),
              ('types_id_seq', 'bigint', 1, false, 'id', 'i'), ('types_n_seq', 'integer', 1, false, 'n', 'a'),
              ('used', 'bigint', 7, true, NULL, NULL) $$,
    'sequences: the next value of a restarted one is not its start value');
SELECT is((SELECT (start_value, min_value, max_value, increment_by, cache_size, cycles)::text FROM lakemover.inv_sequence WHERE sequence_name = 'used'),
    '(50,-9223372036854775808,50,-2,1,f)', 'attributes of a descending sequence');

SELECT results_eq($$ SELECT type_name, kind, definition FROM lakemover.inv_type WHERE schema_name = 'app' ORDER BY type_name $$,
    $$ VALUES ('address', 'c', '{"attributes": [{"name": "street", "type": "text", "collation": "pg_catalog.\"C\""}, {"name": "zip", "type": "app.posint", "collation": null}]}'::jsonb),
              ('even', 'd', '{"base": "app.posint", "default": "2", "not_null": true, "collation": null, "checks": [{"name": "even_check", "definition": "CHECK ((((VALUE)::integer % 2) = 0))", "validated": true}]}'),
              ('holder', 'c', '{"attributes": [{"name": "r", "type": "regclass", "collation": null}]}'),
              ('int4', 'e', '{"labels": ["not an integer"]}'), ('mood', 'e', '{"labels": ["sad", "ok"]}'),
              ('posint', 'd', '{"base": "integer", "default": null, "not_null": false, "collation": null, "checks": [{"name": "posint_check", "definition": "CHECK ((VALUE > 0))", "validated": true}]}'),
              ('span', 'r', '{"subtype": "double precision", "opclass": null, "collation": null, "canonical": null, "subtype_diff": "pg_catalog.float8mi", "multirange": "span_multirange"}') $$,
    'types');
SELECT is_empty($$ SELECT * FROM lakemover.inv_type t CROSS JOIN unnest(t.uses) u(id) JOIN lakemover.inv_type p ON p.type_id = u.id WHERE p.ordinal >= t.ordinal $$,
    'a type comes after the types inside it');
SELECT is((SELECT array_agg(p.type_name ORDER BY 1) FROM lakemover.inv_type t JOIN lakemover.inv_type p ON p.type_id = ANY (t.uses) WHERE t.type_name = 'address'),
    '{posint}', 'and knows them');

SELECT results_eq($$ SELECT routine_name, kind, language FROM lakemover.inv_routine ORDER BY 1 $$, $$ VALUES ('tf', 't', 'plpgsql'), ('total', 'a', 'internal') $$,
    'routines: neither an extension''s nor a range''s constructors');
SELECT results_eq($$ SELECT name, table_id FROM lakemover.inv_trigger $$, $$ VALUES ('t1', pg_temp.id('app.part')) $$, 'triggers: no clones on partitions, none of constraints');
SELECT results_eq($$ SELECT view_name, kind FROM lakemover.inv_view ORDER BY 1 $$, $$ VALUES ('matview', 'm'), ('view', 'v') $$, 'views');
SELECT results_eq($$ SELECT extension_name FROM lakemover.inv_extension ORDER BY 1 $$, $$ VALUES ('lakemover'), ('pgtap'), ('plpgsql') $$, 'extensions');
SELECT results_eq($$ SELECT kind, object_name FROM lakemover.inv_object ORDER BY 1, 2 $$,
    $$ VALUES ('collation', 'german'), ('foreign server', 'src'), ('rule', 'quiet') $$, 'other objects');

-- Once more replaces; the fingerprint moves with the schema only.
CREATE TEMP TABLE print (f text);
INSERT INTO print VALUES (lakemover._schema_fingerprint('src'));
SELECT matches((SELECT f FROM print), '^[0-9a-f]{64}$', 'the fingerprint is a SHA-256');
SELECT nextval('app.fresh');
INSERT INTO other.scratch SELECT generate_series(1, 1000);
ANALYZE other.scratch;
COMMENT ON TABLE app.child IS 'new';
SELECT lakemover.inventory('src');
SELECT is(lakemover._schema_fingerprint('src'), (SELECT f FROM print), 'rows, statistics, sequence values and comments do not change it');
SELECT is((SELECT row_estimate FROM lakemover.inv_table WHERE table_name = 'scratch'), 1000::bigint, 'though they are read again');
SELECT is((SELECT is_called FROM lakemover.inv_sequence WHERE sequence_name = 'fresh'), true, 'as is the sequence''s value');
ALTER TABLE app.child ALTER note SET DEFAULT 'y';
SELECT lakemover.inventory('src');
SELECT isnt(lakemover._schema_fingerprint('src'), (SELECT f FROM print), 'a default does');
ALTER TABLE app.child ALTER note DROP DEFAULT;
SELECT lakemover.inventory('src');
SELECT is(lakemover._schema_fingerprint('src'), (SELECT f FROM print), 'and back');
ALTER TYPE app.mood ADD VALUE 'happy';
SELECT lakemover.inventory('src');
SELECT isnt(lakemover._schema_fingerprint('src'), (SELECT f FROM print), 'an enum''s label does');

-- Scope.
INSERT INTO lakemover.source_scope VALUES ('src', 'app');
SELECT lakemover.inventory('src');
SELECT is((SELECT array_agg(DISTINCT schema_name) FROM lakemover.inv_table), '{app}', 'scope: tables');
SELECT is((SELECT count(*) FROM lakemover.inv_constraint WHERE table_id NOT IN (SELECT table_id FROM lakemover.inv_table)), 0::bigint, 'scope: what hangs on tables');
SELECT results_eq($$ SELECT type_name FROM lakemover.inv_type WHERE schema_name = 'other' ORDER BY 1 $$, $$ VALUES ('box_of'), ('shape') $$,
    'scope: types of other schemas stay when a column needs them, and what they need');
SELECT results_eq($$ SELECT schema_name FROM lakemover.inv_schema ORDER BY 1 $$, $$ VALUES ('app'), ('other') $$, 'and their schema');
INSERT INTO lakemover.source_scope VALUES ('src', 'nowhere');
SELECT throws_ok($$ SELECT lakemover.inventory('src') $$, '3F000', 'source "src" has no schema nowhere', 'a schema that is not there is an error');
SELECT is((SELECT count(*) FROM lakemover.inv_table), 6::bigint, 'and the former inventory stays');
DELETE FROM lakemover.source_scope;

SELECT lakemover.inventory('src');
SELECT is((SELECT count(*) FROM lakemover.inv_table), 10::bigint, 'without scope everything is back');
DROP SERVER src CASCADE;
SELECT throws_ok($$ SELECT lakemover.inventory('src') $$, '42704', 'source "src" does not exist', 'an unknown source');
SELECT is((SELECT count(*) FROM lakemover.inv_table WHERE source = 'src'), 10::bigint, 'what was read stays');

SELECT * FROM finish();
