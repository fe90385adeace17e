CREATE FUNCTION lakemover._ddl_comments(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT d.table_id, 'comment', d.object, format('COMMENT ON %s %s IS %L', d.class, d.object, d.comment)
  FROM (
    SELECT 1 AS no, NULL::bigint AS table_id, 'SCHEMA' AS class, s.object, i.comment
      FROM lakemover._ddl_schemas(p_source) s
      JOIN lakemover.inv_schema i ON i.source = p_source AND s.kind = 'schema' AND quote_ident(i.schema_name) = s.object
    UNION ALL
    SELECT 2, NULL, CASE t.kind WHEN 'd' THEN 'DOMAIN' ELSE 'TYPE' END, format('%I.%I', t.schema_name, t.type_name), t.comment
      FROM lakemover.inv_type t WHERE t.source = p_source
    UNION ALL
    SELECT 3, i.owner_table_id, 'SEQUENCE', format('%I.%I', s.target_schema, s.target_name), i.comment
      FROM lakemover.plan_sequence s JOIN lakemover.inv_sequence i USING (source, sequence_id)
     WHERE s.source = p_source AND NOT s.exclude
    UNION ALL
    SELECT 4, t.table_id, 'TABLE', t.target, t.comment
      FROM lakemover._planned_table t WHERE t.source = p_source
    UNION ALL
    SELECT 5, t.table_id, 'COLUMN', format('%s.%I', t.target, c.target_column), c.comment
      FROM lakemover._planned_table t JOIN lakemover._planned_column c USING (source, table_id) WHERE t.source = p_source) d
 WHERE d.comment IS NOT NULL
 ORDER BY d.no, d.object COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_comments(name) IS 'COMMENT ON statements of schemas, types, sequences, tables and columns';
