CREATE FUNCTION lakemover.load_order(p_source name)
RETURNS TABLE (table_id bigint, schema_name text, table_name text, load_rank int, cycle int)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM lakemover.source_info i WHERE i.source = p_source) THEN
        PERFORM lakemover._source(p_source);
        RAISE EXCEPTION 'source "%" has not been inventoried', p_source
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Run SELECT lakemover.inventory(%L) or SELECT lakemover.assess(%L) first.', p_source, p_source);
    END IF;
    RETURN QUERY
    WITH root AS MATERIALIZED (
        SELECT r.table_id, r.root_id FROM lakemover._partition_root(p_source) r
    ), edge AS MATERIALIZED (
        SELECT DISTINCT e.child_id, e.parent_id FROM lakemover._load_edge(p_source) e
    ), placed AS (
        SELECT o.table_id, o.load_rank, o.cycle
          FROM lakemover._load_order(
                   (SELECT coalesce(array_agg(t.table_id ORDER BY t.schema_name COLLATE "C", t.table_name COLLATE "C"), '{}')
                      FROM lakemover.inv_table t JOIN root r ON r.table_id = t.table_id AND r.root_id = t.table_id
                     WHERE t.source = p_source),
                   (SELECT coalesce(array_agg(e.child_id ORDER BY e.child_id, e.parent_id), '{}') FROM edge e),
                   (SELECT coalesce(array_agg(e.parent_id ORDER BY e.child_id, e.parent_id), '{}') FROM edge e)) o
    )
    SELECT t.table_id, t.schema_name, t.table_name, p.load_rank, p.cycle
      FROM placed p
      JOIN root r ON r.root_id = p.table_id
      JOIN lakemover.inv_table t ON t.source = p_source AND t.table_id = r.table_id
     WHERE NOT EXISTS (SELECT FROM lakemover.plan_table x
                        WHERE x.source = p_source AND x.table_id = t.table_id AND x.exclude)
     ORDER BY p.load_rank, p.cycle NULLS FIRST, t.schema_name COLLATE "C", t.table_name COLLATE "C";
END
$$;
COMMENT ON FUNCTION lakemover.load_order(name) IS 'the tables of a source in the order they are loaded: rank, and the foreign key cycle a table belongs to';
