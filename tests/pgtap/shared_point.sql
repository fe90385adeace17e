-- A point in time that sessions share: when it may be tried, what is said of it, and what becomes of a lost session's batch.
BEGIN;
SELECT plan(15);
SET client_min_messages = 'warning';

CREATE SERVER ms FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'h', dbname 'd');
INSERT INTO lakemover.run (source, hash_key, state) VALUES ('ms', '\x00', 'running') RETURNING run_id AS run \gset
INSERT INTO lakemover.snapshot (run_id, state, snapshot_id, level, proof) VALUES (:run, 'held', 'table', 'table', 'each its own');
INSERT INTO lakemover.run_table (run_id, table_id, load_rank, state, chunks, source_rows, spec)
SELECT :run, n, n, s, k, c, jsonb_build_object('source_schema', 'dbo', 'source_table', 'T' || n, 'target_schema', 'dbo', 'target_table', 't' || n, 'copies_rows', true,
                                            'chunking', 'keyset', 'memory_optimized', n = 4)
  FROM (VALUES (1, 'loaded', 2, 10), (2, 'loaded', 2, NULL), (3, 'pending', NULL, NULL), (4, 'pending', NULL, NULL)) x(n, s, k, c);

SELECT is(lakemover._point_can_be_shared(:run), false, 'not where a table can only be read outside of SNAPSHOT sessions');
DELETE FROM lakemover.run_table WHERE run_id = :run AND table_id = 4;
SELECT is(lakemover._point_can_be_shared(:run), false, 'not while a table must end at a point of its own');
UPDATE lakemover.run_table SET source_rows = 10 WHERE run_id = :run AND table_id = 2;
SELECT is(lakemover._point_can_be_shared(:run), true, 'it may be tried for the rest of a run');
UPDATE lakemover.snapshot SET snapshot_id = 'frozen', level = 'same' WHERE run_id = :run;
SELECT is(lakemover._point_can_be_shared(:run), false, 'a source that nobody writes to needs none');
UPDATE lakemover.snapshot SET snapshot_id = 'inconsistent', level = 'none' WHERE run_id = :run;
SELECT is(lakemover._point_can_be_shared(:run), false, 'one without SNAPSHOT transactions can have none');
UPDATE lakemover.snapshot SET snapshot_id = 'table', level = 'table', state = 'lost' WHERE run_id = :run;
SELECT is(lakemover._point_can_be_shared(:run), false, 'nor one that is lost');
UPDATE lakemover.snapshot SET state = 'held' WHERE run_id = :run;

SELECT lakemover._share_point(:run, 3, '00000024:00000012:0001');
SELECT matches((SELECT row (snapshot_id, level, source_lsn, proof)::text FROM lakemover.snapshot WHERE run_id = :run),
               '^\(sessions,same,00000024:00000012:0001,"3 SNAPSHOT sessions .* consecutive numbers, .* ended at 00000024:00000012:0001 ', 'what is said of it');
SELECT is(lakemover._point_can_be_shared(:run), false, 'it is not shared twice');
SELECT is(lakemover._samples_are_kept(:run, 1), true, 'samples are read as a table ends: the sessions are gone by the validation');
SELECT is(lakemover._point_held(:run), false, 'this session has no part in it');
SELECT throws_ok(format('SELECT lakemover.stream(%s, 1)', :run), '55000', format('this session has no part in the point in time of run %s', :run), 'and reads nothing');
SELECT throws_ok('SELECT lakemover._point_open(-1)', '42704', 'run -1 does not exist', 'a run that does not exist');

-- A worker has lost its session after its batch was committed and before the table was counted.
INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method, state, loader_id) VALUES (:run, 2, 1, 'single', 'done', 'l');
UPDATE lakemover.run_table SET source_rows = NULL WHERE run_id = :run AND table_id = 2;
SELECT lakemover._hand_back_chunk(chunk_id, 'another') FROM lakemover.run_chunk WHERE run_id = :run AND table_id = 2;
SELECT is((SELECT state FROM lakemover.run_chunk WHERE run_id = :run AND table_id = 2), 'done', 'only its loader can hand a batch back');
SELECT lakemover._hand_back_chunk(chunk_id, 'l') FROM lakemover.run_chunk WHERE run_id = :run AND table_id = 2;
SELECT is((SELECT c.state || ', ' || t.state FROM lakemover.run_chunk c JOIN lakemover.run_table t USING (run_id, table_id) WHERE c.run_id = :run AND c.table_id = 2),
          'pending, loading', 'another worker may have the batch, and counts the table');

SELECT lakemover._unshare_point(:run);
SELECT is((SELECT row (snapshot_id, level)::text FROM lakemover.snapshot WHERE run_id = :run), '(table,table)', 'back to points of their own, before a row was read');
SELECT * FROM finish();
ROLLBACK;
