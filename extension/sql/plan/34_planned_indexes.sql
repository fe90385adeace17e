-- definition: USING method (...) and so on; null, and a reason, when the index cannot move.
CREATE FUNCTION lakemover._planned_indexes(p_source name)
RETURNS TABLE(index_id bigint, table_id bigint, source_name text, target_name text, parent_id bigint, is_unique boolean,
              definition text, reason text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT p.index_id, p.table_id, p.source_name, p.target_name, i.parent_id, i.is_unique,
       CASE WHEN i.is_valid THEN e.sql END,
       CASE WHEN NOT i.is_valid THEN 'it is invalid on the source' ELSE e.problem END
  FROM lakemover.plan_index p
  JOIN lakemover.inv_index i USING (source, index_id)
  JOIN lakemover._planned_table t ON t.source = p.source AND t.table_id = p.table_id
 CROSS JOIN LATERAL (SELECT lakemover._index_tail(i.definition) AS tail) d
 CROSS JOIN LATERAL lakemover._target_expression(p.source, p.table_id, d.tail,
                        lakemover._index_is_plain(d.tail, cardinality(i.key_columns) + cardinality(i.include_columns))) e
 WHERE p.source = p_source AND NOT p.exclude
$$;
COMMENT ON FUNCTION lakemover._planned_indexes(name) IS 'indexes of the tables that move, in the target''s terms, and why some cannot move';
