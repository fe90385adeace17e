-- Every check of the assessment on an exact set of objects; this database is its own source.
SET client_min_messages = warning;
SELECT plan(52);

CREATE FUNCTION pg_temp.found(p_check text) RETURNS TABLE (severity text, object text, col text, message text) LANGUAGE sql AS $$
    SELECT f.severity, f.schema_name || coalesce('.' || f.object_name, ''), f.column_name, f.message
      FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check ORDER BY f.finding_no $$;
CREATE FUNCTION pg_temp.last() RETURNS lakemover.assessment LANGUAGE sql AS $$ SELECT a FROM lakemover.assessment a ORDER BY assessment_id DESC LIMIT 1 $$;

-- Without a source, with one, with several.
SELECT throws_ok($$ SELECT lakemover.assess() $$, '42704', 'there is no source', 'no source');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE SERVER b FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
SELECT throws_ok($$ SELECT lakemover.assess() $$, '42P08', 'there are several sources: b, src', 'several sources and no argument');
DROP SERVER b;
SELECT throws_ok($$ SELECT lakemover.assess('nix') $$, '42704', 'source "nix" does not exist', 'an unknown source');
SELECT throws_ok($$ SELECT lakemover.assess_json('src') $$, '55000', 'source "src" has not been assessed', 'no document before the first assessment');

-- An empty database: nothing but its own source, which is a foreign server.
SELECT is((SELECT array_agg(a) FROM lakemover.assess() a LIMIT 1) IS NOT NULL, true, 'the only source needs no name');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('object') $$, $$ VALUES ('WARNING', 'foreign server src: not moved') $$, 'a foreign server');
SELECT is((pg_temp.last()).score, 98, 'one WARNING costs 2');
SELECT is((pg_temp.last()).status, 'ready', 'ready');
UPDATE lakemover.check SET enabled = false WHERE check_id = 'object';
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT is((SELECT (a.score, a.blockers, a.warnings)::text FROM pg_temp.last() a), '(100,0,0)', 'a check can be turned off');

-- Names.
CREATE SCHEMA sales;
CREATE SCHEMA "Odd-Schema";
CREATE TABLE sales."Order Lines" (id int PRIMARY KEY, "unit price" int, "select" text, "Total" int, "größe" int, "a.b" int, "1st" int, "x$y" int);
CREATE TABLE sales."user" (id int PRIMARY KEY);
CREATE TABLE sales."Customers" (id int PRIMARY KEY, "FirstName" text, "LastName" text);
CREATE TABLE "Odd-Schema".t (id int PRIMARY KEY);
CREATE TABLE sales.parted (id int PRIMARY KEY, "bad col" int) PARTITION BY RANGE (id);
CREATE TABLE sales.parted_1 PARTITION OF sales.parted DEFAULT;
CREATE TABLE sales.emoji ("smile😀" int PRIMARY KEY, "nb sp" int, "tab	x" int, "quo""te" int);
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('naming') $$,
    $$ VALUES ('BLOCKER', 'Odd-Schema', NULL, 'schema "Odd-Schema": the name contains a hyphen'),
              ('BLOCKER', 'sales.Order Lines', NULL, 'table sales."Order Lines": the name contains a space'),
              ('BLOCKER', 'sales.Order Lines', '1st', 'column sales."Order Lines"."1st": the name starts with a digit'),
              ('BLOCKER', 'sales.Order Lines', 'a.b', 'column sales."Order Lines"."a.b": the name contains the character .'),
              ('BLOCKER', 'sales.Order Lines', 'unit price', 'column sales."Order Lines"."unit price": the name contains a space'),
              ('BLOCKER', 'sales.emoji', 'nb sp', 'column sales.emoji."nb sp": the name contains a space'),
              ('BLOCKER', 'sales.emoji', 'quo"te', 'column sales.emoji."quo""te": the name contains the character "'),
              ('BLOCKER', 'sales.emoji', 'smile😀', 'column sales.emoji."smile😀": the name contains the character U+1F600'),
              ('BLOCKER', 'sales.emoji', 'tab	x', 'column sales.emoji."tab	x": the name contains the character U+0009'),
              ('BLOCKER', 'sales.parted', 'bad col', 'column sales.parted."bad col": the name contains a space') $$,
    'naming: schemas, tables and columns; a partition''s column is its table''s');
SELECT results_eq($$ SELECT * FROM pg_temp.found('reserved') $$,
    $$ VALUES ('BLOCKER', 'sales.Order Lines', 'select', 'column sales."Order Lines"."select": the name is the word SELECT, reserved'),
              ('BLOCKER', 'sales.user', NULL, 'table sales."user": the name is the word USER, reserved') $$, 'reserved words');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('mixed_case') $$,
    $$ VALUES ('INFO', 'sales.Customers', 'table sales."Customers": its name, 2 column(s): FirstName, LastName'),
              ('INFO', 'sales.Order Lines', 'table sales."Order Lines": its name, 1 column(s): Total') $$, 'upper case alone is INFO, once per table');
SELECT results_eq($$ SELECT evidence, remedy_sql FROM lakemover.finding WHERE assessment_id = (pg_temp.last()).assessment_id
                        AND check_id = 'naming' AND object_name = 'Order Lines' AND column_name IS NULL $$,
    $$ VALUES ('{"kind": "table", "name": "Order Lines", "problem": "contains a space"}'::jsonb,
               'UPDATE lakemover.plan_table SET target_table = ''order_lines'' WHERE source = ''src'' AND source_schema = ''sales'' AND source_table = ''Order Lines'';') $$,
    'evidence and remedy');
SELECT is((SELECT (a.score, a.status, a.blockers)::text FROM pg_temp.last() a), '(20,rework,12)', '20 per BLOCKER, at most 80');
SELECT is((SELECT count(*) FROM lakemover.finding WHERE check_id = 'naming' AND remedy_sql !~ '^UPDATE lakemover\.plan_'
              AND assessment_id = (pg_temp.last()).assessment_id), 0::bigint, 'each naming BLOCKER carries an override');
DROP SCHEMA sales, "Odd-Schema" CASCADE;

-- Tables.
CREATE SCHEMA t;
CREATE TABLE t.keyed (id int PRIMARY KEY, v text);
CREATE TABLE t.bare (v text);
CREATE TABLE t.unique_key (a int NOT NULL, b int NOT NULL, UNIQUE (a, b));
CREATE TABLE t.nullable_key (a int UNIQUE);
CREATE TABLE t.deferred_key (a int NOT NULL UNIQUE DEFERRABLE);
CREATE TABLE t.parted (k int, v text) PARTITION BY LIST (k);
CREATE TABLE t.parted_1 PARTITION OF t.parted FOR VALUES IN (1);
CREATE TABLE t.keyed_parts (k int) PARTITION BY LIST (k);
CREATE TABLE t.keyed_parts_1 PARTITION OF t.keyed_parts (PRIMARY KEY (k)) FOR VALUES IN (1);
CREATE UNLOGGED TABLE t.scratch (id int PRIMARY KEY);
CREATE TABLE t.base (id int PRIMARY KEY);
CREATE TABLE t.heir (PRIMARY KEY (id)) INHERITS (t.base);
INSERT INTO t.keyed VALUES (1), (2);
INSERT INTO t.bare VALUES ('x');
INSERT INTO t.parted VALUES (1, 'x');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('primary_key') $$,
    $$ VALUES ('WARNING', 't.bare', 'table t.bare has no primary key; ranges will follow row addresses (ctid)'),
              ('WARNING', 't.deferred_key', 'table t.deferred_key has no primary key; ranges will follow row addresses (ctid)'),
              ('WARNING', 't.nullable_key', 'table t.nullable_key has no primary key; ranges will follow row addresses (ctid)'),
              ('WARNING', 't.parted', 'table t.parted has no primary key; ranges will follow row addresses (ctid)'),
              ('WARNING', 't.unique_key', 'table t.unique_key has no primary key; ranges will follow the unique index unique_key_a_b_key') $$,
    'missing primary keys: once per partition tree, and what takes their place');
SELECT results_eq($$ SELECT object, message FROM pg_temp.found('empty_table') $$,
    $$ SELECT 't.' || n, format('table t.%s has no rows', n)
         FROM unnest('{base,deferred_key,heir,keyed_parts,nullable_key,scratch,unique_key}'::text[]) n $$, 'empty tables');
SELECT is((SELECT DISTINCT remedy_sql FROM lakemover.finding WHERE check_id = 'empty_table' AND object_name = 'base'),
    'UPDATE lakemover.plan_table SET exclude = true WHERE source = ''src'' AND source_schema = ''t'' AND source_table = ''base'';', 'with a remedy');
SELECT results_eq($$ SELECT severity, object FROM pg_temp.found('unlogged') $$, $$ VALUES ('INFO', 't.scratch') $$, 'unlogged tables');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('inheritance') $$, $$ VALUES ('INFO', 'table t.heir inherits from t.base') $$, 'inheritance');
SELECT is_empty($$ SELECT * FROM pg_temp.found('large_table') $$, 'no table is large');
SELECT is((SELECT (a.score, a.status, a.blockers, a.warnings)::text FROM pg_temp.last() a), '(90,ready,0,5)', 'the score of five WARNINGs');
-- Ten gigabytes are not at hand: the checks read the inventory, so it is told so.
UPDATE lakemover.inv_table SET table_bytes = 10 * 1024::bigint ^ 3 - 1 WHERE table_name = 'keyed';
UPDATE lakemover.inv_table SET table_bytes = 10 * 1024::bigint ^ 3 WHERE table_name IN ('bare', 'parted_1');
SELECT lakemover._take_assessment('src');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('large_table') $$,
    $$ VALUES ('WARNING', 't.bare', 'table t.bare has 10 GB'), ('WARNING', 't.parted', 'table t.parted has 10 GB in 1 partition(s)') $$,
    'large tables: 10 GB or larger, partitions summed up');
SELECT is((SELECT (a.score, a.status)::text FROM pg_temp.last() a), '(86,review)', 'below 90 it is review');
DROP SCHEMA t CASCADE;

-- Relations.
CREATE SCHEMA r;
CREATE TABLE r.hub (id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, boss bigint REFERENCES r.hub);
SELECT format('CREATE TABLE r.spoke_%s (id serial PRIMARY KEY, hub bigint REFERENCES r.hub)', g) FROM generate_series(1, 9) g \gexec
CREATE TABLE r.nine (id int PRIMARY KEY);
SELECT format('ALTER TABLE r.spoke_%s ADD nine int REFERENCES r.nine', g) FROM generate_series(1, 9) g \gexec
CREATE TABLE r.a (id int PRIMARY KEY, b int);
CREATE TABLE r.b (id int PRIMARY KEY, a int CONSTRAINT b_a REFERENCES r.a);
ALTER TABLE r.a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES r.b NOT VALID;
ALTER TABLE r.a ADD CONSTRAINT a_positive CHECK (b > 0) NOT VALID;
CREATE INDEX a_b_idx ON r.a (b) WHERE b > 3;
CREATE SEQUENCE r.loose;
CREATE TABLE r.p (k int PRIMARY KEY, a int REFERENCES r.a) PARTITION BY LIST (k);
CREATE TABLE r.p_1 PARTITION OF r.p FOR VALUES IN (1);
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('high_dependency') $$,
    $$ VALUES ('WARNING', 'r.hub', 'table r.hub is referenced by 10 foreign keys of 10 table(s)') $$, 'ten references are many, nine are not');
SELECT is((SELECT count(*) FROM pg_temp.found('foreign_key')), 22::bigint, 'every foreign key, without those of partitions');
SELECT is((SELECT message FROM pg_temp.found('foreign_key') WHERE object = 'r.b'), 'r.b(a) references r.a(id)', 'a foreign key');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('fk_cycle') $$,
    $$ VALUES ('WARNING', 'cycle 1: r.a, r.b reference each other through a_b, b_a') $$, 'a cycle with its tables and foreign keys; a self-reference is none');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('not_validated') $$,
    $$ VALUES ('WARNING', 'r.a', 'r.a: check a_positive is NOT VALID, rows may violate it'),
              ('WARNING', 'r.a', 'r.a: foreign key a_b is NOT VALID, rows may violate it') $$, 'constraints that are not validated');
SELECT is((SELECT count(*) FROM pg_temp.found('index')), 15::bigint, 'every index, without those of partitions');
SELECT ok((SELECT evidence @> '{"index": "a_b_idx", "definition": "CREATE INDEX a_b_idx ON r.a USING btree (b) WHERE (b > 3)"}' FROM lakemover.finding
            WHERE check_id = 'index' AND message = 'r.a: btree a_b_idx'), 'an index');
SELECT results_eq($$ SELECT object, col, message FROM pg_temp.found('identity') WHERE object IN ('r.hub', 'r.loose', 'r.spoke_1_id_seq') $$,
    $$ VALUES ('r.hub', 'id', 'r.hub.id is an identity column (GENERATED BY DEFAULT)'), ('r.loose', NULL, 'sequence r.loose, owned by no column'),
              ('r.spoke_1_id_seq', NULL, 'sequence r.spoke_1_id_seq, owned by r.spoke_1.id') $$, 'identity columns and sequences');
SELECT is((SELECT count(*) FROM pg_temp.found('identity')), 11::bigint, 'an identity column''s sequence counts once');
DELETE FROM lakemover.inv_table WHERE schema_name = 'r' AND table_name = 'nine';
SELECT lakemover._take_assessment('src');
SELECT is((SELECT count(*) FROM pg_temp.found('foreign_key') WHERE severity = 'WARNING' AND message LIKE '% references a table that is not migrated'),
    9::bigint, 'a foreign key to a table that does not come along');
DROP SCHEMA r CASCADE;

-- Types.
CREATE SCHEMA ty;
CREATE COLLATION ty.mine (provider = libc, locale = 'C');
CREATE TABLE ty.t (id int PRIMARY KEY, o oid, os oid[], rc regclass, mo money, c text COLLATE "C", u text COLLATE ty.mine, d text, acl aclitem);
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT results_eq($$ SELECT severity, col, message FROM pg_temp.found('object_id') $$,
    $$ VALUES ('WARNING', 'o', 'column ty.t.o is of type oid: plain numbers that named objects of the source'),
              ('WARNING', 'os', 'column ty.t.os is of type oid[]: plain numbers that named objects of the source'),
              ('WARNING', 'rc', 'column ty.t.rc is of type regclass: copied as text, each name must exist on the target') $$, 'object identifiers');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('text_copy') $$,
    $$ VALUES ('INFO', 'ty.t', 'table ty.t is copied as text because of rc (regclass), acl (aclitem)') $$, 'types without binary COPY');
SELECT results_eq($$ SELECT severity, col FROM pg_temp.found('collation') $$, $$ VALUES ('INFO', 'c'), ('INFO', 'u') $$, 'collations');
SELECT is((SELECT severity || ': ' || message FROM pg_temp.found('money')),
    format('WARNING: column ty.t.mo is of type money; lc_monetary is %s on the source, not checked on the target', current_setting('lc_monetary')), 'money');
INSERT INTO lakemover.target_fact VALUES ('lc_monetary', current_setting('lc_monetary'));
SELECT lakemover._take_assessment('src');
SELECT is((SELECT severity FROM pg_temp.found('money')), 'INFO', 'money of the same kind');
SELECT is(jsonb_path_query_first(lakemover.assess_json('src'), '$.checks[*] ? (@.id == "missing_extension").result') #>> '{}', 'not checked', 'extensions: not checked without facts');
SELECT is((SELECT DISTINCT severity FROM pg_temp.found('missing_extension')), 'INFO', 'which blocks nothing');
INSERT INTO lakemover.target_fact VALUES ('extension:pgtap', '1.2');
UPDATE lakemover.inv_column SET type_extension = 'lakemover' WHERE column_name = 'd';
INSERT INTO lakemover.inv_extension VALUES ('src', 'unused_one', '1', 'public');
SELECT lakemover._take_assessment('src');
SELECT results_eq($$ SELECT severity, regexp_replace(message, ' [0-9.]+', '', 'g') FROM pg_temp.found('missing_extension') $$,
    $$ VALUES ('BLOCKER', 'extension lakemover: the target does not offer it; column(s) are of its types'),
              ('WARNING', 'extension unused_one: the target does not offer it'),
              ('INFO', 'extension pgtap: the target offers version') $$, 'extensions: a BLOCKER where a column needs it');
DELETE FROM lakemover.target_fact;
DROP SCHEMA ty CASCADE;

-- Code and what else is not moved.
UPDATE lakemover.check SET enabled = true;
CREATE SCHEMA code;
CREATE TABLE code.t (id int PRIMARY KEY);
CREATE FUNCTION code.f(a int, b text) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION code.tf() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE PROCEDURE code.p() LANGUAGE sql AS 'SELECT 1';
CREATE VIEW code.v AS SELECT 1 AS one;
CREATE MATERIALIZED VIEW code.m AS SELECT 1 AS one;
CREATE FOREIGN TABLE code.ft (x int) SERVER src;
CREATE TRIGGER tr BEFORE INSERT ON code.t FOR EACH ROW EXECUTE FUNCTION code.tf();
CREATE TRIGGER off BEFORE DELETE ON code.t FOR EACH ROW EXECUTE FUNCTION code.tf();
ALTER TABLE code.t DISABLE TRIGGER off;
CREATE RULE quiet AS ON DELETE TO code.t DO INSTEAD NOTHING;
ALTER TABLE code.t ENABLE ROW LEVEL SECURITY;
CREATE POLICY mine ON code.t USING (id > 0);
GRANT SELECT ON code.t TO PUBLIC;
CREATE FUNCTION code.i(cstring) RETURNS int LANGUAGE internal AS 'int4in';
CREATE FUNCTION code.ti() RETURNS trigger LANGUAGE internal AS 'suppress_redundant_updates_trigger';
CREATE TRIGGER ti BEFORE UPDATE ON code.t FOR EACH ROW EXECUTE FUNCTION code.ti();
CREATE VIEW code.vi AS SELECT code.i('1') AS one;
CREATE VIEW code.vvi AS SELECT one FROM code.vi;
SELECT format('CREATE TABLE code.keyless%s (a int)', g) FROM generate_series(1, 6) g \gexec
SELECT lo_create(0) > 0 AS lo;
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('routine') $$,
    $$ VALUES ('WARNING', 'code.i', 'function code.i(cstring): not moved: it is written in internal; only SQL and PL/pgSQL are the same on every server'),
              ('WARNING', 'code.ti', 'trigger function code.ti(): not moved: it is written in internal; only SQL and PL/pgSQL are the same on every server') $$,
    'routines that cannot move');
SELECT results_eq($$ SELECT severity, object, message FROM pg_temp.found('trigger') $$,
    $$ VALUES ('WARNING', 'code.t', 'trigger ti on code.t: not moved: it uses code.ti(), which is not moved') $$, 'triggers that cannot move');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('view') $$,
    $$ VALUES ('WARNING', 'foreign table code.ft: not moved'), ('WARNING', 'view code.vi: not moved: it uses code.i(cstring), which is not moved'),
              ('WARNING', 'view code.vvi: not moved: it uses code.vi, which is not moved') $$, 'foreign tables, and views that cannot move');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('object') $$,
    $$ VALUES ('WARNING', 'foreign server src: not moved') $$, 'other objects; rules, policies and what everybody may move');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('large_object') $$, $$ VALUES ('INFO', '1 large object(s): moved with the same OIDs, as they are in the run''s snapshot') $$, 'large objects');
SELECT is_empty($$ SELECT * FROM pg_temp.found('hidden_rows') $$, 'row security hides nothing from a superuser');
SELECT is((SELECT (a.score, a.warnings, a.status)::text FROM pg_temp.last() a), '(80,13,review)', 'WARNINGs cost 20 at most');
UPDATE lakemover.source_info SET encoding = 'SQL_ASCII';
SELECT lakemover._take_assessment('src');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('encoding') $$,
    $$ VALUES ('BLOCKER', 'the database is in SQL_ASCII: the encoding of its text is not declared') $$, 'SQL_ASCII');
SELECT is((SELECT (a.score, a.status)::text FROM pg_temp.last() a), '(60,blocked)', 'one BLOCKER');
SELECT is((SELECT count(*) FROM lakemover.finding f LEFT JOIN lakemover.check c USING (check_id) WHERE c.check_id IS NULL), 0::bigint, 'every finding belongs to a check');

SELECT * FROM finish();
