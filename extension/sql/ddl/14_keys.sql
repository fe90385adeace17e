-- ONLY, also on partitioned tables: each partition gets its own key under its own name, in parallel with others, and
-- joins the parent's by ATTACH PARTITION later.
CREATE FUNCTION lakemover._ddl_keys(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.table_id, CASE c.kind WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END,
       format('%s.%I', t.target, c.target_name),
       format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s', t.target, c.target_name, c.definition)
  FROM lakemover._planned_constraints(p_source) c
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
 WHERE c.kind IN ('p', 'u', 'x') AND c.definition IS NOT NULL
 ORDER BY coalesce(t.table_bytes, 0) DESC, t.target COLLATE "C", c.kind, c.target_name COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_keys(name) IS 'statements that add primary keys, unique and exclusion constraints, largest tables first';
