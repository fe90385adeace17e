-- Pauses, places among the readers of a source, and the figures that status and forecast rest on.
SET client_min_messages = warning;
SELECT plan(25);

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '/nowhere', dbname 'x');
INSERT INTO lakemover.run (source, hash_key, state, phase, loader_id, heartbeat) VALUES ('src', '\x00', 'running', 'load', 'me', clock_timestamp());
SELECT max(run_id) AS run FROM lakemover.run \gset
INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank, state, chunks, est_bytes, count_s)
VALUES (:run, 1, '{"copies_rows": true, "source_schema": "s", "source_table": "t", "target_schema": "s", "target_table": "a", "est_rows": 30}', 0, 'loading', 4, 4000, NULL),
       (:run, 2, '{"copies_rows": true, "source_schema": "s", "source_table": "t", "target_schema": "s", "target_table": "b", "est_rows": -1}', 0, 'loaded', 1, 100, 0.5);
-- Two seconds at the same time, an hour of pause, one more second; and one chunk that was found in the ledger.
INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method, state, rows_copied, bytes_copied, stats, started_at, ended_at)
VALUES (:run, 1, 1, 'keyset', 'done', 10, 1000, '{"connect_s": 0.75, "source_wait_s": 1, "encode_s": 0.25, "read_s": 1.5, "hash_s": 0.1, "send_s": 0.2, "commit_s": 0.1, "rate_limit_s": 0}', '2026-01-01 00:00:00Z', '2026-01-01 00:00:02Z'),
       (:run, 1, 2, 'keyset', 'done', 10, 1000, '{"source_wait_s": 1, "encode_s": 0.25, "read_s": 0.5, "hash_s": 0.1, "send_s": 0.2, "commit_s": 0.1, "rate_limit_s": 0}', '2026-01-01 00:00:01Z', '2026-01-01 00:00:02Z'),
       (:run, 1, 3, 'keyset', 'pending', NULL, NULL, NULL, NULL, NULL),
       (:run, 1, 4, 'keyset', 'pending', NULL, NULL, NULL, NULL, NULL),
       (:run, 2, 1, 'single', 'done', 5, 500, '{"xid": "7"}', '2026-01-01 00:00:00Z', '2026-01-01 09:00:00Z'),
       (:run, 2, 2, 'single', 'done', 5, 400, '{"read_s": 2}', '2026-01-01 01:00:00Z', '2026-01-01 01:00:01Z');
INSERT INTO lakemover.run_statement (run_id, ordinal, stage, table_id, kind, object, sql, state, seconds)
VALUES (:run, 1, 'key', 1, 'constraint', 'k', 'x', 'done', 3), (:run, 2, 'index', 1, 'index', 'i', 'x', 'done', 4),
       (:run, 3, 'fk', 1, 'constraint', 'f', 'x', 'pending', NULL);
INSERT INTO lakemover.validation (run_id, table_id, level, verdict, seconds) SELECT :run, 2, n, 'equal', 1 FROM generate_series(0, 4) n;

SELECT results_eq(format('SELECT stage, seconds, bytes FROM lakemover._stages(%s) WHERE table_id = 1 ORDER BY ordinal', :run),
                  $$VALUES ('connect', 0.75::double precision, NULL::bigint), ('source_wait', 2, 2000), ('encode', 0.5, 2000), ('read', 2, 2000), ('rate_limit', 0, 2000), ('hash', 0.2, 2000),
                           ('send', 0.4, 2000), ('commit', 0.2, 2000), ('index', 7, NULL)$$, 'stages of a table');
SELECT results_eq(format('SELECT stage, seconds FROM lakemover._stages(%s) WHERE table_id = 2 ORDER BY ordinal', :run),
                  $$VALUES ('read', 2::double precision), ('count', 0.5), ('validate', 5)$$, 'a chunk that was found in the ledger has no times');
SELECT is((SELECT s->>'seconds' FROM jsonb_array_elements(lakemover._stages_json(:run)) s WHERE s->>'stage' = 'read'), '4', 'stages of the run');
SELECT is(lakemover.run_figures(:run)->'measured', '{"bytes": 2400, "rows": 25, "chunks": 3, "seconds": 3}'::jsonb, 'time without pauses');
SELECT is(lakemover.run_figures(:run)->'tables'->0->>'chunks_done', '2', 'chunks of a table');
SELECT is(lakemover.run_figures(:run)->'tables'->1->>'est_rows', '0', 'no estimate is none');
SELECT is(lakemover.run_figures(:run)->'tables'->1->>'validated', 'true', 'a validated table');
SELECT is(lakemover.run_status(:run)->'run'->'hash_key', NULL, 'the key of the digests is not shown');
SELECT ok(lakemover.run_json(:run)->'tables'->0->'stages' @> '[{"stage": "index", "seconds": 7}]', 'the report has stages per table');

SELECT isnt_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''me'')', :run), 'a chunk is to be had');
SELECT is(lakemover.request_pause(:run), 'pausing', 'a pause is asked for');
SELECT is(lakemover.request_pause(:run), 'pausing', 'and again');
SELECT is_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''me'')', :run), 'no chunk is to be had');
SELECT is((SELECT count(*) FROM lakemover.event WHERE run_id = :run AND kind = 'pause_requested'), 1::bigint, 'one event');
SELECT ok(lakemover.request_resume(:run), 'the pause is lifted');
SELECT ok(NOT lakemover.request_resume(:run), 'a second time there is none');
SELECT isnt_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''me'')', :run), 'a chunk is to be had again');
SELECT throws_ok('SELECT lakemover.request_pause(999999)', '42704', NULL, 'an unknown run');
SELECT lakemover.request_pause(:run) \gset
UPDATE lakemover.run SET state = 'interrupted' WHERE run_id = :run;
SELECT ok(lakemover._take_over(:run, 'new', '/audit', true, false), 'a run that was paused is taken over');
SELECT is((SELECT pause_requested FROM lakemover.run WHERE run_id = :run), NULL, 'and goes on');
UPDATE lakemover.run SET state = 'done' WHERE run_id = :run;
SELECT is(lakemover.request_pause(:run), 'done', 'a run that has ended does not pause');

SELECT is(lakemover._take_source_slot(:run, 2), 1, 'a place among the readers');
-- The same session counts as a reader once, however often it asks.
SELECT is(lakemover._source_readers(:run), 1, 'one reader');
SELECT is(lakemover._source_readers(:run + 1), 0, 'none of another run');
SELECT ok(NOT lakemover._leave_source(:run, 1), 'a source that is not known to be PostgreSQL is not left');
SELECT * FROM finish();
