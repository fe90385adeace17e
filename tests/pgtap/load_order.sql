-- Load order: ranks, cycles, self-references, partitions, exclusions; this database is its own source.
SET client_min_messages = warning;
SELECT plan(28);

CREATE SCHEMA lo;
CREATE TABLE lo.country (id int PRIMARY KEY);
CREATE TABLE lo.customer (id int PRIMARY KEY, country int REFERENCES lo.country, referrer int REFERENCES lo.customer);
CREATE TABLE lo.department (id int PRIMARY KEY, head int, country int REFERENCES lo.country);
CREATE TABLE lo.employee (id int PRIMARY KEY, department int CONSTRAINT employee_department REFERENCES lo.department);
ALTER TABLE lo.department ADD CONSTRAINT department_head FOREIGN KEY (head) REFERENCES lo.employee;
CREATE TABLE lo.badge (id int PRIMARY KEY, employee int REFERENCES lo.employee);
CREATE TABLE lo.orders (id int, day date, customer int REFERENCES lo.customer, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE lo.orders_2024 PARTITION OF lo.orders FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY LIST (id);
CREATE TABLE lo.orders_2024_all PARTITION OF lo.orders_2024 DEFAULT;
CREATE TABLE lo.orders_rest PARTITION OF lo.orders DEFAULT;
ALTER TABLE lo.orders ADD COLUMN previous int, ADD COLUMN previous_day date,
    ADD FOREIGN KEY (previous, previous_day) REFERENCES lo.orders;
CREATE TABLE lo.line (id int PRIMARY KEY, orders int, day date, FOREIGN KEY (orders, day) REFERENCES lo.orders);
CREATE TABLE lo."Zebra Crossing" (id int);

SELECT throws_ok($$ SELECT * FROM lakemover.load_order('src') $$, '42704', 'source "src" does not exist', 'an unknown source');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
SELECT throws_ok($$ SELECT * FROM lakemover.load_order('src') $$, '55000', 'source "src" has not been inventoried', 'no order without an inventory');
SELECT lakemover.inventory('src');

SELECT results_eq($$ SELECT table_name, load_rank, cycle FROM lakemover.load_order('src') $$,
    $$ VALUES ('Zebra Crossing', 0, NULL::int), ('country', 0, NULL),
              ('customer', 1, NULL), ('department', 1, 1), ('employee', 1, 1),
              ('badge', 2, NULL), ('orders', 2, NULL), ('orders_2024', 2, NULL), ('orders_2024_all', 2, NULL), ('orders_rest', 2, NULL),
              ('line', 3, NULL) $$,
    'parents first; a cycle after what it depends on and before its dependants; partitions with their table; ties by name');
SELECT results_eq($$ SELECT cycle, load_rank, tables, foreign_keys FROM lakemover._load_cycle('src') $$,
    $$ VALUES (1, 1, '{lo.department,lo.employee}'::text[],
               '[{"name": "department_head", "table": "lo.department", "references": "lo.employee"},
                 {"name": "employee_department", "table": "lo.employee", "references": "lo.department"}]'::jsonb) $$,
    'the cycle with its tables and foreign keys');
SELECT is((SELECT count(*) FROM lakemover._load_edge('src')), 7::bigint,
    'self-references are no edges, nor are the foreign keys that a partition inherits');

-- What the plan excludes does not count.
SELECT lakemover.plan('src');
UPDATE lakemover.plan_constraint SET exclude = true WHERE source_name = 'department_head';
SELECT is_empty($$ SELECT * FROM lakemover._load_cycle('src') $$, 'an excluded foreign key breaks the cycle');
SELECT results_eq($$ SELECT load_rank, cycle FROM lakemover.load_order('src') WHERE table_name IN ('department', 'employee', 'badge') $$,
    $$ VALUES (1, NULL::int), (2, NULL), (3, NULL) $$, 'and the order shows it');
UPDATE lakemover.plan_constraint SET exclude = false WHERE source_name = 'department_head';
UPDATE lakemover.plan_table SET exclude = true WHERE source_table = 'employee';
SELECT is_empty($$ SELECT * FROM lakemover._load_cycle('src') $$, 'so does an excluded table');
SELECT is((SELECT array_agg(table_name ORDER BY table_name) FROM lakemover.load_order('src') WHERE table_name IN ('department', 'employee', 'badge')),
    '{badge,department}', 'which is not in the order');
SELECT is((SELECT load_rank FROM lakemover.load_order('src') WHERE table_name = 'badge'), 0, 'its dependants wait for nobody');
UPDATE lakemover.plan_table SET exclude = false WHERE source_table = 'employee';

-- A cycle through a partition: the tree is one member.
ALTER TABLE lo.customer ADD COLUMN last_order int, ADD COLUMN last_day date,
    ADD CONSTRAINT customer_last FOREIGN KEY (last_order, last_day) REFERENCES lo.orders;
SELECT lakemover.inventory('src');
SELECT results_eq($$ SELECT tables FROM lakemover._load_cycle('src') ORDER BY cycle $$,
    $$ VALUES ('{lo.customer,lo.orders}'::text[]), ('{lo.department,lo.employee}') $$, 'cycles are numbered by their first table');
SELECT results_eq($$ SELECT table_name FROM lakemover.load_order('src') WHERE cycle = 1 $$,
    $$ VALUES ('customer'), ('orders'), ('orders_2024'), ('orders_2024_all'), ('orders_rest') $$, 'partitions belong to the cycle of their table');

-- The C function by itself.
SELECT results_eq($$ SELECT * FROM lakemover._load_order('{1,2,3,4}', '{2,3,4,4}', '{1,2,3,4}') $$,
    $$ VALUES (1::bigint, 0, NULL::int), (2, 1, NULL), (3, 2, NULL), (4, 3, NULL) $$, 'a chain');
SELECT results_eq($$ SELECT * FROM lakemover._load_order('{3,1,2}', '{1,2}', '{2,1}') $$,
    $$ VALUES (3::bigint, 0, NULL::int), (1, 0, 1), (2, 0, 1) $$, 'a cycle');
SELECT is_empty($$ SELECT * FROM lakemover._load_order('{}', '{}', '{}') $$, 'nothing');
SELECT is_empty($$ SELECT * FROM lakemover._load_order(NULL, '{}', '{}') $$, 'strict');
SELECT throws_ok($$ SELECT * FROM lakemover._load_order('{1,1}', '{}', '{}') $$, '22023', 'table 1 is listed twice', 'a table listed twice');
SELECT throws_ok($$ SELECT * FROM lakemover._load_order('{1}', '{1}', '{}') $$, '22023', 'children and parents must have the same length', 'arrays of different length');
SELECT throws_ok($$ SELECT * FROM lakemover._load_order('{1,NULL}', '{}', '{}') $$, '22004', 'table ids must not be null', 'a null');
SELECT is((SELECT max(load_rank) FROM lakemover._load_order(ARRAY(SELECT g::bigint FROM generate_series(1, 100000) g),
                                                           ARRAY(SELECT g::bigint FROM generate_series(2, 100000) g),
                                                           ARRAY(SELECT g::bigint FROM generate_series(1, 99999) g))), 99999,
    'a chain of 100000 tables does not overflow the stack');
SELECT is((SELECT count(DISTINCT cycle) FROM lakemover._load_order(ARRAY(SELECT g::bigint FROM generate_series(1, 100000) g),
                                                           ARRAY(SELECT g::bigint FROM generate_series(1, 100000) g),
                                                           ARRAY(SELECT (g % 100000 + 1)::bigint FROM generate_series(1, 100000) g))), 1::bigint,
    'nor does a ring');
SELECT is((SELECT count(*) FROM lakemover._load_order(ARRAY(SELECT g::bigint FROM generate_series(1, 3) g), '{1}', '{2}')
            WHERE load_rank = 1), 1::bigint, 'after errors it still works');
SELECT is((SELECT count(*) FROM (SELECT count(DISTINCT load_rank) AS n FROM lakemover.load_order('src') o WHERE table_name LIKE 'orders%') x WHERE n = 1),
    1::bigint, 'a partition tree has one rank');

-- The critical path: bytes decide, not places.
UPDATE lakemover.inv_table SET table_bytes = CASE table_name WHEN 'badge' THEN 1000 WHEN 'orders_2024_all' THEN 5000 WHEN 'orders_rest' THEN 2000 WHEN 'line' THEN 10 ELSE 1 END WHERE schema_name = 'lo';
SELECT results_eq($$ SELECT place, table_name, bytes FROM lakemover.critical_path('src') $$,
    $$ VALUES (1, 'country', 1::bigint), (2, 'customer', 1), (2, 'orders', 7002), (3, 'line', 10) $$, 'the heaviest chain; a cycle is one place, partitions count for their table');
UPDATE lakemover.inv_table SET table_bytes = 1000000 WHERE table_name = 'badge';
SELECT results_eq($$ SELECT place, table_name FROM lakemover.critical_path('src') $$,
    $$ VALUES (1, 'country'), (2, 'department'), (2, 'employee'), (3, 'badge') $$, 'another table is the heaviest');
UPDATE lakemover.plan_table SET exclude = true WHERE source_table = 'badge';
SELECT is((SELECT max(table_name) FROM lakemover.critical_path('src') WHERE place = 3), 'line', 'without what is excluded');
SELECT throws_ok($$ SELECT * FROM lakemover._critical_path('{1,2}', '{1}', '{}', '{}') $$, '22023', 'tables and weights must have the same length', 'as many weights as tables');
SELECT is_empty($$ SELECT * FROM lakemover._critical_path('{}', '{}', '{}', '{}') $$, 'nothing');

SELECT * FROM finish();
