-- public is there already; an extension is asked for only where something that moves needs it.
CREATE FUNCTION lakemover._ddl_schemas(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH extension AS (
    SELECT DISTINCT e.extension_name, e.schema_name
      FROM lakemover._planned_table t
      JOIN lakemover.plan_column c USING (source, table_id)
      JOIN lakemover.inv_column i USING (source, table_id, ordinal)
      JOIN lakemover.inv_extension e ON e.source = t.source AND e.extension_name = i.type_extension
     WHERE t.source = p_source AND NOT c.exclude AND c.target_type = i.data_type
    UNION
    SELECT 'citext', (parse_ident(c.target_type))[1]
      FROM lakemover._planned_table t
      JOIN lakemover.plan_column c USING (source, table_id)
      JOIN lakemover.inv_column i USING (source, table_id, ordinal)
     WHERE t.source = p_source AND NOT c.exclude AND i.native_type IS NOT NULL AND c.target_type LIKE '%.citext'
    UNION
    SELECT e.extension_name, e.schema_name
      FROM lakemover.inv_extension e
     WHERE e.source = p_source
       AND EXISTS (SELECT FROM lakemover.inv_need n
                     LEFT JOIN lakemover.inv_code o ON o.source = n.source AND lakemover._code_class(o.kind) = n.class AND o.object_id = n.object_id
                     LEFT JOIN lakemover.inv_index i ON i.source = n.source AND n.class = 'relation' AND i.index_id = n.object_id
                     LEFT JOIN lakemover.inv_constraint c ON c.source = n.source AND n.class = 'constraint' AND c.constraint_id = n.object_id
                    WHERE n.source = p_source AND n.extension_name = e.extension_name
                      AND NOT EXISTS (SELECT FROM lakemover.plan_unmoved u
                                       WHERE u.source = n.source AND u.class = n.class AND u.object_id = n.object_id AND u.part = n.part)
                      AND (o.kind IS NOT NULL
                           OR EXISTS (SELECT FROM lakemover._planned_table t
                                       WHERE t.source = n.source
                                         AND t.table_id = CASE WHEN n.class = 'default' THEN n.object_id ELSE coalesce(i.table_id, c.table_id) END)))
), schema AS (
    SELECT r.target_schema AS name FROM lakemover.plan_routine r
     WHERE r.source = p_source AND r.action = 'move' AND r.reason IS NULL AND r.target_schema IS NOT NULL
    UNION
    SELECT t.target_schema AS name FROM lakemover._planned_table t WHERE t.source = p_source
    UNION
    SELECT s.target_schema FROM lakemover.plan_sequence s WHERE s.source = p_source AND NOT s.exclude
    UNION
    SELECT t.schema_name FROM lakemover.inv_type t WHERE t.source = p_source
    UNION
    SELECT o.schema_name FROM lakemover._used_collations(p_source) c
      JOIN lakemover.inv_object o ON o.source = p_source AND o.kind = 'collation' AND o.object_id = c.object_id
    UNION
    SELECT e.schema_name FROM extension e
)
SELECT NULL::bigint, d.kind, d.object, d.sql
  FROM (SELECT 1 AS no, 'schema' AS kind, format('%I', s.name) AS object, format('CREATE SCHEMA IF NOT EXISTS %I', s.name) AS sql
          FROM schema s WHERE s.name NOT IN ('public', 'pg_catalog')
        UNION ALL
        SELECT 2, 'extension', format('%I', e.extension_name),
               format('CREATE EXTENSION IF NOT EXISTS %I SCHEMA %I', e.extension_name, e.schema_name)
          FROM extension e) d
 ORDER BY d.no, d.object COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_schemas(name) IS 'statements that create the planned schemas, and extensions that are needed';
