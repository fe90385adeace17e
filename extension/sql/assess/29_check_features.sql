CREATE FUNCTION lakemover._check_features(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH tables AS MATERIALIZED (
        SELECT t.table_id, t.schema_name, t.table_name, t.memory_optimized, format('%I.%I', t.schema_name, t.table_name) AS shown,
               coalesce(p.exclude, false) AS exclude,
               format('UPDATE lakemover.plan_table SET exclude = true WHERE source = %L AND source_schema = %L AND source_table = %L;',
                      p_source, t.schema_name, t.table_name) AS without
          FROM lakemover.inv_table t
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
         WHERE t.source = p_source
    ), feature AS MATERIALIZED (
        SELECT f.feature, f.detail, t.*, c.column_name, c.ordinal, coalesce(pc.exclude, false) AS column_excluded, pc.transform,
               format('UPDATE lakemover.plan_column SET exclude = true WHERE source = %L AND table_id = %s AND source_column = %L;',
                      p_source, t.table_id, c.column_name) AS without_column
          FROM lakemover.inv_feature f JOIN tables t USING (table_id)
          LEFT JOIN lakemover.inv_column c ON c.source = f.source AND c.table_id = f.table_id AND c.ordinal = f.ordinal
          LEFT JOIN lakemover.plan_column pc ON pc.source = f.source AND pc.table_id = f.table_id AND pc.ordinal = f.ordinal
         WHERE f.source = p_source
    )
    SELECT 'graph', CASE WHEN f.exclude THEN 'INFO' END, f.schema_name, f.table_name, NULL::text,
           format('table %s is a graph %s table: its internal columns cannot be read%s', f.shown, f.detail, CASE WHEN f.exclude THEN '; excluded by the plan' ELSE '' END),
           jsonb_build_object('kind', f.detail), CASE WHEN NOT f.exclude THEN f.without END
      FROM feature f WHERE f.feature = 'graph'
    UNION ALL
    SELECT 'hidden_rows', CASE WHEN f.exclude THEN 'INFO' END, f.schema_name, f.table_name, NULL,
           format('table %s: the security policy %I filters its rows, whoever reads them%s', f.shown, f.detail, CASE WHEN f.exclude THEN '; excluded by the plan' ELSE '' END),
           jsonb_build_object('policy', f.detail), CASE WHEN NOT f.exclude THEN f.without END
      FROM feature f WHERE f.feature = 'row filter'
    UNION ALL
    SELECT 'hidden_values', CASE WHEN f.exclude OR f.column_excluded THEN 'INFO' END, f.schema_name, f.table_name, f.column_name,
           format('column %s.%I is %s%s', f.shown, f.column_name,
                  CASE f.feature WHEN 'masked' THEN 'masked, and the source''s user has no UNMASK: masks would be copied instead of values'
                                 ELSE 'encrypted by the client (Always Encrypted): only its ciphertext can be read' END,
                  CASE WHEN f.exclude OR f.column_excluded THEN '; excluded by the plan' ELSE '' END),
           jsonb_build_object('kind', f.feature), CASE WHEN NOT (f.exclude OR f.column_excluded) THEN f.without_column END
      FROM feature f WHERE f.feature IN ('masked', 'encrypted')
    UNION ALL
    SELECT 'filestream', NULL, f.schema_name, f.table_name, f.column_name,
           CASE f.feature WHEN 'filetable' THEN format('table %s is a FileTable: its files arrive as rows', f.shown)
                          ELSE format('column %s.%I is FILESTREAM: its files arrive as values of bytea', f.shown, f.column_name) END,
           jsonb_build_object('kind', f.feature), NULL
      FROM feature f WHERE f.feature IN ('filestream', 'filetable') AND NOT f.exclude AND NOT f.column_excluded
    UNION ALL
    SELECT 'external_table', CASE WHEN f.exclude THEN 'INFO' END, f.schema_name, f.table_name, NULL,
           format('table %s is external: its rows are another server''s%s', f.shown, CASE WHEN f.exclude THEN '; excluded by the plan' ELSE '' END),
           '{}', CASE WHEN NOT f.exclude THEN f.without END
      FROM feature f WHERE f.feature = 'external'
    UNION ALL
    SELECT 'full_text', NULL, f.schema_name, f.table_name, NULL, format('table %s has a full-text index: not moved', f.shown), '{}', NULL
      FROM feature f WHERE f.feature = 'full text' AND NOT f.exclude
    UNION ALL
    SELECT 'memory_optimized', NULL, t.schema_name, t.table_name, NULL, format('table %s is memory-optimised; it becomes an ordinary table', t.shown), '{}', NULL
      FROM tables t WHERE t.memory_optimized AND NOT t.exclude
    UNION ALL
    SELECT 'temporal', NULL, o.schema_name, o.object_name, NULL,
           CASE WHEN o.definition = 'history table' THEN format('table %s holds the history of a temporal table; it becomes an ordinary table', t.shown)
                ELSE format('table %s is system-versioned: it arrives with its rows, its period columns become plain ones, and nothing writes its history', t.shown) END,
           jsonb_build_object('kind', o.definition), NULL
      FROM lakemover.inv_object o JOIN tables t ON t.table_id = o.table_id
     WHERE o.source = p_source AND o.kind = 'temporal table' AND NOT t.exclude
    UNION ALL
    SELECT 'columnstore', NULL, t.schema_name, t.table_name, NULL, format('index %I of table %s is a columnstore index: not created', n.object_name, t.shown),
           jsonb_build_object('index', n.object_name, 'kind', n.definition), NULL
      FROM lakemover.inv_not_translated n JOIN tables t USING (table_id)
     WHERE n.source = p_source AND n.kind = 'index' AND n.definition LIKE '%COLUMNSTORE%' AND NOT t.exclude
    UNION ALL
    SELECT 'clr', NULL, NULL, o.name, NULL, format('assembly %I: not moved', o.name), jsonb_build_object('permission_set', o.detail), NULL
      FROM lakemover.inv_outside o WHERE o.source = p_source AND o.kind = 'assembly'
    UNION ALL
    SELECT 'clr', NULL, r.schema_name, r.routine_name, NULL, format('%s %I.%I is written for the CLR: not moved', CASE r.kind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
                                                                 r.schema_name, r.routine_name), jsonb_build_object('kind', r.kind), NULL
      FROM lakemover.inv_routine r WHERE r.source = p_source AND r.language = 'clr'
    UNION ALL
    SELECT 'synonym', NULL, o.schema_name, o.object_name, NULL, format('synonym %I.%I of %s: not moved', o.schema_name, o.object_name, o.definition),
           jsonb_build_object('base_object', o.definition), NULL
      FROM lakemover.inv_object o WHERE o.source = p_source AND o.kind = 'synonym'
    UNION ALL
    SELECT 'unique_null', NULL, t.schema_name, t.table_name, NULL,
           format('index %I of table %s is unique over columns that may be NULL: one row with NULL, there and on the target', i.name, t.shown),
           jsonb_build_object('index', i.name, 'columns', i.key_columns), NULL
      FROM lakemover.inv_index i
      JOIN tables t USING (table_id)
      LEFT JOIN lakemover.plan_index p ON p.source = i.source AND p.index_id = i.index_id
     WHERE i.source = p_source AND lakemover._source_engine(p_source) <> 'postgres' AND i.is_unique AND i.definition LIKE '% NULLS NOT DISTINCT%' AND NOT t.exclude AND NOT coalesce(p.exclude, false)
     ORDER BY 1, 3, 4, 5
$$;
COMMENT ON FUNCTION lakemover._check_features(name) IS 'checks of what the source''s tables use that the target does not have';
