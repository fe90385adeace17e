CREATE FUNCTION lakemover._ddl(p_source name)
RETURNS TABLE(ordinal int, stage text, table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
SELECT row_number() OVER (ORDER BY s.stage_no, s.no)::int, s.stage, s.table_id, s.kind, s.object, s.sql
  FROM (
    SELECT 1 AS stage_no, 'schema' AS stage, d.* FROM lakemover._ddl_schemas(p_source) WITH ORDINALITY d(table_id, kind, object, sql, no)
    UNION ALL
    SELECT 2, 'type', d.* FROM lakemover._ddl_types(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 3, 'sequence', d.* FROM lakemover._ddl_sequences(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 4, 'table', d.* FROM lakemover._ddl_tables(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 5, 'key', d.* FROM lakemover._ddl_keys(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 6, 'index', d.* FROM lakemover._ddl_indexes(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 7, 'check', d.* FROM lakemover._ddl_checks(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 8, 'default', d.* FROM lakemover._ddl_defaults(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 9, 'sequence_value', d.* FROM lakemover._ddl_sequence_values(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 10, 'fk', d.* FROM lakemover._ddl_fks(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 11, 'fk_validate', d.* FROM lakemover._ddl_fk_validations(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 12, 'comment', d.* FROM lakemover._ddl_comments(p_source) WITH ORDINALITY d
    UNION ALL
    SELECT 13, 'analyze', d.* FROM lakemover._ddl_analyze(p_source) WITH ORDINALITY d) s
 ORDER BY 1
$$;
COMMENT ON FUNCTION lakemover._ddl(name) IS 'all statements that make the planned schema on the target, in order: schema, type, sequence, table before the load, the rest after it';
