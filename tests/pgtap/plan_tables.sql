-- The plan: filled from a real inventory (this database is its own source), edited, made again.
SET client_min_messages = warning;
SELECT plan(68);

CREATE SCHEMA shop;
CREATE SCHEMA shop2;
CREATE SCHEMA "Odd; Schema";
CREATE TYPE shop.mood AS ENUM ('a', 'b');
CREATE DOMAIN shop.document AS jsonb CHECK (VALUE <> 'null');
CREATE TABLE shop.parent (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text UNIQUE, doc jsonb, at timestamptz(3), plain timestamp,
    docs json[], ats timestamptz[], x xml, b bytea, m shop.mood, d shop.document, n numeric(10,2),
    kind text GENERATED ALWAYS AS (doc ->> 'kind') STORED, CHECK (jsonb_typeof(doc) = 'object'), CONSTRAINT period CHECK (at > plain));
CREATE INDEX parent_doc_idx ON shop.parent USING gin (doc);
CREATE INDEX parent_at_idx ON shop.parent (at);
CREATE TABLE shop.child (id serial PRIMARY KEY, parent_id bigint REFERENCES shop.parent, note text DEFAULT 'x');
CREATE TABLE shop2.child (id serial PRIMARY KEY, parent_id bigint REFERENCES shop.parent (id));
CREATE INDEX child_note_idx ON shop.child (note);
CREATE TABLE shop.part (id int, at timestamptz, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE shop.part_2 PARTITION OF shop.part DEFAULT;
CREATE TABLE "Odd; Schema"."Ta""ble" ("a b" int, "c'd" text);
CREATE VIEW shop.v AS SELECT 1 AS one;
CREATE FUNCTION shop.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER tr BEFORE INSERT ON shop.child FOR EACH ROW EXECUTE FUNCTION shop.f();

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE FUNCTION pg_temp.id(text) RETURNS bigint LANGUAGE sql AS $$ SELECT $1::regclass::oid::bigint $$;
CREATE FUNCTION pg_temp.problems() RETURNS SETOF text LANGUAGE sql AS $$ SELECT message FROM lakemover._plan_problems('src') ORDER BY message COLLATE "C" $$;

SELECT throws_ok($$ SELECT lakemover.plan('src') $$, '55000', 'source "src" has no inventory', 'no plan without an inventory');
SELECT lives_ok($$ SELECT lakemover.inventory('src') $$, 'inventory');
SELECT throws_ok($$ SELECT lakemover.plan('src', 'fancy') $$, '22023', 'unknown type profile "fancy"', 'an unknown profile');
SELECT results_eq($$ SELECT profile, tables, excluded, columns, constraints, indexes, sequences FROM lakemover.plan('src') $$,
                  $$ VALUES ('native'::text, 7, 0, 26, 11, 3, 3) $$, 'native is the first profile; everything is planned');
SELECT results_eq($$ SELECT source_schema, source_table, target_schema, target_table FROM lakemover.plan_table WHERE source = 'src' ORDER BY 1, 2 $$,
    $$ VALUES ('Odd; Schema', 'Ta"ble', 'Odd; Schema', 'Ta"ble'), ('shop', 'child', 'shop', 'child'), ('shop', 'parent', 'shop', 'parent'),
              ('shop', 'part', 'shop', 'part'), ('shop', 'part_1', 'shop', 'part_1'), ('shop', 'part_2', 'shop', 'part_2'), ('shop2', 'child', 'shop2', 'child') $$,
    'names stay');
SELECT is_empty($$ SELECT * FROM lakemover.plan_column p JOIN lakemover.inv_column i USING (source, table_id, ordinal)
                    WHERE p.target_type <> i.data_type OR p.target_column <> i.column_name $$, 'native: every type and column stays itself');
SELECT is_empty($$ SELECT * FROM pg_temp.problems() $$, 'no problems');
SELECT ok((SELECT c.load_rank > p.load_rank FROM lakemover.plan_table c, lakemover.plan_table p
            WHERE c.table_id = pg_temp.id('shop.child') AND p.table_id = pg_temp.id('shop.parent')), 'load_rank: the child after the parent');
SELECT results_eq($$ SELECT kind, source_name, action, reason FROM lakemover.plan_routine ORDER BY kind $$,
    $$ VALUES ('foreign server', 'src', 'report', 'objects of this kind are not moved'),
              ('trigger', 'tr on shop.child', 'move', NULL), ('trigger function', 'shop.f()', 'move', NULL), ('view', 'shop.v', 'move', NULL) $$, 'what holds code is reported');

-- the hash
CREATE TEMP TABLE hash (what text, hash text);
INSERT INTO hash VALUES ('native', lakemover.plan_hash('src'));
SELECT matches((SELECT hash FROM hash), '^[0-9a-f]{64}$', 'plan_hash is a SHA-256');
SELECT lakemover.plan('src');
SELECT is(lakemover.plan_hash('src'), (SELECT hash FROM hash), 'planning again does not change the hash');
SELECT nextval('shop.child_id_seq');
INSERT INTO shop.child (note) SELECT 'x' FROM generate_series(1, 1000);
ANALYZE shop.child;
SELECT lakemover.inventory('src');
SELECT is(lakemover.plan_hash('src'), (SELECT hash FROM hash), 'neither do sequence values and sizes');
UPDATE lakemover.plan_table SET row_filter = 'id > 5' WHERE table_id = pg_temp.id('shop.child');
SELECT isnt(lakemover.plan_hash('src'), (SELECT hash FROM hash), 'a filter does');
UPDATE lakemover.plan_table SET row_filter = NULL WHERE table_id = pg_temp.id('shop.child');
SELECT is(lakemover.plan_hash('src'), (SELECT hash FROM hash), 'and back');
UPDATE lakemover.plan_index SET target_name = 'other' WHERE source_name = 'child_note_idx';
SELECT isnt(lakemover.plan_hash('src'), (SELECT hash FROM hash), 'an index name does');
UPDATE lakemover.plan_index SET target_name = 'child_note_idx', edited = '{}' WHERE source_name = 'child_note_idx';

-- portable
SELECT is((SELECT profile FROM lakemover.plan('src', 'portable')), 'portable', 'portable by name');
SELECT is((SELECT profile FROM lakemover.plan('src')), 'portable', 'without a profile the plan keeps its own');
SELECT results_eq($$ SELECT source_column, target_type FROM lakemover.plan_column WHERE table_id = pg_temp.id('shop.parent') ORDER BY ordinal $$,
    $$ VALUES ('id', 'bigint'), ('code', 'text'), ('doc', 'text'), ('at', 'timestamp(3) without time zone'), ('plain', 'timestamp without time zone'),
              ('docs', 'text[]'), ('ats', 'timestamp without time zone[]'), ('x', 'text'), ('b', 'bytea'), ('m', 'shop.mood'), ('d', 'text'),
              ('n', 'numeric(10,2)'), ('kind', 'text') $$, 'portable types, arrays and domains too');
SELECT results_eq($$ SELECT c->>'name', c->>'codec', c->>'select' FROM jsonb_array_elements(lakemover._table_spec('src', pg_temp.id('shop.parent'))->'columns') c $$,
    $$ VALUES ('id', 'int8', NULL), ('code', 'text', NULL), ('doc', 'text', 'doc::text'), ('at', 'timestamp', '(at AT TIME ZONE ''UTC'')'),
              ('plain', 'timestamp', NULL), ('docs', '_text', 'docs::text[]'), ('ats', '_timestamp', 'ats::timestamp without time zone[]'),
              ('x', 'text', 'x::text'), ('b', 'bytea', NULL), ('m', 'enum', NULL), ('d', 'text', 'd::text'), ('n', 'numeric', NULL), ('kind', 'text', NULL) $$,
    'portable casts; the generated column is a plain one and is copied');
SELECT results_eq($$ SELECT kind, object, reason FROM lakemover.not_moved('src') WHERE table_id = pg_temp.id('shop.parent') ORDER BY 1 $$,
    $$ VALUES ('check', 'shop.parent.parent_doc_check', 'it uses the column doc, whose type changes'),
              ('domain', 'shop.parent.d', 'the column becomes text: default, NOT NULL and checks of the domain shop.document do not apply'),
              ('generated column', 'shop.parent.kind', 'becomes a plain column with the same values: it uses the column doc, whose type changes'),
              ('index', 'shop.parent_doc_idx', 'it uses the column doc, whose type changes') $$, 'what portable cannot keep is listed');
SELECT is_empty($$ SELECT * FROM pg_temp.problems() $$, 'portable: no problems');
SELECT results_eq($$ SELECT lakemover._copy_select('src', 'c', f, t, NULL) COLLATE "C" FROM (VALUES
        (1, 'integer', 'bigint'), (2, 'character varying(20)', 'character varying(5)'), (3, 'text', 'character varying(5)'),
        (4, 'text', 'character(5)'), (5, 'numeric(10,2)', 'numeric(12,4)'), (6, 'numeric(10,4)', 'numeric(10,2)'), (7, 'numeric(10,2)', 'numeric'),
        (8, 'timestamp with time zone', 'date'), (9, 'timestamp without time zone', 'timestamp with time zone'), (10, 'shop.mood', 'text'),
        (11, 'text', 'shop.mood'), (12, 'timestamp(3) with time zone', 'timestamp(0) without time zone'), (13, 'shop.mood[]', 'text[]')) v(no, f, t) ORDER BY no $$,
    $$ VALUES ('c::bigint'::text COLLATE "C"), (NULL), ('c::character varying'), ('c::bpchar'), (NULL), ('c::numeric(10,2)'), (NULL),
              ('(c AT TIME ZONE ''UTC'')::date'), ('(c AT TIME ZONE ''UTC'')'), ('c::text'), ('c::shop.mood'),
              ('(c AT TIME ZONE ''UTC'')::timestamp(0) without time zone'), ('c::text[]') $$,
    'casts of edited types: no cast ever cuts a string');
SELECT is(lakemover._copy_select('src', 'c', 'text', 'text', 'upper(c) -- loud'), E'CAST((upper(c) -- loud\n) AS text)', 'a transform is cast, too');

-- edits
SELECT lakemover.plan('src', 'native');
UPDATE lakemover.plan_table SET target_schema = 'store', target_table = 'kid' WHERE table_id = pg_temp.id('shop.child');
UPDATE lakemover.plan_column SET target_column = 'remark', target_type = 'varchar(30)' WHERE table_id = pg_temp.id('shop.child') AND source_column = 'note';
SELECT is((SELECT edited FROM lakemover.plan_table WHERE table_id = pg_temp.id('shop.child')), '{row_filter,target_schema,target_table}', 'edits are recorded');
SELECT is((SELECT target_type FROM lakemover.plan_column WHERE target_column = 'remark'), 'character varying(30)', 'an edited type is spelt as the catalogs do');
SELECT is((SELECT target_schema FROM lakemover.plan_sequence WHERE source_name = 'child_id_seq' AND source_schema = 'shop'), 'store', 'an owned sequence follows its table');
SELECT is((SELECT edited FROM lakemover.plan_sequence WHERE source_name = 'child_id_seq' AND source_schema = 'shop'), '{}', 'that is not an edit');
SELECT lakemover.plan('src', 'portable');
SELECT results_eq($$ SELECT target_schema, target_table FROM lakemover.plan_table WHERE table_id = pg_temp.id('shop.child') $$, $$ VALUES ('store', 'kid') $$, 'planning again keeps names');
SELECT results_eq($$ SELECT target_column, target_type FROM lakemover.plan_column WHERE table_id = pg_temp.id('shop.child') AND source_column = 'note' $$,
                  $$ VALUES ('remark', 'character varying(30)') $$, 'planning again keeps types, in another profile too');
SELECT throws_ok($$ UPDATE lakemover.plan_table SET source_table = 'x' $$, '0A000', 'column plan_table.source_table cannot be edited', 'what the source says cannot be edited');
UPDATE lakemover.plan_column SET edited = '{}' WHERE table_id = pg_temp.id('shop.child') AND source_column = 'note';
SELECT lakemover.plan('src', 'native');
SELECT is((SELECT target_column FROM lakemover.plan_column WHERE table_id = pg_temp.id('shop.child') AND source_column = 'note'), 'note', 'taking an edit back');

-- partitions follow
UPDATE lakemover.plan_column SET target_column = 'moment' WHERE table_id = pg_temp.id('shop.part') AND source_column = 'at';
SELECT is((SELECT array_agg(DISTINCT target_column) FROM lakemover.plan_column WHERE source_column = 'at' AND table_id IN (pg_temp.id('shop.part_1'), pg_temp.id('shop.part_2'))),
          '{moment}', 'a partition''s column has its parent''s name');
UPDATE lakemover.plan_column SET target_column = 'own' WHERE table_id = pg_temp.id('shop.part_1') AND source_column = 'at';
SELECT is((SELECT target_column FROM lakemover.plan_column WHERE table_id = pg_temp.id('shop.part_1') AND source_column = 'at'), 'moment', 'and cannot have another');
UPDATE lakemover.plan_table SET exclude = true WHERE table_id = pg_temp.id('shop.part');
SELECT is((SELECT count(*) FROM lakemover.plan_table WHERE exclude), 3::bigint, 'partitions are excluded with their parent');
UPDATE lakemover.plan_table SET exclude = false WHERE table_id = pg_temp.id('shop.part');
SELECT is((SELECT count(*) FROM lakemover.plan_table WHERE exclude), 0::bigint, 'and come back with it');
UPDATE lakemover.plan_table SET exclude = true WHERE table_id = pg_temp.id('shop.part');
UPDATE lakemover.plan_table SET exclude = false WHERE table_id = pg_temp.id('shop.part_1');
SELECT results_eq('SELECT * FROM pg_temp.problems()', $$ VALUES ('table shop.part_1 is a partition of a table that does not move; exclude it, too') $$, 'a partition alone is a problem');
UPDATE lakemover.plan_table SET exclude = false, edited = '{}' WHERE source_table LIKE 'part%';

-- two schemas become one
UPDATE lakemover.plan_table SET target_schema = 'shop', target_table = 'child', edited = '{}' WHERE table_id = pg_temp.id('shop.child');
UPDATE lakemover.plan_table SET target_schema = 'shop' WHERE source_schema = 'shop2';
SELECT bag_eq('SELECT * FROM pg_temp.problems()', $$ VALUES
    ('table shop.child, table shop2.child will all be named shop.child on the target'),
    ('constraint child_pkey of shop.child, constraint child_pkey of shop2.child will all be named shop.child_pkey on the target'),
    ('sequence shop.child_id_seq, sequence shop2.child_id_seq will all be named shop.child_id_seq on the target') $$, 'names that meet');
UPDATE lakemover.plan_table SET target_table = 'child2' WHERE source_schema = 'shop2';
SELECT lakemover.plan('src');
SELECT is_empty('SELECT * FROM pg_temp.problems()', 'planning again resolves what nobody named');
SELECT is((SELECT array_agg(target_name ORDER BY target_name) FROM lakemover.plan_constraint WHERE source_name = 'child_pkey'),
          ARRAY['child_pkey', lakemover._name_with_hash('child_pkey', 'c.shop2.child_pkey')], 'one key keeps its name, the other gets a suffix');
INSERT INTO hash VALUES ('suffix', lakemover.plan_hash('src'));
SELECT lakemover.plan('src');
SELECT is(lakemover.plan_hash('src'), (SELECT hash FROM hash WHERE what = 'suffix'), 'the suffix is the same each time');
UPDATE lakemover.plan_table SET target_schema = source_schema, target_table = source_table;
UPDATE lakemover.plan_column SET target_column = source_column;
SELECT lakemover.plan('src');
SELECT is(lakemover.plan_hash('src'), (SELECT hash FROM hash WHERE what = 'native'), 'all edits undone: the first plan again');

-- problems, each by its message
CREATE FUNCTION pg_temp.problem_after(text) RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    BEGIN
        EXECUTE $1;
        RETURN QUERY SELECT * FROM pg_temp.problems();
        RAISE EXCEPTION USING ERRCODE = 'ZZ999';
    EXCEPTION WHEN SQLSTATE 'ZZ999' THEN
    END;
END $$;
CREATE TEMP TABLE problem (edit text, message text);
INSERT INTO problem VALUES
    ($$ UPDATE lakemover.plan_column SET target_column = 'code' WHERE table_id = pg_temp.id('shop.parent') AND source_column = 'doc' $$,
     'columns code, doc of shop.parent will all be named code'),
    ($$ UPDATE lakemover.plan_constraint SET target_name = 'period' WHERE source_name = 'parent_doc_check' $$,
     'constraints parent_doc_check, period of shop.parent will all be named period'),
    ($$ UPDATE lakemover.plan_column SET target_column = repeat('ж', 32) WHERE table_id = pg_temp.id('shop.child') AND source_column = 'note' $$,
     'column note of shop.child has a target name of 64 bytes; PostgreSQL takes 63: ' || repeat('ж', 32)),
    ($$ UPDATE lakemover.plan_table SET target_table = '' WHERE table_id = pg_temp.id('shop.child') $$, 'table shop.child has an empty target name'),
    ($$ UPDATE lakemover.plan_table SET target_schema = 'pg_stuff' WHERE table_id = pg_temp.id('shop.child') $$,
     'table shop.child cannot go into schema pg_stuff: names that begin with pg_ belong to the system'),
    ($$ UPDATE lakemover.plan_column SET target_column = 'xmin' WHERE table_id = pg_temp.id('shop.child') AND source_column = 'note' $$,
     'column shop.child.note cannot be named xmin: that is a system column'),
    ($$ UPDATE lakemover.plan_table SET target_table = 'mood' WHERE table_id = pg_temp.id('shop.child') $$,
     'table shop.child, type shop.mood will all be named shop.mood on the target'),
    ($$ UPDATE lakemover.plan_column SET target_type = 'txet' WHERE source_column = 'note' $$, 'column shop.child.note has an unknown target type: txet'),
    ($$ UPDATE lakemover.plan_column SET target_type = 'text; DROP TABLE x' WHERE source_column = 'note' $$,
     'column shop.child.note has an unknown target type: text; DROP TABLE x'),
    ($$ UPDATE lakemover.plan_column SET target_type = 'point' WHERE source_column = 'n' $$,
     'column shop.parent.n cannot become point: the source has no cast from numeric(10,2); a transform can help'),
    ($$ UPDATE lakemover.plan_column SET target_type = 'text' WHERE table_id = pg_temp.id('shop.parent') AND source_column = 'id' $$,
     'column shop.parent.id is an identity column and cannot become text'),
    ($$ UPDATE lakemover.plan_column SET transform = ' ' WHERE source_column = 'note' $$, 'column shop.child.note has an empty transform'),
    ($$ UPDATE lakemover.plan_column SET exclude = true WHERE table_id = pg_temp.id('shop.parent') AND source_column = 'code' $$,
     'unique constraint parent_code_key of table shop.parent uses the excluded column code; exclude the constraint, too, or keep the column'),
    ($$ UPDATE lakemover.plan_sequence SET target_schema = 'x' WHERE source_name = 'parent_id_seq' $$,
     'sequence shop.parent_id_seq belongs to a column of table shop.parent and must be in its schema, shop, on the target'),
    ($$ UPDATE lakemover.plan_sequence SET exclude = true WHERE source_name = 'parent_id_seq' $$,
     'sequence shop.parent_id_seq makes the identity of column id of table shop.parent; exclude the column, not the sequence'),
    ($$ UPDATE lakemover.plan_table SET chunking = 'keyset' WHERE source_table = 'Ta"ble' $$,
     'table "Odd; Schema"."Ta""ble" has no usable key, so it cannot be read by key ranges (chunking keyset)'),
    ($$ UPDATE lakemover.plan_table SET row_filter = '' WHERE table_id = pg_temp.id('shop.child') $$, 'table shop.child has an empty row_filter');
SELECT results_eq(format('SELECT * FROM pg_temp.problem_after(%L)', edit), format('VALUES (%L)', message), message) FROM problem;
SELECT is_empty($$ SELECT * FROM pg_temp.problem_after('UPDATE lakemover.plan_column SET target_column = ''Id'', target_type = ''int'' WHERE source_column = ''parent_id''') $$,
                'a legal edit is no problem');

-- objects come and go
DROP TABLE shop2.child;
CREATE TABLE shop.fresh (a int);
ALTER TABLE shop.child DROP COLUMN note, ADD COLUMN extra int CHECK (extra > 0);
UPDATE lakemover.plan_table SET target_table = 'kid' WHERE table_id = pg_temp.id('shop.child');
SELECT lakemover.inventory('src');
SELECT lakemover.plan('src');
SELECT results_eq($$ SELECT source_table, target_table FROM lakemover.plan_table WHERE source_schema LIKE 'shop%' ORDER BY 1 $$,
    $$ VALUES ('child', 'kid'), ('fresh', 'fresh'), ('parent', 'parent'), ('part', 'part'), ('part_1', 'part_1'), ('part_2', 'part_2') $$,
    'a dropped table goes, a new one comes, an edited one stays');
SELECT results_eq($$ SELECT source_column FROM lakemover.plan_column WHERE table_id = pg_temp.id('shop.child') ORDER BY ordinal $$,
                  $$ VALUES ('id'), ('parent_id'), ('extra') $$, 'columns as well');
SELECT is((SELECT count(*) FROM lakemover.plan_index WHERE source_name = 'child_note_idx'), 0::bigint, 'and indexes');
SELECT is((SELECT count(*) FROM lakemover.plan_constraint WHERE source_name = 'child_extra_check'), 1::bigint, 'and constraints');

-- specs
SELECT is(lakemover._table_spec('src', pg_temp.id('"Odd; Schema"."Ta""ble"')) - '{est_rows,est_bytes,pages}'::text[],
    jsonb_build_object('table_id', pg_temp.id('"Odd; Schema"."Ta""ble"'), 'source_schema', 'Odd; Schema', 'source_table', 'Ta"ble',
        'target_schema', 'Odd; Schema', 'target_table', 'Ta"ble', 'kind', 'r', 'format', 'binary', 'row_filter', NULL, 'chunking', 'ctid',
        'batch_rows', NULL, 'key', '[]'::jsonb, 'copies_rows', true, 'columns', $$[
        {"name": "a b", "target_name": "a b", "source_type": "integer", "target_type": "integer", "codec": "int4", "target_codec": "int4",
         "select": null, "not_null": false, "scale": null},
        {"name": "c'd", "target_name": "c'd", "source_type": "text", "target_type": "text", "codec": "text", "target_codec": "text",
         "select": null, "not_null": false, "scale": null}]$$::jsonb), 'a whole spec');
SELECT results_eq($$ SELECT t, s->>'kind', s->>'copies_rows', s->>'chunking', s->'key' FROM unnest(ARRAY['shop.part', 'shop.part_1', 'shop.parent', 'shop.fresh']) t,
                       lakemover._table_spec('src', pg_temp.id(t)) s $$,
    $$ VALUES ('shop.part', 'p', 'false', 'keyset', '["id", "at"]'::jsonb), ('shop.part_1', 'r', 'true', 'keyset', '["id", "at"]'),
              ('shop.parent', 'r', 'true', 'keyset', '["id"]'), ('shop.fresh', 'r', 'true', 'ctid', '[]') $$, 'kind, chunking, key');
SELECT is((SELECT count(*) FROM jsonb_array_elements(lakemover._table_spec('src', pg_temp.id('shop.parent'))->'columns') c WHERE c->>'name' = 'kind'), 0::bigint,
          'native: a generated column is not copied');
UPDATE lakemover.plan_column SET transform = 'id + 1' WHERE table_id = pg_temp.id('shop.parent') AND source_column = 'id';
SELECT is(lakemover._table_spec('src', pg_temp.id('shop.parent'))->'key', '[]'::jsonb, 'a transformed key is none: rows could not be found again');
UPDATE lakemover.plan_column SET target_type = 'regclass' WHERE table_id = pg_temp.id('shop.child') AND source_column = 'extra';
SELECT is(lakemover._table_spec('src', pg_temp.id('shop.child'))->>'format', 'text', 'reg types go as text');
SELECT * FROM finish();
