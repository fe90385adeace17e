-- What the source's user may not read: named, never an error. This database is its own source.
SET client_min_messages = warning;
SELECT plan(20);

CREATE FUNCTION pg_temp.found(p_check text) RETURNS TABLE (severity text, message text, remedy_sql text) LANGUAGE sql AS $$
    SELECT f.severity, f.message, f.remedy_sql FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check ORDER BY f.finding_no $$;
DROP ROLE IF EXISTS lakemover_test_reader;
CREATE ROLE lakemover_test_reader LOGIN;
CREATE SCHEMA open;
CREATE SCHEMA closed;
GRANT USAGE ON SCHEMA open TO lakemover_test_reader;
CREATE TABLE open.yes (id int PRIMARY KEY);
CREATE TABLE open.no (id int PRIMARY KEY);
CREATE TABLE open.partly (id int PRIMARY KEY, secret text);
CREATE TABLE open.each (id int PRIMARY KEY, other text);
CREATE TABLE open.parted (id int PRIMARY KEY) PARTITION BY LIST (id);
CREATE TABLE open.parted_1 PARTITION OF open.parted DEFAULT;
CREATE TABLE open.policed (id int PRIMARY KEY);
CREATE TABLE closed.t (id int PRIMARY KEY);
CREATE TABLE closed.u (id int PRIMARY KEY);
INSERT INTO open.policed VALUES (1);
INSERT INTO open.yes VALUES (1);
ALTER TABLE open.policed ENABLE ROW LEVEL SECURITY;
GRANT SELECT ON open.yes, open.policed, open.parted_1 TO lakemover_test_reader;
GRANT SELECT (id) ON open.partly TO lakemover_test_reader;
GRANT SELECT (id, other) ON open.each TO lakemover_test_reader;
GRANT SELECT ON closed.t TO lakemover_test_reader;
CREATE SEQUENCE open.readable;
CREATE SEQUENCE open.usable;
CREATE SEQUENCE open.usable_unused;
CREATE SEQUENCE open.secret;
SELECT nextval('open.readable'), nextval('open.usable'), nextval('open.secret');
GRANT SELECT ON SEQUENCE open.readable TO lakemover_test_reader;
GRANT USAGE ON SEQUENCE open.usable, open.usable_unused TO lakemover_test_reader;

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username 'lakemover_test_reader');
SELECT lives_ok($$ SELECT lakemover.assess('src') $$, 'an assessment with next to no privileges');
SELECT results_eq($$ SELECT table_name, can_select, rls_applies FROM lakemover.inv_table ORDER BY 1 $$,
    $$ VALUES ('each', true, false), ('no', false, false), ('parted', false, false), ('parted_1', true, false), ('partly', false, false), ('policed', true, true),
              ('t', false, false), ('u', false, false), ('yes', true, false) $$, 'readable: by table or by every column, and with USAGE on the schema');
SELECT results_eq($$ SELECT * FROM pg_temp.found('unreadable') $$,
    $$ VALUES ('BLOCKER', 'schema closed: user lakemover_test_reader has no USAGE on it, so 2 table(s) cannot be read',
               '/* on the source */ GRANT USAGE ON SCHEMA closed TO lakemover_test_reader; GRANT SELECT ON ALL TABLES IN SCHEMA closed TO lakemover_test_reader;'),
              ('BLOCKER', 'table open.no: user lakemover_test_reader has no SELECT on it', '/* on the source */ GRANT SELECT ON open.no TO lakemover_test_reader;'),
              ('BLOCKER', 'table open.partly: user lakemover_test_reader has no SELECT on it', '/* on the source */ GRANT SELECT ON open.partly TO lakemover_test_reader;') $$,
    'each is named, with the grant that helps; a partitioned table is read through its partitions');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('hidden_rows') $$,
    $$ VALUES ('BLOCKER', 'table open.policed: row security applies to user lakemover_test_reader, who cannot read it whole') $$, 'rows behind a policy');
SELECT results_eq($$ SELECT sequence_name, last_value, is_called FROM lakemover.inv_sequence ORDER BY 1 $$,
    $$ VALUES ('readable', 1::bigint, true), ('secret', NULL, NULL), ('usable', 1, true), ('usable_unused', NULL, NULL) $$, 'values of sequences, as far as they can be read');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('sequence_value') $$,
    $$ VALUES ('WARNING', 'sequence open.secret: user lakemover_test_reader cannot read its value'),
              ('WARNING', 'sequence open.usable_unused: user lakemover_test_reader cannot read its value') $$, 'the others are named');
SELECT is((SELECT is_empty FROM lakemover.inv_table WHERE table_name = 'policed'), NULL, 'a table under a policy is not probed');
SELECT is((SELECT is_empty FROM lakemover.inv_table WHERE table_name = 'yes'), false, 'a readable one is');

-- Resolved by exclusion, and by the grants themselves.
SELECT lakemover.plan('src');
UPDATE lakemover.plan_table SET exclude = true WHERE source_schema = 'closed' OR source_table IN ('no', 'policed');
SELECT lakemover._take_assessment('src');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('unreadable') $$,
    $$ VALUES ('BLOCKER', 'table open.partly: user lakemover_test_reader has no SELECT on it'),
              ('INFO', 'schema closed: user lakemover_test_reader has no USAGE on it, so 2 table(s) cannot be read; excluded by the plan'),
              ('INFO', 'table open.no: user lakemover_test_reader has no SELECT on it; excluded by the plan') $$, 'excluded tables block nothing');
SELECT is((SELECT severity FROM pg_temp.found('hidden_rows')), 'INFO', 'neither do hidden rows');
UPDATE lakemover.plan_table SET exclude = false;
SELECT lakemover._take_assessment('src');
SELECT remedy_sql FROM pg_temp.found('unreadable') UNION ALL SELECT remedy_sql FROM pg_temp.found('hidden_rows')
 UNION ALL SELECT remedy_sql FROM pg_temp.found('sequence_value') \gexec
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT is_empty($$ SELECT * FROM pg_temp.found('unreadable') UNION ALL SELECT * FROM pg_temp.found('hidden_rows') UNION ALL SELECT * FROM pg_temp.found('sequence_value') $$,
    'what the remedies grant resolves everything');
SELECT is((SELECT last_value::text || is_called FROM lakemover.inv_sequence WHERE sequence_name = 'usable_unused'), '1false', 'and values can be read');

-- Nothing for PUBLIC, and nothing for a user who was not granted it.
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_proc p CROSS JOIN LATERAL aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) a
                    WHERE p.pronamespace = 'lakemover'::regnamespace AND a.grantee = 0 $$, 'no function for PUBLIC');
SELECT is_empty($$ SELECT c.oid::regclass FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a WHERE c.relnamespace = 'lakemover'::regnamespace AND a.grantee = 0 $$,
    'no table for PUBLIC');
SET ROLE lakemover_test_reader;
SELECT throws_ok($$ SELECT lakemover.assess('src') $$, '42501', NULL, 'assess() is refused to a user without privileges');
RESET ROLE;

-- A hostile search_path changes nothing.
CREATE SCHEMA evil;
CREATE FUNCTION evil.format(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.lower(text) RETURNS text LANGUAGE sql AS $$ SELECT 'evil' $$;
CREATE FUNCTION evil.never(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
CREATE OPERATOR evil.= (LEFTARG = text, RIGHTARG = text, FUNCTION = evil.never);
CREATE TABLE evil.pg_class (oid oid);
CREATE TEMP TABLE pg_proc (oid oid);
CREATE TEMP TABLE before AS SELECT count(*) AS n FROM lakemover.finding WHERE assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment);
SET search_path = evil, pg_temp, pg_catalog, public;
CREATE TEMP TABLE report AS SELECT lakemover.assess('src') AS line;
RESET search_path;
SELECT ok((SELECT count(*) FROM report) > 20, 'a hostile search_path');
SELECT ok((SELECT count(*) FROM lakemover.finding WHERE message LIKE '%evil%' AND schema_name IS DISTINCT FROM 'evil') = 0, 'no function of it ran');
SELECT ok((SELECT count(*) FROM lakemover.finding WHERE assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment)) >= (SELECT n FROM before), 'no comparison went through its operator');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p
                    WHERE p.pronamespace = 'lakemover'::regnamespace AND p.proname ~ '^(_?assess|_check_|_take|inventory|load_order|_load_|_partition_root|_source$|_schema_finger|_identifier|_suggest|_status|_analyze|_read_seq)'
                      AND p.prolang <> (SELECT oid FROM pg_language WHERE lanname = 'c')
                      AND NOT coalesce(p.proconfig, '{}') @> '{"search_path=pg_catalog, pg_temp"}' $$, 'each function pins its search_path');
SELECT is_empty($$ SELECT p.oid::regprocedure FROM pg_catalog.pg_proc p WHERE p.pronamespace = 'lakemover'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL $$, 'each function has a comment');

DROP SCHEMA open, closed, evil CASCADE;
DROP OWNED BY lakemover_test_reader;
DROP ROLE lakemover_test_reader;
SELECT * FROM finish();
