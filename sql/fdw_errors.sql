-- What goes wrong at a source is told clearly, with the remote's SQLSTATE, and leaves nothing half-done.
SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS host, current_setting('port') AS port \gset
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'host', port :'port', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user :'USER');
CREATE SCHEMA r;
CREATE TABLE r.t (id int PRIMARY KEY, v text, n numeric);
INSERT INTO r.t VALUES (1, 'one', 1), (2, 'two', NULL), (3, 'three', 0);
CREATE FOREIGN TABLE ft (id int, v text, n numeric) SERVER src OPTIONS (schema_name 'r', table_name 't');

-- runs a statement; prints state, message, detail and hint without what differs from machine to machine
CREATE FUNCTION told(p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_state text; v_message text; v_detail text; v_hint text; v_context text;
BEGIN
    EXECUTE p_sql;
    RETURN 'no error';
EXCEPTION WHEN OTHERS OR query_canceled THEN
    GET STACKED DIAGNOSTICS v_state = RETURNED_SQLSTATE, v_message = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL,
        v_hint = PG_EXCEPTION_HINT, v_context = PG_EXCEPTION_CONTEXT;
    RETURN replace(replace(concat_ws(E'\n', v_state || ': ' || v_message, 'hint: ' || nullif(v_hint, ''),
        CASE WHEN v_context LIKE '%remote SQL%' OR v_context LIKE '%column "%' THEN split_part(v_context, E'\n', 1) END),
        split_part(current_setting('unix_socket_directories'), ',', 1), 'SOCKETDIR'),
        'port ' || current_setting('port'), 'port PORT');
END
$$;
\t on
\pset format unaligned

-- connecting
SELECT told('SELECT * FROM ft');
ALTER SERVER src OPTIONS (SET port '1');
SELECT told('SELECT * FROM ft');
ALTER SERVER src OPTIONS (SET host '/nowhere');
SELECT told('SELECT * FROM ft');
ALTER SERVER src OPTIONS (SET host 'host.invalid', ADD connect_timeout '10');
SELECT told('SELECT * FROM ft') ~ '^08001: .*host\.invalid';
ALTER SERVER src OPTIONS (SET host :'host', SET port :'port', SET dbname 'no_such_database');
SELECT told('SELECT * FROM ft');
ALTER SERVER src OPTIONS (SET dbname :'DBNAME');
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (SET user 'no_such_user');
SELECT told('SELECT * FROM ft');
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (DROP user);
SELECT told('SELECT * FROM ft');
DROP USER MAPPING FOR CURRENT_USER SERVER src;
SELECT told('SELECT * FROM ft') ~ '^42704: user mapping not found for .*"postgres"';
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user :'USER', password_file '/nowhere/secret');
SELECT told('SELECT * FROM ft');
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (DROP password_file, ADD password_command 'echo oops >&2; exit 3');
SELECT told('SELECT * FROM ft') LIKE '%password_command%';
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (DROP password_command);
ALTER SERVER src OPTIONS (DROP host);
SELECT told('SELECT * FROM ft');
ALTER SERVER src OPTIONS (ADD host :'host');
SELECT told('SELECT * FROM ft');

-- relations, columns, privileges, values
ALTER FOREIGN TABLE ft OPTIONS (SET table_name 'gone');
SELECT told('SELECT * FROM ft');
SELECT told('EXPLAIN SELECT * FROM ft');
ALTER FOREIGN TABLE ft OPTIONS (SET table_name 't');
ALTER FOREIGN TABLE ft ADD COLUMN missing int;
SELECT told('SELECT id FROM ft');
SELECT told('SELECT missing FROM ft');
ALTER FOREIGN TABLE ft DROP COLUMN missing;
CREATE ROLE regress_lm_reader LOGIN;
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (SET user 'regress_lm_reader');
SELECT told('SELECT * FROM ft');
GRANT USAGE ON SCHEMA r TO regress_lm_reader;
SELECT told('SELECT * FROM ft');
GRANT SELECT ON r.t TO regress_lm_reader;
SELECT told('SELECT * FROM ft');
-- rows that the role may not see are an error, not silently missing
ALTER TABLE r.t ENABLE ROW LEVEL SECURITY;
SELECT told('SELECT * FROM ft');
ALTER TABLE r.t DISABLE ROW LEVEL SECURITY;
CREATE FOREIGN TABLE bad (id int, v int) SERVER src OPTIONS (schema_name 'r', table_name 't');
SELECT told('SELECT * FROM bad');
SELECT told('SELECT v FROM bad WHERE id = 2');
SELECT told('SELECT max(v) FROM bad');
CREATE DOMAIN given AS numeric NOT NULL;
CREATE FOREIGN TABLE strict (id int, n given) SERVER src OPTIONS (schema_name 'r', table_name 't');
SELECT told('SELECT * FROM strict');
CREATE FOREIGN TABLE short (id int, v varchar(3)) SERVER src OPTIONS (schema_name 'r', table_name 't');
SELECT told('SELECT v FROM short WHERE id = 3');
SELECT told('SELECT id FROM ft WHERE 1 / n > 0');
SELECT told('ANALYZE bad');
-- nothing is left of it
SELECT count(*) FROM ft;

-- a cancelled statement is cancelled at once, wherever it waits, and so is what ran on the source
CREATE FUNCTION r.slowly(n float8) RETURNS boolean LANGUAGE sql VOLATILE AS 'SELECT pg_sleep(n) IS NOT NULL';
CREATE VIEW r.slow_start AS SELECT 1 AS one, 'fdw_errors'::text AS tag FROM pg_sleep(20);
CREATE VIEW r.slow_rows AS SELECT i, 'fdw_errors'::text AS tag FROM generate_series(1, 1000) i WHERE i <= 5 OR r.slowly(20);
GRANT SELECT ON r.slow_start, r.slow_rows TO regress_lm_reader;
CREATE FOREIGN TABLE slow_start (one int) SERVER src OPTIONS (schema_name 'r', table_name 'slow_start');
CREATE FOREIGN TABLE slow_rows (i int) SERVER src OPTIONS (schema_name 'r', table_name 'slow_rows', fetch_size '5');
CREATE FUNCTION cancelled(p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_start timestamptz := clock_timestamp();
    v_told text;
    v_seconds float8;
BEGIN
    v_told := told(p_sql);
    v_seconds := extract(epoch FROM clock_timestamp() - v_start);
    RETURN split_part(v_told, ':', 1) || CASE WHEN v_seconds BETWEEN 0.3 AND 2.5 THEN ' in time' ELSE ' after ' || v_seconds || ' s' END;
END
$$;
-- the plans are made before the clock runs
EXPLAIN (COSTS OFF) SELECT * FROM slow_start;
EXPLAIN (COSTS OFF) SELECT * FROM slow_rows;
SET statement_timeout = 500;
SELECT cancelled('SELECT * FROM slow_start');
SELECT cancelled('SELECT * FROM slow_rows');
SELECT cancelled('SELECT count(*) FROM slow_rows');
RESET statement_timeout;
DO $$
BEGIN
    FOR i IN 1..60 LOOP
        PERFORM pg_stat_clear_snapshot();
        EXIT WHEN NOT EXISTS (SELECT FROM pg_stat_activity WHERE usename = 'regress_lm_reader');
        PERFORM pg_sleep(0.1);
    END LOOP;
END
$$;
SELECT count(*) FROM pg_stat_activity WHERE usename = 'regress_lm_reader';
-- a server that takes the connection and says nothing
\setenv LM_SOCKET :host/.s.PGSQL.65001
\! perl -MIO::Socket::UNIX -e 'unlink $ENV{LM_SOCKET}; my $s = IO::Socket::UNIX->new(Local => $ENV{LM_SOCKET}, Listen => 5) or die $!; chmod 0777, $ENV{LM_SOCKET}; sleep 8' > /dev/null 2>&1 &
SELECT pg_sleep(0.5);
CREATE SERVER mute FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'host', port '65001', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER mute OPTIONS (user :'USER');
CREATE FOREIGN TABLE silent (id int) SERVER mute OPTIONS (schema_name 'r', table_name 't');
SET statement_timeout = 500;
SELECT cancelled('SELECT * FROM silent');
RESET statement_timeout;
ALTER SERVER mute OPTIONS (ADD connect_timeout '1');
SELECT cancelled('SELECT * FROM silent');
SELECT told('SELECT * FROM silent');
-- a password command hangs
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (ADD password_command 'sleep 20');
SET statement_timeout = 500;
SELECT cancelled('SELECT * FROM ft');
RESET statement_timeout;
ALTER USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (DROP password_command);
SELECT count(*) FROM ft;
-- a limit that the role has on the source is not for us: the session's settings are pinned
ALTER ROLE regress_lm_reader SET statement_timeout = 100;
CREATE VIEW r.brief AS SELECT pg_sleep(0.3) IS NOT NULL AS done;
GRANT SELECT ON r.brief TO regress_lm_reader;
CREATE FOREIGN TABLE brief (done bool) SERVER src OPTIONS (schema_name 'r', table_name 'brief');
SELECT told('SELECT * FROM brief');

-- many errors leave no connection and no memory behind
CREATE FUNCTION resident_kb() RETURNS int LANGUAGE sql AS
    $$ SELECT split_part(pg_read_file('/proc/self/statm'), ' ', 2)::int * 4 $$;
CREATE PROCEDURE many_errors() LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1..400 LOOP
        PERFORM told('SELECT * FROM bad');
        PERFORM told('SELECT id FROM ft WHERE 1 / n > 0');
        PERFORM told('SELECT id FROM ft');
        IF i % 100 = 0 THEN
            COMMIT;
        END IF;
    END LOOP;
END
$$;
CALL many_errors();
SELECT resident_kb() AS before \gset
CALL many_errors();
SELECT CASE WHEN resident_kb() - :before < 2048 THEN 'flat' ELSE 'grew by ' || resident_kb() - :before || ' kB' END;
SELECT count(*) <= 1 FROM pg_stat_activity WHERE usename = 'regress_lm_reader';

SET client_min_messages = warning;
DROP SERVER src, mute CASCADE;
DROP SCHEMA r CASCADE;
DROP DOMAIN given CASCADE;
DROP FUNCTION told, cancelled, resident_kb;
DROP PROCEDURE many_errors;
DROP ROLE regress_lm_reader;
