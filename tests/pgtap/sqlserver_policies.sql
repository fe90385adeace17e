-- What of SQL Server's values PostgreSQL cannot store, and char(n) as varchar(n): set per column and for a plan, kept, refused, frozen.
BEGIN;
SELECT plan(46);
SET client_min_messages = 'warning';

CREATE SERVER ms FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'h', dbname 'd');
-- Each view becomes an empty temporary table; the test fills it.
SELECT count(lakemover._create_topic(topic)) FROM lakemover._sqlserver_topics();
INSERT INTO mssql_database VALUES ('16.0.1000.6', 'Developer Edition', 3, 'd', 'SQL_Latin1_General_CP1_CI_AS', 160, 1, 0, 0, 0);
INSERT INTO mssql_schema VALUES (1, 'dbo');
INSERT INTO mssql_table VALUES (100, 1, 'T', 0, 0), (101, 1, 'Child', 0, 0);
INSERT INTO mssql_column VALUES
    (100, 1, 'code', 'char', 0, 'char', 4, 0, 0, 'Latin1_General_CI_AS', 0, 0, 0, 0, 0),
    (100, 2, 'ncode', 'nchar', 0, 'nchar', 8, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (100, 3, 'name', 'nvarchar', 0, 'nvarchar', 100, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (100, 4, 'note', 'ntext', 0, 'ntext', 16, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (100, 5, 'at7', 'datetime2', 0, 'datetime2', 8, 27, 7, NULL, 1, 0, 0, 0, 0),
    (100, 6, 'at3', 'datetime2', 0, 'datetime2', 7, 23, 3, NULL, 1, 0, 0, 0, 0),
    (100, 7, 'of', 'datetimeoffset', 0, 'datetimeoffset', 10, 34, 7, NULL, 1, 0, 0, 0, 0),
    (100, 8, 'ti', 'time', 0, 'time', 5, 16, 7, NULL, 1, 0, 0, 0, 0),
    (100, 9, 'n', 'int', 0, 'int', 4, 10, 0, NULL, 1, 0, 0, 0, 0),
    (100, 10, 'bin', 'varbinary', 0, 'varbinary', 40, 0, 0, NULL, 1, 0, 0, 0, 0),
    (101, 1, 'code', 'char', 0, 'char', 4, 0, 0, 'Latin1_General_CI_AS', 0, 0, 0, 0, 0);
INSERT INTO mssql_index VALUES (100, 1, 'PK_T', 1, 'CLUSTERED', 1, 1, 0, 0, 0, NULL);
INSERT INTO mssql_index_column VALUES (100, 1, 1, 1, 1, 0, 0);
INSERT INTO mssql_key VALUES (200, 100, 'PK_T', 'PK', 1);
INSERT INTO mssql_check VALUES (210, 100, 'ck', '([code]<>''x'')', 0, 0);
INSERT INTO mssql_foreign_key VALUES (220, 101, 100, 'fk', 0, 0, 0, 0, 1);
INSERT INTO mssql_foreign_key_column VALUES (220, 1, 1, 1);
SELECT lakemover._transform_sqlserver('ms', NULL);

CREATE FUNCTION pg_temp.col(p_column text) RETURNS lakemover.plan_column LANGUAGE sql AS
    $$ SELECT * FROM lakemover.plan_column WHERE source = 'ms' AND table_id = 100 AND source_column = p_column $$;
CREATE FUNCTION pg_temp.frozen(p_column text) RETURNS jsonb LANGUAGE sql AS
    $$ SELECT c FROM jsonb_array_elements(lakemover._table_spec('ms', 100) -> 'columns') c WHERE c ->> 'name' = p_column $$;

-- Defaults: only columns that can have such values have a policy.
SELECT lakemover.plan('ms');
SELECT is((SELECT row (char_as, on_nul, on_surrogate, on_seventh_digit)::text FROM lakemover.plan WHERE source = 'ms'), '(char,strip,replace,truncate)', 'defaults of a plan');
SELECT is(ARRAY(SELECT source_column FROM lakemover.plan_column WHERE source = 'ms' AND table_id = 100 AND on_nul = 'strip' AND on_surrogate = 'replace' ORDER BY ordinal),
          ARRAY['code', 'ncode', 'name', 'note'], 'text has a policy for NUL and half surrogate pairs');
SELECT is(ARRAY(SELECT source_column FROM lakemover.plan_column WHERE source = 'ms' AND table_id = 100 AND on_seventh_digit = 'truncate' ORDER BY ordinal),
          ARRAY['at7', 'at3', 'of', 'ti'], 'times have one for the seventh digit');
SELECT is((SELECT count(*) FROM lakemover.plan_column WHERE source = 'ms' AND on_nul IS NULL AND on_surrogate IS NULL AND on_seventh_digit IS NULL), 2::bigint, 'n and bin have none');
SELECT is((SELECT count(*) FROM jsonb_array_elements(lakemover._table_spec('ms', 100) -> 'columns') c WHERE c ? 'policy'), 0::bigint, 'defaults are not written into the frozen plan');

-- Edits per column.
CREATE TEMPORARY TABLE hashes AS SELECT lakemover.plan_hash('ms') AS h;
UPDATE lakemover.plan_column SET on_nul = 'fail', on_surrogate = 'fail' WHERE source = 'ms' AND source_column = 'name';
INSERT INTO hashes SELECT lakemover.plan_hash('ms');
UPDATE lakemover.plan_column SET on_seventh_digit = 'round' WHERE source = 'ms' AND source_column = 'at7';
INSERT INTO hashes SELECT lakemover.plan_hash('ms');
UPDATE lakemover.plan_column SET on_seventh_digit = 'fail' WHERE source = 'ms' AND source_column = 'ti';
INSERT INTO hashes SELECT lakemover.plan_hash('ms');
SELECT is((SELECT count(DISTINCT h) FROM hashes), 4::bigint, 'each edit changes the hash of the plan');
SELECT is(pg_temp.frozen('name') -> 'policy', '{"nul": "fail", "surrogate": "fail"}'::jsonb, 'edits of text are frozen under the encoders'' names');
SELECT is(pg_temp.frozen('at7') -> 'policy', '{"precision": "round"}'::jsonb, 'so are those of times');
SELECT is(pg_temp.frozen('ti') -> 'policy', '{"precision": "fail"}'::jsonb, 'to refuse a seventh digit');
SELECT is((pg_temp.col('name')).edited, ARRAY['on_nul', 'on_surrogate'], 'edits are noted');
SELECT lakemover.plan('ms');
SELECT is(ARRAY[(pg_temp.col('name')).on_nul, (pg_temp.col('name')).on_surrogate, (pg_temp.col('at7')).on_seventh_digit, (pg_temp.col('ti')).on_seventh_digit],
          ARRAY['fail', 'fail', 'round', 'fail'], 'planning again keeps them');

-- What is refused.
SELECT throws_ok($$ UPDATE lakemover.plan_column SET on_nul = 'keep' WHERE source = 'ms' AND source_column = 'name' $$,
                 '22023', 'column dbo."T".name cannot have on_nul = "keep"', 'an unknown value');
CREATE FUNCTION pg_temp.hint(p_sql text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    v_hint text;
BEGIN
    EXECUTE p_sql;
    RETURN 'no error';
EXCEPTION WHEN invalid_parameter_value THEN
    GET STACKED DIAGNOSTICS v_hint = PG_EXCEPTION_HINT;
    RETURN v_hint;
END
$$;
SELECT is(pg_temp.hint($$ UPDATE lakemover.plan_column SET on_nul = 'keep' WHERE source = 'ms' AND source_column = 'name' $$), 'Valid values are strip, fail.', 'with the valid ones');
SELECT is(pg_temp.hint($$ UPDATE lakemover.plan_column SET on_surrogate = 'strip' WHERE source = 'ms' AND source_column = 'note' $$), 'Valid values are replace, fail.', 'of half surrogate pairs');
SELECT is(pg_temp.hint($$ UPDATE lakemover.plan_column SET on_seventh_digit = 'floor' WHERE source = 'ms' AND source_column = 'ti' $$), 'Valid values are truncate, round, fail.', 'of the seventh digit');
SELECT throws_ok($$ UPDATE lakemover.plan_column SET on_nul = NULL WHERE source = 'ms' AND source_column = 'name' $$,
                 '22023', 'column dbo."T".name cannot have on_nul = NULL', 'no value');
SELECT throws_ok($$ UPDATE lakemover.plan_column SET on_nul = 'fail' WHERE source = 'ms' AND source_column = 'n' $$,
                 '22023', 'column dbo."T".n cannot have on_nul = "fail": values of type int need no such policy', 'a number has no NUL');
SELECT throws_ok($$ UPDATE lakemover.plan_column SET on_surrogate = 'fail' WHERE source = 'ms' AND source_column = 'bin' $$,
                 '22023', 'column dbo."T".bin cannot have on_surrogate = "fail": values of type varbinary(40) need no such policy', 'bytes are no text');
SELECT throws_ok($$ UPDATE lakemover.plan_column SET on_seventh_digit = 'round' WHERE source = 'ms' AND source_column = 'name' $$,
                 '22023', 'column dbo."T".name cannot have on_seventh_digit = "round": values of type nvarchar(50) need no such policy', 'text has no seconds');
SELECT throws_ok($$ SELECT lakemover.plan('ms', p_on_nul => 'keep') $$, '22023', 'invalid value for on_nul: "keep"', 'an unknown value for a plan');
SELECT throws_ok($$ SELECT lakemover.plan('ms', p_char_as => 'text') $$, '22023', 'invalid value for char_as: "text"', 'an unknown type for char');
SELECT is(pg_temp.hint($$ SELECT lakemover.plan('ms', p_char_as => 'text') $$), 'Valid values are char, varchar.', 'with the valid ones');

-- For a whole plan; what was edited stays.
UPDATE lakemover.plan_column SET on_seventh_digit = 'truncate' WHERE source = 'ms' AND source_column = 'ti';
SELECT lakemover.plan('ms', p_on_nul => 'fail', p_on_seventh_digit => 'round');
SELECT is((SELECT row (char_as, on_nul, on_surrogate, on_seventh_digit)::text FROM lakemover.plan WHERE source = 'ms'), '(char,fail,replace,round)', 'policies of a plan');
SELECT is(ARRAY(SELECT DISTINCT on_nul FROM lakemover.plan_column WHERE source = 'ms' AND on_nul IS NOT NULL), ARRAY['fail'], 'all text follows');
SELECT is(ARRAY[(pg_temp.col('of')).on_seventh_digit, (pg_temp.col('ti')).on_seventh_digit, (pg_temp.col('note')).on_surrogate, (pg_temp.col('name')).on_surrogate],
          ARRAY['round', 'truncate', 'replace', 'fail'], 'what was edited stays');
SELECT lakemover.plan('ms');
SELECT is((pg_temp.col('of')).on_seventh_digit, 'round', 'planning again keeps them');
SELECT is((pg_temp.col('n')).on_nul, NULL, 'a number still has no policy');
-- the source's type changes, and back
UPDATE lakemover.inv_column SET native_type = 'int', data_type = 'integer' WHERE source = 'ms' AND table_id = 100 AND column_name = 'name';
SELECT lakemover.plan('ms');
SELECT is((pg_temp.col('name')).on_surrogate, NULL, 'a policy goes with the type that had it');
UPDATE lakemover.inv_column SET native_type = 'nvarchar(50)', data_type = 'character varying(50)' WHERE source = 'ms' AND table_id = 100 AND column_name = 'name';
SELECT lakemover.plan('ms');
SELECT is((pg_temp.col('name')).on_surrogate, 'replace', 'and comes with the plan''s value');

-- char(n) as varchar(n)
SELECT is(ARRAY[(pg_temp.col('code')).target_type, (pg_temp.col('ncode')).target_type], ARRAY['character(4)', 'character(4)'], 'char is char');
SELECT lakemover.plan('ms', p_char_as => 'varchar');
SELECT is(ARRAY[(pg_temp.col('code')).target_type, (pg_temp.col('ncode')).target_type, (pg_temp.col('name')).target_type, (pg_temp.col('note')).target_type],
          ARRAY['character varying(4)', 'character varying(4)', 'character varying(50)', 'text'], 'char becomes varchar of its length');
SELECT is(pg_temp.frozen('ncode') - 'not_null' - 'scale' - 'policy',
          '{"name": "ncode", "target_name": "ncode", "source_type": "nchar(4)", "target_type": "character varying(4)", "codec": "varchar", "target_codec": "varchar",
            "select": null, "collation": "Latin1_General_CI_AS"}'::jsonb, 'frozen with the source''s type, from which its padding is known');
SELECT is(lakemover._table_spec('ms', 100) -> 'key', '["code"]'::jsonb, 'a key of char is still a key');
SELECT is((SELECT count(*) FROM lakemover._plan_problems('ms')), 0::bigint, 'nothing is in the way');
SELECT is((SELECT count(*) FROM lakemover._ddl('ms') d WHERE d.sql ~ '(code|ncode) character varying\(4\)'), 2::bigint, 'both tables are made so');
SELECT ok(EXISTS (SELECT FROM lakemover._ddl('ms') d WHERE d.sql ~ 'CONSTRAINT ck CHECK'), 'a check over such a column moves');
SELECT ok(EXISTS (SELECT FROM lakemover._ddl('ms') d WHERE d.sql ~ 'CONSTRAINT fk FOREIGN KEY'), 'so does a foreign key');
SELECT lakemover.plan('ms');
SELECT is((pg_temp.col('code')).target_type, 'character varying(4)', 'planning again keeps it');
UPDATE lakemover.type_map SET target_type = 'text' WHERE engine = 'sqlserver' AND source_type = 'nchar';
SELECT lakemover.plan('ms');
SELECT is((pg_temp.col('ncode')).target_type, 'text', 'type_map''s word counts more');
SELECT lakemover.plan('ms', p_char_as => 'char');
SELECT is((pg_temp.col('code')).target_type, 'character(4)', 'and back');
UPDATE lakemover.plan_column SET target_type = 'varchar(4)' WHERE source = 'ms' AND table_id = 100 AND source_column = 'code';
SELECT is(lakemover._table_spec('ms', 100) -> 'key', '["code"]'::jsonb, 'edited by hand it is a key, too');
UPDATE lakemover.plan_column SET target_type = 'text' WHERE source = 'ms' AND table_id = 100 AND source_column = 'code';
SELECT is(ARRAY[pg_temp.frozen('code') ->> 'target_codec', (SELECT count(*)::text FROM lakemover._plan_problems('ms')), lakemover._table_spec('ms', 100) ->> 'chunking'],
          ARRAY['text', '0', 'keyset'], 'or text');

-- A PostgreSQL source has none of these.
CREATE SERVER pg FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'postgres', host 'h', dbname 'd');
INSERT INTO lakemover.source_info SELECT (jsonb_populate_record(i, '{"source": "pg", "engine": "postgres"}')).* FROM lakemover.source_info i WHERE source = 'ms';
INSERT INTO lakemover.inv_table SELECT (jsonb_populate_record(i, '{"source": "pg"}')).* FROM lakemover.inv_table i WHERE source = 'ms' AND table_id = 101;
INSERT INTO lakemover.inv_column SELECT (jsonb_populate_record(i, '{"source": "pg", "native_type": null, "native_collation": null}')).*
  FROM lakemover.inv_column i WHERE source = 'ms' AND table_id = 101;
SELECT throws_ok($$ SELECT lakemover.plan('pg', p_char_as => 'varchar') $$, '22023', 'char_as is for SQL Server sources, and source "pg" is PostgreSQL', 'char_as is refused there');
SELECT throws_ok($$ SELECT lakemover.plan('pg', p_on_seventh_digit => 'truncate') $$, '22023', 'on_seventh_digit is for SQL Server sources, and source "pg" is PostgreSQL', 'a default, too');
SELECT lakemover.plan('pg');
SELECT is((SELECT row (p.char_as, p.on_nul, c.on_nul, c.target_type)::text FROM lakemover.plan p JOIN lakemover.plan_column c USING (source) WHERE source = 'pg'),
          '(,,,"character(4)")', 'a plan without policies');
SELECT throws_ok($$ UPDATE lakemover.plan_column SET on_nul = 'strip' WHERE source = 'pg' $$,
                 '22023', 'column dbo."Child".code cannot have on_nul = "strip": values of type character(4) need no such policy', 'an edit is refused');
SELECT * FROM finish();
ROLLBACK;
