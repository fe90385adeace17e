-- How the plan resolves BLOCKERs; this database is its own source.
SET client_min_messages = warning;
SELECT plan(32);

CREATE FUNCTION pg_temp.assess() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM lakemover._take_assessment('src');
    RETURN (SELECT format('%s %s', a.blockers, a.status) FROM lakemover.assessment a ORDER BY assessment_id DESC LIMIT 1);
END $$;
CREATE FUNCTION pg_temp.found(p_check text) RETURNS TABLE (severity text, message text) LANGUAGE sql AS $$
    SELECT f.severity, f.message FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check ORDER BY f.finding_no $$;

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE SCHEMA sales;
CREATE TABLE sales."Order Lines" (id int PRIMARY KEY, "unit price" int);
CREATE TABLE sales."user" (id int PRIMARY KEY);
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT lakemover.plan('src');

-- A new name.
SELECT is(pg_temp.assess(), '3 rework', 'three BLOCKERs; a plan by itself resolves none');
UPDATE lakemover.plan_table SET target_table = 'order_lines' WHERE source_table = 'Order Lines';
SELECT is(pg_temp.assess(), '2 blocked', 'a mapped name resolves one');
SELECT results_eq($$ SELECT * FROM pg_temp.found('naming') $$,
    $$ VALUES ('BLOCKER', 'column sales."Order Lines"."unit price": the name contains a space'),
              ('INFO', 'table sales."Order Lines": the name contains a space; the plan maps it to order_lines') $$, 'it stays in the list, as INFO that says how');
UPDATE lakemover.plan_table SET target_table = 'order-lines' WHERE source_table = 'Order Lines';
SELECT is(pg_temp.assess(), '3 rework', 'a bad new name resolves nothing');
SELECT is((SELECT message FROM pg_temp.found('naming') WHERE message LIKE 'table%'), 'table sales."Order Lines": the plan maps it to "order-lines", a name that contains a hyphen', 'and says so');
UPDATE lakemover.plan_table SET target_table = 'Select' WHERE source_table = 'Order Lines';
SELECT is(pg_temp.assess(), '3 rework', 'nor does a reserved one');
SELECT is((SELECT message FROM pg_temp.found('reserved') WHERE message LIKE '%Order Lines%'), 'table sales."Order Lines": the plan maps it to "Select", a name that is the word SELECT, reserved', 'and says so');
UPDATE lakemover.plan_table SET target_table = repeat('x', 64) WHERE source_table = 'Order Lines';
SELECT is(pg_temp.assess(), '3 rework', 'nor one of 64 bytes');

-- Kept, in quotes.
UPDATE lakemover.plan_table SET target_table = source_table, keep_quoted = true WHERE source_table = 'Order Lines';
SELECT is(pg_temp.assess(), '2 blocked', 'keep_quoted resolves it');
SELECT is((SELECT message FROM pg_temp.found('naming') WHERE severity = 'INFO'), 'table sales."Order Lines": the name contains a space; kept in quotes by the plan', 'and says so');
UPDATE lakemover.plan_column SET keep_quoted = true WHERE source_column = 'unit price';
SELECT is(pg_temp.assess(), '1 blocked', 'a column''s name, kept');
UPDATE lakemover.plan_column SET keep_quoted = false, target_column = 'unit_price' WHERE source_column = 'unit price';
SELECT is(pg_temp.assess(), '1 blocked', 'or mapped');
UPDATE lakemover.plan_column SET target_column = source_column, exclude = true WHERE source_column = 'unit price';
SELECT is(pg_temp.assess(), '1 blocked', 'or excluded');

-- Left out.
UPDATE lakemover.plan_table SET exclude = true WHERE source_table = 'user';
SELECT is(pg_temp.assess(), '0 ready', 'an excluded table blocks nothing');
SELECT results_eq($$ SELECT * FROM pg_temp.found('reserved') $$, $$ VALUES ('INFO', 'table sales."user": the name is the word USER, reserved; excluded by the plan') $$, 'and says so');
SELECT is((SELECT score FROM lakemover.assessment ORDER BY assessment_id DESC LIMIT 1), 98, 'the score is back');
UPDATE lakemover.plan_column SET exclude = false WHERE source_column = 'unit price';
UPDATE lakemover.plan_table SET exclude = true, keep_quoted = false WHERE source_table = 'Order Lines';
SELECT is(pg_temp.assess(), '0 ready', 'an excluded table''s columns block nothing');

-- The remedies that the findings carry do resolve them.
UPDATE lakemover.plan_table SET exclude = false, keep_quoted = false, target_table = source_table;
SELECT is(pg_temp.assess(), '3 rework', 'back to three');
SELECT remedy_sql FROM lakemover.finding WHERE severity = 'BLOCKER' AND assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) \gexec
SELECT is(pg_temp.assess(), '0 ready', 'each remedy resolves its BLOCKER');
SELECT results_eq($$ SELECT target_table FROM lakemover.plan_table ORDER BY 1 $$, $$ VALUES ('order_lines'), ('user_table') $$, 'with plain names');
SELECT lakemover.plan('src');
SELECT is(pg_temp.assess(), '0 ready', 'planning again keeps the decision');

-- Schemas.
CREATE SCHEMA "My Data";
CREATE TABLE "My Data".a (id int PRIMARY KEY);
CREATE TABLE "My Data".b (id int PRIMARY KEY);
CREATE SCHEMA "No Tables";
SELECT lakemover.inventory('src');
SELECT is(pg_temp.assess(), '1 blocked', 'a schema''s name; a schema with nothing in it does not count');
SELECT lakemover.plan('src');
UPDATE lakemover.plan_table SET target_schema = 'my_data' WHERE source_schema = 'My Data' AND source_table = 'a';
SELECT is(pg_temp.assess(), '1 blocked', 'one table elsewhere is not enough');
UPDATE lakemover.plan_table SET exclude = true WHERE source_schema = 'My Data' AND source_table = 'b';
SELECT is(pg_temp.assess(), '0 ready', 'one elsewhere, the other excluded');
UPDATE lakemover.plan_table SET exclude = false, keep_quoted = true WHERE source_schema = 'My Data' AND source_table = 'b';
SELECT is(pg_temp.assess(), '0 ready', 'or kept, in quotes');
UPDATE lakemover.plan_table SET keep_quoted = false, target_schema = 'my_data' WHERE source_schema = 'My Data';
SELECT is(pg_temp.assess(), '0 ready', 'or all elsewhere');

-- Other checks.
CREATE TABLE sales.hub (id int PRIMARY KEY);
SELECT format('CREATE TABLE sales.spoke_%s (id int PRIMARY KEY, hub int REFERENCES sales.hub)', g) FROM generate_series(1, 10) g \gexec
SELECT lakemover.inventory('src');
SELECT lakemover.plan('src');
SELECT is(pg_temp.assess(), '0 ready', 'a table that ten reference');
SELECT results_eq($$ SELECT severity FROM pg_temp.found('high_dependency') $$, $$ VALUES ('WARNING') $$, 'is a WARNING');
SELECT remedy_sql FROM lakemover.finding WHERE check_id = 'high_dependency' AND assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) \gexec
SELECT is(pg_temp.assess(), '0 ready', 'its remedy');
SELECT results_eq($$ SELECT severity FROM pg_temp.found('high_dependency') $$, $$ VALUES ('INFO') $$, 'puts it first in the queue');
UPDATE lakemover.plan_table SET exclude = true WHERE source_table = 'hub';
SELECT is(pg_temp.assess(), '0 review', 'an excluded parent');
SELECT is((SELECT count(*) FROM pg_temp.found('foreign_key') WHERE severity = 'WARNING'), 10::bigint, 'leaves foreign keys behind, which are WARNINGs');

SELECT * FROM finish();
