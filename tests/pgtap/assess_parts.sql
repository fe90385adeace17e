-- Types, names, references, estimate and checklist of an assessment; this database is its own source.
SET client_min_messages = warning;
SELECT plan(39);
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE SCHEMA shop;
CREATE TABLE shop.customer (id int PRIMARY KEY, name varchar(20), j jsonb);
CREATE TABLE shop."Order" (id int PRIMARY KEY, customer int REFERENCES shop.customer, second int REFERENCES shop.customer, self int REFERENCES shop."Order", j jsonb);
CREATE TABLE shop.part (k int PRIMARY KEY, c int REFERENCES shop.customer) PARTITION BY LIST (k);
CREATE TABLE shop.part_1 PARTITION OF shop.part FOR VALUES IN (1);
INSERT INTO shop.customer SELECT g, repeat('x', 20) FROM generate_series(1, 20000) g;
ANALYZE shop.customer;
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');
CREATE FUNCTION pg_temp.doc() RETURNS jsonb LANGUAGE sql AS $$ SELECT lakemover.assess_json('src') $$;
CREATE FUNCTION pg_temp.steps(p_phase text) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(c ->> 'step' ORDER BY no) FROM jsonb_array_elements(pg_temp.doc() -> 'checklist') WITH ORDINALITY x(c, no) WHERE c ->> 'phase' = p_phase $$;

SELECT is(pg_temp.doc() -> 'schema_version', '1', 'the version of the shape');
SELECT is((SELECT jsonb_agg(t ORDER BY t ->> 'source') FROM jsonb_array_elements(pg_temp.doc() -> 'types') t),
    '[{"source": "character varying(20)", "target": "character varying(20)", "columns": 1, "note": null}, {"source": "integer", "target": "integer", "columns": 7, "note": null},
      {"source": "jsonb", "target": "jsonb", "columns": 2, "note": null}]'::jsonb, 'types: columns of partitions follow their table');
SELECT is(pg_temp.doc() -> 'types' -> 0 ->> 'source', 'integer', 'the commonest first');
SELECT is(pg_temp.doc() -> 'names', '{"total": 0, "listed": []}', 'no plan, no names');
SELECT is((SELECT jsonb_agg(jsonb_build_array(c.table_name, p.table_name) ORDER BY c.table_name) FROM jsonb_array_elements(pg_temp.doc() -> 'references') r
             JOIN lakemover.inv_table c ON c.table_id = (r ->> 0)::bigint JOIN lakemover.inv_table p ON p.table_id = (r ->> 1)::bigint),
    '[["Order", "customer"], ["part", "customer"]]'::jsonb, 'references: each pair once, none to itself, none of partitions');

-- The plan's types and names.
SELECT count(*) > 0 AS planned FROM lakemover.plan('src', 'portable', 'lower');
UPDATE lakemover.plan_column SET keep_quoted = true WHERE source_column = 'name';
SELECT lakemover._take_assessment('src');
SELECT is((SELECT t ->> 'target' FROM jsonb_array_elements(pg_temp.doc() -> 'types') t WHERE t ->> 'source' = 'jsonb'), 'text', 'the plan''s type');
SELECT is(pg_temp.doc() -> 'names', '{"total": 2, "listed": [{"kind": "table", "source": "shop.\"Order\"", "target": "shop.\"order\"", "kept_quoted": false},
    {"kind": "column", "source": "shop.customer.name", "target": "shop.customer.name", "kept_quoted": true}]}'::jsonb, 'names that change or are kept by decision');

-- Time and space.
SELECT ok(pg_temp.doc() #>> '{estimate,duration,not_estimated}' LIKE 'nothing was measured%', 'no run, no duration');
SELECT is(pg_temp.doc() #> '{estimate,duration,seconds}', 'null', 'not even a zero');
SELECT is((pg_temp.doc() #>> '{estimate,target_disk,rows_bytes}')::numeric, (SELECT sum(table_bytes) FROM lakemover.inv_table WHERE source = 'src'), 'rows as on the source');
SELECT is((pg_temp.doc() #>> '{estimate,target_disk,sort_bytes}')::numeric, (SELECT max(bytes) FROM lakemover.inv_index WHERE source = 'src')::numeric, 'the largest index is sorted');
SELECT is((SELECT (d ->> 'total_bytes')::numeric - (d ->> 'rows_bytes')::numeric - (d ->> 'index_bytes')::numeric - (d ->> 'sort_bytes')::numeric FROM (SELECT pg_temp.doc() #> '{estimate,target_disk}') x(d)),
    0::numeric, 'and all of it together');
SELECT ok(pg_temp.doc() #>> '{estimate,source_growth,not_estimated}' LIKE 'the source''s log was watched for %', 'watched too shortly');
SELECT is(jsonb_typeof((SELECT settings -> 'wal_probe' -> 'bytes' FROM lakemover.source_info)), 'number', 'but watched');
UPDATE lakemover.source_info SET settings = jsonb_set(settings, '{wal_probe}', '{"seconds": 10.0, "bytes": 5000}');
INSERT INTO lakemover.run (source, state, source_identity, hash_key, started_at, ended_at, workers, options)
    SELECT 'lakemover_rehearsal_x', 'done', identity, '\x00', '2026-01-01 00:00:00+00', '2026-01-01 00:00:10+00', 2, '{"rehearse": "5%"}' FROM lakemover.source_info;
INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank, est_bytes, state, bytes_copied) SELECT run_id, 1, '{}', 0, 1, 'done', 1048576 FROM lakemover.run;
UPDATE lakemover.inv_table SET table_bytes = CASE table_name WHEN 'customer' THEN 104857600 ELSE 0 END;
SELECT lakemover._take_assessment('src');
SELECT is((pg_temp.doc() #>> '{estimate,duration,seconds}')::numeric, 1000.0, 'ten seconds for 1 MB are a thousand for 100');
SELECT is(pg_temp.doc() #>> '{estimate,duration,basis}',
    format('run %s moved 1024 kB of this source (a rehearsal of 5%%) in 10.0 s with 2 workers, validation and reports included; scaled by the size of the tables', (SELECT run_id FROM lakemover.run)), 'with its basis');
SELECT is((pg_temp.doc() #>> '{estimate,source_growth,bytes_per_second}')::numeric, 500::numeric, 'growth of the source');
UPDATE lakemover.run SET source_identity = 'another';
SELECT lakemover._take_assessment('src');
SELECT is(pg_temp.doc() #> '{estimate,duration,seconds}', 'null', 'another database''s run says nothing');
-- A probe of its own: the assessment has read the source; the loader measures the target.
SELECT ok(tables >= 1 AND rows >= 20000 AND bytes > 500000 AND seconds > 0 AND error IS NULL, 'rows of the source were read') FROM lakemover.read_probe WHERE source = 'src';
SELECT ok(pg_temp.doc() #>> '{estimate,duration,not_estimated}' LIKE '%the target was not measured, since none was named%', 'half a measure gives no duration');
INSERT INTO lakemover.target_fact (name, value) VALUES ('probe_write_bytes', '16000000'), ('probe_write_seconds', '0.5'), ('probe_read_bytes', '16000000'), ('probe_read_seconds', '0.25');
UPDATE lakemover.read_probe SET bytes = 16000000, seconds = 1;
UPDATE lakemover.inv_table SET index_bytes = CASE table_name WHEN 'customer' THEN 64000000 ELSE 0 END, table_bytes = CASE table_name WHEN 'customer' THEN 160000000 ELSE 0 END;
SELECT lakemover._take_assessment('src');
SELECT is(pg_temp.doc() #> '{estimate,speed}', '{"source_read": 16000000, "target_write": 32000000, "target_read": 64000000}', 'bytes per second');
SELECT is((SELECT d - 'basis' FROM (SELECT pg_temp.doc() #> '{estimate,duration}') x(d)),
    '{"seconds": 14.5, "from": "probe", "load_seconds": 10.0, "index_seconds": 2.0, "validate_seconds": 2.5}'::jsonb, 'the slower end for rows, the target for indexes, and all of it again');
SELECT ok(pg_temp.doc() #>> '{estimate,duration,basis}' LIKE 'a probe read 15 MB/s from the source%one worker each%', 'with its basis');
UPDATE lakemover.read_probe SET bytes = 1000;
SELECT lakemover._take_assessment('src');
SELECT ok(pg_temp.doc() #>> '{estimate,duration,not_estimated}' LIKE '%1000 bytes could be read from the source%', 'a thousand bytes say nothing');
UPDATE lakemover.read_probe SET bytes = 0, error = 'permission denied';
SELECT lakemover._take_assessment('src');
SELECT ok(pg_temp.doc() #>> '{estimate,duration,not_estimated}' LIKE '%the source was not read: permission denied%', 'an error says why');
UPDATE lakemover.run SET source_identity = (SELECT identity FROM lakemover.source_info);
SELECT lakemover._take_assessment('src');
SELECT is(pg_temp.doc() #>> '{estimate,duration,from}', 'rehearsal', 'a rehearsal beats a probe');
UPDATE lakemover.run SET options = '{}';
SELECT lakemover._take_assessment('src');
SELECT is(pg_temp.doc() #>> '{estimate,duration,from}', 'earlier run', 'so does a run');
UPDATE lakemover.run SET source_identity = 'another';
UPDATE lakemover.source_info SET settings = settings - 'wal_probe' || '{"wal_bytes": 7200000, "wal_seconds": 7200}';
SELECT lakemover._take_assessment('src');
SELECT ok((pg_temp.doc() #>> '{estimate,source_growth,bytes_per_second}')::numeric = 1000 AND pg_temp.doc() #>> '{estimate,source_growth,basis}' LIKE '% of WAL in the last 2 hours (pg_stat_wal)%',
    'the mean of the WAL''s counter');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src', 'off');
SELECT is_empty($$ SELECT FROM lakemover.read_probe $$, 'without looks at rows nothing is read');
SELECT ok(error IS NULL AND rows = 3 AND bytes > 0 AND seconds >= 0, 'a table whose rows are read by hand')
  FROM lakemover._read_speed('src', '{"table_id": 1, "source_schema": "shop", "source_table": "customer", "columns": [{"name": "id", "source_type": "integer", "codec": "int4"}]}', 3, 1000);

UPDATE lakemover.plan_table SET exclude = true WHERE source_table = 'customer';
SELECT lakemover._take_assessment('src');
SELECT is((pg_temp.doc() #>> '{estimate,target_disk,rows_bytes}')::numeric, 0::numeric, 'what is excluded takes no space');

-- The checklist follows from what was found.
SELECT ok('Take a backup of the source and try to restore it' = ANY (pg_temp.steps('before')), 'before');
SELECT ok(NOT EXISTS (SELECT FROM unnest(pg_temp.steps('cut-over')) s WHERE s LIKE '%jobs%'), 'no jobs, nothing to stop');
SELECT is((SELECT c ->> 'command' FROM jsonb_array_elements(pg_temp.doc() -> 'checklist') c WHERE c ->> 'step' LIKE '%make the source read-only'),
    format('ALTER DATABASE %I SET default_transaction_read_only = on', current_database()), 'a command of the source''s engine');
SELECT ok(cardinality(pg_temp.steps('fall-back')) = 3, 'fall-back');
INSERT INTO lakemover.inv_outside VALUES ('src', 'scheduled job', 1, 'nightly', NULL), ('src', 'scheduled job', 2, 'purge', NULL);
SELECT lakemover._take_assessment('src');
SELECT is((SELECT c ->> 'reason' FROM jsonb_array_elements(pg_temp.doc() -> 'checklist') c WHERE c ->> 'step' = 'Stop the jobs of the source'), 'nightly, purge', 'jobs are stopped, by name');
SELECT ok('Start the jobs on the target' = ANY (pg_temp.steps('cut-over')), 'and started');
UPDATE lakemover.source_info SET engine = 'sqlserver', dbname = 'my]db';
SELECT lakemover._take_assessment('src');
SELECT is((SELECT c ->> 'command' FROM jsonb_array_elements(pg_temp.doc() -> 'checklist') c WHERE c ->> 'step' LIKE '%make the source read-only'),
    'ALTER DATABASE [my]]db] SET READ_ONLY WITH ROLLBACK IMMEDIATE', 'of SQL Server');
SELECT is(pg_temp.doc() #>> '{estimate,source_growth,not_estimated}', 'the growth of the version store was not measured', 'which has a version store');
SELECT * FROM finish();
