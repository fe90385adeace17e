CREATE FUNCTION lakemover._ddl_indexes(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.table_id, 'index', format('%I.%I', t.target_schema, i.target_name),
       format('CREATE %sINDEX %I ON %s%s %s', CASE WHEN i.is_unique THEN 'UNIQUE ' END, i.target_name,
              CASE WHEN t.kind = 'p' THEN 'ONLY ' END, t.target, i.definition)
  FROM lakemover._planned_indexes(p_source) i
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = i.table_id
 WHERE i.definition IS NOT NULL
 ORDER BY coalesce(t.table_bytes, 0) DESC, t.target COLLATE "C", i.target_name COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_indexes(name) IS 'statements that create indexes, largest tables first';
