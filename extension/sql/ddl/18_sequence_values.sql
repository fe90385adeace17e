CREATE FUNCTION lakemover._ddl_sequence_values(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT i.owner_table_id, 'sequence value', format('%I.%I', s.target_schema, s.target_name),
       format('SELECT pg_catalog.setval(%s::pg_catalog.regclass, %s, %L)',
              CASE WHEN i.owner_kind = 'i' THEN format('pg_catalog.pg_get_serial_sequence(%L, %L)', t.target, c.target_column)
                   ELSE quote_literal(format('%I.%I', s.target_schema, s.target_name)) END,
              i.last_value, i.is_called)
  FROM lakemover.plan_sequence s
  JOIN lakemover.inv_sequence i USING (source, sequence_id)
  LEFT JOIN lakemover._planned_table t ON t.source = s.source AND t.table_id = i.owner_table_id
  LEFT JOIN lakemover.plan_column c ON c.source = s.source AND c.table_id = i.owner_table_id
       AND c.source_column = i.owner_column AND NOT c.exclude
 WHERE s.source = p_source AND NOT s.exclude AND i.last_value IS NOT NULL AND i.is_called IS NOT NULL
   AND (i.owner_kind IS DISTINCT FROM 'i' OR t.table_id IS NOT NULL AND c.ordinal IS NOT NULL)
 ORDER BY format('%I.%I', s.target_schema, s.target_name) COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_sequence_values(name) IS 'statements that set sequences and identities to the value that the inventory read';
