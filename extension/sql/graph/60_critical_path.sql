-- No number of workers makes the load shorter than these tables one after the other. A partition tree counts as one table.
CREATE FUNCTION lakemover.critical_path(p_source name)
RETURNS TABLE (place int, table_id bigint, schema_name text, table_name text, load_rank int, cycle int, bytes bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH root AS MATERIALIZED (
        SELECT r.table_id, r.root_id FROM lakemover._partition_root(p_source) r
    ), weighed AS MATERIALIZED (
        SELECT r.root_id AS table_id, sum(coalesce(t.table_bytes, 0))::bigint AS bytes
          FROM root r JOIN lakemover.inv_table t ON t.source = p_source AND t.table_id = r.table_id
         GROUP BY r.root_id
    ), ordered AS MATERIALIZED (
        SELECT o.table_id, o.schema_name, o.table_name, o.load_rank, o.cycle, w.bytes, o.no
          FROM lakemover.load_order(p_source) WITH ORDINALITY o(table_id, schema_name, table_name, load_rank, cycle, no)
          JOIN weighed w ON w.table_id = o.table_id
    ), edge AS MATERIALIZED (
        SELECT DISTINCT e.child_id, e.parent_id FROM lakemover._load_edge(p_source) e
    )
    SELECT p.place, o.table_id, o.schema_name, o.table_name, o.load_rank, o.cycle, o.bytes
      FROM lakemover._critical_path((SELECT coalesce(array_agg(a.table_id ORDER BY a.no), '{}') FROM ordered a),
                                    (SELECT coalesce(array_agg(a.bytes ORDER BY a.no), '{}') FROM ordered a),
                                    (SELECT coalesce(array_agg(e.child_id ORDER BY e.child_id, e.parent_id), '{}') FROM edge e),
                                    (SELECT coalesce(array_agg(e.parent_id ORDER BY e.child_id, e.parent_id), '{}') FROM edge e)) p
      JOIN ordered o ON o.table_id = p.table_id
     ORDER BY p.place, o.no
$$;
COMMENT ON FUNCTION lakemover.critical_path(name) IS 'the chain of foreign keys with the most bytes in its tables: the load takes at least as long as they do one after the other';
