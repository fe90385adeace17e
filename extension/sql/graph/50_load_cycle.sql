CREATE FUNCTION lakemover._load_cycle(p_source name)
RETURNS TABLE (cycle int, load_rank int, tables text[], foreign_keys jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- A partition tree counts as its root.
    WITH member AS MATERIALIZED (
        SELECT o.table_id, o.cycle, o.load_rank, format('%I.%I', o.schema_name, o.table_name) AS shown
          FROM lakemover.load_order(p_source) o
          JOIN lakemover._partition_root(p_source) r ON r.table_id = o.table_id AND r.root_id = o.table_id
         WHERE o.cycle IS NOT NULL
    ), edge AS (
        SELECT child.cycle,
               jsonb_agg(jsonb_build_object('name', c.name, 'table', child.shown, 'references', parent.shown)
                         ORDER BY child.shown, c.name) AS foreign_keys
          FROM lakemover._load_edge(p_source) e
          JOIN member child ON child.table_id = e.child_id
          JOIN member parent ON parent.table_id = e.parent_id AND parent.cycle = child.cycle
          JOIN lakemover.inv_constraint c ON c.source = p_source AND c.constraint_id = e.constraint_id
         GROUP BY child.cycle
    )
    SELECT m.cycle, min(m.load_rank), array_agg(m.shown ORDER BY m.shown), min(e.foreign_keys::text)::jsonb
      FROM member m JOIN edge e ON e.cycle = m.cycle
     GROUP BY m.cycle
     ORDER BY m.cycle
$$;
COMMENT ON FUNCTION lakemover._load_cycle(name) IS 'the foreign key cycles of a source with their tables and foreign keys';
