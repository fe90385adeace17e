-- Checks of what SQL Server's tables use, what belongs to its server, and the target's facts: catalog views filled by hand.
BEGIN;
SELECT plan(40);
SET client_min_messages = 'warning';
CREATE SERVER ms FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine 'sqlserver', host 'h', dbname 'd');
SELECT count(lakemover._create_topic(topic)) FROM lakemover._sqlserver_topics();
INSERT INTO mssql_database VALUES ('16.0.1000.6', 'Developer Edition', 3, 'd', 'SQL_Latin1_General_CP1_CI_AS', 160, 1, 0, 0, 0);
INSERT INTO mssql_schema VALUES (1, 'dbo');
INSERT INTO mssql_table VALUES (100, 1, 'plain', 0, 0), (101, 1, 'fast', 1, 0), (102, 1, 'price', 0, 2), (103, 1, 'price_old', 0, 1), (104, 1, 'person', 0, 0),
    (105, 1, 'knows', 0, 0), (106, 1, 'doc', 0, 0), (107, 1, 'files', 0, 0), (108, 1, 'feed', 0, 0), (109, 1, 'secret', 0, 0);
INSERT INTO mssql_column SELECT t.table_id, 1, 'id', 'int', 0, 'int', 4, 10, 0, NULL, 0, 0, 0, 0, 0 FROM mssql_table t;
INSERT INTO mssql_column VALUES (106, 2, 'body', 'varbinary', 0, 'varbinary', -1, 0, 0, NULL, 1, 0, 0, 1, 0),
    (109, 2, 'ssn', 'varchar', 0, 'varchar', 11, 0, 0, 'Latin1_General_BIN2', 1, 0, 0, 0, 0), (109, 3, 'mail', 'varchar', 0, 'varchar', 50, 0, 0, 'Latin1_General_BIN2', 1, 0, 0, 0, 0);
INSERT INTO mssql_index VALUES (100, 1, 'PK', 1, 'CLUSTERED', 1, 1, 0, 0, 0, NULL), (100, 2, 'cs', 6, 'NONCLUSTERED COLUMNSTORE', 0, 0, 0, 0, 0, NULL),
    (109, 1, 'ux', 2, 'NONCLUSTERED', 1, 0, 0, 0, 0, NULL), (106, 1, 'off', 2, 'NONCLUSTERED', 0, 0, 0, 1, 0, NULL), (106, 2, 'xi', 3, 'XML', 0, 0, 0, 0, 0, NULL);
INSERT INTO mssql_index_column VALUES (100, 1, 1, 1, 1, 0, 0), (100, 2, 1, 1, 0, 0, 1), (109, 1, 1, 3, 1, 0, 0), (106, 1, 1, 1, 1, 0, 0), (106, 2, 1, 1, 1, 0, 0);
INSERT INTO mssql_key VALUES (200, 100, 'PK', 'PK', 1);
INSERT INTO mssql_foreign_key VALUES (220, 106, 100, 'fk]loose', 0, 0, 0, 1, 1);
INSERT INTO mssql_foreign_key_column VALUES (220, 1, 1, 1);
INSERT INTO mssql_module VALUES (240, 'P ', 1, 'pull', 0, 'CREATE PROCEDURE pull AS SELECT * FROM [LED.GER].books.dbo.entry'), (241, 'PC', 1, 'native', 0, NULL),
    (242, 'V ', 1, 'ask', 0, 'CREATE VIEW ask AS SELECT * FROM OPENQUERY(ARCHIVE, ''SELECT 1'')'), (243, 'P ', 1, 'innocent', 0, 'CREATE PROCEDURE innocent AS SELECT archive.id FROM archive');
INSERT INTO mssql_synonym VALUES (250, 1, 'far', '[LED.GER].[books].[dbo].[entry]'), (251, 1, 'other', '[stock].[dbo].[item]'), (252, 1, 'near', '[dbo].[plain]'), (253, 1, 'own', '[d].[dbo].[plain]');
INSERT INTO mssql_feature VALUES (104, 0, 0, 1, 0), (105, 0, 0, 0, 1), (107, 1, 0, 0, 0), (108, 0, 1, 0, 0), (100, 0, 0, 0, 0);
INSERT INTO mssql_fulltext VALUES (106);
INSERT INTO mssql_row_filter VALUES (100, 1, 'own rows'), (101, 0, 'off');
INSERT INTO mssql_masked VALUES (109, 3);
INSERT INTO mssql_encrypted VALUES (109, 2);
INSERT INTO mssql_reader VALUES (0, 1, 0);
INSERT INTO mssql_operation VALUES (1, 0, 0, 1, 1, 1, 1, 0);
INSERT INTO mssql_user VALUES (0, 'public', 'R', 'DATABASE_ROLE', 0), (1, 'dbo', 'S', 'SQL_USER', 0), (5, 'app', 'S', 'SQL_USER', 0), (6, 'readers', 'R', 'DATABASE_ROLE', 0),
    (16384, 'db_owner', 'R', 'DATABASE_ROLE', 1);
INSERT INTO mssql_member VALUES (6, 5), (16384, 5);
INSERT INTO mssql_grant VALUES (0, 0, 5, 'CONNECT', 'GRANT'), (1, 100, 6, 'SELECT', 'GRANT'), (1, 101, 6, 'SELECT', 'DENY'), (1, -1, 0, 'SELECT', 'GRANT');
INSERT INTO mssql_certificate VALUES (256, 'signing'), (101, '##MS_SQLResourceSigningCertificate##');
INSERT INTO mssql_symmetric_key VALUES (101, '##MS_DatabaseMasterKey##');
INSERT INTO mssql_assembly VALUES (65536, 'geo', 'SAFE_ACCESS');
INSERT INTO mssql_login VALUES (1, 'sa', 'SQL_LOGIN', 0), (10, '##MS_PolicyEventProcessingLogin##', 'SQL_LOGIN', 1), (11, 'NT SERVICE\SQLWriter', 'WINDOWS_LOGIN', 0), (260, 'app', 'SQL_LOGIN', 1);
INSERT INTO mssql_linked_server VALUES (1, 'LED.GER', 'SQL Server', 'SQLNCLI'), (2, 'ARCHIVE', '', 'MSDASQL');
INSERT INTO mssql_job SELECT 'job ' || g, g % 2 FROM generate_series(1, 7) g;
INSERT INTO mssql_mail_profile VALUES ('alerts');
SELECT lakemover._transform_sqlserver('ms', NULL);
INSERT INTO lakemover.inv_unreadable VALUES ('ms', 'mssql_certificate', 'no');
SELECT lakemover._take_assessment('ms');

CREATE FUNCTION pg_temp.found(p_check text) RETURNS TABLE (severity text, message text) LANGUAGE sql AS $$
    SELECT f.severity, f.message FROM lakemover.finding f
     WHERE f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) AND f.check_id = p_check ORDER BY f.finding_no $$;
CREATE FUNCTION pg_temp.result(p_check text) RETURNS text LANGUAGE sql AS $$
    SELECT c ->> 'result' FROM jsonb_array_elements(lakemover.assess_json('ms') -> 'checks') c WHERE c ->> 'id' = p_check $$;

SELECT results_eq($$ SELECT * FROM pg_temp.found('graph') $$, $$ VALUES ('BLOCKER', 'table dbo.knows is a graph edge table: its internal columns cannot be read'),
    ('BLOCKER', 'table dbo.person is a graph node table: its internal columns cannot be read') $$, 'graph tables');
SELECT results_eq($$ SELECT * FROM pg_temp.found('hidden_rows') $$, $$ VALUES ('BLOCKER', 'table dbo.plain: the security policy "own rows" filters its rows, whoever reads them') $$,
    'row filters; one that is off filters nothing');
SELECT results_eq($$ SELECT * FROM pg_temp.found('hidden_values') $$,
    $$ VALUES ('BLOCKER', 'column dbo.secret.mail is masked, and the source''s user has no UNMASK: masks would be copied instead of values'),
              ('BLOCKER', 'column dbo.secret.ssn is encrypted by the client (Always Encrypted): only its ciphertext can be read') $$, 'masked and encrypted columns');
SELECT results_eq($$ SELECT * FROM pg_temp.found('temporal') $$,
    $$ VALUES ('WARNING', 'table dbo.price is system-versioned: it arrives with its rows, its period columns become plain ones, and nothing writes its history'),
              ('WARNING', 'table dbo.price_old holds the history of a temporal table; it becomes an ordinary table') $$, 'temporal tables');
SELECT results_eq($$ SELECT * FROM pg_temp.found('memory_optimized') $$, $$ VALUES ('INFO', 'table dbo.fast is memory-optimised; it becomes an ordinary table') $$, 'memory-optimised tables');
SELECT results_eq($$ SELECT * FROM pg_temp.found('columnstore') $$, $$ VALUES ('WARNING', 'index cs of table dbo.plain is a columnstore index: not created') $$, 'columnstore indexes');
SELECT results_eq($$ SELECT * FROM pg_temp.found('not_translated') $$, $$ VALUES ('WARNING', 'index xi of table dbo.doc: the index is not created: xml indexes have no equivalent') $$,
    'which are not told twice; others stay where they were');
SELECT results_eq($$ SELECT * FROM pg_temp.found('filestream') $$, $$ VALUES ('WARNING', 'column dbo.doc.body is FILESTREAM: its files arrive as values of bytea'),
    ('WARNING', 'table dbo.files is a FileTable: its files arrive as rows') $$, 'FILESTREAM');
SELECT results_eq($$ SELECT * FROM pg_temp.found('external_table') $$, $$ VALUES ('WARNING', 'table dbo.feed is external: its rows are another server''s') $$, 'external tables');
SELECT results_eq($$ SELECT * FROM pg_temp.found('full_text') $$, $$ VALUES ('WARNING', 'table dbo.doc has a full-text index: not moved') $$, 'full-text indexes');
SELECT results_eq($$ SELECT * FROM pg_temp.found('clr') $$, $$ VALUES ('WARNING', 'assembly geo: not moved'), ('WARNING', 'procedure dbo.native is written for the CLR: not moved') $$, 'the CLR');
SELECT results_eq($$ SELECT message FROM pg_temp.found('synonym') $$, $$ SELECT format('synonym dbo.%s of %s: not moved', n, b)
    FROM (VALUES ('far', '[LED.GER].[books].[dbo].[entry]'), ('near', '[dbo].[plain]'), ('other', '[stock].[dbo].[item]'), ('own', '[d].[dbo].[plain]')) v(n, b) $$, 'synonyms');
SELECT results_eq($$ SELECT message FROM pg_temp.found('linked_server') $$, $$ VALUES ('2 linked server(s): not moved: ARCHIVE, LED.GER'::text), ('view dbo.ask names the linked server ARCHIVE'),
    ('synonym dbo.far names the linked server LED.GER'), ('synonym dbo.other names [stock].[dbo].[item], in another database'), ('routine dbo.pull names the linked server LED.GER') $$,
    'linked servers, and who names them: a table of that name is none');
SELECT results_eq($$ SELECT * FROM pg_temp.found('unique_null') $$,
    $$ VALUES ('INFO', 'index ux of table dbo.secret is unique over columns that may be NULL: one row with NULL, there and on the target') $$, 'unique indexes with NULLs');
SELECT results_eq($$ SELECT * FROM pg_temp.found('not_validated') $$, $$ VALUES ('WARNING', 'dbo.doc: foreign key "fk]loose" is disabled or not trusted, rows may violate it'),
    ('WARNING', 'dbo.doc: index off is disabled') $$, 'untrusted foreign keys and disabled indexes');
SELECT results_eq($$ SELECT remedy_sql FROM lakemover.finding WHERE check_id = 'not_validated' AND assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment) ORDER BY finding_no $$,
    $$ VALUES ('/* on the source */ ALTER TABLE [dbo].[doc] WITH CHECK CHECK CONSTRAINT [fk]]loose];'::text), ('/* on the source */ ALTER INDEX [off] ON [dbo].[doc] REBUILD;') $$,
    'with statements that SQL Server knows');

SELECT results_eq($$ SELECT * FROM pg_temp.found('principal') $$, $$ VALUES ('INFO', '1 login(s): not moved: app; without VIEW ANY DEFINITION the user may not see all of them'),
    ('INFO', '2 user(s) and role(s) of the database: not moved: app, readers') $$, 'logins, users, roles: not those that every server has');
SELECT is((SELECT evidence -> 'some' -> 0 ->> 'detail' FROM lakemover.finding WHERE check_id = 'principal' AND evidence ->> 'kind' = 'user'), 'sql user; member of db_owner, readers', 'with what they are members of');
SELECT results_eq($$ SELECT * FROM pg_temp.found('grant') $$, $$ VALUES ('WARNING', '1 user(s) and role(s) with permissions: not moved: readers') $$, 'permissions, without CONNECT and those of the system');
SELECT is((SELECT evidence -> 'some' -> 0 ->> 'detail' FROM lakemover.finding WHERE check_id = 'grant'), '2 permission(s): deny select, grant select', 'which ones');
SELECT results_eq($$ SELECT * FROM pg_temp.found('scheduled_job') $$, $$ VALUES ('WARNING', '7 scheduled job(s): not moved: job 1, job 2, job 3, job 4, job 5 and 2 more') $$, 'jobs');
SELECT results_eq($$ SELECT * FROM pg_temp.found('mail') $$, $$ VALUES ('WARNING', '1 mail profile(s): not moved: alerts') $$, 'mail');
SELECT results_eq($$ SELECT * FROM pg_temp.found('certificate') $$, $$ VALUES ('WARNING', '1 certificate(s): not moved: signing') $$, 'certificates, without the server''s own');
SELECT results_eq($$ SELECT * FROM pg_temp.found('replication') $$, $$ VALUES ('WARNING', '2 kind(s) of replication in use: not moved: change data capture, publication') $$, 'replication');
SELECT set_eq($$ SELECT evidence ->> 'setting' FROM lakemover.finding WHERE check_id = 'source_setting' $$, '{auto_close,encrypted}'::text[], 'settings');
SELECT results_eq($$ SELECT * FROM pg_temp.found('unreadable_catalog') $$, $$ VALUES ('INFO', 'catalog view behind mssql_certificate could not be read: no') $$, 'what could not be read');
SELECT is(pg_temp.result('certificate') || ', ' || pg_temp.result('mail'), 'not checked, found', 'is not checked');
SELECT is_empty($$ SELECT * FROM pg_temp.found('object') $$, 'nothing of it is told twice');

-- The plan resolves what blocks.
SELECT count(*) > 0 AS planned FROM lakemover.plan('ms');
SELECT is((SELECT string_agg(DISTINCT check_id, ' ') FROM lakemover.finding WHERE severity = 'BLOCKER' AND remedy_sql IS NULL), NULL, 'each BLOCKER has a remedy');
SELECT remedy_sql FROM lakemover.finding WHERE severity = 'BLOCKER' \gexec
SELECT lakemover._take_assessment('ms');
SELECT is((SELECT blockers FROM lakemover.assessment ORDER BY assessment_id DESC LIMIT 1), 0, 'which resolves it');

-- The target, from facts.
SELECT is(pg_temp.result('target_version') || pg_temp.result('target_tls') || pg_temp.result('target_role'), 'not checkednot checkednot checked', 'no facts, no verdict');
INSERT INTO lakemover.target_fact (name, value) VALUES ('server_version_num', '140011'), ('server_version', '14.11'), ('encoding', 'LATIN1'), ('in_recovery', 't'), ('can_create', 'f'), ('role', 'mo ver'),
    ('database', 'd'), ('is_superuser', 'f'), ('max_connections', '20'), ('connections_used', '9'), ('tls', 'TLSv1.3'), ('sslmode', 'require'), ('connect_seconds', '1.5');
SELECT lakemover._take_assessment('ms');
SELECT results_eq($$ SELECT * FROM pg_temp.found('target_version') $$, $$ VALUES ('BLOCKER', 'the target database is encoded in LATIN1, not in UTF8'), ('BLOCKER', 'the target is PostgreSQL 14.11, which lakemover cannot write to'),
    ('BLOCKER', 'the target is a read-only standby') $$, 'a target that does not do');
SELECT results_eq($$ SELECT * FROM pg_temp.found('target_privilege') $$, $$ VALUES ('BLOCKER', 'role "mo ver" may not create schemas in database d of the target') $$, 'CREATE');
SELECT is((SELECT remedy_sql FROM lakemover.finding WHERE check_id = 'target_privilege'), '/* on the target */ GRANT CREATE ON DATABASE d TO "mo ver";', 'and who gives it');
SELECT results_eq($$ SELECT f.severity FROM lakemover.finding f JOIN (SELECT max(assessment_id) AS a FROM lakemover.assessment) x ON f.assessment_id = x.a
    WHERE f.check_id IN ('target_connections', 'target_tls', 'target_latency', 'target_role') ORDER BY f.check_id $$, $$ VALUES ('WARNING'::text), ('WARNING'), ('INFO'), ('WARNING') $$, 'connections, latency, role, TLS');
SELECT lakemover._signoff(max(assessment_id)) AS before FROM lakemover.assessment \gset
UPDATE lakemover.target_fact SET value = '0.01' WHERE name = 'connect_seconds';
UPDATE lakemover.target_fact SET value = '1' WHERE name = 'connections_used';
SELECT lakemover._take_assessment('ms');
SELECT results_eq($$ SELECT severity FROM pg_temp.found('target_latency') $$, $$ VALUES ('INFO'::text) $$, 'a fast one');
SELECT is((SELECT lakemover._signoff(max(assessment_id)) FROM lakemover.assessment), :'before', 'what changes by the minute does not change the id for acceptance');
UPDATE lakemover.target_fact SET value = CASE name WHEN 'server_version_num' THEN '170002' WHEN 'server_version' THEN '17.2' WHEN 'encoding' THEN 'UTF8' WHEN 'in_recovery' THEN 'f' WHEN 'can_create' THEN 't'
    WHEN 'sslmode' THEN 'verify-full' ELSE value END;
SELECT lakemover._take_assessment('ms');
SELECT is((SELECT string_agg(DISTINCT f.severity, ' ') FROM lakemover.finding f WHERE f.check_id LIKE 'target\_%' AND f.assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment)), 'INFO', 'one that does');
SELECT isnt((SELECT lakemover._signoff(max(assessment_id)) FROM lakemover.assessment), :'before', 'has another id');
DELETE FROM lakemover.target_fact;
SELECT lakemover._take_assessment('ms');
SELECT is((SELECT lakemover._signoff(max(assessment_id)) FROM lakemover.assessment), (SELECT lakemover._signoff(max(assessment_id) - 1) FROM lakemover.assessment), 'what is fine about the target neither');
SELECT * FROM finish();
