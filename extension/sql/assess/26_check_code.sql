CREATE FUNCTION lakemover._check_code(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH unmoved AS MATERIALIZED (
        SELECT u.class, u.object_id, u.reason FROM lakemover._find_unmoved(p_source) u WHERE u.part = 0
    )
    -- PostgreSQL: what can move does, and is no finding.
    SELECT CASE WHEN lakemover._code_class(c.kind) = 'routine' THEN 'routine' WHEN c.kind = 'trigger' THEN 'trigger'
                WHEN c.kind IN ('view', 'materialized view') THEN 'view' ELSE 'object' END,
           NULL::text, c.schema_name, coalesce(t.table_name, v.object_name, split_part(c.object_name, '(', 1)), NULL::text,
           format('%s %s: not moved: %s', c.kind,
                  CASE WHEN coalesce(t.table_id, v.object_id) IS NOT NULL AND c.kind NOT LIKE '%row security'
                            THEN format('%I on %I.%I', c.object_name, coalesce(t.schema_name, v.schema_name), coalesce(t.table_name, v.object_name))
                       WHEN lakemover._code_class(c.kind) IN ('routine', 'operator') THEN format('%I.%s', c.schema_name, c.object_name)
                       ELSE format('%I.%I', c.schema_name, c.object_name) END, u.reason),
           jsonb_build_object('kind', c.kind, 'reason', u.reason), NULL::text
      FROM lakemover.inv_code c
      JOIN unmoved u ON u.class = lakemover._code_class(c.kind) AND u.object_id = c.object_id
      LEFT JOIN lakemover.inv_table t ON t.source = c.source AND t.table_id = c.table_id
      LEFT JOIN lakemover.inv_code v ON v.source = c.source AND v.object_id = c.table_id AND v.kind IN ('view', 'materialized view')
     WHERE c.source = p_source
    UNION ALL
    SELECT 'routine', NULL, r.schema_name, r.routine_name, NULL,
           format('%s %I.%I, language %s: not moved', CASE r.kind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
                  r.schema_name, r.routine_name, r.language),
           jsonb_build_object('kind', r.kind, 'language', r.language, 'arguments', r.arguments), NULL
      FROM lakemover.inv_routine r JOIN lakemover.source_info s USING (source)
     WHERE r.source = p_source AND s.engine <> 'postgres'
    UNION ALL
    SELECT 'trigger', NULL, coalesce(t.schema_name, v.schema_name), coalesce(t.table_name, v.view_name), NULL,
           format('trigger %I on %I.%I: not moved%s', g.name, coalesce(t.schema_name, v.schema_name), coalesce(t.table_name, v.view_name),
                  CASE g.enabled WHEN 'D' THEN '; disabled on the source' ELSE '' END),
           jsonb_build_object('trigger', g.name, 'enabled', g.enabled, 'definition', g.definition), NULL
      FROM lakemover.inv_trigger g JOIN lakemover.source_info s USING (source)
      LEFT JOIN lakemover.inv_table t ON t.source = g.source AND t.table_id = g.table_id
      LEFT JOIN lakemover.inv_view v ON v.source = g.source AND v.view_id = g.table_id
     WHERE g.source = p_source AND s.engine <> 'postgres'
    UNION ALL
    SELECT 'view', NULL, v.schema_name, v.view_name, NULL,
           format('%s %I.%I: not moved', CASE v.kind WHEN 'f' THEN 'foreign table' ELSE 'view' END, v.schema_name, v.view_name),
           jsonb_build_object('kind', v.kind), NULL
      FROM lakemover.inv_view v JOIN lakemover.source_info s USING (source)
     WHERE v.source = p_source AND (s.engine <> 'postgres' OR v.kind = 'f')
    UNION ALL
    -- A collation that a column needs is created with its table.
    SELECT 'object', NULL, o.schema_name, o.object_name, NULL,
           format('%s %s%s: not moved', o.kind, CASE WHEN o.schema_name IS NULL OR t.table_id IS NOT NULL THEN o.object_name
                                                    ELSE format('%I.%I', o.schema_name, o.object_name) END,
                  CASE WHEN t.table_id IS NOT NULL THEN format(' on %I.%I', t.schema_name, t.table_name) END),
           jsonb_strip_nulls(jsonb_build_object('kind', o.kind, 'definition', o.definition)), NULL
      FROM lakemover.inv_object o
      LEFT JOIN lakemover.inv_table t ON t.source = o.source AND t.table_id = o.table_id
     WHERE o.source = p_source AND o.kind NOT IN ('synonym', 'temporal table')     -- checks of their own
       AND NOT EXISTS (SELECT FROM lakemover.inv_code c WHERE c.source = o.source AND c.kind = o.kind AND c.object_id = o.object_id)
       AND NOT (o.kind = 'collation'
                AND EXISTS (SELECT FROM lakemover.inv_column c
                             WHERE c.source = p_source AND c."collation" = format('%I.%I', o.schema_name, o.object_name)))
    UNION ALL
    SELECT 'large_object', CASE WHEN x.moved THEN NULL ELSE 'WARNING' END, NULL, NULL, NULL,
           format('%s large object(s): %s', i.settings ->> 'large_objects', CASE WHEN x.moved THEN 'moved with the same OIDs, as they are in the run''s snapshot' ELSE 'not moved: excluded in the plan' END),
           jsonb_build_object('count', i.settings -> 'large_objects'), NULL
      FROM lakemover.source_info i
     CROSS JOIN LATERAL (SELECT coalesce((SELECT p.large_objects FROM lakemover.plan p WHERE p.source = i.source), true) AS moved) x
     WHERE i.source = p_source AND (i.settings ->> 'large_objects')::bigint > 0
    UNION ALL
    SELECT 'object', NULL, NULL, NULL, NULL, format('privileges of %s: not moved: %s', quote_ident(g.grantee), t.problem),
           jsonb_build_object('kind', 'privileges', 'role', g.grantee, 'grants', g.grants), NULL
      FROM (SELECT x.grantee, count(*) AS grants FROM lakemover.inv_grant x WHERE x.source = p_source AND x.grantee IS NOT NULL GROUP BY 1) g
     CROSS JOIN LATERAL lakemover._target_role(p_source, g.grantee) t
     WHERE t.problem IS NOT NULL
    UNION ALL
    SELECT 'object', NULL, NULL, NULL, NULL, format('owner %s of %s objects: they will belong to the role that migrates: %s', quote_ident(o.owner), o.objects, t.problem),
           jsonb_build_object('kind', 'owner', 'role', o.owner, 'objects', o.objects), NULL
      FROM (SELECT x.owner, x.is_home, count(*) AS objects FROM lakemover.inv_owner x WHERE x.source = p_source GROUP BY 1, 2) o
     CROSS JOIN LATERAL lakemover._target_owner(p_source, o.owner, o.is_home) t
     WHERE t.problem IS NOT NULL
     ORDER BY 1, 3, 4
$$;
COMMENT ON FUNCTION lakemover._check_code(name) IS 'checks routine, trigger, view, object and large_object: what is not moved, and large objects';
