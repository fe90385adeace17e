-- ANALYZE of a partitioned table does its partitions, too. The second pass leaves a dead version of each row behind.
CREATE FUNCTION lakemover._ddl_analyze(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.table_id, 'analyze', t.target, format('%s %s', CASE WHEN EXISTS (SELECT FROM lakemover._planned_column c WHERE c.source = p_source AND c.table_id = t.table_id AND c.pass = 2)
                                                    THEN 'VACUUM (ANALYZE)' ELSE 'ANALYZE' END, t.target)
  FROM lakemover._planned_table t
 WHERE t.source = p_source AND t.parent_id IS NULL
 ORDER BY t.target COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_analyze(name) IS 'ANALYZE statements';
