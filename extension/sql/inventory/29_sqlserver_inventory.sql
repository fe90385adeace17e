-- From SQL Server's catalog views to the inventory, in PostgreSQL's words; what has none is listed.
CREATE FUNCTION lakemover._inventory_sqlserver(p_source name, p_scope text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_missing text;
BEGIN
    -- Azure SQL has no linked servers, Agent or mail, and refuses to name another database.
    PERFORM CASE WHEN lakemover._source_engine(p_source) = 'azure_sql' AND t.topic IN ('mssql_linked_server', 'mssql_job', 'mssql_mail_profile', 'mssql_login')
                 THEN lakemover._create_topic(t.topic) ELSE lakemover._fetch_topic(p_source, t.topic) END
       FROM lakemover._sqlserver_topics() t;
    SELECT string_agg(quote_ident(x.name), ', ' ORDER BY x.name) INTO v_missing
      FROM unnest(p_scope) AS x(name) WHERE NOT EXISTS (SELECT FROM pg_temp.mssql_schema s WHERE s.name = x.name);
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'source "%" has no schema %', p_source, v_missing
            USING ERRCODE = 'invalid_schema_name', HINT = 'Correct SOURCE_SCHEMAS or lakemover.source_scope.';
    END IF;
    PERFORM lakemover._transform_sqlserver(p_source, p_scope);
    UPDATE lakemover.source_info s SET identity = i.identity FROM lakemover.source_identity(p_source) i WHERE s.source = p_source;
END
$$;
COMMENT ON FUNCTION lakemover._inventory_sqlserver(name, text[]) IS 'lakemover.inventory() for SQL Server and Azure SQL';

CREATE FUNCTION lakemover._transform_sqlserver(p_source name, p_scope text[])
RETURNS void
LANGUAGE plpgsql
SET client_min_messages = 'warning'
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO lakemover.source_info (source, engine, identity, version, version_num, dbname, encoding, "collation", size_bytes, settings)
    SELECT p_source, coalesce(lakemover._source_engine(p_source), 'sqlserver'),
           d.name, concat_ws(' ', 'SQL Server', d.version, d.edition),
           split_part(d.version, '.', 1)::int * 10000, d.name, 'UTF8', d.coll,
           (SELECT 8192 * sum(p.pages) FROM pg_temp.mssql_pages p)::bigint,
           jsonb_build_object('edition', d.edition, 'engine_edition', d.engine_edition, 'compatibility_level', d.compatibility_level,
                              'snapshot_isolation', d.snapshot_isolation, 'read_committed_snapshot', d.read_committed_snapshot = 1,
                              'read_only', d.read_only = 1, 'database_snapshot', d.database_snapshot = 1)
           || jsonb_strip_nulls(jsonb_build_object('auto_close', o.auto_close = 1, 'trustworthy', o.trustworthy = 1, 'encrypted', o.encrypted = 1,
                                                   'sees_all_logins', r.any_definition = 1, 'sees_all_users', r.definition = 1, 'unmask', r.unmask = 1))
      FROM pg_temp.mssql_database d
      LEFT JOIN pg_temp.mssql_operation o ON true
      LEFT JOIN pg_temp.mssql_reader r ON true;

    INSERT INTO lakemover.inv_table (source, table_id, schema_name, table_name, kind, persistence, row_estimate, pages, table_bytes,
                                     index_bytes, can_select, is_empty, comment, memory_optimized)
    SELECT p_source, t.table_id, s.name, t.name, 'r', 'p', coalesce(z.row_count, r.row_count, -1), coalesce(z.pages, 0),
           -- sizes that cannot be read are guessed from rows and declared widths, so that large tables are still cut
           coalesce(8192 * z.pages, r.row_count * w.bytes, 0), 8192 * coalesce(i.pages, 0), coalesce(m.can_select = 1, true),
           -- the number of rows in the catalog is close, not exact: zero need not be empty
           CASE WHEN coalesce(z.row_count, r.row_count) > 0 THEN false END, p.value, t.memory_optimized = 1
      FROM pg_temp.mssql_table t
      JOIN pg_temp.mssql_schema s USING (schema_id)
      LEFT JOIN pg_temp.mssql_rows r USING (table_id)
      LEFT JOIN (SELECT table_id, sum(pages)::bigint AS pages, sum(row_count)::bigint AS row_count
                   FROM pg_temp.mssql_pages WHERE index_no IN (0, 1) GROUP BY 1) z USING (table_id)
      LEFT JOIN (SELECT table_id, sum(pages)::bigint AS pages FROM pg_temp.mssql_pages WHERE index_no > 1 GROUP BY 1) i USING (table_id)
      LEFT JOIN (SELECT c.table_id, sum(CASE WHEN c.max_length BETWEEN 0 AND 200 THEN c.max_length ELSE 200 END) AS bytes
                   FROM pg_temp.mssql_column c GROUP BY 1) w USING (table_id)
      LEFT JOIN pg_temp.mssql_permission m USING (table_id)
      LEFT JOIN pg_temp.mssql_property p ON p.class = 1 AND p.major_id = t.table_id AND p.minor_id = 0
     WHERE p_scope IS NULL OR s.name = ANY (p_scope);
    PERFORM lakemover._analyze('inv_table');

    INSERT INTO lakemover.inv_schema (source, schema_name, comment)
    SELECT p_source, s.name, p.value FROM pg_temp.mssql_schema s
      LEFT JOIN pg_temp.mssql_property p ON p.class = 3 AND p.major_id = s.schema_id AND p.minor_id = 0
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.schema_name = s.name)
        OR EXISTS (SELECT FROM pg_temp.mssql_sequence q WHERE q.schema_id = s.schema_id AND (p_scope IS NULL OR s.name = ANY (p_scope)));

    -- A type is worked out once, however many columns have it.
    DROP TABLE IF EXISTS pg_temp.mssql_typed;
    CREATE TEMPORARY TABLE mssql_typed ON COMMIT DROP AS
    SELECT c.table_id, c.ordinal, lakemover._sqlserver_type(CASE WHEN c.user_defined = 1 AND c.base_name IS NOT NULL THEN c.base_name ELSE c.type_name END,
                                                            c.max_length, c."precision", c.scale) AS native
      FROM pg_temp.mssql_column c
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = c.table_id);
    ANALYZE pg_temp.mssql_typed;
    INSERT INTO lakemover.inv_column (source, table_id, ordinal, column_name, data_type, base_type, type_id, type_kind, type_schema, codec,
                                      not_null, default_expr, identity, native_type, native_collation, native_default, native_computed, comment)
    SELECT p_source, c.table_id, c.ordinal, c.name, coalesce(y.data_type, x.native), coalesce(y.base, x.native), 0, 'b',
           CASE WHEN y.data_type IS NULL THEN 'unknown' ELSE 'pg_catalog' END, coalesce(y.codec, 'unknown'), c.nullable = 0,
           CASE WHEN c.computed = 0 AND c.is_identity = 0 THEN lakemover._sqlserver_default(d.definition, y.data_type) END,
           CASE WHEN c.is_identity = 1 AND y.data_type IN ('smallint', 'integer', 'bigint') THEN 'd' ELSE '' END,
           x.native, c.coll, d.definition, k.definition, p.value
      FROM pg_temp.mssql_column c
      JOIN pg_temp.mssql_typed x USING (table_id, ordinal)
      JOIN (SELECT n.native, n.data_type, regexp_replace(n.data_type, '\s*\([^()]*\)', '') AS base, i.codec
              FROM (SELECT q.native, lakemover._sqlserver_target_type('native', q.native) AS data_type
                      FROM (SELECT DISTINCT native FROM pg_temp.mssql_typed) q
                    OFFSET 0) n     -- else it would be worked out for each column again
              LEFT JOIN LATERAL lakemover._type_info(p_source, n.data_type) i ON true) y ON y.native = x.native
      LEFT JOIN pg_temp.mssql_default d USING (table_id, ordinal)
      LEFT JOIN pg_temp.mssql_computed k USING (table_id, ordinal)
      LEFT JOIN pg_temp.mssql_property p ON p.class = 1 AND p.major_id = c.table_id AND p.minor_id = c.ordinal;
    PERFORM lakemover._analyze('inv_column');
    PERFORM lakemover._translate_sqlserver(p_source);
    PERFORM lakemover._transform_sqlserver_indexes(p_source);
    PERFORM lakemover._transform_sqlserver_constraints(p_source);
    PERFORM lakemover._transform_sqlserver_sequences(p_source, p_scope);
    PERFORM lakemover._transform_sqlserver_code(p_source, p_scope);
    PERFORM lakemover._transform_sqlserver_features(p_source);
    PERFORM lakemover._transform_sqlserver_outside(p_source);

    INSERT INTO lakemover.inv_not_translated (source, kind, object_id, ordinal, table_id, object_name, definition, reason)
    SELECT p_source, CASE WHEN c.native_computed IS NOT NULL THEN 'computed column' ELSE 'default' END, c.table_id, c.ordinal, c.table_id,
           c.column_name, coalesce(c.native_computed, c.native_default),
           CASE WHEN c.native_computed IS NULL THEN 'the column gets no default: ' || coalesce(x.problem, 'not translated')
                ELSE 'its values are copied into a plain column' || coalesce('; in PostgreSQL''s words: ' || x.sql, '; ' || x.problem, '') END
      FROM lakemover.inv_column c
      LEFT JOIN pg_temp.mssql_translated x ON x.kind IN ('default', 'computed') AND x.table_id = c.table_id AND x.ordinal = c.ordinal
     WHERE c.source = p_source
       AND (c.native_computed IS NOT NULL OR c.native_default IS NOT NULL AND c.default_expr IS NULL AND c.identity = '');
END
$$;
COMMENT ON FUNCTION lakemover._transform_sqlserver(name, text[]) IS 'the inventory of a SQL Server source from the temporary tables that _fetch_topic() filled';
