-- The code of a SQL Server source in staging: names on the target, synonyms, what an assessment says of it, what a run keeps of it.
BEGIN;
SELECT plan(24);
SET client_min_messages = 'warning';

SELECT is((SELECT name FROM lakemover._synonym_base('[dbo].[My Table]')), 'dbo.my table', 'a synonym''s table');
SELECT is((SELECT name FROM lakemover._synonym_base('[t]')), 'dbo.t', 'without a schema it is dbo''s');
SELECT is((SELECT name FROM lakemover._synonym_base('sales.[a]]b.c]')), 'sales.a]b.c', 'brackets and points in names');
SELECT is((SELECT name FROM lakemover._synonym_base('[other].[dbo].[t]')), NULL, 'another database');
SELECT is((SELECT name FROM lakemover._synonym_base('[server].[other].[dbo].[t]')), NULL, 'another server');

CREATE SERVER ms FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'h', dbname 'd');
SELECT count(lakemover._create_topic(topic)) FROM lakemover._sqlserver_topics();
INSERT INTO mssql_database VALUES ('16.0.1000.6', 'Developer Edition', 3, 'd', 'SQL_Latin1_General_CP1_CI_AS', 160, 1, 0, 0, 0);
INSERT INTO mssql_schema VALUES (1, 'dbo'), (5, 'Sales');
INSERT INTO mssql_table VALUES (100, 1, 'Order', 0, 0), (101, 5, 'Line', 0, 0);
INSERT INTO mssql_permission VALUES (100, 1), (101, 1);
INSERT INTO mssql_column VALUES
    (100, 1, 'Id', 'int', 0, 'int', 4, 10, 0, NULL, 0, 1, 0, 0, 0), (100, 2, 'Total', 'decimal', 0, 'decimal', 9, 18, 2, NULL, 1, 0, 0, 0, 0),
    (101, 1, 'id', 'int', 0, 'int', 4, 10, 0, NULL, 0, 0, 0, 0, 0), (101, 2, 'N', 'int', 0, 'int', 4, 10, 0, NULL, 0, 0, 0, 0, 0);
INSERT INTO mssql_module VALUES
    (240, 'P ', 1, 'Add', 0, 'CREATE PROC dbo.[Add] @n int AS INSERT INTO [Order] (Total) VALUES (@n)'),
    (241, 'TR', 1, 'trg', 100, NULL),
    (242, 'V ', 1, 'Big', 0, 'CREATE VIEW dbo.Big AS SELECT l.N, o.Total FROM dbo.[Order] o JOIN Sales.Line l ON l.N = o.Total'),
    (243, 'P ', 1, 'Lost', 0, 'CREATE PROC dbo.Lost AS DELETE FROM dbo.Nothing'),
    (244, 'P ', 1, 'Wait', 0, 'CREATE PROC dbo.Wait AS WAITFOR DELAY ''0:0:1'''),
    (245, 'FS', 1, 'Clr', 0, NULL);
INSERT INTO mssql_synonym VALUES (250, 1, 'Orders', '[dbo].[Order]'), (251, 1, 'Far', '[other].[dbo].[t]');
SELECT lakemover._transform_sqlserver('ms', NULL);

SELECT set_eq($$ SELECT kind || ' ' || object_name || ' as ' || target_schema || '.' || target_name FROM lakemover._source_code('ms') $$,
              ARRAY['procedure Add as dbo.Add', 'trigger trg as dbo.trg', 'view Big as dbo.Big', 'procedure Lost as dbo.Lost', 'procedure Wait as dbo.Wait', 'synonym Orders as dbo.Orders'],
              'without a plan names are the source''s; CLR and a synonym of elsewhere are not among them');
SELECT is((SELECT definition FROM lakemover._source_code('ms') WHERE kind = 'synonym'), 'CREATE VIEW [dbo].[Orders] AS SELECT [Id], [Total] FROM [dbo].[Order]', 'a synonym is a view');
SELECT is((SELECT definition FROM lakemover._source_code('ms') WHERE kind = 'trigger'), NULL, 'an encrypted text is none');
SELECT is(lakemover._convert_context('ms') -> 'identifiers', '{"total": "Total", "n": "N"}', 'columns that keep their form; one that has two is not among them');
SELECT is(lakemover._convert_context('ms') -> 'names' ->> 'dbo.order', 'dbo.Order', 'a table');

SELECT set_eq($$ SELECT source_name || ': ' || class || CASE WHEN absent THEN ' absent' ELSE '' END FROM lakemover._code_classes('ms') $$,
              ARRAY['dbo."Add": unverified', 'dbo.trg: manual', 'dbo."Big": unverified', 'dbo."Lost": unverified absent', 'dbo."Wait": manual', 'dbo."Orders": unverified'],
              'nothing is equivalent that nobody has verified');
SELECT lives_ok($$ SELECT lakemover._take_assessment('ms') $$, 'an assessment');
SELECT is((SELECT jsonb_object_agg(c ->> 'class', c -> 'count') FROM jsonb_array_elements(lakemover.assess_json('ms') #> '{code,classes}') c),
          '{"equivalent": 0, "unverified": 3, "review": 0, "manual": 2, "absent": 1}', 'counts by class');
SELECT is(lakemover.assess_json('ms') #> '{code,verified}', 'false', 'and says that nothing was verified');
SELECT cmp_ok((lakemover.assess_json('ms') #>> '{code,hours}')::numeric, '>=', 5::numeric, 'hours by the table');
SELECT is(lakemover.assess_json('ms') #>> '{code,listed,0,class}', 'manual', 'what needs most work comes first');

SELECT * FROM lakemover.plan('ms', p_naming => 'snake');
UPDATE lakemover.plan_routine SET target_schema = 'app', target_name = 'put' WHERE source = 'ms' AND kind = 'procedure' AND source_name LIKE '%Add%';
UPDATE lakemover.plan_routine SET action = 'skip' WHERE source = 'ms' AND kind = 'view';
SELECT * FROM lakemover.plan('ms');
SELECT is((SELECT target_schema || '.' || target_name FROM lakemover._source_code('ms') WHERE object_name = 'Add'), 'app.put', 'an edited name stays when it is planned again');
SELECT is((SELECT skip FROM lakemover._source_code('ms') WHERE object_name = 'Big'), true, 'and so does an exclusion');
SELECT is(lakemover._convert_context('ms') -> 'names' ->> 'dbo.add', 'app.put', 'the converter hears of it');
SELECT is(lakemover._convert_context('ms') -> 'names' ->> 'sales.line', 'sales.line', 'by the naming policy');

-- A run's own copy; statements of code are not in the hash of the plan.
INSERT INTO lakemover.run (source, kind, hash_key) VALUES ('ms', 'migration', '\x00112233445566778899aabbccddeeff');
CREATE FUNCTION pg_temp.run() RETURNS bigint LANGUAGE sql AS $$ SELECT max(run_id) FROM lakemover.run $$;
SELECT lakemover._keep_run_code(pg_temp.run(), '[
    {"no": 1, "kind": "view", "object_id": 242, "source_name": "dbo.\"Big\"", "target_name": "dbo.big", "schema": "dbo", "class": "equivalent", "score": 1, "verified": true, "absent": false,
     "reason": "", "notes": [], "source_sql": "x", "sql": "y", "needs": [], "table_ids": [100], "left_out": "", "pieces": [{"kind": "view", "object": "dbo.big", "sql": "CREATE VIEW"}]},
    {"no": 2, "kind": "procedure", "object_id": 240, "source_name": "dbo.\"Add\"()", "target_name": "app.put", "schema": "app", "class": "review", "score": 2, "verified": true, "absent": false,
     "reason": "", "notes": [], "source_sql": "x", "sql": "y", "needs": [1], "table_ids": [], "left_out": "", "pieces": [{"kind": "procedure", "object": "app.put(integer)", "sql": "CREATE PROCEDURE"}]},
    {"no": 3, "kind": "procedure", "object_id": 244, "source_name": "dbo.\"Wait\"()", "target_name": "dbo.wait", "schema": "dbo", "class": "manual", "score": 9, "verified": false, "absent": false,
     "reason": "it was not converted", "notes": [], "source_sql": "x", "sql": "y", "needs": [], "table_ids": [], "left_out": "by hand", "pieces": []}]');
SELECT results_eq($$ SELECT stage, kind, object, code_no FROM lakemover.run_statement WHERE run_id = pg_temp.run() ORDER BY ordinal $$,
                  $$ VALUES ('schema', 'schema', 'app', 0), ('schema', 'schema', 'dbo', 0), ('converted', 'view', 'dbo.big', 1), ('converted', 'procedure', 'app.put(integer)', 2) $$, 'schemas and statements in order');
SELECT is(lakemover._run_plan_text(pg_temp.run()), 'profile native', 'none of them is a statement of the plan');
UPDATE lakemover.run_statement SET state = 'failed', error = 'no' WHERE run_id = pg_temp.run() AND object = 'dbo.big';
SELECT is((SELECT lakemover._code_blocked(run_id, ordinal) FROM lakemover.run_statement WHERE run_id = pg_temp.run() AND code_no = 2), 'it needs view dbo.big, which was not created', 'what needs a failed one is not executed');
SELECT results_eq($$ SELECT outcome, why FROM lakemover._run_code(pg_temp.run()) ORDER BY no $$, $$ VALUES ('failed', 'no'), ('pending', NULL), ('left out', 'by hand') $$, 'outcomes');
SELECT * FROM finish();
ROLLBACK;
