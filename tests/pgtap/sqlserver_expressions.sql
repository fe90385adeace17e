-- Checks, defaults, filters and computed columns of SQL Server in PostgreSQL's words; names under a policy.
BEGIN;
SELECT plan(51);
SET client_min_messages = 'warning';

-- Single expressions. The table has no rows; what is translated must mean the same.
CREATE FUNCTION pg_temp.t(p_sql text) RETURNS text LANGUAGE sql AS $$
    SELECT coalesce(e.sql, 'problem: ' || e.problem)
      FROM lakemover._tsql_expression(p_sql, '[{"name":"id","type":"int"},{"name":"Qty","type":"int"},{"name":"total","type":"smallmoney"},
           {"name":"sex","type":"nchar(1)","collation":"Latin1_General_CI_AS"},{"name":"code","type":"varchar(10)","collation":"Latin1_General_BIN2"},
           {"name":"d","type":"datetime"},{"name":"done","type":"bit"},{"name":"a]\"b","type":"bigint"}]') e
$$;
SELECT is(pg_temp.t('([total]>=(0))'), '("total" >= 0)', 'a comparison');
SELECT is(pg_temp.t('([qty]>(-5))'), '("Qty" > (-5))', 'names have the case of the table, numbers their sign');
SELECT is(pg_temp.t('([a]]"b]=(1))'), '("a]""b" = 1)', 'an ugly name');
SELECT is(pg_temp.t('([done]=(1))'), '("done" = true)', 'bit is boolean');
SELECT is(pg_temp.t('([sex]=''F'' OR [sex]=''M'')'), '(lower(rtrim("sex")) = ''f'' OR lower(rtrim("sex")) = ''m'')',
          'equality in a case-insensitive collation stays case-insensitive and ignores trailing blanks');
SELECT is(pg_temp.t('([code]=''Ab '')'), '(rtrim("code") = ''Ab'')', 'a binary collation keeps case, and ignores trailing blanks too');
SELECT is(pg_temp.t('([code] like ''A%'')'), '("code" LIKE ''A%'')', 'LIKE ignores no blanks');
SELECT is(pg_temp.t('([code] like ''[0-9]%'')'), '("code" ~ ''^[0-9]'')', 'LIKE with a class of digits is a regular expression');
SELECT is(pg_temp.t('([sex]<''M'')') LIKE 'problem: it orders strings%', true, 'so is an order of strings');
SELECT is(pg_temp.t('([d]>=''20000101'')'), '("d" >= ''20000101'')', 'a date that every session reads alike');
SELECT is(pg_temp.t('([d]>''01/02/2000'')') LIKE 'problem: it compares a date%', true, 'and one that depends on the session');
SELECT is(pg_temp.t('(datepart(year,[d])>(2000))'), '(extract(year FROM "d")::integer > 2000)', 'DATEPART');
SELECT is(pg_temp.t('(len([code])=(3))'), '(length(rtrim("code", '' '')) = 3)', 'LEN ignores trailing blanks');
SELECT is(pg_temp.t('(isnull([Qty],(0))+(1))'), '(coalesce("Qty", 0) + 1)', 'ISNULL');
SELECT is(pg_temp.t('([code]+''x'')'), '("code" || ''x'')', '+ of strings');
SELECT is(pg_temp.t('([code]+[Qty])') LIKE 'problem: + of a string and a number%', true, '+ of a string and a number');
SELECT is(pg_temp.t('([total]/[Qty])') LIKE 'problem: it divides%', true, 'a division that the engines round differently');
SELECT is(pg_temp.t('([Qty] IN ((1), (2)) AND NOT [id] IS NULL)'), '("Qty" IN (1, 2) AND NOT ("id" IS NULL))', 'IN, NOT, IS NULL');
SELECT is(pg_temp.t('([id] between (1) and (10))'), '("id" BETWEEN 1 AND 10)', 'BETWEEN');
SELECT is(pg_temp.t('(NEXT VALUE FOR [dbo].[Seq''s])'), 'nextval(''"dbo"."Seq''''s"''::regclass)', 'NEXT VALUE FOR');
SELECT is(pg_temp.t('(CONVERT([date],getdate()))'), '((clock_timestamp()::timestamp(3))::date)', 'CONVERT');
SELECT is(pg_temp.t('([dbo].[f]([id]))'), 'problem: it calls the function f', 'a function of the database');
SELECT is(pg_temp.t('((SELECT 1)=(1))') LIKE 'problem: %', true, 'a subquery');
SELECT is(pg_temp.t('([nowhere]>(1))') LIKE 'problem: nowhere%', true, 'a name that is no column');
SELECT is(pg_temp.t('(((') LIKE 'problem: it was not understood%', true, 'nonsense');
SELECT is(pg_temp.t('(0); DROP TABLE x --') LIKE 'problem: it was not understood%', true, 'more than an expression');

-- Through inventory, plan and DDL.
CREATE SERVER ms FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'h', dbname 'd');
-- Each view becomes an empty temporary table; the test fills it.
SELECT count(lakemover._create_topic(topic)) FROM lakemover._sqlserver_topics();
INSERT INTO mssql_database VALUES ('16.0.1000.6', 'Developer Edition', 3, 'd', 'SQL_Latin1_General_CP1_CI_AS', 160, 1, 0, 0, 0);
INSERT INTO mssql_schema VALUES (1, 'dbo'), (5, 'HumanResources');
INSERT INTO mssql_table VALUES (100, 1, 'SalesOrder', 0, 0), (101, 1, 'T1', 0, 0), (102, 1, 'T2', 0, 0), (103, 1, 't1', 0, 0),
    (104, 5, repeat('ü', 40), 0, 0);
INSERT INTO mssql_column SELECT t, 1, 'OrderID', 'int', 0, 'int', 4, 10, 0, NULL, 0, 0, 0, 0, 0 FROM generate_series(100, 104) t;
INSERT INTO mssql_column VALUES
    (100, 2, 'Sex', 'nchar', 0, 'nchar', 2, 0, 0, 'Latin1_General_CI_AS', 1, 0, 0, 0, 0),
    (100, 3, 'Stamp', 'date', 0, 'date', 3, 10, 0, NULL, 1, 0, 0, 0, 0),
    (100, 4, 'Next No', 'bigint', 0, 'bigint', 8, 19, 0, NULL, 1, 0, 0, 0, 0),
    (100, 5, 'Twice', 'int', 0, 'int', 4, 10, 0, NULL, 1, 0, 1, 0, 0),
    (100, 6, 'Odd', 'int', 0, 'int', 4, 10, 0, NULL, 1, 0, 0, 0, 0),
    (101, 2, 'orderid', 'int', 0, 'int', 4, 10, 0, NULL, 1, 0, 0, 0, 0);
INSERT INTO mssql_computed VALUES (100, 5, '([OrderID]*(2))', 0);
INSERT INTO mssql_default VALUES (100, 3, 'df1', '(CONVERT([date],getdate()))'), (100, 4, 'df2', '(NEXT VALUE FOR [HumanResources].[TheSeq])'),
    (100, 6, 'df3', '(newid())');
INSERT INTO mssql_index VALUES (100, 1, 'PK_SalesOrder', 1, 'CLUSTERED', 1, 1, 0, 0, 0, NULL),
    (100, 2, 'IX_Open', 2, 'NONCLUSTERED', 0, 0, 0, 0, 0, '([Sex]=''F'')'), (100, 3, 'IX', 2, 'NONCLUSTERED', 0, 0, 0, 0, 0, NULL),
    (101, 2, 'IX', 2, 'NONCLUSTERED', 0, 0, 0, 0, 0, NULL), (102, 2, 'IX', 2, 'NONCLUSTERED', 0, 0, 0, 0, 0, NULL);
INSERT INTO mssql_index_column VALUES (100, 1, 1, 1, 1, 0, 0), (100, 2, 1, 1, 1, 0, 0), (100, 3, 1, 1, 1, 0, 0), (101, 2, 1, 1, 1, 0, 0), (102, 2, 1, 1, 1, 0, 0);
INSERT INTO mssql_key VALUES (200, 100, 'PK_SalesOrder', 'PK', 1);
INSERT INTO mssql_check VALUES (210, 100, 'CK_Sex', '([Sex]=''F'' OR [Sex]=''M'')', 0, 0), (211, 100, 'CK_Old', '([OrderID]>(0))', 1, 1),
    (212, 100, 'CK_Hard', '([dbo].[ok]([Sex])=(1))', 0, 0), (213, 100, 'CK_Odd', '([Stamp]>(5))', 0, 0);
INSERT INTO mssql_sequence VALUES (230, 5, 'TheSeq', 'bigint', 1, 1, 1, 9223372036854775807, 0, NULL, 1, NULL, 1);
SELECT lakemover._transform_sqlserver('ms', NULL);

CREATE FUNCTION pg_temp.con(p_name text) RETURNS text LANGUAGE sql AS $$ SELECT definition FROM lakemover.inv_constraint WHERE source = 'ms' AND name = p_name $$;
SELECT is(pg_temp.con('CK_Sex'), 'CHECK (((lower(rtrim(("Sex")::text)) = ''f''::text) OR (lower(rtrim(("Sex")::text)) = ''m''::text)))', 'a check as PostgreSQL writes it');
SELECT is((SELECT columns FROM lakemover.inv_constraint WHERE source = 'ms' AND name = 'CK_Sex'), ARRAY['Sex'], 'with its columns');
SELECT is(pg_temp.con('CK_Old'), 'CHECK (("OrderID" > 0)) NOT VALID', 'a disabled check is not validated');
SELECT set_eq($$ SELECT kind || ' ' || object_name FROM lakemover.inv_not_translated WHERE source = 'ms' $$,
              ARRAY['check CK_Hard', 'check CK_Odd', 'computed column Twice', 'default Odd'], 'what PostgreSQL would not take is listed');
SELECT is((SELECT reason FROM lakemover.inv_not_translated WHERE source = 'ms' AND object_name = 'Twice'),
          'its values are copied into a plain column; in PostgreSQL''s words: ("OrderID" * 2)', 'a computed column and what it would be');
SELECT is((SELECT reason FROM lakemover.inv_not_translated WHERE source = 'ms' AND object_name = 'CK_Hard'),
          'the check is not created: it calls the function ok', 'and the reason');
SELECT is((SELECT default_expr FROM lakemover.inv_column WHERE source = 'ms' AND column_name = 'Next No'), 'nextval(''"HumanResources"."TheSeq"''::regclass)', 'a default that takes from a sequence');
SELECT is((SELECT default_expr FROM lakemover.inv_column WHERE source = 'ms' AND column_name = 'Stamp'),
          '((clock_timestamp())::timestamp(3) without time zone)::date', 'a default that converts');
SELECT is((SELECT predicate FROM lakemover.inv_index WHERE source = 'ms' AND name = 'IX_Open'), '(lower(rtrim(("Sex")::text)) = ''f''::text)', 'a filter over text');
SELECT is(to_regclass('pg_temp.mssql_probe'), NULL, 'nothing is left of the trial');

-- Naming
SELECT is(lakemover._target_name('SalesOrderID', 'preserve'), 'SalesOrderID', 'preserve');
SELECT is(lakemover._target_name('SalesOrderID', 'lower'), 'salesorderid', 'lower');
SELECT is(ARRAY(SELECT lakemover._target_name(n, 'snake') FROM unnest(ARRAY['SalesOrderID', 'HTTPServer2Go', 'Order Details', '_Id', '2nd', '--', 'a.b-c', 'PK__T__3213']) n),
          ARRAY['sales_order_id', 'http_server2_go', 'order_details', '_id', '_2nd', '--', 'a_b_c', 'pk_t_3213'], 'snake');
SELECT is((SELECT octet_length(n) <= 63 AND n ~ '_[0-9a-f]{8}$' AND n = lakemover._target_name(repeat('ü', 40), 'lower') FROM lakemover._target_name(repeat('ü', 40), 'preserve') n), true,
          '63 bytes, the same each time');
SELECT throws_ok($$ SELECT lakemover.plan('ms', NULL, 'camel') $$, '22023', 'unknown naming policy "camel"', 'an unknown policy');
SELECT lives_ok($$ SELECT lakemover.plan('ms') $$, 'preserve is the default');
SELECT is((SELECT count(DISTINCT p.target_name) FROM lakemover.plan_index p WHERE p.source = 'ms' AND p.source_name = 'IX'), 3::bigint, 'three tables may have an index of one name');
SELECT is((SELECT count(*) FROM lakemover._name_problems('ms')), 0::bigint, 'nothing meets under preserve');
INSERT INTO lakemover.schema_map VALUES ('ms', 'dbo', 'public');
UPDATE lakemover.plan_column SET target_column = 'ByHand' WHERE source = 'ms' AND table_id = 100 AND ordinal = 3;
SELECT lakemover.plan('ms', NULL, 'snake');
SELECT is((SELECT array_agg(DISTINCT target_schema || '.' || target_table ORDER BY target_schema || '.' || target_table) FROM lakemover.plan_table WHERE source = 'ms' AND table_id IN (100, 101)),
          ARRAY['public.sales_order', 'public.t1'], 'snake, and a schema that is mapped');
SELECT is((SELECT array_agg(target_column ORDER BY ordinal) FROM lakemover.plan_column WHERE source = 'ms' AND table_id = 100),
          ARRAY['order_id', 'sex', 'ByHand', 'next_no', 'twice', 'odd'], 'columns follow the policy, an edited name stays');
SELECT is((SELECT string_agg(s.sql, E'\n') FROM lakemover._ddl('ms') s WHERE s.sql ~ 'ck_sex'),
          'ALTER TABLE public.sales_order ADD CONSTRAINT ck_sex CHECK (((lower(rtrim((sex)::text)) = ''f''::text) OR (lower(rtrim((sex)::text)) = ''m''::text)))',
          'a check under new names');
SELECT ok(EXISTS (SELECT FROM lakemover._ddl('ms') s WHERE s.sql ~ 'nextval\(''human_resources.the_seq''::regclass\)'), 'a default that takes from a renamed sequence');
SELECT bag_has($$ SELECT message FROM lakemover._name_problems('ms') $$,
               $$ VALUES ('table dbo."T1", table dbo.t1 will all be named public.t1 on the target') $$, 'Order and order meet: said before anything moves');
SELECT lakemover.plan('ms');
SELECT is((SELECT naming FROM lakemover.plan WHERE source = 'ms'), 'snake', 'planning again keeps the policy');
SELECT is((SELECT count(DISTINCT p.target_name) FROM lakemover.plan_index p WHERE p.source = 'ms' AND p.source_name = 'IX' AND p.target_name ~ '^ix'), 3::bigint, 'index names are folded, then made different');
SELECT * FROM finish();
ROLLBACK;
