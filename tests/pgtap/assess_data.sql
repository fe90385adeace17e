-- Looks at rows of a PostgreSQL source. This database is its own source.
SET client_min_messages = warning;
SELECT plan(41);

CREATE FUNCTION pg_temp.found(p_check text) RETURNS TABLE (severity text, message text) LANGUAGE sql AS $$
    SELECT f.severity, f.message FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check ORDER BY f.finding_no $$;
CREATE FUNCTION pg_temp.evidence(p_check text, p_object text) RETURNS jsonb LANGUAGE sql AS $$
    SELECT f.evidence FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check AND f.object_name = p_object $$;

CREATE SCHEMA shop;
CREATE TABLE shop."we""ird 't]able" ("i""d" int PRIMARY KEY, "na$$me'" text);
INSERT INTO shop."we""ird 't]able" SELECT n, 'x' FROM generate_series(1, 50) n;
CREATE TABLE shop.orders (id int, customer int, code text);
INSERT INTO shop.orders SELECT n, n, 'c' || n FROM generate_series(1, 60) n;
INSERT INTO shop.orders VALUES (61, NULL, 'none'), (62, NULL, 'none');
ALTER TABLE shop.orders ADD CONSTRAINT "orders fk" FOREIGN KEY (customer) REFERENCES shop."we""ird 't]able" NOT VALID;
CREATE UNIQUE INDEX orders_code ON shop.orders (code) WHERE id < 61;
CREATE UNIQUE INDEX orders_id ON shop.orders (id);
UPDATE pg_index SET indisvalid = false, indisready = false WHERE indexrelid IN ('shop.orders_id'::regclass, 'shop.orders_code'::regclass);
INSERT INTO shop.orders VALUES (7, 7, 'again'), (7, 8, 'again'), (NULL, 1, 'x'), (NULL, 1, 'x');
CREATE TABLE shop.pairs (a int, b int, UNIQUE (a, b));
INSERT INTO shop.pairs VALUES (1, 1), (1, NULL);
CREATE TABLE shop.halves (id int PRIMARY KEY, a int, b int);
INSERT INTO shop.halves VALUES (1, 1, 1), (2, 1, NULL), (3, NULL, NULL), (4, 2, 2);
ALTER TABLE shop.halves ADD CONSTRAINT halves_full FOREIGN KEY (a, b) REFERENCES shop.pairs (a, b) MATCH FULL NOT VALID;
CREATE TABLE shop.wide (id int PRIMARY KEY, t text, b bytea);
INSERT INTO shop.wide VALUES (1, 'short', '\x00'), (2, repeat('x', 20 * 1024 * 1024), NULL);
CREATE TABLE shop.parted (id int, parent int) PARTITION BY LIST (id);
CREATE TABLE shop.parted_1 PARTITION OF shop.parted DEFAULT;
INSERT INTO shop.parted VALUES (1, 1), (2, 4711);
CREATE TABLE shop.left_out (id int, parent int);
INSERT INTO shop.left_out VALUES (1, 4711);
ALTER TABLE shop.left_out ADD CONSTRAINT left_out_fk FOREIGN KEY (parent) REFERENCES shop."we""ird 't]able" NOT VALID;

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username 'postgres');
INSERT INTO lakemover.source_scope VALUES ('src', 'shop');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('data_orphan') $$,
    $$ VALUES ('WARNING', 'table shop.halves: foreign key halves_full has rows without their parent (all rows looked at)'),
              ('WARNING', 'table shop.left_out: foreign key left_out_fk has rows without their parent (all rows looked at)'),
              ('WARNING', 'table shop.orders: foreign key "orders fk" has rows without their parent (all rows looked at)') $$, 'orphans');
SELECT is(pg_temp.evidence('data_orphan', 'orders') - 'seconds', '{"rows_looked_at": 66, "all_rows": true, "hits": 10, "example": "51", "object": "orders fk"}',
          'how many of how many, and one of them');
SELECT is(pg_temp.evidence('data_orphan', 'halves') ->> 'hits', '2', 'MATCH FULL: a half key, and a whole one without a parent');
SELECT ok((pg_temp.evidence('data_orphan', 'orders') ->> 'seconds')::numeric >= 0, 'and how long it took');
SELECT results_eq($$ SELECT * FROM pg_temp.found('data_duplicate') $$,
    $$ VALUES ('WARNING', 'table shop.orders: values occur more than once under the unique index orders_id (all rows looked at)') $$,
    'duplicates; not of an index over some rows only');
SELECT is(pg_temp.evidence('data_duplicate', 'orders') - 'seconds', '{"rows_looked_at": 64, "all_rows": true, "hits": 1, "largest": 3, "example": "7", "object": "orders_id"}',
          'one value, three times; NULLs are none');
SELECT results_eq($$ SELECT * FROM pg_temp.found('data_width') $$,
    $$ VALUES ('INFO', 'table shop.wide: its widest row has 20 MB; each worker holds such a row in memory (all rows looked at)'),
              ('INFO', 'column shop.wide.t: its largest value has 20 MB; each worker holds such a row in memory (all rows looked at)') $$, 'wide rows');
SELECT is((SELECT f.evidence ->> 'example' FROM lakemover.finding f WHERE f.check_id = 'data_width' AND f.column_name = 't'), '2', 'whose key is shown');
SELECT is_empty($$ SELECT * FROM pg_temp.found('data_not_looked') $$, 'all looks gave an answer');
SELECT is((SELECT (summary #> '{data_look}') - 'seconds' FROM lakemover.assessment), '{"mode": "sample", "rows": 10000, "budget_seconds": 60, "redacted": false, "looks": 7, "looks_done": 7, "rows_looked_at": 253}',
          'what was done, in short');
SELECT isnt_empty($$ SELECT FROM lakemover._assessment_report(1) r WHERE r = 'Rows: 253 looked at (at most 10000 of a table), 7 of 7 looks in ' || (SELECT round((summary #>> '{data_look,seconds}')::numeric, 1) FROM lakemover.assessment) || ' s' $$,
    'and in the text');
SELECT is((SELECT c ->> 'result' FROM jsonb_array_elements(lakemover.assess_json('src') -> 'checks') c WHERE c ->> 'id' = 'data_range'), 'passed', 'a check without a finding');

-- The plan resolves.
SELECT lakemover.plan('src');
UPDATE lakemover.plan_constraint SET exclude = true WHERE source_name = 'orders fk';
UPDATE lakemover.plan_table SET exclude = true WHERE source_table = 'left_out';
SELECT lakemover._take_assessment('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('data_orphan') $$,
    $$ VALUES ('WARNING', 'table shop.halves: foreign key halves_full has rows without their parent (all rows looked at)'),
              ('INFO', 'table shop.left_out: foreign key left_out_fk has rows without their parent; resolved by the plan'),
              ('INFO', 'table shop.orders: foreign key "orders fk" has rows without their parent; resolved by the plan') $$, 'a foreign key that is left out');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('data_orphan') $$,
    $$ VALUES ('WARNING', 'table shop.halves: foreign key halves_full has rows without their parent (all rows looked at)') $$, 'is not looked at again');

-- Samples, all rows, none.
SELECT lakemover._look_at_data('src', 'sample', 20);
SELECT is((SELECT bool_or(complete) FROM lakemover.data_probe WHERE check_id = 'data_duplicate'), false, 'a limit that was reached leaves rows out');
SELECT is((SELECT max(looked) FROM lakemover.data_probe WHERE check_id = 'data_duplicate'), 20::bigint, 'and holds');
SELECT lakemover._look_at_data('src', 'full', 1);
SELECT is((SELECT bool_and(complete) FROM lakemover.data_probe), true, 'all rows');
SELECT is((SELECT row_limit FROM lakemover.data_look), 0::bigint, 'without a limit');
SELECT is((SELECT budget FROM lakemover.data_look), NULL, 'and without one of time');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'off');
SELECT is_empty($$ SELECT FROM lakemover.data_probe $$, 'no look');
SELECT is((SELECT c ->> 'result' FROM jsonb_array_elements(lakemover.assess_json('src') -> 'checks') c WHERE c ->> 'id' = 'data_orphan'), 'not checked', 'is said');
SELECT isnt_empty($$ SELECT FROM lakemover.assess('src', 'off') r WHERE r LIKE 'Not checked, since the rows were not looked at: Rows Too Wide, %' $$, 'in the text, too');
SELECT throws_ok($$ SELECT lakemover.assess('src', 'maybe') $$, '22023', 'invalid mode of data checks: "maybe"', 'no such mode');
SELECT throws_ok($$ SELECT lakemover.assess('src', 'sample', 0) $$, '22023', NULL, 'no rows');
SELECT throws_ok($$ SELECT lakemover._probe('src', '{"kind": "delete", "schema": "shop", "table": "orders", "columns": [{"name": "id"}]}', 100) $$,
                 '22023', 'unknown look at rows "delete"', 'no such look');
SELECT throws_ok($$ SELECT lakemover._probe('src', 'x', 100) $$, '22023', 'what to look for in the source''s rows is not readable', 'nonsense');

-- No time: said, and the rest of the assessment is there.
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'sample', 10000, 0);
SELECT results_eq($$ SELECT * FROM pg_temp.found('data_not_looked') $$, $$ VALUES ('INFO', 'the time for looks at rows was over before 5 of 5') $$, 'no time');
SELECT isnt_empty($$ SELECT * FROM pg_temp.found('not_validated') $$, 'other checks need none');

-- Values are not shown where they must not be.
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'sample', 10000, NULL, true);
SELECT is(pg_temp.evidence('data_duplicate', 'orders') ->> 'example', 'sha256:' || left(encode(sha256('7'), 'hex'), 12) || ' (1 characters)', 'redacted');
SELECT is_empty($$ SELECT FROM lakemover.data_probe WHERE example !~ '^sha256:[0-9a-f]{12} \(\d+ characters\)$' $$, 'staging has no value either');
SELECT is(lakemover.assess_json('src') #>> '{data_look,redacted}', 'true', 'the document says so');

-- Sampled pages of a large table.
CREATE TABLE shop.many (id int, parent int, filler text);
INSERT INTO shop.many SELECT n, n, repeat('x', 100) FROM generate_series(1, 60000) n;
ALTER TABLE shop.many ADD CONSTRAINT many_fk FOREIGN KEY (parent) REFERENCES shop."we""ird 't]able" NOT VALID;
ANALYZE shop.many;
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'sample', 1000);
SELECT is((SELECT message FROM pg_temp.found('data_orphan') WHERE message LIKE '%many%'), 'table shop.many: foreign key many_fk has rows without their parent (seen in a sample)', 'a sample');
SELECT ok((pg_temp.evidence('data_orphan', 'many') ->> 'rows_looked_at')::int BETWEEN 500 AND 1000, 'of about as many rows as allowed');
SELECT (SELECT lakemover._signoff(max(assessment_id)) FROM lakemover.assessment) AS before \gset
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'sample', 1000);
SELECT is((SELECT lakemover._signoff(max(assessment_id)) FROM lakemover.assessment), :'before', 'the same findings have the same id');

-- Judgements of what no test wants to build.
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
UPDATE lakemover.data_probe SET largest = 1073000000 WHERE check_id = 'data_width' AND column_name = 'b';
UPDATE lakemover.data_probe SET largest = 300000000 WHERE check_id = 'data_width' AND column_name = 't';
SELECT lakemover._take_assessment('src');
SELECT results_eq($$ SELECT severity, message FROM pg_temp.found('data_width') WHERE message LIKE 'column%' $$,
    $$ VALUES ('BLOCKER', 'column shop.wide.b: its largest value has 1023 MB, more than a copy can carry (all rows looked at)'),
              ('WARNING', 'column shop.wide.t: its largest value has 286 MB; each worker holds such a row in memory (all rows looked at)') $$, 'too wide, and wide');
SELECT format('%s', f.remedy_sql) AS remedy FROM lakemover.finding f WHERE f.check_id = 'data_width' AND f.severity = 'BLOCKER' \gset
:remedy
SELECT lakemover._take_assessment('src');
SELECT is_empty($$ SELECT FROM pg_temp.found('data_width') WHERE severity = 'BLOCKER' $$, 'its remedy resolves it');
INSERT INTO lakemover.data_probe (source, probe_no, item, check_id, table_id, column_name, complete, looked, hits, seconds)
VALUES ('src', 100, 0, 'data_range', 'shop.wide'::regclass::oid::bigint, 't', true, 2, 1, 0);
SELECT lakemover._take_assessment('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('data_range') $$,
    $$ VALUES ('WARNING', 'column shop.wide.t: intervals that are infinite, which the target has from version 17 on (all rows looked at)') $$, 'no target is known');
INSERT INTO lakemover.target_fact (name, value) VALUES ('server_version_num', '160004');
SELECT lakemover._take_assessment('src');
SELECT is((SELECT severity FROM pg_temp.found('data_range')), 'BLOCKER', 'one that is too old');

-- What stands in the way of a look is said, and keeps nobody.
SELECT format('host=%s port=%s dbname=%s user=%s', :'HOST', :'PORT', :'DBNAME', :'USER') AS other \gset
CREATE EXTENSION IF NOT EXISTS dblink;
SELECT dblink_connect('w', :'other');
SELECT dblink_exec('w', 'BEGIN; LOCK TABLE shop.orders IN ROW EXCLUSIVE MODE; UPDATE shop.orders SET code = code; LOCK TABLE shop.wide IN ACCESS EXCLUSIVE MODE');
SELECT lakemover._look_at_data('src');
SELECT ok((SELECT bool_and(error IS NULL) FROM lakemover.data_probe WHERE check_id IN ('data_orphan', 'data_duplicate')), 'a writer keeps no look');
SELECT matches((SELECT error FROM lakemover.data_probe WHERE item = -1), 'lock', 'an ALTER TABLE does, for a second: its error is there');
SELECT dblink_exec('w', 'ROLLBACK');
SELECT lakemover._look_at_data('src');
SELECT is((SELECT count(*) FROM lakemover.data_probe WHERE item = -1), 0::bigint, 'the session goes on');
SELECT * FROM finish();
