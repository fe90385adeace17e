-- ANALYZE of a partitioned table does its partitions, too.
CREATE FUNCTION lakemover._ddl_analyze(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.table_id, 'analyze', t.target, format('ANALYZE %s', t.target)
  FROM lakemover._planned_table t
 WHERE t.source = p_source AND t.parent_id IS NULL
 ORDER BY t.target COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_analyze(name) IS 'ANALYZE statements';
