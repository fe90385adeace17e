-- The facts that the source gave, under the names of the target. Types of a view's columns follow those of the tables, where
-- the plan changes any of them; a setting of a column whose type changes stays behind.
CREATE FUNCTION lakemover._level0_expected_code(p_source name)
RETURNS TABLE(table_id bigint, kind text, schema_name text, table_name text, object_name text, definition jsonb)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
WITH changed AS MATERIALIZED (
    SELECT EXISTS (SELECT FROM lakemover.plan_column p JOIN lakemover.inv_column i USING (source, table_id, ordinal)
                    WHERE p.source = p_source AND NOT p.exclude AND p.target_type <> i.data_type) AS types
)
SELECT t.table_id, p.kind, coalesce(t.target_schema, v.target_schema, r.target_schema),
       coalesce(t.target_table, v.target_name),
       CASE WHEN p.kind IN ('row security', 'table setting') THEN t.target_table ELSE coalesce(r.target_name, i.object_name) END,
       CASE
       WHEN p.kind IN ('view', 'materialized view') AND changed.types THEN i.facts - 'types'
       WHEN p.kind = 'policy' THEN i.facts || jsonb_build_object('roles', (
            SELECT coalesce(jsonb_agg(x.name ORDER BY x.name COLLATE "C"), '[]')
              FROM jsonb_array_elements_text(i.facts -> 'roles') s(name) CROSS JOIN LATERAL lakemover._target_role(p_source, s.name) x))
       WHEN p.kind = 'table setting' THEN i.facts - '{columns,replica_index,cluster_index}'::text[]
            || CASE WHEN c.columns IS NULL THEN '{}' ELSE jsonb_build_object('columns', c.columns) END
            || (SELECT coalesce(jsonb_object_agg(w.member, n.name), '{}')
                  FROM (VALUES ('replica_index'), ('cluster_index')) w(member)
                 CROSS JOIN LATERAL (
                       SELECT x.target_name FROM lakemover.plan_index x
                        WHERE x.source = p_source AND x.table_id = p.table_id AND x.source_name = i.facts ->> w.member AND NOT x.exclude
                       UNION ALL
                       SELECT k.target_name FROM lakemover.plan_constraint k
                        WHERE k.source = p_source AND k.table_id = p.table_id AND k.source_name = i.facts ->> w.member AND NOT k.exclude) n(name))
       ELSE i.facts END
  FROM lakemover._planned_code(p_source) p
 CROSS JOIN changed
  JOIN lakemover.inv_code i ON i.source = p_source AND i.kind = p.kind AND i.object_id = p.object_id
  LEFT JOIN lakemover.plan_routine r ON r.source = p_source AND r.kind = p.kind AND r.routine_id = p.object_id
  LEFT JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = p.table_id
  LEFT JOIN lakemover.plan_routine v ON v.source = p_source AND v.kind IN ('view', 'materialized view') AND v.routine_id = p.table_id
  LEFT JOIN LATERAL (
       SELECT jsonb_agg(jsonb_build_array(m.target_column, x.pair -> 1) ORDER BY m.ordinal) AS columns
         FROM jsonb_array_elements(CASE WHEN p.kind = 'table setting' THEN i.facts -> 'columns' END) x(pair)
         JOIN lakemover._planned_column m ON m.source = p_source AND m.table_id = p.table_id AND m.source_column = x.pair ->> 0
        WHERE m.target_type = m.source_type) c ON p.kind = 'table setting'
 WHERE p.kind <> 'table setting' OR i.facts - 'columns' <> '{}' OR c.columns IS NOT NULL
$$;
COMMENT ON FUNCTION lakemover._level0_expected_code(name) IS 'the part of _level0_expected() about views, routines, triggers and settings of tables';
