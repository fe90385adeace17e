-- Names that the target would refuse or that would meet there.
CREATE FUNCTION lakemover._name_problems(p_source name) RETURNS TABLE(message text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH relation AS (
    SELECT t.target_schema AS schema_name, t.target_table AS name,
           format('table %I.%I', t.source_schema, t.source_table) AS what, 1 AS space
      FROM lakemover._planned_table t WHERE t.source = p_source
    UNION ALL
    SELECT s.target_schema, s.target_name, format('sequence %I.%I', s.source_schema, s.source_name), 1
      FROM lakemover.plan_sequence s WHERE s.source = p_source AND NOT s.exclude
    UNION ALL
    SELECT t.target_schema, c.target_name, format('constraint %I of %I.%I', c.source_name, t.source_schema, t.source_table), 1
      FROM lakemover.plan_constraint c JOIN lakemover._planned_table t USING (source, table_id)
     WHERE c.source = p_source AND NOT c.exclude AND c.kind IN ('p', 'u', 'x')
    UNION ALL
    SELECT t.target_schema, i.target_name, format('index %I.%I', t.source_schema, i.source_name), 1
      FROM lakemover.plan_index i JOIN lakemover._planned_table t USING (source, table_id)
     WHERE i.source = p_source AND NOT i.exclude
    UNION ALL
    SELECT r.target_schema, r.target_name, format('%s %s', r.kind, r.source_name), 1
      FROM lakemover.plan_routine r
     WHERE r.source = p_source AND r.action = 'move' AND r.kind IN ('view', 'materialized view')
    UNION ALL
    SELECT r.target_schema, r.target_name, format('%s %s', r.kind, r.source_name), 3
      FROM lakemover.plan_routine r
     WHERE r.source = p_source AND r.action = 'move' AND lakemover._code_class(r.kind) = 'routine'
    UNION ALL
    -- a table brings a type of its name
    SELECT y.schema_name, y.type_name, format('type %I.%I', y.schema_name, y.type_name), y.space
      FROM (SELECT t.schema_name, t.type_name, 2 AS space FROM lakemover.inv_type t WHERE t.source = p_source
            UNION ALL
            SELECT t.schema_name, t.type_name, 1 FROM lakemover.inv_type t WHERE t.source = p_source AND t.kind = 'c') y
    UNION ALL
    SELECT t.target_schema, t.target_table, format('table %I.%I', t.source_schema, t.source_table), 2
      FROM lakemover._planned_table t WHERE t.source = p_source
), of_table AS (
    SELECT t.table_id, t.target, 'constraint' AS kind, c.target_name AS name, format('%I', c.source_name) AS what
      FROM lakemover.plan_constraint c JOIN lakemover._planned_table t USING (source, table_id)
     WHERE c.source = p_source AND NOT c.exclude
    UNION ALL
    SELECT t.table_id, t.target, 'column', c.target_column, format('%I', c.source_column)
      FROM lakemover.plan_column c JOIN lakemover._planned_table t USING (source, table_id)
     WHERE c.source = p_source AND NOT c.exclude
), named AS (
    SELECT t.target_schema AS name, format('the schema of table %I.%I', t.source_schema, t.source_table) AS what
      FROM lakemover._planned_table t WHERE t.source = p_source
    UNION ALL
    SELECT r.name, r.what FROM relation r WHERE r.space = 1
    UNION ALL
    SELECT o.name, format('%s %s of %s', o.kind, o.what, o.target) FROM of_table o
)
SELECT format('%s will all be named %I.%I on the target', string_agg(DISTINCT r.what, ', '), r.schema_name, r.name)
  FROM relation r
 GROUP BY r.schema_name, r.name, r.space
HAVING count(DISTINCT r.what) > 1
UNION
SELECT format('%s %s of %s will all be named %I', o.kind || 's', string_agg(o.what, ', ' ORDER BY o.what), o.target, o.name)
  FROM of_table o
 GROUP BY o.table_id, o.target, o.kind, o.name
HAVING count(*) > 1
UNION
SELECT format('%s has a target name of %s bytes; PostgreSQL takes 63: %s', n.what, octet_length(n.name), n.name)
  FROM named n WHERE octet_length(n.name) > 63
UNION
SELECT format('%s has an empty target name', n.what)
  FROM named n WHERE n.name = ''
UNION
SELECT format('table %I.%I cannot go into schema %I: names that begin with pg_ belong to the system', t.source_schema, t.source_table, t.target_schema)
  FROM lakemover._planned_table t
 WHERE t.source = p_source AND (starts_with(t.target_schema, 'pg_') OR t.target_schema = 'information_schema')
UNION
SELECT format('column %I.%I.%I cannot be named %I: that is a system column', t.source_schema, t.source_table, c.source_column, c.target_column)
  FROM lakemover.plan_column c JOIN lakemover._planned_table t USING (source, table_id)
 WHERE c.source = p_source AND NOT c.exclude
   AND c.target_column IN ('tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid')
$$;
COMMENT ON FUNCTION lakemover._name_problems(name) IS 'target names that are too long, reserved, or given twice';
