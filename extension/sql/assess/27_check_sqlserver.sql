CREATE FUNCTION lakemover._check_sqlserver(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'unknown_type', NULL::text, t.schema_name, t.table_name, c.column_name,
           format('column %I.%I.%I has the type %s, which is not known', t.schema_name, t.table_name, c.column_name, c.native_type),
           jsonb_build_object('native_type', c.native_type),
           format('UPDATE lakemover.plan_column SET exclude = true WHERE source = %L AND table_id = %s AND ordinal = %s;', p_source, c.table_id, c.ordinal)
      FROM lakemover.inv_column c
      JOIN lakemover.inv_table t USING (source, table_id)
      LEFT JOIN lakemover.plan_column p USING (source, table_id, ordinal)
      LEFT JOIN lakemover.plan_table pt USING (source, table_id)
     -- asked first, and once: a PostgreSQL source may have 150 000 columns
     WHERE lakemover._source_engine(p_source) <> 'postgres'
       AND c.source = p_source AND c.native_type IS NOT NULL AND c.type_schema = 'unknown'
       AND NOT coalesce(p.exclude, false) AND NOT coalesce(pt.exclude, false)
    UNION ALL
    -- What is listed only, because it is not moved, does not weigh: its own check then says "not checked".
    SELECT 'unreadable_catalog', CASE WHEN u.topic IN ('mssql_login', 'mssql_linked_server', 'mssql_job', 'mssql_mail_profile', 'mssql_user', 'mssql_member', 'mssql_grant',
                                                       'mssql_certificate', 'mssql_symmetric_key', 'mssql_assembly', 'mssql_operation') THEN 'INFO' END, NULL, u.topic, NULL, format('catalog view behind %s could not be read: %s', u.topic, u.error),
           jsonb_build_object('error', u.error), NULL
      FROM lakemover.inv_unreadable u WHERE u.source = p_source
    UNION ALL
    SELECT 'not_translated', NULL, t.schema_name, t.table_name, CASE WHEN n.ordinal > 0 THEN n.object_name END,
           format('%s %s of table %I.%I: %s', n.kind, quote_ident(n.object_name), t.schema_name, t.table_name, n.reason),
           jsonb_build_object('definition', n.definition), NULL
      FROM lakemover.inv_not_translated n JOIN lakemover.inv_table t USING (source, table_id)
     WHERE n.source = p_source AND NOT (n.kind = 'index' AND n.definition LIKE '%COLUMNSTORE%')     -- a check of its own
    UNION ALL
    SELECT 'lossy_type', NULL, t.schema_name, t.table_name, c.column_name,
           format('column %I.%I.%I: %s becomes %s: %s', t.schema_name, t.table_name, c.column_name, c.native_type, c.data_type, m.note),
           jsonb_build_object('native_type', c.native_type), NULL
      FROM lakemover.inv_column c
      JOIN lakemover.inv_table t USING (source, table_id)
      JOIN lakemover.type_map m ON m.engine = 'sqlserver' AND m.profile = 'native' AND m.source_type = regexp_replace(c.native_type, '\(.*$', '')
     WHERE lakemover._source_engine(p_source) <> 'postgres' AND c.source = p_source
       AND (c.native_type ~ '^(datetime2|time)\(7\)' OR c.native_type ~ '^(datetimeoffset|rowversion|sql_variant|geography|geometry)')
    UNION ALL
    SELECT 'point_in_time', NULL, NULL, i.dbname, NULL,
           format('database %I is neither READ_ONLY nor a database snapshot%s', i.dbname,
                  CASE WHEN (i.settings ->> 'snapshot_isolation')::int = 1
                       THEN ': each table will be read at a point of its own' ELSE ', and ALLOW_SNAPSHOT_ISOLATION is off' END),
           i.settings, NULL
      FROM lakemover.source_info i
     WHERE i.source = p_source AND i.engine <> 'postgres' AND NOT (i.settings ->> 'read_only')::boolean
       AND NOT (i.settings ->> 'database_snapshot')::boolean
    UNION ALL
    SELECT 'case_insensitive', NULL, NULL, c.coll, NULL,
           format('%s columns have the collation %s, in which upper and lower case are equal; %s', c.columns, c.coll,
                  CASE (SELECT p.ci FROM lakemover.plan p WHERE p.source = p_source)
                       WHEN 'icu' THEN 'so they are on the target, where LIKE and patterns do not work over them, and trailing blanks count'
                       WHEN 'citext' THEN 'so they are on the target, where they have the type citext: without a length, and accents and trailing blanks count'
                       ELSE 'on the target they differ (lakemover plan --ci icu, or citext, keeps them equal)' END),
           jsonb_build_object('columns', c.columns, 'examples', c.examples, 'definitions_with_like', (
               SELECT coalesce(jsonb_agg(format('%I.%I', m.schema_name, m.name) ORDER BY m.schema_name, m.name), '[]')
                 FROM (SELECT r.schema_name, r.routine_name AS name, r.definition FROM lakemover.inv_routine r WHERE r.source = p_source
                       UNION ALL SELECT v.schema_name, v.view_name, v.definition FROM lakemover.inv_view v WHERE v.source = p_source) m
                WHERE m.definition ~* '\mlike\M')), NULL
      FROM (SELECT x.native_collation AS coll, count(*) AS columns,
                   (array_agg(format('%I.%I.%I', t.schema_name, t.table_name, x.column_name) ORDER BY t.schema_name, t.table_name, x.ordinal))[1:5] AS examples
              FROM lakemover.inv_column x JOIN lakemover.inv_table t USING (source, table_id)
             WHERE x.source = p_source AND x.native_collation ~* '_CI_' GROUP BY 1) c
$$;
COMMENT ON FUNCTION lakemover._check_sqlserver(name) IS 'checks that only SQL Server and Azure SQL sources need';
