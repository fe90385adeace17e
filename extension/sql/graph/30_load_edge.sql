-- A partition tree is one node: a foreign key of or to a partitioned table holds for all its
-- partitions, and so does one of a single partition, which only makes the order stricter.
CREATE FUNCTION lakemover._load_edge(p_source name)
RETURNS TABLE (constraint_id bigint, child_id bigint, parent_id bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT c.constraint_id, child.root_id, parent.root_id
      FROM lakemover.inv_constraint c
      JOIN lakemover._partition_root(p_source) child ON child.table_id = c.table_id
      JOIN lakemover._partition_root(p_source) parent ON parent.table_id = c.ref_table_id
     WHERE c.source = p_source AND c.kind = 'f' AND c.parent_id IS NULL AND child.root_id <> parent.root_id
       AND NOT EXISTS (SELECT FROM lakemover.plan_constraint p
                        WHERE p.source = p_source AND p.constraint_id = c.constraint_id AND p.exclude)
       AND NOT EXISTS (SELECT FROM lakemover.plan_table p
                        WHERE p.source = p_source AND p.table_id IN (c.table_id, c.ref_table_id) AND p.exclude)
$$;
COMMENT ON FUNCTION lakemover._load_edge(name) IS 'foreign keys between different tables or partition trees, without those that the plan excludes';
