CREATE FUNCTION lakemover._partition_root(p_source name)
RETURNS TABLE (table_id bigint, root_id bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree AS (
        SELECT t.table_id, t.table_id AS root_id
          FROM lakemover.inv_table t
         WHERE t.source = p_source
           AND NOT EXISTS (SELECT FROM lakemover.inv_table p WHERE p.source = p_source AND p.table_id = t.parent_id)
        UNION ALL
        SELECT t.table_id, tree.root_id
          FROM tree JOIN lakemover.inv_table t ON t.source = p_source AND t.parent_id = tree.table_id
    )
    SELECT tree.table_id, tree.root_id FROM tree
$$;
COMMENT ON FUNCTION lakemover._partition_root(name) IS 'each table with the top of its partition tree: itself where it is no partition';
