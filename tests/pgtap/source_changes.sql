-- Whether a source was written to since a run's snapshot: what follows from log positions and counters.
SET client_min_messages = warning;
SELECT plan(10);

CREATE SERVER frozen FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '/nowhere', dbname 'x');
INSERT INTO lakemover.run (source, hash_key) VALUES ('frozen', '\x00112233445566778899aabbccddeeff') RETURNING run_id AS run \gset
INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank) VALUES
    (:run, 1, '{"source_schema": "app", "source_table": "a", "copies_rows": true}', 0),
    (:run, 2, '{"source_schema": "app", "source_table": "b", "copies_rows": true}', 0);
INSERT INTO lakemover.source_activity (run_id, moment, lsn, in_recovery, stats_reset, started_at, tables) VALUES
    (:run, 'snapshot', '0/10', false, NULL, 'then', '{"1": [1, 0, 0, 7], "2": [5, 5, 5, 8], "3": [0, 0, 0, 9]}'),
    (:run, 'end', '0/10', false, NULL, 'then', '{"1": [1, 0, 0, 7], "2": [5, 5, 5, 8], "3": [9, 0, 0, 9]}');
PREPARE verdict AS SELECT lakemover._source_changes(:run)->>'verdict';

SELECT results_eq('verdict', ARRAY['unchanged'], 'the same position of the log is a proof');
UPDATE lakemover.source_activity SET lsn = '0/20' WHERE moment = 'end';
SELECT results_eq('verdict', ARRAY['not known'], 'the log moved, the planned tables'' counters did not: no proof either way');
UPDATE lakemover.source_activity SET tables = jsonb_set(tables, '{2,1}', '6') WHERE moment = 'end';
SELECT is(lakemover._source_changes(:run)->'tables', '["app.b"]', 'the table that was written to is named');
SELECT results_eq('verdict', ARRAY['changed'], 'a counter that moved is a change');
UPDATE lakemover.source_activity SET tables = jsonb_set(jsonb_set(tables, '{2,1}', '5'), '{1,3}', '70') WHERE moment = 'end';
SELECT is(lakemover._source_changes(:run)->'tables', '["app.a"]', 'so is a table whose file is another one: TRUNCATE is not counted');
UPDATE lakemover.source_activity SET stats_reset = 'later' WHERE moment = 'end';
SELECT results_eq('verdict', ARRAY['not known'], 'counters that began anew say nothing');
UPDATE lakemover.source_activity SET stats_reset = NULL, in_recovery = true;
SELECT results_eq('verdict', ARRAY['not known'], 'nor do those of a standby');
UPDATE lakemover.source_activity SET in_recovery = false, lsn = NULL, error = 'no such host' WHERE moment = 'end';
SELECT matches(lakemover._source_changes(:run)->>'compared', 'could not be read: no such host', 'what could not be read is said');
SELECT lives_ok(format('SELECT lakemover._keep_source_changes(%s)', :run), 'a source out of reach is no error');
SELECT matches((SELECT error FROM lakemover.source_activity WHERE run_id = :run AND moment = 'end'), '.', 'but noted');
SELECT * FROM finish();
