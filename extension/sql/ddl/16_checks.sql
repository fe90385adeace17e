-- First the indexes of partitions join those of their parents, deepest level first: an index of a partitioned table is
-- valid, and can be referenced, when every partition's has joined. Then the checks; a partition's own comes with its parent's.
CREATE FUNCTION lakemover._ddl_checks(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE moved AS MATERIALIZED (
    SELECT i.index_id, c.table_id, c.target_name
      FROM lakemover._planned_constraints(p_source) c
      JOIN lakemover.inv_constraint i ON i.source = p_source AND i.constraint_id = c.constraint_id
     WHERE c.kind IN ('p', 'u', 'x') AND c.definition IS NOT NULL
    UNION ALL
    SELECT i.index_id, i.table_id, i.target_name
      FROM lakemover._planned_indexes(p_source) i WHERE i.definition IS NOT NULL
), attached AS MATERIALIZED (
    SELECT m.*, i.parent_id
      FROM moved m JOIN lakemover.inv_index i ON i.source = p_source AND i.index_id = m.index_id
     WHERE i.parent_id IN (SELECT up.index_id FROM moved up)
), depth AS (
    SELECT a.index_id, a.parent_id AS above, 1 AS depth FROM attached a
    UNION ALL
    SELECT d.index_id, a.parent_id, d.depth + 1 FROM depth d JOIN attached a ON a.index_id = d.above
)
SELECT s.table_id, s.kind, s.object, s.sql
  FROM (
    SELECT 1 AS no, -(SELECT max(d.depth) FROM depth d WHERE d.index_id = a.index_id) AS place, a.table_id, 'attach' AS kind, n.object,
           format('ALTER INDEX %I.%I ATTACH PARTITION %s', ut.target_schema, up.target_name, n.object) AS sql
      FROM attached a
      JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = a.table_id
      JOIN moved up ON up.index_id = a.parent_id
      JOIN lakemover._planned_table ut ON ut.source = p_source AND ut.table_id = up.table_id
     CROSS JOIN LATERAL (SELECT format('%I.%I', t.target_schema, a.target_name) AS object) n
    UNION ALL
    SELECT 2, 0, t.table_id, 'check', format('%s.%I', t.target, c.target_name),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', t.target, c.target_name, c.definition,
                  CASE WHEN NOT c.is_validated THEN ' NOT VALID' END)
      FROM lakemover._planned_constraints(p_source) c
      JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
     WHERE c.kind = 'c' AND c.definition IS NOT NULL AND NOT c.is_inherited
    UNION ALL
    SELECT 3, 0, NULL, 'domain check', format('%I.%I', t.schema_name, t.type_name),
           format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s NOT VALID', t.schema_name, t.type_name, c.item ->> 'name',
                  regexp_replace(c.item ->> 'definition', ' NOT VALID$', ''))
      FROM lakemover.inv_type t
     CROSS JOIN LATERAL jsonb_array_elements(t.definition -> 'checks') c(item)
     WHERE t.source = p_source AND t.kind = 'd' AND NOT (c.item ->> 'validated')::boolean) s
 ORDER BY s.no, s.place, s.object COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_checks(name) IS 'statements that attach the indexes of partitions and add checks';
