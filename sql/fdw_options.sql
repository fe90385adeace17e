-- What the validator accepts, what it refuses, and what it says then.
SELECT split_part(current_setting('unix_socket_directories'), ',', 1) AS host, current_setting('port') AS port \gset

-- no wrapper options
ALTER FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (host 'x');

-- the engine
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw;
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'oracle');
-- SQL Server: options of its own, and none of libpq's
CREATE SERVER mssql FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'h', port '1433', dbname 'd', driver 'FreeTDS',
    encrypt 'yes', trust_server_certificate 'no', sslrootcert '/ca.crt', authentication 'sql', read_only_intent 'yes');
CREATE SERVER azure FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'azure_sql', host 'h', sslmode 'require');
CREATE SERVER azure FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'azure_sql', host 'h', dump_file '/tmp/x');
CREATE SERVER azure FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'azure_sql', host 'h', authentication 'ntlm');
-- foreign tables over it, too, are only read, and say who does not answer
ALTER SERVER mssql OPTIONS (SET host '127.0.0.1', SET port '1', DROP sslrootcert, ADD connect_timeout '5');
CREATE USER MAPPING FOR CURRENT_USER SERVER mssql OPTIONS (user 'u', password 'p');
CREATE FOREIGN TABLE mssql_table (a int OPTIONS (column_name 'A')) SERVER mssql OPTIONS (schema_name 'dbo', table_name 'T');
\set VERBOSITY sqlstate
SELECT * FROM mssql_table;
IMPORT FOREIGN SCHEMA dbo FROM SERVER mssql INTO public;
IMPORT FOREIGN SCHEMA dbo FROM SERVER mssql INTO public OPTIONS (nonsense 'x');
\set VERBOSITY default
DROP FOREIGN TABLE mssql_table;
DROP SERVER mssql CASCADE;

-- unknown and misplaced options
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', hosst 'h');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', password 'secret');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', use_remote_estimate 'true');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', driver 'FreeTDS');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', encrypt 'yes');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', driver '/tmp/evil.so');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', driver '');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', trust_server_certificate 'no');

-- values
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', port '0');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', port '70000');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', sslmode 'on');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', connect_timeout '-1');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', fetch_size '10k');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', recycle_age '0');
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', keep_connections 'maybe');

-- everything at once, and changes
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw
    OPTIONS (engine 'postgres', host :'host', port :'port', dbname :'DBNAME', sslmode 'prefer', connect_timeout '5',
             application_name 'regress', fetch_size '50', keep_connections 'on', recycle_age '60');
ALTER SERVER src OPTIONS (SET fetch_size 'many');
ALTER SERVER src OPTIONS (DROP engine);
ALTER SERVER src OPTIONS (SET engine 'sqlserver');
ALTER SERVER src OPTIONS (SET fetch_size '100', DROP application_name);

-- user mappings
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (login 'postgres');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (host 'h');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres', username 'postgres');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres', password 'a', password_env 'B');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres', password_file 'relative/path');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user '');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres');

-- foreign tables and columns
CREATE FOREIGN TABLE ft (a int) SERVER src OPTIONS (table 't');
CREATE FOREIGN TABLE ft (a int) SERVER src OPTIONS (row_estimate 'few');
CREATE FOREIGN TABLE ft (a int) SERVER src OPTIONS (table_name '');
CREATE FOREIGN TABLE ft (a int OPTIONS (name 'b')) SERVER src;
CREATE FOREIGN TABLE ft (a int OPTIONS (column_name 'relname'), b "char" OPTIONS (column_name 'relkind'))
    SERVER src OPTIONS (schema_name 'pg_catalog', table_name 'pg_class', row_estimate '77', fetch_size '10');
ALTER FOREIGN TABLE ft OPTIONS (SET fetch_size '0');
EXPLAIN (VERBOSE, COSTS OFF) SELECT b FROM ft;
-- the estimate is the option's, rows are not counted
DO $$
DECLARE
    v_plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT JSON) SELECT b FROM ft' INTO v_plan;
    RAISE NOTICE 'estimated rows: %', v_plan->0->'Plan'->>'Plan Rows';
END
$$;
DROP FOREIGN TABLE ft;

-- secrets that the server process would read are for those who may read its files or run programs
CREATE ROLE regress_lm_plain;
GRANT USAGE ON FOREIGN SERVER src TO regress_lm_plain;
SET ROLE regress_lm_plain;
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres', password_file '/etc/passwd');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres', password_env 'HOME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres', password_command 'id');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (user 'postgres', sslcert '/etc/passwd');
RESET ROLE;
-- a superuser may write it down for the role, but it is the role that must have the privilege
CREATE USER MAPPING FOR regress_lm_plain SERVER src OPTIONS (user 'postgres', password_command 'echo secret');
CREATE FOREIGN TABLE ft (relname name) SERVER src OPTIONS (schema_name 'pg_catalog', table_name 'pg_class');
GRANT SELECT ON ft TO regress_lm_plain;
SET ROLE regress_lm_plain;
SELECT count(*) > 0 FROM ft;
RESET ROLE;

-- whoever is not a superuser needs a password that the source asks for
ALTER USER MAPPING FOR regress_lm_plain SERVER src OPTIONS (DROP password_command);
SET ROLE regress_lm_plain;
SELECT count(*) > 0 FROM ft;
RESET ROLE;
ALTER USER MAPPING FOR regress_lm_plain SERVER src OPTIONS (ADD password 'not asked for');
SET ROLE regress_lm_plain;
SELECT count(*) > 0 FROM ft;
RESET ROLE;
-- a superuser may log in by trust; that session is not lent to others, not through PUBLIC's mapping either
SELECT count(*) > 0 FROM ft;
DROP USER MAPPING FOR regress_lm_plain SERVER src;
DROP USER MAPPING FOR CURRENT_USER SERVER src;
CREATE USER MAPPING FOR PUBLIC SERVER src OPTIONS (user 'postgres');
SELECT count(*) > 0 FROM ft;
SET ROLE regress_lm_plain;
SELECT count(*) > 0 FROM ft;
RESET ROLE;
-- a view is read with its owner's mapping
CREATE VIEW v AS SELECT count(*) > 0 AS some FROM ft;
GRANT SELECT ON v TO regress_lm_plain;
SET ROLE regress_lm_plain;
SELECT * FROM v;
RESET ROLE;

DROP SERVER src CASCADE;
DROP ROLE regress_lm_plain;
