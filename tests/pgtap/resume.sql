-- Chunks of a run against the ledger, taking a run over, tables that begin again, and a run that ended incomplete.
SET client_min_messages = warning;
SELECT plan(31);

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '/nowhere', dbname 'x');
INSERT INTO lakemover.run (source, hash_key, state, loader_id, heartbeat) VALUES ('src', '\x00', 'running', 'old', clock_timestamp());
SELECT max(run_id) AS run FROM lakemover.run \gset
INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank, state, chunks, source_rows, snapshot_at)
VALUES (:run, 1, '{"copies_rows": true, "target_schema": "s", "target_table": "a"}', 0, 'loaded', 2, 20, now()),
       (:run, 2, '{"copies_rows": true, "target_schema": "s", "target_table": "b"}', 0, 'loading', 2, NULL, now()),
       (:run, 3, '{"copies_rows": true, "target_schema": "s", "target_table": "c"}', 0, 'failed', 1, NULL, now()),
       (:run, 4, '{"copies_rows": false, "target_schema": "s", "target_table": "p"}', 0, 'loaded', 0, NULL, NULL);
INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method, lower_bound, upper_bound, state, loader_id, rows_copied, digest)
VALUES (:run, 1, 1, 'keyset', NULL, '{10}', 'done', 'old', 10, '{1,2}'),
       (:run, 1, 2, 'keyset', '{10}', NULL, 'done', 'old', 10, '{3,4}'),
       (:run, 2, 1, 'keyset', NULL, '{"a b"}', 'claimed', 'old', NULL, NULL),
       (:run, 2, 2, 'keyset', '{"a b"}', NULL, 'claimed', 'old', NULL, NULL),
       (:run, 3, 1, 'single', NULL, NULL, 'done', 'old', 5, '{7,8}');

SELECT ok(NOT lakemover._take_over(:run, 'new', '/audit', false, false), 'a run whose loader shows a heartbeat is not to be had');
UPDATE lakemover.run SET heartbeat = clock_timestamp() - interval '16 seconds' WHERE run_id = :run;
SELECT ok(lakemover._take_over(:run, 'new', '/audit', false, false), 'one whose loader is silent is');
SELECT results_eq(format('SELECT loader_id, epoch, state FROM lakemover.run WHERE run_id = %s', :run),
                  $$VALUES ('new', 1, 'running')$$, 'and has another loader and a higher epoch');
SELECT is_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''old'')', :run), 'the old loader gets no chunk');

-- The ledger has one chunk more than staging knows of, one less, and one with another content.
SELECT format('[{"table_id": 1, "chunk_no": 1, "method": "keyset", "upper": "{10}", "rows": 10, "bytes": 100, "lane1": "1", "lane2": "2", "xid": "700"},
                {"table_id": 2, "chunk_no": 1, "method": "keyset", "upper": "{\"a b\"}", "rows": 6, "bytes": 60, "lane1": "5", "lane2": "6", "xid": "701"}]') AS ledger \gset
SELECT results_eq(format('SELECT regained, lost FROM lakemover._reconcile_chunks(%s, ''new'', %L)', :run, :'ledger'),
                  $$VALUES (1::bigint, 1::bigint)$$, 'one chunk was found and one was lost');
SELECT results_eq(format('SELECT table_id, chunk_no, state, rows_copied FROM lakemover.run_chunk WHERE run_id = %s ORDER BY 1, 2', :run),
                  $$VALUES (1::bigint, 1, 'done', 10::bigint), (1, 2, 'pending', NULL), (2, 1, 'done', 6), (2, 2, 'pending', NULL), (3, 1, 'done', 5)$$,
                  'chunks say what the ledger says; those of a failed table are left');
SELECT is((SELECT state FROM lakemover.run_table WHERE run_id = :run AND table_id = 1), 'loading', 'the table of the lost chunk is loaded again');
SELECT is((SELECT source_rows FROM lakemover.run_table WHERE run_id = :run AND table_id = 1), NULL, 'and counted again');
SELECT is((SELECT stats->>'xid' FROM lakemover.run_chunk WHERE run_id = :run AND table_id = 2 AND chunk_no = 1), '701', 'the transaction of the found chunk is known');
SELECT set_eq(format('SELECT lakemover._unfinished_tables(%s)', :run), '{1,2}'::bigint[], 'tables that need their point in time');
SELECT ok(NOT lakemover._finish_chunk((SELECT chunk_id FROM lakemover.run_chunk WHERE run_id = :run AND table_id = 2 AND chunk_no = 2), 'old', 1, 1, '{1,1}', '{}'),
          'the old loader records nothing');
SELECT is((SELECT state FROM lakemover.run_chunk WHERE run_id = :run AND table_id = 2 AND chunk_no = 2), 'pending', 'the chunk is still to be loaded');
SELECT results_eq(format('SELECT regained, lost FROM lakemover._reconcile_chunks(%s, ''new'', %L)', :run, :'ledger'),
                  $$VALUES (0::bigint, 0::bigint)$$, 'a second time there is nothing to do');

SELECT throws_ok(format('SELECT * FROM lakemover._reconcile_chunks(%s, ''new'', %L)', :run,
                        '[{"table_id": 1, "chunk_no": 1, "method": "keyset", "upper": "{11}", "rows": 10, "bytes": 100, "lane1": "1", "lane2": "2", "xid": "700"}]'),
                 'XX001', NULL, 'a ledger with other bounds is refused');
SELECT throws_ok(format('SELECT * FROM lakemover._reconcile_chunks(%s, ''new'', %L)', :run,
                        '[{"table_id": 9, "chunk_no": 1, "method": "single", "rows": 10, "bytes": 100, "lane1": "1", "lane2": "2", "xid": "700"}]'),
                 'XX001', NULL, 'and one with a chunk of an unknown table');

SELECT lives_ok(format('SELECT lakemover._begin_again(%s, 2)', :run), 'a table begins again');
SELECT is_empty(format('SELECT FROM lakemover.run_chunk WHERE run_id = %s AND table_id = 2', :run), 'without chunks');
SELECT results_eq(format('SELECT state, chunks, snapshot_at FROM lakemover.run_table WHERE run_id = %s AND table_id = 2', :run),
                  $$VALUES ('pending', NULL::int, NULL::timestamptz)$$, 'not cut, and of no point in time');

INSERT INTO lakemover.run (source, hash_key, state) VALUES ('src', '\x00', 'interrupted');
SELECT throws_ok(format('SELECT lakemover._take_over(%s, ''x'', '''', true, false)', (SELECT max(run_id) FROM lakemover.run)),
                 '55006', NULL, 'one run of a source at a time');
UPDATE lakemover.run SET state = 'done' WHERE run_id = :run;
SELECT ok(NOT lakemover._take_over(:run, 'x', '', true, false), 'a run that has ended is not to be had');

-- What failed in a run that ended incomplete is done once more: 1 lacks a key, 2 was kept with one of two batches, 3 was
-- undone, 4 holds no rows, 5 is somebody's by now.
DELETE FROM lakemover.run WHERE run_id <> :run;
UPDATE lakemover.run SET state = 'incomplete', verdict = 'COMPLETED WITH REJECTED ROWS', loader_id = 'old' WHERE run_id = :run;
SELECT ok(NOT lakemover._ended_incomplete(:run), 'rows that were set aside are another matter');
UPDATE lakemover.run SET verdict = 'INCOMPLETE', options = '{"rehearse": 5}' WHERE run_id = :run;
SELECT ok(NOT lakemover._ended_incomplete(:run), 'and so is a rehearsal');
UPDATE lakemover.run SET options = '{}' WHERE run_id = :run;
SELECT ok(NOT lakemover._take_over(:run, 'x', '', false, false, true), 'no daemon takes it of its own accord');
SELECT ok(lakemover._take_over(:run, 'x', '', true, false), 'a run that ended incomplete is to be had');
DELETE FROM lakemover.run_chunk WHERE run_id = :run;
UPDATE lakemover.run_table SET state = 'failed', error = 'no' WHERE run_id = :run;
UPDATE lakemover.run_table SET state = 'incomplete' WHERE run_id = :run AND table_id = 1;
INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank, state, error) VALUES (:run, 5, '{"copies_rows": true}', 0, 'failed', 'no');
INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method, state) VALUES (:run, 2, 1, 'keyset', 'done'), (:run, 2, 2, 'keyset', 'failed');
INSERT INTO lakemover.run_statement (run_id, ordinal, stage, table_id, kind, object, sql, state)
VALUES (:run, 1, 'type', NULL, 'enum', 's.e', '', 'failed'), (:run, 2, 'sequence', 3, 'sequence', 's.q', '', 'done'),
       (:run, 3, 'table', 1, 'table', 's.a', '', 'done'), (:run, 4, 'table', 2, 'table', 's.b', '', 'done'),
       (:run, 5, 'table', 3, 'table', 's.c', '', 'done'), (:run, 6, 'key', 1, 'primary key', 's.a.k', '', 'failed'),
       (:run, 7, 'key', 3, 'primary key', 's.c.k', '', 'skipped'), (:run, 8, 'key', 5, 'primary key', 's.d.k', '', 'skipped'),
       (:run, 9, 'index', 1, 'index', 's.i', '', 'done');
SELECT is(lakemover._try_again(:run, '{3}', '{2,4}'), 3, 'statements that are tried again');
SELECT results_eq(format('SELECT ordinal FROM lakemover.run_statement WHERE run_id = %s AND state = ''pending'' ORDER BY 1', :run), '{1,5,6,7}'::int[],
                  'those that failed, and what was made of a table that is gone');
SELECT results_eq(format('SELECT table_id, state, error FROM lakemover.run_table WHERE run_id = %s ORDER BY 1', :run),
                  $$VALUES (1::bigint, 'loaded', NULL), (2, 'loading', NULL), (3, 'pending', NULL), (4, 'loaded', NULL), (5, 'failed', 'no')$$, 'states of the tables');
SELECT results_eq(format('SELECT chunk_no, state FROM lakemover.run_chunk WHERE run_id = %s ORDER BY 1', :run), $$VALUES (1, 'done'), (2, 'pending')$$, 'and of their chunks');
SELECT is(lakemover._try_again(:run, '{}', '{}'), 0, 'a second time there is nothing');
SELECT results_eq(format('SELECT DISTINCT state FROM lakemover.run_statement WHERE run_id = %s AND table_id = 5', :run), $$VALUES ('skipped')$$, 'a table that stays out keeps its statements');
UPDATE lakemover.run SET state = 'incomplete', verdict = 'VALIDATION FAILED' WHERE run_id = :run;
SELECT ok(NOT lakemover._take_over(:run, 'x', '', true, false), 'a run whose rows differ is not to be had');
SELECT * FROM finish();
