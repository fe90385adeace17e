-- The code of a SQL Server source: its text, its name on the target by the plan or without one by the naming policy, and what it
-- belongs to. A synonym of a table or view becomes a view over it.
CREATE FUNCTION lakemover._source_code(p_source name)
RETURNS TABLE (kind text, object_id bigint, schema_name text, object_name text, target_schema text, target_name text, source_name text,
               skip boolean, disabled boolean, on_table bigint, definition text)
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
WITH naming AS MATERIALIZED (
    SELECT coalesce((SELECT p.naming FROM lakemover.plan p WHERE p.source = p_source), 'preserve') AS naming
), relation AS (
    SELECT lower(t.schema_name || '.' || t.table_name) AS name, t.schema_name, t.table_name AS object_name,
           (SELECT string_agg(quote_ident_tsql, ', ' ORDER BY ordinal)
              FROM (SELECT '[' || replace(c.column_name, ']', ']]') || ']' AS quote_ident_tsql, c.ordinal
                      FROM lakemover.inv_column c LEFT JOIN lakemover.plan_column pc USING (source, table_id, ordinal)
                     WHERE c.source = t.source AND c.table_id = t.table_id AND NOT coalesce(pc.exclude, false)) x) AS columns
      FROM lakemover.inv_table t LEFT JOIN lakemover.plan_table p USING (source, table_id)
     WHERE t.source = p_source AND NOT coalesce(p.exclude, false)
    UNION ALL
    SELECT lower(v.schema_name || '.' || v.view_name), v.schema_name, v.view_name, '*' FROM lakemover.inv_view v WHERE v.source = p_source
), object AS (
    SELECT CASE r.kind WHEN 'p' THEN 'procedure' ELSE 'function' END AS kind, r.routine_id AS object_id, r.schema_name, r.routine_name AS object_name,
           false AS disabled, NULL::bigint AS on_table, r.definition
      FROM lakemover.inv_routine r WHERE r.source = p_source AND r.language = 'tsql'
    UNION ALL
    SELECT 'view', v.view_id, v.schema_name, v.view_name, false, NULL, v.definition FROM lakemover.inv_view v WHERE v.source = p_source
    UNION ALL
    SELECT 'trigger', g.trigger_id, t.schema_name, g.name, g.enabled = 'D', g.table_id, NULLIF(g.definition, '(encrypted)')
      FROM lakemover.inv_trigger g JOIN lakemover.inv_table t USING (source, table_id) WHERE g.source = p_source
    UNION ALL
    SELECT 'synonym', o.object_id, o.schema_name, o.object_name, false, NULL,
           format('CREATE VIEW [%s].[%s] AS SELECT %s FROM [%s].[%s]', replace(o.schema_name, ']', ']]'), replace(o.object_name, ']', ']]'), r.columns,
                  replace(r.schema_name, ']', ']]'), replace(r.object_name, ']', ']]'))
      FROM lakemover.inv_object o
     CROSS JOIN LATERAL lakemover._synonym_base(o.definition) b
      JOIN relation r ON r.name = b.name
     WHERE o.source = p_source AND o.kind = 'synonym'
)
SELECT o.kind, o.object_id, o.schema_name, o.object_name,
       coalesce(p.target_schema, lakemover._target_schema(p_source, o.schema_name, n.naming)), coalesce(p.target_name, lakemover._target_name(o.object_name, n.naming)),
       coalesce(p.source_name, format('%I.%I', o.schema_name, o.object_name)), coalesce(p.action = 'skip', false), o.disabled, o.on_table, o.definition
  FROM object o
 CROSS JOIN naming n
  LEFT JOIN lakemover.plan_routine p ON p.source = p_source AND p.kind = o.kind AND p.routine_id = o.object_id
 -- code of a PostgreSQL source moves as it is
 WHERE NOT EXISTS (SELECT FROM lakemover.source_info i WHERE i.source = p_source AND i.engine = 'postgres')
$$;
COMMENT ON FUNCTION lakemover._source_code(name) IS 'routines, views, triggers and synonyms of a SQL Server source, with their names on the target';

-- What lakemover convert and a run need of a source: names, columns as T-SQL declares them, the tables as statements, and the
-- source's own code; by the plan, or by the inventory where nothing is planned yet. The default schema of a routine is dbo; an excluded
-- table is not there.
CREATE FUNCTION lakemover._convert_context(p_source name)
RETURNS jsonb
LANGUAGE sql STABLE STRICT
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
WITH naming AS MATERIALIZED (
    SELECT coalesce((SELECT p.naming FROM lakemover.plan p WHERE p.source = p_source), 'preserve') AS naming
), t AS MATERIALIZED (
    SELECT i.table_id, i.schema_name AS source_schema, i.table_name AS source_table,
           coalesce(p.target_schema, lakemover._target_schema(p_source, i.schema_name, n.naming)) AS target_schema,
           coalesce(p.target_table, lakemover._target_name(i.table_name, n.naming)) AS target_table
      FROM lakemover.inv_table i CROSS JOIN naming n LEFT JOIN lakemover.plan_table p USING (source, table_id)
     WHERE i.source = p_source AND NOT coalesce(p.exclude, false)
), c AS MATERIALIZED (
    SELECT t.source_schema || '.' || t.source_table AS source_name, format('%I.%I', t.target_schema, t.target_table) AS target, i.ordinal,
           i.column_name, i.native_type, coalesce(p.target_column, lakemover._target_name(i.column_name, n.naming)) AS target_column,
           coalesce(p.target_type, i.data_type) AS target_type, i.identity <> '' AS is_identity
      FROM t CROSS JOIN naming n
      JOIN lakemover.inv_column i ON i.source = p_source AND i.table_id = t.table_id
      LEFT JOIN lakemover.plan_column p ON p.source = i.source AND p.table_id = i.table_id AND p.ordinal = i.ordinal
     WHERE NOT coalesce(p.exclude, false)
), code AS MATERIALIZED (
    SELECT k.*, CASE WHEN k.kind IN ('view', 'synonym') THEN 2 WHEN k.kind = 'trigger' THEN 3 ELSE 1 END AS rank FROM lakemover._source_code(p_source) k
), sequence AS (
    SELECT s.schema_name, s.sequence_name, coalesce(p.target_schema, lakemover._target_schema(p_source, s.schema_name, n.naming)) AS target_schema,
           coalesce(p.target_name, lakemover._target_name(s.sequence_name, n.naming)) AS target_name
      FROM lakemover.inv_sequence s CROSS JOIN naming n LEFT JOIN lakemover.plan_sequence p USING (source, sequence_id)
     WHERE s.source = p_source AND s.owner_kind IS NULL AND NOT coalesce(p.exclude, false)
), named AS (
    SELECT lower(source_schema || '.' || source_table) AS source, target_schema || '.' || target_table AS target FROM t
    UNION ALL SELECT lower(schema_name || '.' || object_name), target_schema || '.' || target_name FROM code
    UNION ALL SELECT lower(schema_name || '.' || sequence_name), target_schema || '.' || target_name FROM sequence
    UNION ALL SELECT DISTINCT lower(s.name), lakemover._target_schema(p_source, s.name, n.naming)
      FROM naming n CROSS JOIN (SELECT source_schema AS name FROM t UNION SELECT schema_name FROM code) s
), identifier AS (
    -- columns whose name is not simply lower case on the target; one that differs from table to table is not among them
    SELECT lower(c.column_name) AS source, min(c.target_column) AS target FROM c
     GROUP BY 1 HAVING count(DISTINCT c.target_column) = 1 AND min(c.target_column) <> lower(c.column_name)
)
SELECT jsonb_build_object(
    'names', coalesce((SELECT jsonb_object_agg(source, target) FROM named), '{}'),
    'identifiers', coalesce((SELECT jsonb_object_agg(source, target) FROM identifier), '{}'),
    'columns', coalesce((SELECT jsonb_object_agg(lower(k.source_name), k.columns) FROM (
        SELECT c.source_name, jsonb_agg(jsonb_build_array(c.column_name, c.native_type, c.is_identity) ORDER BY c.ordinal) AS columns
          FROM c WHERE c.native_type IS NOT NULL GROUP BY c.source_name) k), '{}'),
    'tables', coalesce((SELECT jsonb_agg(format('CREATE TABLE %s (%s)', k.target, k.columns)) FROM (
        SELECT c.target, string_agg(format('%I %s', c.target_column, c.target_type) || CASE WHEN c.is_identity THEN ' GENERATED BY DEFAULT AS IDENTITY' ELSE '' END,
                                    ', ' ORDER BY c.ordinal) AS columns FROM c GROUP BY c.target) k), '[]'),
    'table_ids', coalesce((SELECT jsonb_object_agg(format('%I.%I', target_schema, target_table), table_id) FROM t), '{}'),
    'sequences', coalesce((SELECT jsonb_agg(format('CREATE SEQUENCE %I.%I', target_schema, target_name)) FROM sequence), '[]'),
    'schemas', coalesce((SELECT jsonb_agg(DISTINCT format('CREATE SCHEMA IF NOT EXISTS %I', s.name))
                           FROM (SELECT target_schema AS name FROM t UNION SELECT target_schema FROM sequence) s), '[]'),
    'scripts', coalesce((SELECT jsonb_agg(jsonb_build_object('name', schema_name || '.' || object_name, 'kind', kind, 'object_id', object_id, 'source_name', source_name,
                                                             'target', format('%I.%I', target_schema, target_name), 'schema', target_schema, 'skip', skip,
                                                             'disabled', disabled, 'definition', definition)
                                          ORDER BY rank, schema_name COLLATE "C", object_name COLLATE "C", object_id) FROM code), '[]'))
$$;
COMMENT ON FUNCTION lakemover._convert_context(name) IS 'names, columns, tables and code of a SQL Server source, for its conversion';
