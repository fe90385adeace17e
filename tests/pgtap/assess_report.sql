-- The printed report and the document; this database is its own source.
SET client_min_messages = warning;
SELECT plan(40);

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE SCHEMA shop;
CREATE TABLE shop.country (id int PRIMARY KEY, name text);
CREATE TABLE shop."Order Lines" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, country int REFERENCES shop.country);
CREATE TABLE shop.a (id int PRIMARY KEY, b int);
CREATE TABLE shop.b (id int PRIMARY KEY, a int REFERENCES shop.a);
ALTER TABLE shop.a ADD CONSTRAINT a_b FOREIGN KEY (b) REFERENCES shop.b;
CREATE TABLE shop.part (k int PRIMARY KEY) PARTITION BY LIST (k);
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES IN (1);
INSERT INTO shop.country SELECT g, repeat('x', 100) FROM generate_series(1, 1000) g;
ANALYZE shop.country;
CREATE VIEW shop.v AS SELECT 1 AS one;
SELECT format('CREATE FUNCTION shop.f%s() RETURNS int8 LANGUAGE internal AS ''pg_backend_pid''', lpad(g::text, 2, '0')) FROM generate_series(1, 15) g \gexec

CREATE TEMP TABLE report AS SELECT row_number() OVER () AS no, line FROM lakemover.assess('src') AS line;
CREATE FUNCTION pg_temp.has(text) RETURNS boolean LANGUAGE sql AS $$ SELECT EXISTS (SELECT FROM report WHERE line = $1) $$;
SELECT matches((SELECT line FROM report WHERE no = 1), '^Assessment 1 of source src: PostgreSQL 1[5-9].*, database .*, UTF8, ', 'first line: what was assessed');
SELECT is((SELECT line FROM report WHERE no = 2), 'Score 60 of 100, blocked: 1 BLOCKER must be resolved before a run', 'second line: score and status');
SELECT matches((SELECT line FROM report WHERE no = 3), '^1 BLOCKER, 17 WARNING, [0-9]+ INFO in [0-9.]+ s$', 'third line: counts');
SELECT is((SELECT line FROM report WHERE no = 6), 'BLOCKER  Naming Convention (1): rename, or map an override in the plan', 'BLOCKERs first');
SELECT ok(pg_temp.has('         first make the plan: SELECT * FROM lakemover.plan(''src'');'), 'a remedy needs a plan');
SELECT ok(pg_temp.has('  - table shop."Order Lines": the name contains a space'), 'a finding');
SELECT ok(pg_temp.has('      UPDATE lakemover.plan_table SET target_table = ''order_lines'' WHERE source = ''src'' AND source_schema = ''shop'' AND source_table = ''Order Lines'';'), 'and its remedy');
SELECT ok(pg_temp.has('WARNING  Stored Procedures (15): create them on the target and verify their SQL'), 'WARNINGs are grouped');
SELECT is((SELECT count(*) FROM report WHERE line LIKE '  - function shop.f%'), 10::bigint, 'ten of a group are listed');
SELECT ok(pg_temp.has('  and 5 more: SELECT message, remedy_sql FROM lakemover.finding WHERE assessment_id = 1 AND check_id = ''routine'' AND severity = ''WARNING'' ORDER BY finding_no;'), 'and where the rest is');
SELECT ok(pg_temp.has('INFO     Index Inventory (5): deploy equivalents'), 'INFO is one line per check');
SELECT is((SELECT count(*) FROM report WHERE line ~ '^(BLOCKER|WARNING|INFO) '), (SELECT count(DISTINCT (check_id, severity)) FROM lakemover.finding), 'every group appears once');
SELECT ok(pg_temp.has('Inventory: 2 schemas, 5 tables (1 partitioned, 1 partitions), 9 columns, 5 primary keys, 3 foreign keys, 5 indexes, 1 sequences, 0 types'), 'inventory');
SELECT ok(pg_temp.has('Load order: 2 ranks, 1 cycles; all of it: SELECT * FROM lakemover.load_order(''src'');'), 'load order');
SELECT ok(pg_temp.has('  rank 1: shop."Order Lines"'), 'ranks');
SELECT ok(pg_temp.has('Not checked, since the target has not been looked at yet: Missing Extensions, Target Version, Target Privileges, Target Connections, Target TLS, Target Latency, Target Role'), 'what was not checked');
SELECT is((SELECT count(*) FROM report WHERE line IS NULL OR line LIKE '%' || chr(10) || '%'), 0::bigint, 'one line per row');

-- The document.
CREATE TEMP TABLE doc AS SELECT lakemover.assess_json() AS d;
SELECT is((SELECT array_agg(k ORDER BY k) FROM doc, jsonb_object_keys(d) k), '{assessment,checklist,checks,code,data_look,estimate,findings,inventory,load_order,names,outside,plan,references,schema_version,source,types}', 'its parts');
SELECT is((SELECT (d -> 'assessment') - '{taken_at,seconds,signoff}'::text[] FROM doc),
    jsonb_build_object('id', 1, 'source', 'src', 'score', 60, 'status', 'blocked', 'status_text', 'blocked: 1 BLOCKER must be resolved before a run',
                       'counts', jsonb_build_object('blocker', 1, 'warning', 17, 'info', (SELECT infos FROM lakemover.assessment))), 'assessment');
SELECT is((SELECT array_agg(k ORDER BY k) FROM doc, jsonb_object_keys(d -> 'source') k),
    '{collation,database,encoding,engine,identity,inventory_seconds,scope,settings,size_bytes,version,version_num}', 'source');
SELECT is((SELECT d #> '{source,settings}' ?& '{username,in_recovery,server_version,large_objects}'::text[] FROM doc), true, 'its settings');
SELECT is((SELECT count(*) FROM doc, jsonb_array_elements(d -> 'checks') c), (SELECT count(*) FROM lakemover.check), 'every check is there');
SELECT is((SELECT c - '{detects,recommendation}'::text[] FROM doc, jsonb_array_elements(d -> 'checks') c WHERE c ->> 'id' = 'naming'),
    '{"id": "naming", "title": "Naming Convention", "severity": "BLOCKER", "result": "found", "blockers": 1, "warnings": 0, "infos": 0, "left_out": 0}'::jsonb, 'a check that found something');
SELECT is((SELECT c ->> 'result' FROM doc, jsonb_array_elements(d -> 'checks') c WHERE c ->> 'id' = 'reserved'), 'passed', 'one that passed');
SELECT is((SELECT c ->> 'result' FROM doc, jsonb_array_elements(d -> 'checks') c WHERE c ->> 'id' = 'missing_extension'), 'not checked', 'one that could not be made');
SELECT is((SELECT d #> '{findings,0}' FROM doc), jsonb_build_object('no', 1, 'check', 'naming', 'title', 'Naming Convention', 'severity', 'BLOCKER', 'schema', 'shop',
    'object', 'Order Lines', 'column', NULL, 'message', 'table shop."Order Lines": the name contains a space', 'recommendation', 'rename, or map an override in the plan',
    'evidence', '{"kind": "table", "name": "Order Lines", "problem": "contains a space"}'::jsonb,
    'remedy_sql', 'UPDATE lakemover.plan_table SET target_table = ''order_lines'' WHERE source = ''src'' AND source_schema = ''shop'' AND source_table = ''Order Lines'';'), 'a finding');
SELECT is((SELECT d #> '{inventory,counts}' FROM doc), '{"schemas": 2, "tables": 5, "partitioned_tables": 1, "partitions": 1, "columns": 9, "primary_keys": 5, "unique_constraints": 0,
    "check_constraints": 0, "exclusion_constraints": 0, "foreign_keys": 3, "indexes": 5, "sequences": 1, "types": 0, "routines": 15, "triggers": 0, "views": 1,
    "materialized_views": 0, "foreign_tables": 0, "other_objects": 1, "extensions": 3}'::jsonb, 'counts');
SELECT is((SELECT d #> '{inventory,largest_tables,0}' FROM doc),
    jsonb_build_object('schema', 'shop', 'table', 'country', 'row_estimate', 1000, 'table_bytes', pg_relation_size('shop.country'),
                       'index_bytes', pg_relation_size('shop.country_pkey'), 'columns', 2, 'primary_key', true, 'partitions', 0), 'the largest table');
SELECT is((SELECT d #> '{load_order,cycles}' FROM doc),
    '[{"cycle": 1, "tables": ["shop.a", "shop.b"], "foreign_keys": [{"name": "a_b", "table": "shop.a", "references": "shop.b"}, {"name": "b_a_fkey", "table": "shop.b", "references": "shop.a"}]}]'::jsonb, 'cycles');
SELECT is((SELECT jsonb_agg(t - 'table_id') FROM doc, jsonb_array_elements(d #> '{load_order,tables}') t),
    '[{"schema": "shop", "table": "country", "rank": 0, "cycle": null}, {"schema": "shop", "table": "part", "rank": 0, "cycle": null}, {"schema": "shop", "table": "part_1", "rank": 0, "cycle": null},
      {"schema": "shop", "table": "a", "rank": 0, "cycle": 1}, {"schema": "shop", "table": "b", "rank": 0, "cycle": 1}, {"schema": "shop", "table": "Order Lines", "rank": 1, "cycle": null}]'::jsonb, 'load order');
SELECT is((SELECT d -> 'plan' FROM doc), '{"exists": false, "profile": null, "excluded_tables": 0, "renamed_tables": 0, "kept_quoted_tables": 0}'::jsonb, 'no plan yet');
SELECT is((SELECT jsonb_path_query_array(lakemover.assess_json('src', 3), '$.checks[*] ? (@.id == "routine").left_out')), '[12]'::jsonb, 'the limit says what it left out');
SELECT is((SELECT count(*) FROM jsonb_array_elements(lakemover.assess_json('src', 3) -> 'findings') f WHERE f ->> 'check' = 'routine'), 3::bigint, 'and leaves it out');
SELECT is((SELECT jsonb_array_length(lakemover.assess_json('src', NULL) -> 'findings')::bigint), (SELECT count(*) FROM lakemover.finding), 'null: all of them');

-- The id for an acceptance: of what was found, not of when.
CREATE TEMP TABLE signoff AS SELECT lakemover._signoff(1) AS id;
SELECT ok((SELECT id ~ '^[0-9a-f]{64}$' FROM signoff), 'the id for an acceptance');
SELECT is((SELECT d #>> '{assessment,signoff}' FROM doc), (SELECT id FROM signoff), 'stands in the document');
SELECT lakemover._take_assessment('src') AS again \gset
SELECT is(lakemover._signoff(:again), (SELECT id FROM signoff), 'the same findings have the same id');
UPDATE lakemover.finding SET message = message || '!' WHERE assessment_id = :again AND severity = 'WARNING' AND finding_no = (SELECT max(finding_no) FROM lakemover.finding WHERE assessment_id = :again AND severity = 'WARNING');
SELECT isnt(lakemover._signoff(:again), (SELECT id FROM signoff), 'another warning has another');
SELECT lakemover._take_assessment('src') AS fewer \gset
DELETE FROM lakemover.finding WHERE assessment_id = :fewer AND severity = 'INFO' AND finding_no = (SELECT max(finding_no) FROM lakemover.finding WHERE assessment_id = :fewer);
SELECT isnt(lakemover._signoff(:fewer), (SELECT id FROM signoff), 'so has one note fewer');
SELECT is(lakemover._signoff(999), NULL, 'none of an assessment that is not there');

SELECT * FROM finish();
