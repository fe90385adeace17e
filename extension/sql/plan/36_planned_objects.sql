-- As GRANT and ALTER ... OWNER TO name them: TABLE stands for views, ROUTINE for aggregates, TYPE for domains.
CREATE FUNCTION lakemover._planned_objects(p_source name)
RETURNS TABLE(class text, object_id bigint, schema_name text, object text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'relation', t.table_id, t.target_schema, 'TABLE ' || t.target FROM lakemover._planned_table t WHERE t.source = p_source
UNION ALL
SELECT 'sequence', s.sequence_id, s.target_schema, format('SEQUENCE %I.%I', s.target_schema, s.target_name)
  FROM lakemover.plan_sequence s WHERE s.source = p_source AND NOT s.exclude
UNION ALL
SELECT c.class, c.object_id, r.target_schema, CASE c.class WHEN 'relation' THEN 'TABLE ' ELSE upper(c.class) || ' ' END || c.target
  FROM lakemover._planned_code(p_source) c
  JOIN lakemover.plan_routine r ON r.source = p_source AND r.kind = c.kind AND r.routine_id = c.object_id
 WHERE c.class IN ('routine', 'operator', 'statistics') OR c.kind IN ('view', 'materialized view')
UNION ALL
SELECT 'type', y.type_id, y.schema_name, format('TYPE %I.%I', y.schema_name, y.type_name) FROM lakemover.inv_type y WHERE y.source = p_source
UNION ALL
SELECT 'collation', o.object_id, o.schema_name, format('COLLATION %s', c.name)
  FROM lakemover._used_collations(p_source) c
  JOIN lakemover.inv_object o ON o.source = p_source AND o.kind = 'collation' AND o.object_id = c.object_id
$$;
COMMENT ON FUNCTION lakemover._planned_objects(name) IS 'what a source''s plan makes and a role can own, in the target''s terms';
