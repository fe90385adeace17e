CREATE FUNCTION lakemover._check_access(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH tables AS MATERIALIZED (
        -- Partitioned tables are read through their partitions.
        SELECT t.*, coalesce(p.exclude, false) AS exclude, coalesce(s.can_use, true) AS can_use
          FROM lakemover.inv_table t
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
          LEFT JOIN lakemover.inv_schema s ON s.source = t.source AND s.schema_name = t.schema_name
         WHERE t.source = p_source AND t.kind = 'r'
    ), reader AS (
        SELECT i.settings ->> 'username' AS name, i.encoding FROM lakemover.source_info i WHERE i.source = p_source
    )
    SELECT 'unreadable', CASE WHEN bool_and(t.exclude) THEN 'INFO' END, t.schema_name, NULL::text, NULL::text,
           format('schema %I: user %I has no USAGE on it, so %s table(s) cannot be read%s', t.schema_name, r.name, count(*),
                  CASE WHEN bool_and(t.exclude) THEN '; excluded by the plan' ELSE '' END),
           jsonb_build_object('privilege', 'USAGE', 'user', r.name, 'tables', count(*)),
           CASE WHEN NOT bool_and(t.exclude) THEN
                format('/* on the source */ GRANT USAGE ON SCHEMA %1$I TO %2$I; GRANT SELECT ON ALL TABLES IN SCHEMA %1$I TO %2$I;', t.schema_name, r.name) END
      FROM tables t, reader r WHERE NOT t.can_use
     GROUP BY t.schema_name, r.name
    UNION ALL
    SELECT 'unreadable', CASE WHEN t.exclude THEN 'INFO' END, t.schema_name, t.table_name, NULL,
           format('table %I.%I: user %I has no SELECT on it%s', t.schema_name, t.table_name, r.name,
                  CASE WHEN t.exclude THEN '; excluded by the plan' ELSE '' END),
           jsonb_build_object('privilege', 'SELECT', 'user', r.name),
           CASE WHEN NOT t.exclude THEN format('/* on the source */ GRANT SELECT ON %I.%I TO %I;', t.schema_name, t.table_name, r.name) END
      FROM tables t, reader r WHERE t.can_use AND NOT t.can_select
    UNION ALL
    -- pg_read_all_data is not about large objects
    SELECT 'unreadable', NULL, NULL, NULL, NULL,
           format('%s large object(s): user %I has no SELECT on them; the first: %s', l.closed ->> 'count', r.name,
                  (SELECT string_agg(x.oid, ', ') FROM jsonb_array_elements_text(l.closed -> 'first') x(oid))),
           jsonb_build_object('privilege', 'SELECT', 'user', r.name, 'large_objects', l.closed -> 'count'),
           format('/* on the source, by their owner or a superuser */ DO $do$ DECLARE o oid; BEGIN FOR o IN SELECT oid FROM pg_catalog.pg_largeobject_metadata LOOP EXECUTE format(''GRANT SELECT ON LARGE OBJECT %%s TO %%I'', o, %L); END LOOP; END $do$;', r.name)
      FROM reader r
     CROSS JOIN LATERAL (SELECT i.settings -> 'unreadable_large_objects' AS closed FROM lakemover.source_info i WHERE i.source = p_source) l
     WHERE (l.closed ->> 'count')::bigint > 0
       AND coalesce((SELECT p.large_objects FROM lakemover.plan p WHERE p.source = p_source), true)
    UNION ALL
    SELECT 'hidden_rows', CASE WHEN t.exclude THEN 'INFO' END, t.schema_name, t.table_name, NULL,
           format('table %I.%I: row security applies to user %I, who cannot read it whole%s', t.schema_name, t.table_name, r.name,
                  CASE WHEN t.exclude THEN '; excluded by the plan' ELSE '' END),
           jsonb_build_object('user', r.name),
           CASE WHEN NOT t.exclude THEN format('/* on the source, as a superuser */ ALTER ROLE %I BYPASSRLS;', r.name) END
      FROM tables t, reader r WHERE t.can_use AND t.can_select AND t.rls_applies
    UNION ALL
    -- Nobody knows what is missing: an exclusion alone resolves it. A sequence's value is read again later.
    SELECT 'locked', CASE WHEN coalesce(p.exclude, false) THEN 'INFO' WHEN l.kind = 'sequence' THEN 'WARNING' END, l.schema_name, l.object_name, NULL,
           format('%s %I.%I %s, so %s not looked at%s', l.kind, l.schema_name, l.object_name, CASE WHEN l.relation_id IS NULL THEN 'uses what is locked' ELSE 'is locked' END,
                  CASE l.kind WHEN 'table' THEN 'its columns, keys, indexes and rows were' WHEN 'sequence' THEN 'its value was' ELSE 'its definition was' END,
                  CASE WHEN coalesce(p.exclude, false) THEN '; excluded by the plan' ELSE '' END),
           jsonb_build_object('why', l.why), NULL
      FROM lakemover.inv_locked l
      LEFT JOIN lakemover.plan_table p ON p.source = l.source AND p.table_id = l.relation_id
     WHERE l.source = p_source
    UNION ALL
    SELECT 'encoding', NULL, NULL, NULL, NULL, 'the database is in SQL_ASCII: the encoding of its text is not declared',
           jsonb_build_object('encoding', r.encoding), NULL
      FROM reader r WHERE r.encoding = 'SQL_ASCII'
    UNION ALL
    SELECT 'sequence_value', NULL, q.schema_name, q.sequence_name, NULL,
           format('sequence %I.%I: user %I cannot read its value', q.schema_name, q.sequence_name, r.name),
           jsonb_build_object('user', r.name),
           format('/* on the source */ GRANT SELECT ON SEQUENCE %I.%I TO %I;', q.schema_name, q.sequence_name, r.name)
      FROM lakemover.inv_sequence q
     CROSS JOIN reader r
      LEFT JOIN lakemover.plan_sequence p ON p.source = q.source AND p.sequence_id = q.sequence_id
     WHERE q.source = p_source AND q.last_value IS NULL AND NOT coalesce(p.exclude, false)
       AND NOT EXISTS (SELECT FROM lakemover.inv_locked l WHERE l.source = p_source AND l.relation_id = q.sequence_id)
     ORDER BY 1, 3, 4
$$;
COMMENT ON FUNCTION lakemover._check_access(name) IS 'checks unreadable, hidden_rows, locked, encoding and sequence_value';
