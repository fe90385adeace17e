-- Columns of a second pass in the plan, in the statements and in the chunks of a run (this database is its own source).
SET client_min_messages = warning;
SELECT plan(21);

CREATE SCHEMA app;
CREATE DOMAIN app.always AS text NOT NULL;
CREATE TABLE app.docs (id int PRIMARY KEY, title text NOT NULL, body text NOT NULL, blob bytea);
INSERT INTO app.docs SELECT i, 'title ' || i, repeat(md5(i::text), 40), NULL FROM generate_series(1, 4000) i;
CREATE TABLE app.part (id bigint NOT NULL, at date NOT NULL, note text NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE app.part_a PARTITION OF app.part DEFAULT;
CREATE TABLE app.tied (id int PRIMARY KEY, tag text UNIQUE, low text, made text GENERATED ALWAYS AS (upper(low)) STORED, d app.always, plain text, inc text,
    cond text, n int GENERATED ALWAYS AS IDENTITY, CHECK (plain <> 'never'));
CREATE INDEX tied_low ON app.tied (lower(low));
CREATE UNIQUE INDEX tied_inc ON app.tied (id) INCLUDE (inc);
CREATE INDEX tied_cond ON app.tied (id) WHERE cond IS NOT NULL;
CREATE TABLE app.keyless (v text);
ANALYZE;
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
INSERT INTO lakemover.source_scope (source, schema_name) VALUES ('src', 'app');
CREATE FUNCTION pg_temp.later(p_table text, p_columns text[]) RETURNS void LANGUAGE sql AS $$
    UPDATE lakemover.plan_column SET pass = CASE WHEN source_column = ANY (p_columns) THEN 2 ELSE 1 END WHERE table_id = p_table::regclass::oid::bigint
$$;
CREATE FUNCTION pg_temp.problems() RETURNS SETOF text LANGUAGE sql AS $$
    SELECT replace(replace(message, 'cannot be filled in a second pass: ', ''), '; set plan_column.pass to 1', '') FROM lakemover._plan_problems('src') ORDER BY message COLLATE "C"
$$;
SELECT lakemover.inventory('src');
SELECT lakemover.plan('src');
SELECT throws_ok('UPDATE lakemover.plan_column SET pass = 3', '23514', NULL, 'there are two passes');

SELECT pg_temp.later('app.tied', '{id,tag,low,made,d,plain,inc,cond,n}');
SELECT pg_temp.later('app.keyless', '{v}');
SELECT pg_temp.later('app.part', '{at}');
SELECT results_eq('SELECT * FROM pg_temp.problems()', ARRAY[
    'column app.keyless.v its table has no primary key, and no unique index over NOT NULL columns, that moves and by which rows could be found again',
    'column app.part.at the partition key uses it, the primary key part_pkey uses it',
    'column app.part_a.at the primary key part_a_pkey uses it',
    'column app.tied.cond the index tied_cond uses it',
    'column app.tied.d its type is a domain that is NOT NULL',
    'column app.tied.id the index tied_cond uses it, the index tied_inc uses it, the primary key tied_pkey uses it',
    'column app.tied.inc the index tied_inc uses it',
    'column app.tied.low the generated column made is made from it, the index tied_low uses it',
    'column app.tied.made it is a generated column',
    'column app.tied.n it is an identity column',
    'column app.tied.tag the unique constraint tied_tag_key uses it'], 'what cannot wait, and why; a check is made behind the second pass');
UPDATE lakemover.plan_index SET exclude = true WHERE source_name = 'tied_cond';
SELECT pg_temp.later('app.tied', '{cond,plain}');
SELECT pg_temp.later('app.keyless', '{}');
SELECT pg_temp.later('app.part', '{note}');
SELECT pg_temp.later('app.docs', '{body,blob}');
SELECT is_empty('SELECT * FROM pg_temp.problems()', 'an index that does not move is in nobody''s way');
SELECT is((SELECT pass FROM lakemover.plan_column WHERE table_id = 'app.part_a'::regclass::oid::bigint AND source_column = 'note'), 2, 'a partition follows its parent');
UPDATE lakemover.plan_constraint SET exclude = true WHERE source_name = 'docs_pkey';
SELECT is((SELECT count(*) FROM pg_temp.problems()), 2::bigint, 'a key that does not move finds no rows');
UPDATE lakemover.plan_constraint SET exclude = false WHERE source_name = 'docs_pkey';
SELECT lakemover.plan('src');
SELECT is((SELECT count(*) FROM lakemover.plan_column WHERE pass = 2), 6::bigint, 'planning again keeps it');
CREATE TEMP TABLE hash AS SELECT lakemover.plan_hash('src') AS h;
SELECT pg_temp.later('app.docs', '{blob}');
SELECT isnt(lakemover.plan_hash('src'), (SELECT h FROM hash), 'the plan''s hash says it');
SELECT pg_temp.later('app.docs', '{body,blob}');
SELECT is(lakemover.plan_hash('src'), (SELECT h FROM hash), 'and is the same again');
SELECT results_eq($$ SELECT sql FROM lakemover._ddl('src') WHERE kind = 'not null' OR (stage IN ('table', 'analyze') AND object = 'app.docs') ORDER BY ordinal $$, ARRAY[
    'CREATE TABLE app.docs (id integer NOT NULL, title text NOT NULL, body text, blob bytea)', 'ALTER TABLE app.docs ALTER COLUMN body SET NOT NULL',
    'ALTER TABLE app.part ALTER COLUMN note SET NOT NULL', 'VACUUM (ANALYZE) app.docs'], 'NOT NULL comes behind it, also of partitions');

UPDATE lakemover.plan_table SET batch_rows = 500 WHERE source_table = 'docs';
SELECT lakemover.create_run('src', '{}') AS run \gset
SELECT lakemover._freeze_run(:run);
SELECT lakemover.keeper_start(:run);
SELECT results_eq(format('SELECT in_one_pass FROM lakemover._cut_tables(%s, 2, 256, 100000)', :run), $$ VALUES ('{}'::bigint[]) $$, 'two passes where one point holds for both');
SELECT results_eq($$ SELECT pass, state, count(*), min(chunk_no) FROM lakemover.run_chunk WHERE table_id = 'app.docs'::regclass::oid::bigint GROUP BY 1, 2 ORDER BY 1 $$,
    $$ VALUES (1, 'pending', 8::bigint, 1), (2, 'waiting', 8, 9) $$, 'chunks of both passes, numbered on');
SELECT ok((lakemover.source_row_bytes(:run, 'app.docs'::regclass::oid::bigint, 100, 1) < 100 AND lakemover.source_row_bytes(:run, 'app.docs'::regclass::oid::bigint) > 1000),
    'rows of the first pass are short');
UPDATE lakemover.run SET loader_id = 'me', state = 'running' WHERE run_id = :run;
SELECT lakemover._start_ready_tables(:run);
UPDATE lakemover.run_chunk SET state = 'done', loader_id = 'me', rows_copied = 500, bytes_copied = 100, digest = '{1,1}' WHERE pass = 1;
SELECT is_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''me'')', :run), 'the second pass waits');
UPDATE lakemover.run_table SET state = 'loaded', source_rows = 1;
SELECT is((SELECT count(*) FROM lakemover._unfinished_tables(:run)), 3::bigint, 'what waits is not finished');
SELECT results_eq(format($$ SELECT name, columns::text, key FROM lakemover._second_pass_tables(%s) WHERE name = 'app.docs' $$, :run), $$ VALUES ('app.docs', '["body", "blob"]', '{id}'::text[]) $$, 'what is to be filled');
SELECT lakemover._begin_second_pass(:run, 'app.docs'::regclass::oid::bigint);
SELECT results_eq(format('SELECT pass, again FROM lakemover._claim_chunk(%s, ''me'')', :run), $$ VALUES (2, false) $$, 'then it goes on');
SELECT ok(NOT lakemover._finish_chunk((SELECT chunk_id FROM lakemover.run_chunk WHERE state = 'claimed'), 'me', 500, 9000, '{3,4}', '{}'), 'not the last one');
SELECT is((SELECT rows FROM (SELECT (t->>'rows')::int AS rows, t->'second_pass'->>'chunks_done' AS done FROM jsonb_array_elements(lakemover.run_figures(:run)->'tables') t WHERE t->>'name' = 'app.docs') x WHERE done = '1'), 4000, 'rows are counted once');
-- The ledger has the first pass and one chunk of the second.
SELECT is((SELECT r::text FROM lakemover._reconcile_chunks(:run, 'me', (SELECT jsonb_agg(jsonb_build_object('table_id', table_id, 'chunk_no', chunk_no, 'method', method, 'lower', lower_bound::text,
    'upper', upper_bound::text, 'rows', 500, 'bytes', 1, 'lane1', CASE chunk_no WHEN 12 THEN 7 WHEN 9 THEN 3 ELSE 1 END, 'lane2', CASE chunk_no WHEN 12 THEN 7 WHEN 9 THEN 4 ELSE 1 END, 'xid', '1'))
    FROM lakemover.run_chunk WHERE run_id = :run AND (pass = 1 OR chunk_no IN (9, 12)))) r), '(1,0)', 'a chunk that staging did not know of');
SELECT results_eq(format($$ SELECT state, (SELECT string_agg(c.state || ' ' || c.n, ', ' ORDER BY c.state) FROM (SELECT x.state, count(*) AS n FROM lakemover.run_chunk x WHERE x.run_id = t.run_id AND x.table_id = t.table_id AND x.pass = 2 GROUP BY 1) c)
    FROM lakemover.run_table t WHERE run_id = %s AND spec->>'source_table' = 'docs' $$, :run), $$ VALUES ('loaded', 'done 2, waiting 6') $$, 'the table is loaded, and the rest waits again');
SELECT lakemover.keeper_stop(:run);
-- Where each table has a point of its own, two readings would be of two points.
UPDATE lakemover.run SET state = 'done' WHERE run_id = :run;
SELECT lakemover.create_run('src', '{}') AS run \gset
SELECT lakemover._freeze_run(:run);
INSERT INTO lakemover.snapshot (run_id, state, level, snapshot_id) VALUES (:run, 'held', 'table', 'table');
SELECT results_eq(format('SELECT cardinality(in_one_pass) FROM lakemover._cut_tables(%s, 2, 256, 100000)', :run), 'VALUES (3)', 'one pass there, and it is said');
SELECT * FROM finish();
