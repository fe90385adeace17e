CREATE FUNCTION lakemover._check_tables(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH root AS MATERIALIZED (
        SELECT r.table_id, r.root_id FROM lakemover._partition_root(p_source) r
    ), keyed AS MATERIALIZED (
        SELECT c.table_id FROM lakemover.inv_constraint c WHERE c.source = p_source AND c.kind = 'p'
    ), unique_key AS MATERIALIZED (
        -- A unique index over NOT NULL columns serves for ranges as well as a primary key does.
        SELECT i.table_id, min(i.name) AS name
          FROM lakemover.inv_index i
          LEFT JOIN lakemover.inv_constraint c ON c.source = i.source AND c.constraint_id = i.constraint_id
         WHERE i.source = p_source AND i.is_unique AND i.is_valid AND NOT i.has_expressions AND i.predicate IS NULL
           AND NOT coalesce(c.is_deferrable, false)
           AND NOT EXISTS (SELECT FROM unnest(i.key_columns) AS k(name)
                             JOIN lakemover.inv_column a ON a.source = p_source AND a.table_id = i.table_id AND a.column_name = k.name
                            WHERE NOT a.not_null)
         GROUP BY i.table_id
    ), tree AS MATERIALIZED (
        -- Totals of partition trees; a plain table is a tree of its own.
        SELECT root.root_id, sum(t.table_bytes) AS table_bytes, sum(t.index_bytes) AS index_bytes,
               count(*) FILTER (WHERE t.table_id <> root.root_id AND t.kind = 'r') AS partitions,
               count(*) FILTER (WHERE t.table_id <> root.root_id AND t.kind = 'r' AND k.table_id IS NULL) AS keyless_partitions,
               sum(t.row_estimate) FILTER (WHERE t.kind = 'r' AND t.row_estimate >= 0) AS row_estimate
          FROM root JOIN lakemover.inv_table t ON t.source = p_source AND t.table_id = root.table_id
          LEFT JOIN keyed k ON k.table_id = t.table_id
         GROUP BY root.root_id
    ), tables AS MATERIALIZED (
        SELECT t.table_id, t.schema_name, t.table_name, t.kind, t.is_empty, t.persistence, t.inherits, t.pages, t.row_security,
               coalesce(p.priority, 0) AS priority, format('%I.%I', t.schema_name, t.table_name) AS shown,
               tree.table_bytes, tree.index_bytes, tree.partitions, tree.keyless_partitions, tree.row_estimate,
               format('source = %L AND source_schema = %L AND source_table = %L', p_source, t.schema_name, t.table_name) AS place
          FROM tree JOIN lakemover.inv_table t ON t.source = p_source AND t.table_id = tree.root_id
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
         WHERE NOT coalesce(p.exclude, false)
    ), referenced AS (
        SELECT c.ref_table_id AS table_id, count(*) AS keys, count(DISTINCT c.table_id) AS tables
          FROM lakemover.inv_constraint c
         WHERE c.source = p_source AND c.kind = 'f' AND c.parent_id IS NULL
         GROUP BY c.ref_table_id HAVING count(*) >= 10
    )
    SELECT 'primary_key', NULL::text, t.schema_name, t.table_name, NULL::text,
           format('table %s has no primary key; %s', t.shown,
                  CASE WHEN u.name IS NOT NULL THEN format('ranges will follow the unique index %I', u.name)
                       WHEN i.engine = 'postgres' AND i.version_num >= 140000 THEN 'ranges will follow row addresses (ctid)'
                       ELSE 'it will be read in one pass' END),
           jsonb_strip_nulls(jsonb_build_object('unique_index', u.name, 'table_bytes', t.table_bytes,
                                                'partitions', NULLIF(t.partitions, 0))),
           NULL::text
      FROM tables t
     CROSS JOIN (SELECT s.engine, s.version_num FROM lakemover.source_info s WHERE s.source = p_source) i
      LEFT JOIN unique_key u ON u.table_id = t.table_id
     WHERE NOT EXISTS (SELECT FROM keyed k WHERE k.table_id = t.table_id)
       AND (t.partitions = 0 OR t.keyless_partitions > 0)
       AND NOT EXISTS (SELECT FROM lakemover.inv_locked l WHERE l.source = p_source AND l.relation_id = t.table_id)
    UNION ALL
    SELECT 'high_dependency', CASE WHEN t.priority > 0 THEN 'INFO' END, t.schema_name, t.table_name, NULL,
           format('table %s is referenced by %s foreign keys of %s table(s)%s', t.shown, r.keys, r.tables,
                  CASE WHEN t.priority > 0 THEN format('; the plan loads it with priority %s', t.priority) ELSE '' END),
           jsonb_build_object('foreign_keys', r.keys, 'tables', r.tables),
           CASE WHEN t.priority <= 0 THEN format('UPDATE lakemover.plan_table SET priority = 100 WHERE %s;', t.place) END
      FROM referenced r JOIN tables t ON t.table_id = r.table_id
    UNION ALL
    SELECT 'large_table', NULL, t.schema_name, t.table_name, NULL,
           format('table %s has %s%s', t.shown, pg_size_pretty(t.table_bytes),
                  CASE WHEN t.partitions > 0 THEN format(' in %s partition(s)', t.partitions) ELSE '' END),
           jsonb_build_object('table_bytes', t.table_bytes, 'index_bytes', t.index_bytes, 'row_estimate', t.row_estimate,
                              'partitions', t.partitions), NULL
      FROM tables t WHERE t.table_bytes >= 10 * 1024::bigint ^ 3
    UNION ALL
    SELECT 'empty_table', NULL, t.schema_name, t.table_name, NULL, format('table %s has no rows', t.shown),
           jsonb_build_object('table_bytes', t.table_bytes),
           format('UPDATE lakemover.plan_table SET exclude = true WHERE %s;', t.place)
      FROM tables t WHERE t.is_empty
    UNION ALL
    SELECT 'unlogged', NULL, t.schema_name, t.table_name, NULL,
           format('table %s is unlogged; it becomes an ordinary table on the target', t.shown), '{}', NULL
      FROM tables t WHERE t.persistence = 'u'
    UNION ALL
    SELECT 'inheritance', NULL, t.schema_name, t.table_name, NULL,
           format('table %s inherits from %s', t.shown,
                  (SELECT string_agg(format('%I.%I', p.schema_name, p.table_name), ', ' ORDER BY p.schema_name, p.table_name)
                     FROM lakemover.inv_table p WHERE p.source = p_source AND p.table_id = ANY (t.inherits))), '{}', NULL
      FROM tables t
     WHERE EXISTS (SELECT FROM lakemover.inv_table p WHERE p.source = p_source AND p.table_id = ANY (t.inherits))
     ORDER BY 1, 3, 4
$$;
COMMENT ON FUNCTION lakemover._check_tables(name) IS 'checks primary_key, high_dependency, large_table, empty_table, unlogged and inheritance; a partition tree is one table';
