CREATE FUNCTION lakemover._ddl(p_source name)
RETURNS TABLE(ordinal int, stage text, table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
SELECT row_number() OVER (ORDER BY g.no, s.part, s.no)::int, s.stage, s.table_id, s.kind, s.object, s.sql
  FROM (
    SELECT 'schema' AS stage, 1 AS part, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_schemas(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 'type', 1, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_types(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 'sequence', 1, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_sequences(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 'table', 1, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_tables(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 'default', 1, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_defaults(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 'sequence_value', 1, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_sequence_values(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 'comment', 1, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_comments(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 'analyze', 1, d.no, d.table_id, d.kind, d.object, d.sql
      FROM lakemover._ddl_analyze(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT c.stage, 2, c.no, c.table_id, c.kind, c.object, c.sql FROM lakemover._ddl_constraints(p_source) c
    UNION ALL
    SELECT c.stage, 3, c.no, c.table_id, c.kind, c.object, c.sql FROM lakemover._ddl_code(p_source) c
    UNION ALL
    SELECT 'privilege', 1, g.no, NULL, g.kind, g.object, g.sql
      FROM lakemover._ddl_grants(p_source) WITH ORDINALITY g(kind, object, sql, no)
    UNION ALL
    SELECT 'privilege', 2, o.no, NULL, o.kind, o.object, o.sql
      FROM lakemover._ddl_owners(p_source) WITH ORDINALITY o(kind, object, sql, no)) s
  JOIN unnest('{schema,type,sequence,table,setting,code,key,index,check,default,sequence_value,fk,fk_validate,view,trigger,comment,privilege,analyze}'::text[])
       WITH ORDINALITY g(stage, no) USING (stage)
 ORDER BY 1
$$;
COMMENT ON FUNCTION lakemover._ddl(name) IS 'all statements that make the planned schema on the target, in order: schema, type, sequence, table, setting, code before the load, the rest after it';
