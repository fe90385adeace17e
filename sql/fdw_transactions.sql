-- The connection to a source: one read-only snapshot per transaction, savepoints, and when it is replaced.
SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS host, current_setting('port') AS port \gset
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'host', port :'port', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user :'USER');
CREATE SCHEMA r;
CREATE SCHEMA f;
CREATE TABLE r.t (id int PRIMARY KEY, v text);
INSERT INTO r.t SELECT i, 'v' || i FROM generate_series(1, 100) i;
CREATE VIEW r.session AS SELECT pg_backend_pid() AS pid, current_setting('transaction_isolation') AS isolation,
    current_setting('transaction_read_only') AS read_only, current_setting('search_path') AS path, current_setting('TimeZone') AS tz,
    current_setting('application_name') AS app;
CREATE VIEW r.zero AS SELECT id, 1 / (id - 3) AS x FROM r.t;
IMPORT FOREIGN SCHEMA r FROM SERVER src INTO f;
ALTER FOREIGN TABLE f.t OPTIONS (ADD fetch_size '10');
CREATE FUNCTION r.gone(p_pid int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..50 LOOP
        PERFORM pg_stat_clear_snapshot();
        IF NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = p_pid) THEN
            RETURN true;
        END IF;
        PERFORM pg_sleep(0.1);
    END LOOP;
    RETURN false;
END
$$;
-- does everything else that a second client would do
\setenv PGDATABASE :DBNAME

SELECT isolation, read_only, path, tz, app FROM f.session;

-- one snapshot for the transaction, a new one for the next
BEGIN;
SELECT count(*) FROM f.t;
\! psql -X -q -c "INSERT INTO r.t VALUES (101, 'later')"
SELECT count(*) FROM f.t;
SELECT count(*) FROM f.t;
COMMIT;
SELECT count(*) FROM f.t;

-- the connection is kept
SELECT pid AS first FROM f.session \gset
SELECT pid = :first AS kept FROM f.session;
BEGIN;
SELECT pid = :first AS kept FROM f.session;
ROLLBACK;
SELECT pid = :first AS kept FROM f.session;
SELECT state, xact_start IS NULL AS idle FROM pg_stat_activity WHERE pid = :first;

-- an error of the source in a subtransaction: undone there, the snapshot stays
BEGIN;
SELECT count(*) FROM f.t;
\! psql -X -q -c "INSERT INTO r.t VALUES (102, 'later still')"
SAVEPOINT one;
SELECT sum(x) FROM f.zero;
SELECT count(*) FROM f.t;
ROLLBACK TO one;
SELECT count(*) FROM f.t;
SAVEPOINT two;
SELECT pid = :first AS kept FROM f.session;
RELEASE two;
SELECT count(*) FROM f.t;
COMMIT;
SELECT count(*), (SELECT pid FROM f.session) = :first AS kept FROM f.t;

-- an error of ours in the middle of a scan
BEGIN;
DECLARE outer_cursor CURSOR FOR SELECT id FROM f.t ORDER BY id;
FETCH 2 FROM outer_cursor;
SAVEPOINT one;
SELECT id / (id - 15) FROM f.t;
ROLLBACK TO one;
MOVE 20 FROM outer_cursor;
FETCH 1 FROM outer_cursor;
COMMIT;
SELECT pid = :first AS kept FROM f.session;

-- a cursor that is first read in a subtransaction ends with it
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM f.t ORDER BY id;
SAVEPOINT one;
FETCH 2 FROM c;
ROLLBACK TO one;
FETCH 20 FROM c;
ROLLBACK;
-- and one whose subtransaction is committed lives on
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM f.t ORDER BY id;
SAVEPOINT one;
FETCH 2 FROM c;
RELEASE one;
MOVE 15 FROM c;
FETCH 1 FROM c;
COMMIT;
-- beyond the transaction
BEGIN;
DECLARE held CURSOR WITH HOLD FOR SELECT id FROM f.t ORDER BY id;
COMMIT;
FETCH 2 FROM held;
CLOSE held;

-- PL/pgSQL: a loop over the source with errors inside
DO $$
DECLARE
    v_row record;
    v_good int := 0;
    v_bad int := 0;
BEGIN
    FOR v_row IN SELECT id FROM f.t ORDER BY id LOOP
        BEGIN
            PERFORM x FROM f.zero WHERE id = v_row.id AND x IS NOT NULL;
            v_good := v_good + 1;
        EXCEPTION WHEN division_by_zero THEN
            v_bad := v_bad + 1;
        END;
    END LOOP;
    RAISE NOTICE '% good, % bad', v_good, v_bad;
END
$$;
SELECT pid = :first AS kept FROM f.session;

-- cancelled in the middle: the connection is dropped, the transaction's snapshot with it
CREATE VIEW r.slow AS SELECT pg_sleep(20) IS NOT NULL AS slow;
IMPORT FOREIGN SCHEMA r LIMIT TO (slow) FROM SERVER src INTO f;
BEGIN;
SELECT count(*) FROM f.t;
SAVEPOINT one;
SET LOCAL statement_timeout = 300;
SELECT * FROM f.slow;
ROLLBACK TO one;
SELECT count(*) FROM f.t;
ROLLBACK;
SELECT pid <> :first AS replaced FROM f.session;
-- unless nothing was read before: then there is nothing to contradict
BEGIN;
SAVEPOINT one;
SET LOCAL statement_timeout = 300;
SELECT * FROM f.slow;
ROLLBACK TO one;
SELECT count(*) FROM f.t;
COMMIT;

-- replaced when it is dead before it is used, not when it dies in use
SELECT pid AS second FROM f.session \gset
SELECT pg_terminate_backend(:second, 5000);
SELECT pid <> :second AS replaced FROM f.session;
SELECT pid AS third FROM f.session \gset
BEGIN;
SELECT count(*) FROM f.t;
SELECT pg_terminate_backend(:third, 5000);
\set VERBOSITY terse
SELECT count(*) FROM f.t;
\set VERBOSITY default
ROLLBACK;
SELECT count(*) FROM f.t;

-- replaced when server or mapping change, at the end of the transaction
SELECT pid AS fourth FROM f.session \gset
ALTER SERVER src OPTIONS (ADD application_name 'renamed');
SELECT pid <> :fourth AS replaced, app FROM f.session;
SELECT pid AS fifth FROM f.session \gset
BEGIN;
SELECT count(*) FROM f.t;
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (ADD password 'x');
SELECT pid = :fifth AS kept FROM f.session;
COMMIT;
SELECT pid <> :fifth AS replaced FROM f.session;
SELECT r.gone(:fifth);
-- somebody else's server has nothing to do with it
SELECT pid AS sixth FROM f.session \gset
CREATE SERVER other FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host 'x');
ALTER SERVER other OPTIONS (SET host 'y');
SELECT pid = :sixth AS kept FROM f.session;

-- replaced when it is old, or not kept at all
ALTER SERVER src OPTIONS (ADD recycle_age '3');
SELECT pid AS seventh FROM f.session \gset
BEGIN;
SELECT pid = :seventh AS kept FROM f.session;
SELECT pg_sleep(3.2);
SELECT pid = :seventh AS kept_in_its_transaction FROM f.session;
COMMIT;
SELECT pid <> :seventh AS recycled FROM f.session;
ALTER SERVER src OPTIONS (DROP recycle_age, ADD keep_connections 'off');
SELECT pid AS eighth FROM f.session \gset
SELECT r.gone(:eighth);
ALTER SERVER src OPTIONS (DROP keep_connections);

-- one connection per user, however many tables; gone with the session
SELECT count(*) FROM f.t a JOIN f.t b USING (id) JOIN f.t c USING (id);
SELECT pid AS ninth FROM f.session \gset
SELECT count(*) FROM pg_stat_activity WHERE application_name = 'renamed';
\c
SELECT r.gone(:ninth);

SET client_min_messages = warning;
DROP SERVER src, other CASCADE;
DROP SCHEMA r, f CASCADE;
