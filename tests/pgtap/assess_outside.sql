-- What does not move by itself, of a PostgreSQL source; this database is its own source. Roles are the server's: they go at the end.
SET client_min_messages = warning;
SELECT plan(10);
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
CREATE FUNCTION pg_temp.found(p_check text) RETURNS TABLE (severity text, message text) LANGUAGE sql AS $$
    SELECT f.severity, f.message FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check ORDER BY f.finding_no $$;
CREATE ROLE "lm test <b>app" LOGIN;
CREATE ROLE lm_test_readers;
GRANT lm_test_readers TO "lm test <b>app";
ALTER DEFAULT PRIVILEGES FOR ROLE lm_test_readers GRANT SELECT ON TABLES TO "lm test <b>app";
ALTER ROLE lm_test_readers IN DATABASE pgtap SET my.password = 'hunter2';
-- pg_cron's table, without pg_cron.
CREATE SCHEMA cron;
CREATE TABLE cron.job (jobid bigint PRIMARY KEY, schedule text, command text, database text, jobname text);
INSERT INTO cron.job VALUES (1, '0 3 * * *', 'SELECT secret()', current_database(), 'nightly & <co>'), (2, '* * * * *', 'VACUUM', current_database(), NULL), (3, '* * * * *', 'VACUUM', 'elsewhere', 'other');
SELECT count(*) > 0 AS assessed FROM lakemover.assess('src');

SELECT ok((SELECT bool_and(message ~ '^\d+ (role|user mapping)\(s\)') AND count(*) = 2 FROM pg_temp.found('principal')), 'roles and user mappings');
SELECT is((SELECT detail FROM lakemover.inv_outside WHERE kind = 'role' AND name = 'lm test <b>app'), 'can log in, member of lm_test_readers', 'a role with what it is a member of');
SELECT results_eq($$ SELECT * FROM pg_temp.found('grant') $$, $$ VALUES ('WARNING', '1 set(s) of default privileges: not moved: lm_test_readers: tables') $$, 'default privileges');
SELECT results_eq($$ SELECT * FROM pg_temp.found('scheduled_job') $$, $$ VALUES ('WARNING', '2 scheduled job(s): not moved: job 2, nightly & <co>') $$, 'jobs of pg_cron in this database');
SELECT is((SELECT message FROM pg_temp.found('source_setting') WHERE message LIKE '%of roles%'), '1 setting(s) of the database and of roles: not moved: my.password of role lm_test_readers', 'settings by name');
SELECT is((SELECT count(*) FROM lakemover.finding f WHERE f::text ~ 'hunter2|secret\(\)'), 0::bigint, 'without values and commands, which may hold secrets');
SELECT is((SELECT count(*) FROM pg_temp.found('source_setting') WHERE message LIKE 'wal_level is %'), CASE current_setting('wal_level') WHEN 'logical' THEN 0 ELSE 1 END::bigint, 'wal_level');
SELECT is_empty($$ SELECT * FROM pg_temp.found('replication') $$, 'no subscription, no slot');
-- A standby, as if.
UPDATE lakemover.source_info SET settings = settings || '{"in_recovery": true, "hot_standby_feedback": false, "max_standby_streaming_delay": "30s", "track_counts": false}';
SELECT lakemover._take_assessment('src');
SELECT set_has($$ SELECT * FROM pg_temp.found('source_setting') $$,
    $$ VALUES ('WARNING', 'the source is a standby without hot_standby_feedback: after 30s (max_standby_streaming_delay) the primary''s vacuum may cancel the snapshot'),
              ('INFO', 'track_counts is off: whether somebody wrote since the snapshot cannot be told by counters') $$, 'settings that matter while it is read');
-- Somebody who may not read the jobs.
REVOKE ALL ON SCHEMA cron FROM PUBLIC;
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (SET username 'lm test <b>app');
CREATE TABLE public.seen (id int PRIMARY KEY);
GRANT SELECT ON public.seen TO "lm test <b>app";
SELECT lives_ok($$ SELECT lakemover.inventory('src') $$, 'a reader without privileges gets less, not an error');

ALTER DEFAULT PRIVILEGES FOR ROLE lm_test_readers REVOKE SELECT ON TABLES FROM "lm test <b>app";
DROP OWNED BY "lm test <b>app", lm_test_readers;
DROP ROLE "lm test <b>app", lm_test_readers;
SELECT * FROM finish();
