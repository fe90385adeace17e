-- Several loaders at one run: who gets batches, who is let go, who takes over.
SET client_min_messages = warning;
SELECT plan(52);

CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host '/nowhere', dbname 'x');
SELECT is(lakemover._reserve_run('lead', '{}'), NULL, 'nothing is queued');
INSERT INTO lakemover.run (source, hash_key, options) VALUES ('src', '\x00', '{"attempts": 5}');
SELECT max(run_id) AS run FROM lakemover.run \gset
SELECT is(lakemover._reserve_run('lead', '{"attempts": 3, "max_rate": 7}'), :run::bigint, 'a queued run is reserved');
SELECT is(lakemover._reserve_run('other', '{}'), NULL, 'by one daemon');
SELECT results_eq(format('SELECT loader_id, shared, options FROM lakemover.run WHERE run_id = %s', :run),
                  $$VALUES ('lead', true, '{"attempts": 5, "max_rate": 7}'::jsonb)$$, 'its options come first, then those of the daemon');
UPDATE lakemover.run SET heartbeat = clock_timestamp() - interval '16 seconds' WHERE run_id = :run;
SELECT is(lakemover._reserve_run('lead', '{}'), :run::bigint, 'one whose daemon died before it had begun is to be had again');
UPDATE lakemover.run SET state = 'running', phase = 'load', epoch = 1, target_identity = 'T', plan_hash = 'h' WHERE run_id = :run;
INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank, state, chunks, est_bytes)
VALUES (:run, 1, '{"copies_rows": true, "target_schema": "s", "target_table": "a"}', 0, 'loading', 6, 600);
INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method) SELECT :run, 1, n, 'keyset' FROM generate_series(1, 6) n;

-- Where the point in time can be joined, and only there.
SELECT ok(NOT lakemover._open_to_helpers(:run, 'lead'), 'without a snapshot nobody can join');
INSERT INTO lakemover.snapshot (run_id, state, snapshot_id, level) VALUES (:run, 'held', 'sessions', 'same');
SELECT ok(NOT lakemover._open_to_helpers(:run, 'lead'), 'sessions that share a point cannot be joined');
UPDATE lakemover.snapshot SET snapshot_id = 'table', level = 'table' WHERE run_id = :run;
SELECT ok(NOT lakemover._open_to_helpers(:run, 'lead'), 'nor points of single tables');
UPDATE lakemover.snapshot SET snapshot_id = '00000003-1', level = 'same' WHERE run_id = :run;
SELECT is(lakemover._join_run(:run, 'h1', 2), NULL, 'a run that is not open is not joined');
SELECT is(lakemover._run_to_help('h1', 'T', '{}'), NULL, 'nor offered');
SELECT ok(NOT lakemover._open_to_helpers(:run, 'h1'), 'only its leader opens it');
SELECT ok(lakemover._open_to_helpers(:run, 'lead'), 'a snapshot that can be joined');
SELECT is(lakemover._run_to_help('h1', 'T', '{}'), :run::bigint, 'the run takes helpers');
SELECT is(lakemover._run_to_help('h1', 'U', '{}'), NULL, 'not of another target');
SELECT is(lakemover._run_to_help('h1', 'T', ARRAY[:run::bigint]), NULL, 'not one that could not help just now');
SELECT is(lakemover._run_to_help('lead', 'T', '{}'), NULL, 'nor its leader');
SELECT is(lakemover._join_run(:run, 'lead', 2), NULL, 'a leader does not help itself');
SELECT lakemover._join_run(:run, 'h1', 2) AS h1 \gset
SELECT lakemover._join_run(:run, 'h2', 3) AS h2 \gset
SELECT throws_ok(format('SELECT lakemover._join_run(%s, ''h1'', 2)', :run), '23505', NULL, 'one joins once');

-- Batches.
SELECT isnt_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''lead'')', :run), 'the leader gets a batch');
SELECT isnt_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''h1'')', :run), 'a helper gets one');
SELECT is_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''stranger'')', :run), 'a stranger gets none');
SELECT results_eq(format('SELECT loader_id, silent FROM lakemover._tend_helpers(%s, ''lead'', true) ORDER BY 1', :run),
                  $$VALUES ('h1', false), ('h2', false)$$, 'the leader sees its helpers, and holds them');
SELECT is_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''h1'')', :run), 'held, a helper gets none');
SELECT isnt_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''lead'')', :run), 'the leader does');
SELECT is((SELECT verdict FROM lakemover._helper_beat(:h1)), 'go', 'a helper that is held stays');
SELECT is_empty(format('SELECT * FROM lakemover._tend_helpers(%s, ''stranger'', false)', :run), 'a stranger sees nothing');
SELECT is((SELECT helpers FROM lakemover.run WHERE run_id = :run), 'held', 'and changes nothing');
SELECT count(*) AS seen FROM lakemover._tend_helpers(:run, 'lead', false) \gset
SELECT is((SELECT loaders FROM lakemover._helper_beat(:h2)), 3, 'three loaders share the rate');
SELECT isnt_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''h2'')', :run), 'not held any more');

-- One is silent, and let go.
UPDATE lakemover.run_loader SET heartbeat = clock_timestamp() - interval '16 seconds' WHERE member_id = :h1;
SELECT results_eq(format('SELECT loader_id FROM lakemover._tend_helpers(%s, ''lead'', false) WHERE silent', :run), $$VALUES ('h1')$$, 'one is silent');
SELECT is(lakemover._lose_helper(:run, 'stranger', :h1), 0, 'a stranger lets nobody go');
SELECT is(lakemover._lose_helper(:run, 'lead', :h1), 1, 'its batch is to be had again');
SELECT is((SELECT count(*) FROM lakemover.run_chunk WHERE run_id = :run AND state = 'claimed' AND loader_id IS DISTINCT FROM 'h1'), 3::bigint, 'those of others are not');
SELECT is_empty(format('SELECT * FROM lakemover._claim_chunk(%s, ''h1'')', :run), 'it gets no more');
SELECT results_eq(format('SELECT verdict, reason LIKE ''%%no heartbeat%%'' FROM lakemover._helper_beat(%s)', :h1), $$VALUES ('stop', true)$$, 'and is told so');
UPDATE lakemover.run_chunk SET state = 'claimed', loader_id = 'h1' WHERE run_id = :run AND chunk_no = 6;
SELECT count(*) AS seen FROM lakemover._tend_helpers(:run, 'lead', false) \gset
SELECT is((SELECT state FROM lakemover.run_chunk WHERE run_id = :run AND chunk_no = 6), 'pending', 'what it claimed in that moment is to be had, too');

-- One finishes a batch and leaves.
UPDATE lakemover.run_chunk SET state = 'done', rows_copied = 5, bytes_copied = 50, ended_at = clock_timestamp() WHERE run_id = :run AND loader_id = 'h2';
UPDATE lakemover.run_chunk SET state = 'claimed', loader_id = 'h2' WHERE run_id = :run AND chunk_no = 6;
SELECT is(lakemover._leave_run(:h2), 1::bigint, 'it has loaded one batch');
SELECT is((SELECT state FROM lakemover.run_chunk WHERE run_id = :run AND chunk_no = 6), 'pending', 'and gives back the one that it had not');
SELECT is((SELECT jsonb_agg(jsonb_build_array(l->'loader', l->'role', l->'chunks', l->'rows')) FROM jsonb_array_elements(lakemover._run_loaders(:run)) l),
          '[["lead", "leads", 0, 0], ["h1", "lost", 0, 0], ["h2", "left", 1, 5]]', 'who was there');

-- Why a helper leaves.
SELECT lakemover._join_run(:run, 'h3', 1) AS h3 \gset
INSERT INTO lakemover.run (source, hash_key) VALUES ('src', '\x00');
SELECT is((SELECT verdict || ': ' || reason FROM lakemover._helper_beat(:h3)), 'drain: another run waits for a loader', 'a queued run comes first');
DELETE FROM lakemover.run WHERE state = 'queued';
SELECT lakemover.request_cancel(:run) \gset
SELECT is((SELECT verdict || ': ' || reason FROM lakemover._helper_beat(:h3)), 'stop: the run was cancelled', 'a cancelled run');
UPDATE lakemover.run SET cancel_requested = false, heartbeat = clock_timestamp() - interval '16 seconds', pause_requested = 'me' WHERE run_id = :run;
SELECT is((SELECT verdict || ': ' || reason FROM lakemover._helper_beat(:h3)), 'drain: the loader that leads the run shows no heartbeat', 'a silent leader');

-- Taking over, unasked.
SELECT is(lakemover._run_to_take_over('U'), NULL, 'not a run of another target');
UPDATE lakemover.run SET shared = false WHERE run_id = :run;
SELECT is(lakemover._run_to_take_over('T'), NULL, 'not one of the command line');
UPDATE lakemover.run SET shared = true WHERE run_id = :run;
SELECT is(lakemover._run_to_take_over('T'), :run::bigint, 'a run whose daemon is silent');
SELECT ok(lakemover._take_over(:run, 'h4', '/audit', false, false, true), 'is taken over');
SELECT results_eq(format('SELECT epoch, pause_requested, shared, helpers FROM lakemover.run WHERE run_id = %s', :run),
                  $$VALUES (2, 'me', true, 'no')$$, 'its pause stays; nobody helps yet');
SELECT is((SELECT verdict || ': ' || reason FROM lakemover._helper_beat(:h3)), 'stop: another loader has taken over the run', 'the helper of the earlier leader stops');
SELECT ok(NOT lakemover._take_over(:run, 'h5', '/audit', false, false, true), 'once');
UPDATE lakemover.run SET state = 'interrupted', heartbeat = clock_timestamp() - interval '16 seconds' WHERE run_id = :run;
SELECT ok(NOT lakemover._take_over(:run, 'h5', '/audit', false, false, true), 'what was interrupted is left to people');
SELECT is(lakemover._run_to_take_over('T'), NULL, 'nor offered');
UPDATE lakemover.run SET state = 'running', epoch = 10 WHERE run_id = :run;
SELECT is(lakemover._run_to_take_over('T'), NULL, 'nor is one that ten loaders died of');
SELECT lakemover._took_over(:run) \gset
SELECT * FROM finish();
