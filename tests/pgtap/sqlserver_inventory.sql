-- From what SQL Server's catalog views say to inventory, plan and DDL, without a SQL Server: the views are filled by hand.
BEGIN;
SELECT plan(42);
SET client_min_messages = 'warning';

CREATE SERVER ms FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'h', dbname 'd');
-- Each view becomes an empty temporary table; the test fills it.
SELECT count(lakemover._create_topic(topic)) FROM lakemover._sqlserver_topics();

INSERT INTO mssql_database VALUES ('16.0.1000.6', 'Developer Edition', 3, 'd', 'SQL_Latin1_General_CP1_CI_AS', 160, 1, 0, 0, 0);
INSERT INTO mssql_schema VALUES (1, 'dbo'), (5, 'sales'), (6, 'empty');
INSERT INTO mssql_table VALUES (100, 1, 'Order', 0, 0), (101, 1, 'Customer', 0, 0), (102, 5, 'fast', 1, 0), (103, 1, 'hist', 0, 2);
INSERT INTO mssql_permission VALUES (100, 1), (101, 1), (102, 1), (103, 0);
INSERT INTO mssql_column VALUES
    (100, 1, 'id', 'bigint', 0, 'bigint', 8, 19, 0, NULL, 0, 1, 0, 0, 0),
    (100, 2, 'customer', 'char', 0, 'char', 5, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (100, 3, 'total', 'smallmoney', 0, 'smallmoney', 4, 10, 4, NULL, 0, 0, 0, 0, 0),
    (100, 4, 'placed', 'datetime2', 0, 'datetime2', 8, 27, 7, NULL, 0, 0, 0, 0, 0),
    (100, 5, 'net', 'decimal', 0, 'decimal', 9, 18, 2, NULL, 1, 0, 1, 0, 0),
    (100, 6, 'phone', 'PhoneNumber', 1, 'nvarchar', 60, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (100, 7, 'done', 'bit', 0, 'bit', 1, 1, 0, NULL, 0, 0, 0, 0, 0),
    (100, 8, 'v', 'timestamp', 0, 'timestamp', 8, 0, 0, NULL, 0, 0, 0, 0, 0),
    (101, 1, 'code', 'char', 0, 'char', 5, 0, 0, 'Latin1_General_CI_AS', 0, 0, 0, 0, 0),
    (101, 2, 'mail', 'nvarchar', 0, 'nvarchar', -1, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (101, 3, 'tax', 'varchar', 0, 'varchar', 20, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (102, 1, 'a', 'int', 0, 'int', 4, 10, 0, NULL, 0, 1, 0, 0, 0),
    (103, 1, 'what', 'vector', 0, NULL, 8, 0, 0, NULL, 1, 0, 0, 0, 0);
INSERT INTO mssql_identity VALUES (100, 1, 1000, 10, 9223372036854770000), (102, 1, 7, -2, NULL);
INSERT INTO mssql_computed VALUES (100, 5, '([total]*(0.9))', 1);
INSERT INTO mssql_default VALUES (100, 4, 'df1', '(getdate())'), (100, 7, 'df2', '((1))'), (100, 3, 'df3', '([dbo].[f]())'), (101, 2, 'df4', '(N''o''''x'')');
INSERT INTO mssql_index VALUES
    (100, 1, 'PK_Order', 1, 'CLUSTERED', 1, 1, 0, 0, 0, NULL),
    (100, 2, 'ix', 2, 'NONCLUSTERED', 0, 0, 0, 0, 0, NULL),
    (100, 3, 'ix_open', 2, 'NONCLUSTERED', 0, 0, 0, 0, 0, '([customer] IS NOT NULL AND [done]=(0))'),
    (100, 4, 'ix_odd', 2, 'NONCLUSTERED', 0, 0, 0, 0, 0, '([total]>[net])'),
    (100, 5, 'cs', 6, 'NONCLUSTERED COLUMNSTORE', 0, 0, 0, 0, 0, NULL),
    (101, 1, 'PK_Customer', 1, 'CLUSTERED', 1, 1, 0, 0, 0, NULL),
    (101, 2, 'ix', 2, 'NONCLUSTERED', 1, 0, 0, 0, 0, NULL),
    (101, 3, 'UQ_tax', 2, 'NONCLUSTERED', 1, 0, 1, 1, 0, NULL);
INSERT INTO mssql_index_column VALUES
    (100, 1, 1, 1, 1, 0, 0), (100, 2, 1, 4, 1, 1, 0), (100, 2, 2, 2, 2, 0, 0), (100, 2, 3, 3, 0, 0, 1), (100, 3, 1, 2, 1, 0, 0), (100, 4, 1, 2, 1, 0, 0),
    (100, 5, 1, 2, 0, 0, 1), (101, 1, 1, 1, 1, 0, 0), (101, 2, 1, 2, 1, 0, 0), (101, 3, 1, 3, 1, 0, 0);
INSERT INTO mssql_key VALUES (200, 100, 'PK_Order', 'PK', 1), (201, 101, 'PK_Customer', 'PK', 1), (202, 101, 'UQ_tax', 'UQ', 3);
INSERT INTO mssql_check VALUES (210, 100, 'ck', '([total]>=(0))', 0, 0);
INSERT INTO mssql_foreign_key VALUES (220, 100, 101, 'fk_trusted', 1, 0, 0, 0, 1), (221, 100, 101, 'fk_untrusted', 0, 2, 0, 1, 3);
INSERT INTO mssql_foreign_key_column VALUES (220, 1, 2, 1), (221, 1, 2, 3);
INSERT INTO mssql_sequence VALUES (230, 5, 'never', 'bigint', 5, 1, 1, 9223372036854775807, 0, NULL, 5, NULL, 1), (231, 5, 'once', 'int', 5, 1, 1, 2147483647, 1, 50, 5, 5, 1);
INSERT INTO mssql_module VALUES (240, 'P ', 1, 'proc', 0, 'CREATE PROCEDURE proc AS SELECT 1'), (241, 'TR', 1, 'trg', 100, NULL), (242, 'V ', 1, 'vw', 0, 'CREATE VIEW vw AS SELECT 1 AS a');
INSERT INTO mssql_trigger VALUES (241, 1, 0);
INSERT INTO mssql_synonym VALUES (250, 1, 'syn', '[other].[dbo].[t]');
INSERT INTO mssql_rows VALUES (100, 12, 1), (101, 3, 4);
INSERT INTO mssql_property VALUES (1, 100, 0, 'the orders'), (1, 100, 2, 'who ordered');
SELECT lakemover._transform_sqlserver('ms', NULL);

CREATE FUNCTION pg_temp.col(p_table bigint, p_column text) RETURNS lakemover.inv_column LANGUAGE sql AS
    $$ SELECT * FROM lakemover.inv_column WHERE source = 'ms' AND table_id = p_table AND column_name = p_column $$;
SELECT is((pg_temp.col(100, 'total')).data_type, 'numeric(10,4)', 'smallmoney holds ten digits, not six');
SELECT is((pg_temp.col(100, 'placed')).data_type, 'timestamp(6) without time zone', 'datetime2(7) keeps microseconds');
SELECT is((pg_temp.col(100, 'phone')).native_type, 'nvarchar(30)', 'an alias type is its base type, in characters');
SELECT is((pg_temp.col(100, 'v')).data_type, 'bytea', 'rowversion is bytes, not a time');
SELECT is((pg_temp.col(101, 'mail')).data_type, 'text', 'nvarchar(max) is text');
SELECT is((pg_temp.col(103, 'what')).type_schema, 'unknown', 'an unknown type is no guess');
SELECT is((pg_temp.col(100, 'done')).default_expr, 'true', 'the default of a bit column');
SELECT is((pg_temp.col(100, 'placed')).default_expr, 'clock_timestamp()::timestamp without time zone', 'getdate() is the time of the statement');
SELECT is((pg_temp.col(101, 'mail')).default_expr, '''o''''x''', 'a text default keeps its quote');
SELECT is((pg_temp.col(100, 'total')).default_expr, NULL, 'a default that calls a function is not translated');
SELECT is((pg_temp.col(100, 'customer')).comment, 'who ordered', 'extended properties are comments');
SELECT set_eq($$ SELECT kind || ' ' || object_name FROM lakemover.inv_not_translated WHERE source = 'ms' $$,
              ARRAY['computed column net', 'default total', 'index cs'], 'what has no translation is listed');
SELECT is((SELECT definition FROM lakemover.inv_index WHERE source = 'ms' AND table_id = 100 AND name = 'ix'),
          'CREATE INDEX ix ON dbo."Order" USING btree (placed DESC, customer) INCLUDE (total)', 'DESC is kept and INCLUDE is no key');
SELECT is((SELECT definition FROM lakemover.inv_index WHERE source = 'ms' AND name = 'ix_open'),
          'CREATE INDEX ix_open ON dbo."Order" USING btree (customer) WHERE ((customer IS NOT NULL) AND (done = false))', 'a filter is kept');
SELECT is((SELECT definition FROM lakemover.inv_index WHERE source = 'ms' AND table_id = 101 AND name = 'ix'),
          'CREATE UNIQUE INDEX ix ON dbo."Customer" USING btree (mail) NULLS NOT DISTINCT', 'one NULL at most in a unique index');
SELECT is((SELECT definition FROM lakemover.inv_constraint WHERE source = 'ms' AND name = 'UQ_tax'), 'UNIQUE NULLS NOT DISTINCT (tax)', 'and in a unique constraint');
SELECT ok((SELECT NOT is_valid FROM lakemover.inv_index WHERE source = 'ms' AND name = 'UQ_tax'), 'a disabled index is not valid');
SELECT is((SELECT definition FROM lakemover.inv_constraint WHERE source = 'ms' AND name = 'fk_trusted'),
          'FOREIGN KEY (customer) REFERENCES dbo."Customer"(code) ON DELETE CASCADE', 'a foreign key with its action');
SELECT is((SELECT definition || is_validated FROM lakemover.inv_constraint WHERE source = 'ms' AND name = 'fk_untrusted'),
          'FOREIGN KEY (customer) REFERENCES dbo."Customer"(tax) ON UPDATE SET NULL NOT VALIDfalse', 'an untrusted one, to a unique key, is not validated');
SELECT is((SELECT row (data_type, start_value, increment_by, last_value, is_called)::text FROM lakemover.inv_sequence WHERE source = 'ms' AND owner_table_id = 100),
          '(bigint,1000,10,9223372036854770000,t)', 'a bigint identity with seed, increment and last value');
SELECT is((SELECT row (start_value, increment_by, last_value, is_called)::text FROM lakemover.inv_sequence WHERE source = 'ms' AND owner_table_id = 102),
          '(7,-2,7,f)', 'of an identity that was never used the seed comes next');
SELECT is((SELECT row (last_value, is_called, cycles)::text FROM lakemover.inv_sequence WHERE source = 'ms' AND sequence_name = 'never'), '(5,f,f)', 'a sequence that was never used');
SELECT is((SELECT row (last_value, is_called, cycles, cache_size)::text FROM lakemover.inv_sequence WHERE source = 'ms' AND sequence_name = 'once'), '(5,t,t,50)', 'a sequence that was used once');
SELECT is((SELECT string_agg(kind || ':' || object_name, ' ' ORDER BY kind, object_name) FROM lakemover.inv_object WHERE source = 'ms'),
          'partitioned table:Customer synonym:syn temporal table:hist', 'objects of other kinds');
SELECT is((SELECT enabled || definition FROM lakemover.inv_trigger WHERE source = 'ms'), 'D(encrypted)', 'a disabled, encrypted trigger');
SELECT ok((SELECT memory_optimized FROM lakemover.inv_table WHERE source = 'ms' AND table_id = 102), 'memory-optimised');
SELECT is((SELECT can_select FROM lakemover.inv_table WHERE source = 'ms' AND table_id = 103), false, 'a table that may not be read');
SELECT is((SELECT string_agg(schema_name, ' ' ORDER BY schema_name) FROM lakemover.inv_schema WHERE source = 'ms'), 'dbo sales', 'schemas that hold something');

SELECT lives_ok($$ SELECT * FROM lakemover.plan('ms') $$, 'a plan is made');
SELECT is((SELECT count(DISTINCT target_name) FROM lakemover.plan_index WHERE source = 'ms' AND source_name = 'ix'), 2::bigint, 'index names are per table there and per schema here');
SELECT is(lakemover._table_spec('ms', 100) - 'columns' - 'est_rows' - 'est_bytes' - 'pages',
          '{"table_id": 100, "source_schema": "dbo", "source_table": "Order", "target_schema": "dbo", "target_table": "Order", "kind": "r", "format": "binary",
            "row_filter": null, "chunking": "keyset", "batch_rows": null, "key": ["id"], "copies_rows": true, "engine": "sqlserver", "memory_optimized": false}'::jsonb,
          'a frozen plan');
SELECT is(lakemover._table_spec('ms', 100) #> '{columns,1}',
          '{"name": "customer", "target_name": "customer", "source_type": "char(5)", "target_type": "character(5)", "codec": "bpchar", "target_codec": "bpchar",
            "select": null, "not_null": false, "scale": null, "collation": "Latin1_General_CI_AS"}'::jsonb, 'a column of it');
SELECT is(lakemover._table_spec('ms', 103) ->> 'chunking', 'single', 'a table without a key is read in one pass');
SELECT is((SELECT message FROM lakemover._type_problems('ms')), 'column dbo.hist.what has the type vector, which is not moved; exclude the column or give it another type', 'an unknown type stops the plan and names the column');
UPDATE lakemover.plan_column SET target_type = 'integer' WHERE source = 'ms' AND source_column = 'placed';
SELECT is((SELECT count(*) FROM lakemover._type_problems('ms') p WHERE p.message = 'column dbo."Order".placed cannot become integer: there is no conversion from datetime2(7)'),
          1::bigint, 'so does a conversion that does not exist');
UPDATE lakemover.plan_column SET target_type = 'text' WHERE source = 'ms' AND source_column = 'placed';
SELECT is((SELECT count(*) FROM lakemover._type_problems('ms')), 1::bigint, 'and one that does exist is fine');
SELECT ok(EXISTS (SELECT FROM lakemover._ddl('ms') d WHERE d.sql ~ 'CREATE INDEX .* \(placed DESC, customer\) INCLUDE \(total\)'), 'the index in the DDL');
SELECT is(lakemover._can_encode('money', 'numeric')::text || lakemover._can_encode('money', 'uuid') || lakemover._can_encode('nonsense', 'text'), 'truefalsefalse', '_can_encode()');
SELECT set_eq($$ SELECT DISTINCT check_id FROM lakemover._check_sqlserver('ms') $$,
              ARRAY['unknown_type', 'not_translated', 'lossy_type', 'point_in_time', 'case_insensitive'], 'the checks of a SQL Server source');
UPDATE lakemover.plan_column SET exclude = true WHERE source = 'ms' AND source_column = 'what';
SELECT is((SELECT count(*) FROM lakemover._check_sqlserver('ms') f WHERE f.check_id = 'unknown_type'), 0::bigint, 'excluding the column resolves the blocker');
SELECT is((SELECT count(*) FROM lakemover._check_tables('ms') f WHERE f.check_id = 'primary_key' AND f.message ~ 'it will be read in one pass$'),
          2::bigint, 'a table without a key is read in one pass: SQL Server has no row addresses');
SELECT is((SELECT count(*) FROM lakemover._check_tables('ms') f WHERE f.check_id = 'primary_key' AND f.message ~ 'ctid'), 0::bigint, 'and nobody says otherwise');
SELECT * FROM finish();
ROLLBACK;
