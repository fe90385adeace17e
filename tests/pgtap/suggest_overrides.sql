-- Names that are proposed for those that block: free ones, and all blockers are gone with them.
SET client_min_messages = warning;
SELECT plan(12);
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
SELECT throws_ok($$ SELECT lakemover.suggest_overrides('src') $$, '55000', 'source "src" has not been assessed', 'first things first');

CREATE SCHEMA "my schema";
CREATE SCHEMA shop;
CREATE TABLE "my schema"."Order Lines" (id int PRIMARY KEY, "unit-price" int, "unit price" int, unit_price int, "select" int);
CREATE TABLE "my schema"."order-lines" (id int PRIMARY KEY);
CREATE TABLE "my schema".order_lines (id int PRIMARY KEY);
CREATE SEQUENCE "my schema".order_lines_2;
CREATE TABLE shop."user" (id int PRIMARY KEY, "it's $$ ""quoted""
" text);
CREATE TABLE shop."???" (id int PRIMARY KEY);
CREATE TABLE shop."!!!" (id int PRIMARY KEY);
SELECT format('CREATE TABLE shop.%I (id int PRIMARY KEY)', repeat('é', 30) || g) FROM unnest('{" a"," b"}'::text[]) g \gexec
INSERT INTO lakemover.source_scope VALUES ('src', 'shop'), ('src', 'my schema');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'off');
SELECT throws_ok($$ SELECT lakemover.suggest_overrides('src') $$, '55000', 'source "src" has no plan that could be changed', 'and a plan');
SELECT lakemover.plan('src');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'off');
SELECT results_eq($$ SELECT kind, object_name, column_name, target_name FROM lakemover.suggest_overrides('src') WHERE schema_name = 'my schema' $$,
    $$ VALUES ('schema', NULL, NULL, 'my_schema'), ('table', 'Order Lines', NULL, 'order_lines_3'), ('column', 'Order Lines', 'select', 'select_column'),
              ('column', 'Order Lines', 'unit price', 'unit_price_2'), ('column', 'Order Lines', 'unit-price', 'unit_price_3'),
              ('table', 'order-lines', NULL, 'order_lines_4') $$, 'free names, the same ones each time');
SELECT is((SELECT count(*) FROM lakemover.suggest_overrides('src')), (SELECT count(DISTINCT (schema_name, object_name, column_name)) FROM lakemover.finding
            WHERE check_id IN ('naming', 'reserved') AND severity = 'BLOCKER' AND assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment)), 'one for each');
SELECT is((SELECT count(*) FROM lakemover.suggest_overrides('src') WHERE octet_length(target_name) > 63), 0::bigint, 'none is too long');
SELECT is((SELECT count(DISTINCT (kind, schema_name, CASE kind WHEN 'column' THEN object_name END, lower(target_name))) FROM lakemover.suggest_overrides('src')),
          (SELECT count(*) FROM lakemover.suggest_overrides('src')), 'none comes twice');
SELECT ok((SELECT blockers > 5 FROM lakemover.assessment ORDER BY assessment_id DESC LIMIT 1), 'there are blockers');
CREATE TEMP TABLE said AS SELECT * FROM lakemover.suggest_overrides('src');
SELECT statement FROM said \gexec
SELECT is_empty($$ SELECT message FROM lakemover._plan_problems('src') $$, 'the plan has no problem with them');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'off');
SELECT is((SELECT blockers FROM lakemover.assessment ORDER BY assessment_id DESC LIMIT 1), 0, 'no blocker is left');
SELECT is_empty($$ SELECT * FROM lakemover.suggest_overrides('src') $$, 'nothing to propose');
SELECT lakemover.plan('src');
SELECT is((SELECT target_table FROM lakemover.plan_table WHERE source_table = 'Order Lines'), 'order_lines_3', 'planning again keeps them');
SELECT is((SELECT count(*) FROM said s JOIN lakemover.plan_column c ON c.source_column = s.column_name AND c.target_column = s.target_name), 4::bigint, 'those of columns, too');
SELECT * FROM finish();
