-- Large objects: who may read them, how they are cut into batches, and what is done with them on the target.
SET client_min_messages = warning;
SELECT plan(22);
DROP ROLE IF EXISTS lm_test_lo_reader, lm_test_lo_owner;
CREATE ROLE lm_test_lo_reader LOGIN;
CREATE ROLE lm_test_lo_owner;
SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
SELECT lo_from_bytea(1001, 'abc'), lo_from_bytea(1002, ''), lo_from_bytea(1003, decode(repeat('ab', 131072), 'hex')), lo_from_bytea(1004, decode(repeat('cd', 131073), 'hex'));
ALTER LARGE OBJECT 1002 OWNER TO lm_test_lo_owner;
COMMENT ON LARGE OBJECT 1003 IS 'it''s one';
GRANT SELECT ON LARGE OBJECT 1001, 1003 TO lm_test_lo_reader;
GRANT SELECT ON LARGE OBJECT 1004 TO PUBLIC;
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE FUNCTION pg_temp.found(p_check text) RETURNS TABLE (severity text, message text) LANGUAGE sql AS $$
    SELECT f.severity, f.message FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check ORDER BY f.finding_no $$;

SELECT results_eq($$ SELECT loid, bytes, owner = current_user, is_home, grants::text, comment FROM lakemover._catalog('src', 'large_object')
                       AS c(loid bigint, bytes bigint, owner text, is_home boolean, grants jsonb, comment text) ORDER BY 1 $$, $$ VALUES
    (1001::bigint, 3::bigint, true, true, '[{"grantee": "lm_test_lo_reader", "grantable": false, "privileges": ["SELECT"]}]', NULL::text),
    (1002, 0, false, false, NULL, NULL), (1003, 131072, true, true, '[{"grantee": "lm_test_lo_reader", "grantable": false, "privileges": ["SELECT"]}]', 'it''s one'),
    (1004, 131073, true, true, '[{"grantee": null, "grantable": false, "privileges": ["SELECT"]}]', NULL) $$, 'what the source says of them');
SELECT lakemover.assess('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('large_object') $$, $$ VALUES ('INFO', '4 large object(s): moved with the same OIDs, as they are in the run''s snapshot') $$, 'they move');
SELECT is_empty($$ SELECT * FROM pg_temp.found('unreadable') $$, 'a superuser reads all');
SELECT lakemover.plan('src', p_large_objects => false);
SELECT lakemover.assess('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('large_object') $$, $$ VALUES ('WARNING', '4 large object(s): not moved: excluded in the plan') $$, 'or not');
SELECT results_eq($$ SELECT object, reason FROM lakemover.not_moved('src') WHERE kind = 'large objects' $$, $$ VALUES ('4', 'excluded in the plan') $$, 'which is reported');
SELECT lakemover.plan('src');
SELECT is((SELECT large_objects FROM lakemover.plan WHERE source = 'src'), false, 'planning again keeps it');
SELECT lakemover.plan('src', p_large_objects => true);
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (SET username 'lm_test_lo_reader');
SELECT lakemover.assess('src');
SELECT results_eq($$ SELECT * FROM pg_temp.found('unreadable') $$, $$ VALUES ('BLOCKER', '1 large object(s): user lm_test_lo_reader has no SELECT on them; the first: 1002') $$, 'what a reader may not read blocks');
SELECT is((SELECT remedy_sql FROM lakemover.finding WHERE check_id = 'unreadable' ORDER BY assessment_id DESC LIMIT 1) LIKE '%GRANT SELECT ON LARGE OBJECT%lm_test_lo_reader%', true, 'with what helps');
SELECT results_eq($$ SELECT loid, bytes FROM lakemover._catalog('src', 'large_object') AS c(loid bigint, bytes bigint, owner text, is_home boolean, grants jsonb, comment text) ORDER BY 1 $$,
    $$ VALUES (1001::bigint, 3::bigint), (1002, NULL), (1003, 131072), (1004, 131073) $$, 'and is not opened');
GRANT lm_test_lo_owner TO lm_test_lo_reader;
SELECT lakemover.assess('src');
SELECT is_empty($$ SELECT * FROM pg_temp.found('unreadable') $$, 'a member of the owner reads it');
REVOKE lm_test_lo_owner FROM lm_test_lo_reader;
ALTER DATABASE :"DBNAME" SET lo_compat_privileges = on;
SELECT lakemover.assess('src');
SELECT is_empty($$ SELECT * FROM pg_temp.found('unreadable') $$, 'and with lo_compat_privileges everybody does');
ALTER DATABASE :"DBNAME" RESET lo_compat_privileges;

-- in the run's snapshot, as a table of its own
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (SET username :'USER');
SELECT lakemover.inventory('src');
INSERT INTO lakemover.run (source, hash_key) VALUES ('src', 'x');
SELECT max(run_id) AS run FROM lakemover.run \gset
SELECT lakemover.keeper_start(:run) > 0;
SELECT lo_from_bytea(1005, 'behind the snapshot'), lo_put(1001, 0, 'xyz');
DELETE FROM lakemover.target_fact;
INSERT INTO lakemover.target_fact (name, value) VALUES ('role', 'mover'), ('roles', '["lm_test_lo_owner", "other", "mover"]'), ('owner_roles', '["lm_test_lo_owner", "other"]');
INSERT INTO lakemover.role_map VALUES ('src', 'lm_test_lo_reader', 'other');
SELECT is(lakemover._freeze_large_objects(:run), 4::bigint, 'those of the snapshot');
SELECT results_eq(format('SELECT spec->>''kind'', (spec->>''est_rows'')::bigint, est_bytes FROM lakemover.run_table WHERE run_id = %s', :run), $$ VALUES ('large objects', 5::bigint, 262148::bigint) $$, 'one table of pieces');
SELECT results_eq(format('SELECT stage, kind, sql FROM lakemover.run_statement WHERE run_id = %s ORDER BY ordinal', :run), $$ VALUES
    ('comment', 'comment', 'COMMENT ON LARGE OBJECT 1003 IS ''it''''s one'''), ('privilege', 'privilege', 'GRANT SELECT ON LARGE OBJECT 1004 TO PUBLIC'),
    ('privilege', 'privilege', 'GRANT SELECT ON LARGE OBJECT 1001, 1003 TO other'), ('privilege', 'owner', 'ALTER LARGE OBJECT 1002 OWNER TO lm_test_lo_owner') $$, 'comments, privileges, owners');
SELECT is(lakemover._cut_table(:run, 2613, 1, 256, 100000), 1, 'small: one batch');
DELETE FROM lakemover.run_chunk;
CREATE FUNCTION pg_temp.covered(p_run bigint) RETURNS TABLE (pieces bigint, twice bigint, gaps bigint, chunks bigint) LANGUAGE sql AS $$
    WITH piece AS (SELECT l.loid, p.position FROM lakemover.run_large_object l CROSS JOIN LATERAL generate_series(0, greatest(l.bytes - 1, 0), 131072) p(position) WHERE l.run_id = p_run),
    held AS (SELECT p.*, count(c.chunk_id) AS n FROM piece p LEFT JOIN lakemover.run_chunk c ON c.run_id = p_run
                AND (c.lower_bound IS NULL OR (p.loid, p.position) >= (c.lower_bound[1]::bigint, c.lower_bound[2]::bigint))
                AND (c.upper_bound IS NULL OR (p.loid, p.position) < (c.upper_bound[1]::bigint, c.upper_bound[2]::bigint)) GROUP BY 1, 2)
    SELECT count(*), count(*) FILTER (WHERE n > 1), count(*) FILTER (WHERE n = 0), (SELECT count(*) FROM lakemover.run_chunk WHERE run_id = p_run) FROM held $$;
SELECT lakemover._cut_table(:run, 2613, 1, 256, 1);
SELECT results_eq(format('SELECT pieces, twice, gaps FROM pg_temp.covered(%s)', :run), $$ VALUES (5::bigint, 0::bigint, 0::bigint) $$, 'as small as can be: each piece is in one batch');
SELECT is_empty($$ SELECT FROM (SELECT upper_bound, lead(lower_bound) OVER (ORDER BY chunk_no) AS next, lead(chunk_no) OVER (ORDER BY chunk_no) AS follows FROM lakemover.run_chunk) c
                    WHERE follows IS NOT NULL AND upper_bound IS DISTINCT FROM next $$, 'a batch''s end is the next one''s begin');
DELETE FROM lakemover.run_chunk;
DELETE FROM lakemover.run_large_object;
INSERT INTO lakemover.run_large_object (run_id, loid, bytes) SELECT :run, 20000 + i, CASE i % 50 WHEN 0 THEN 3000000 + i ELSE i % 7 END FROM generate_series(1, 3000) i;
INSERT INTO lakemover.run_large_object (run_id, loid, bytes) VALUES (:run, 4294967295, 20000001);
SELECT cmp_ok(lakemover._cut_table(:run, 2613, 4, 16, 100000), '>', 40, 'many batches of many and of large objects');
SELECT results_eq(format('SELECT twice, gaps FROM pg_temp.covered(%s)', :run), $$ VALUES (0::bigint, 0::bigint) $$, 'each piece is in one of them');
SELECT cmp_ok((SELECT max(n) FROM (SELECT c.chunk_no, sum(least(greatest(l.bytes - p.position, 0), 131072) + 4096) AS n
                 FROM lakemover.run_chunk c, lakemover.run_large_object l CROSS JOIN LATERAL generate_series(0, greatest(l.bytes - 1, 0), 131072) p(position)
                WHERE (c.lower_bound IS NULL OR (l.loid, p.position) >= (c.lower_bound[1]::bigint, c.lower_bound[2]::bigint))
                  AND (c.upper_bound IS NULL OR (l.loid, p.position) < (c.upper_bound[1]::bigint, c.upper_bound[2]::bigint)) GROUP BY 1) x), '<=', 4194304 + 2 * 135168.0, 'none is larger than the memory target by more than two pieces');
SELECT lakemover._list_large_objects(:run);
SELECT results_eq(format('SELECT (spec->>''est_rows'')::bigint, est_bytes FROM lakemover.run_table WHERE run_id = %s', :run), $$ VALUES (5::bigint, 262148::bigint) $$, 'listed again');
SELECT matches(lakemover._target_sql(:run, 2613, 'count'), 'ANY \(''\{1001,1002,1003,1004\}''', 'the target is asked for these only');
SELECT lakemover.keeper_stop(:run);
SELECT lakemover._stream_release();
SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
DROP ROLE lm_test_lo_reader, lm_test_lo_owner;
SELECT * FROM finish();
