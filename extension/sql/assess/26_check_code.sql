CREATE FUNCTION lakemover._check_code(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'routine', NULL::text, r.schema_name, r.routine_name, NULL::text,
           format('%s %I.%I(%s), language %s: not moved',
                  CASE r.kind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function'
                              WHEN 't' THEN 'trigger function' ELSE 'function' END,
                  r.schema_name, r.routine_name, r.arguments, r.language),
           jsonb_build_object('kind', r.kind, 'language', r.language, 'arguments', r.arguments), NULL::text
      FROM lakemover.inv_routine r WHERE r.source = p_source
    UNION ALL
    SELECT 'trigger', NULL, coalesce(t.schema_name, v.schema_name), coalesce(t.table_name, v.view_name), NULL,
           format('trigger %I on %I.%I: not moved%s', g.name, coalesce(t.schema_name, v.schema_name), coalesce(t.table_name, v.view_name),
                  CASE g.enabled WHEN 'D' THEN '; disabled on the source' ELSE '' END),
           jsonb_build_object('trigger', g.name, 'enabled', g.enabled, 'definition', g.definition), NULL
      FROM lakemover.inv_trigger g
      LEFT JOIN lakemover.inv_table t ON t.source = g.source AND t.table_id = g.table_id
      LEFT JOIN lakemover.inv_view v ON v.source = g.source AND v.view_id = g.table_id
     WHERE g.source = p_source
    UNION ALL
    SELECT 'view', NULL, v.schema_name, v.view_name, NULL,
           format('%s %I.%I: not moved', CASE v.kind WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE 'view' END,
                  v.schema_name, v.view_name),
           jsonb_build_object('kind', v.kind), NULL
      FROM lakemover.inv_view v WHERE v.source = p_source
    UNION ALL
    -- A collation that a column needs is created with its table.
    SELECT 'object', NULL, o.schema_name, o.object_name, NULL,
           format('%s %s%s: not moved', o.kind, CASE WHEN o.schema_name IS NULL OR t.table_id IS NOT NULL THEN o.object_name
                                                    ELSE format('%I.%I', o.schema_name, o.object_name) END,
                  CASE WHEN t.table_id IS NOT NULL THEN format(' on %I.%I', t.schema_name, t.table_name) END),
           jsonb_strip_nulls(jsonb_build_object('kind', o.kind, 'definition', o.definition)), NULL
      FROM lakemover.inv_object o
      LEFT JOIN lakemover.inv_table t ON t.source = o.source AND t.table_id = o.table_id
     WHERE o.source = p_source
       AND NOT (o.kind = 'collation'
                AND EXISTS (SELECT FROM lakemover.inv_column c
                             WHERE c.source = p_source AND c."collation" = format('%I.%I', o.schema_name, o.object_name)))
    UNION ALL
    SELECT 'object', NULL, t.schema_name, t.table_name, NULL,
           format('row security of %I.%I: not moved, whoever may read the table on the target sees all rows', t.schema_name, t.table_name),
           jsonb_build_object('kind', 'row security'), NULL
      FROM lakemover.inv_table t WHERE t.source = p_source AND t.row_security
    UNION ALL
    SELECT 'large_object', NULL, NULL, NULL, NULL, format('%s large object(s): not moved', i.settings ->> 'large_objects'),
           jsonb_build_object('count', i.settings -> 'large_objects'), NULL
      FROM lakemover.source_info i WHERE i.source = p_source AND (i.settings ->> 'large_objects')::bigint > 0
    UNION ALL
    SELECT 'object', NULL, NULL, NULL, NULL,
           format('privileges on %s table(s), view(s) and sequence(s): not moved', i.settings ->> 'grants'),
           jsonb_build_object('kind', 'privileges', 'count', i.settings -> 'grants'), NULL
      FROM lakemover.source_info i WHERE i.source = p_source AND (i.settings ->> 'grants')::bigint > 0
     ORDER BY 1, 3, 4
$$;
COMMENT ON FUNCTION lakemover._check_code(name) IS 'checks routine, trigger, view, object and large_object: what is not moved';
