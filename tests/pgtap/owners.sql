-- Who gets what on the target: this database is its own source, the target is what target_fact says.
SET client_min_messages = warning;
SELECT plan(15);
DROP ROLE IF EXISTS lm_test_app, lm_test_lost, lm_test_else;
CREATE ROLE lm_test_app;
CREATE ROLE lm_test_lost;
CREATE ROLE lm_test_else;
CREATE SCHEMA app AUTHORIZATION lm_test_app;
CREATE SCHEMA shared;
CREATE TYPE app.mood AS ENUM ('a');
CREATE DOMAIN app.positive AS int CHECK (VALUE > 0);
CREATE TABLE app.t (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n serial, m app.mood);
CREATE SEQUENCE app.loose;
CREATE VIEW app.v AS SELECT * FROM app.t;
CREATE MATERIALIZED VIEW app.mv AS SELECT 1 AS one;
CREATE FUNCTION app.f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE AGGREGATE app.total(int) (SFUNC = int4pl, STYPE = int);
CREATE OPERATOR app.=== (FUNCTION = int4eq, LEFTARG = int, RIGHTARG = int);
CREATE STATISTICS app.st ON id, n FROM app.t;
CREATE TABLE shared.mine (id int);
CREATE TABLE shared.home (id int);
CREATE TABLE shared.lost (id int);
CREATE TABLE shared.mapped (id int);
DO $$ DECLARE s text; BEGIN
    FOREACH s IN ARRAY '{TYPE app.mood,DOMAIN app.positive,TABLE app.t,SEQUENCE app.loose,VIEW app.v,MATERIALIZED VIEW app.mv,FUNCTION app.f(int),AGGREGATE app.total(int),OPERATOR app.===(int\,int),STATISTICS app.st,TABLE shared.mine}'::text[] LOOP
        EXECUTE format('ALTER %s OWNER TO lm_test_app', s);
    END LOOP;
END $$;
ALTER TABLE shared.lost OWNER TO lm_test_lost;
ALTER TABLE shared.mapped OWNER TO lm_test_else;
CREATE SERVER src FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host :'HOST', port :'PORT', dbname :'DBNAME');
CREATE USER MAPPING FOR CURRENT_USER SERVER src OPTIONS (username :'USER');
DELETE FROM lakemover.target_fact;
CREATE FUNCTION pg_temp.owners() RETURNS SETOF text LANGUAGE sql AS $$ SELECT sql FROM lakemover._ddl('src') WHERE kind = 'owner' ORDER BY ordinal $$;
CREATE FUNCTION pg_temp.facts(p_given text, p_schemas text) RETURNS void LANGUAGE sql AS $$
    DELETE FROM lakemover.target_fact;
    INSERT INTO lakemover.target_fact (name, value) VALUES ('role', 'mover'), ('roles', '["lm_test_app", "lm_test_other", "mover"]'), ('owner_roles', p_given), ('schemas', p_schemas) $$;
SELECT lakemover.inventory('src');
SELECT lakemover.plan('src');

SELECT is_empty($$ SELECT pg_temp.owners() $$, 'nobody has looked at the target: everything stays with the role that migrates');
SELECT is((SELECT reason FROM lakemover.not_moved('src') WHERE kind = 'owner' AND object = 'lm_test_app'),
          'whether the target has the role lm_test_app is not known: 12 objects belong to the role that migrates', 'and that is said');

SELECT pg_temp.facts('["lm_test_app", "lm_test_other"]', '{"public": {"ours": false, "creators": []}}');
SELECT results_eq($$ SELECT pg_temp.owners() $$, $$ VALUES
    ('ALTER SCHEMA app OWNER TO lm_test_app'), ('ALTER OPERATOR app.===(integer, integer) OWNER TO lm_test_app'), ('ALTER ROUTINE app.f(integer) OWNER TO lm_test_app'),
    ('ALTER ROUTINE app.total(integer) OWNER TO lm_test_app'), ('ALTER SEQUENCE app.loose OWNER TO lm_test_app'), ('ALTER STATISTICS app.st OWNER TO lm_test_app'),
    ('ALTER TABLE app.mv OWNER TO lm_test_app'), ('ALTER TABLE app.t OWNER TO lm_test_app'), ('ALTER TABLE app.v OWNER TO lm_test_app'),
    ('GRANT CREATE ON SCHEMA shared TO lm_test_app; ALTER TABLE shared.mine OWNER TO lm_test_app; REVOKE CREATE ON SCHEMA shared FROM lm_test_app'),
    ('ALTER TYPE app.mood OWNER TO lm_test_app'), ('ALTER TYPE app.positive OWNER TO lm_test_app') $$,
    'each object of a role that the target has; sequences of columns follow their table; what a superuser owns stays; a right that is lent is taken back');
SELECT results_eq($$ SELECT object, reason FROM lakemover.not_moved('src') WHERE kind = 'owner' ORDER BY object $$, $$ VALUES
    ('lm_test_else', 'the target has no role lm_test_else: 1 objects belong to the role that migrates'), ('lm_test_lost', 'the target has no role lm_test_lost: 1 objects belong to the role that migrates') $$,
    'roles that the target does not have are reported');
SELECT is((SELECT stage FROM lakemover._ddl('src') WHERE kind IN ('owner', 'privilege') ORDER BY ordinal DESC LIMIT 1), 'privilege', 'it is done behind the load');
SELECT is((SELECT max(ordinal) FILTER (WHERE kind = 'privilege') < min(ordinal) FILTER (WHERE kind = 'owner') FROM lakemover._ddl('src') WHERE stage = 'privilege'), NULL, 'no privileges here');
GRANT SELECT ON shared.home TO lm_test_app;
GRANT USAGE, CREATE ON SCHEMA shared TO lm_test_app;
SELECT lakemover.inventory('src');
SELECT lakemover.plan('src');
SELECT is((SELECT max(ordinal) FILTER (WHERE kind = 'privilege') < min(ordinal) FILTER (WHERE kind = 'owner') FROM lakemover._ddl('src') WHERE stage = 'privilege'), true, 'owners come last');
SELECT set_has($$ SELECT pg_temp.owners() $$, $$ VALUES ('ALTER TABLE shared.mine OWNER TO lm_test_app') $$, 'who may create there anyway is not lent that right, and does not lose it');

INSERT INTO lakemover.role_map VALUES ('src', 'lm_test_lost', 'lm_test_other'), ('src', 'lm_test_else', 'mover'), ('src', current_user, 'lm_test_app');
SELECT set_has($$ SELECT pg_temp.owners() $$, $$ VALUES ('GRANT CREATE ON SCHEMA shared TO lm_test_other; ALTER TABLE shared.lost OWNER TO lm_test_other; REVOKE CREATE ON SCHEMA shared FROM lm_test_other'),
    ('ALTER SCHEMA shared OWNER TO lm_test_app'), ('ALTER TABLE shared.home OWNER TO lm_test_app') $$, 'role_map gives other roles, also for what a superuser owns');
SELECT is((SELECT count(*) FROM pg_temp.owners() o WHERE o LIKE '%shared.mapped%'), 0::bigint, 'and the one that migrates keeps what is mapped to it');
SELECT is_empty($$ SELECT * FROM lakemover.not_moved('src') WHERE kind = 'owner' $$, 'nothing is left to report');

-- a role that the one that migrates does not act for; a schema of somebody else's
SELECT pg_temp.facts('["lm_test_app"]', '{"shared": {"ours": false, "creators": []}, "app": {"ours": true, "creators": []}}');
DELETE FROM lakemover.role_map WHERE source_role = current_user;
SELECT results_eq($$ SELECT object, reason FROM lakemover.not_moved('src') WHERE kind = 'owner' ORDER BY object COLLATE "C", reason COLLATE "C" $$, $$ VALUES
    ('lm_test_lost', 'mover on the target is not a member of lm_test_other with INHERIT and SET: 1 objects belong to the role that migrates') $$, 'not one that cannot be acted for');
SELECT set_hasnt($$ SELECT pg_temp.owners() $$, $$ VALUES ('ALTER SCHEMA app OWNER TO lm_test_app') $$, 'a schema that is there already keeps its owner');
REVOKE CREATE ON SCHEMA shared FROM lm_test_app;
SELECT lakemover.inventory('src');
SELECT lakemover.plan('src');
SELECT is((SELECT reason FROM lakemover.not_moved('src') WHERE kind = 'owner' AND object = 'lm_test_app'),
    'lm_test_app may not create in schema shared of the target, which was there before: 1 objects belong to the role that migrates', 'nobody lends rights on a schema of somebody else');
SELECT lakemover.plan('src', p_privileges => false);
SELECT is_empty($$ SELECT pg_temp.owners() $$, '--no-privileges leaves owners out, too');
SELECT * FROM finish();
DROP OWNED BY lm_test_app, lm_test_lost, lm_test_else;
