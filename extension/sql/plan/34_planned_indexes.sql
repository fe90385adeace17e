-- definition: USING method (...) and so on; null, and a reason, when the index cannot move.
CREATE FUNCTION lakemover._planned_indexes(p_source name)
RETURNS TABLE(index_id bigint, table_id bigint, source_name text, target_name text, parent_id bigint, is_unique boolean,
              definition text, reason text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT p.index_id, p.table_id, p.source_name, p.target_name, i.parent_id, i.is_unique,
       CASE WHEN i.is_valid AND e.problem IS NULL AND n.reason IS NULL THEN coalesce(e.sql, d.tail) END,
       CASE WHEN NOT i.is_valid THEN 'it is invalid on the source' ELSE coalesce(e.problem, n.reason) END
  FROM lakemover.plan_index p
  JOIN lakemover.inv_index i USING (source, index_id)
  JOIN lakemover._planned_table t ON t.source = p.source AND t.table_id = p.table_id
  LEFT JOIN lakemover._changed_table changed ON changed.source = p.source AND changed.table_id = p.table_id
  LEFT JOIN lakemover.plan_unmoved n ON n.source = p.source AND n.class = 'relation' AND n.object_id = p.index_id
 -- the usual definition begins with what is known; another version's quotes may differ
 CROSS JOIN LATERAL (
       SELECT format('CREATE %sINDEX %I ON %s%I.%I ', CASE WHEN i.is_unique THEN 'UNIQUE ' END, p.source_name,
                     CASE WHEN t.kind = 'p' THEN 'ONLY ' END, t.source_schema, t.source_table) AS head) h
 CROSS JOIN LATERAL (
       SELECT CASE WHEN starts_with(i.definition, h.head || 'USING ') THEN substr(i.definition, length(h.head) + 1)
                   ELSE lakemover._index_tail(i.definition) END AS tail) d
 CROSS JOIN LATERAL lakemover._target_expression(p.source, p.table_id,
                        CASE WHEN changed.table_id IS NOT NULL OR d.tail ~ '::regclass' THEN d.tail END,
                        CASE WHEN changed.table_id IS NOT NULL
                             THEN lakemover._index_is_plain(d.tail, cardinality(i.key_columns) + cardinality(i.include_columns)) END) e
 WHERE p.source = p_source AND NOT p.exclude
$$;
COMMENT ON FUNCTION lakemover._planned_indexes(name) IS 'indexes of the tables that move, in the target''s terms, and why some cannot move';
