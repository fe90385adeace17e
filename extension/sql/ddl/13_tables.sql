-- Bare tables: columns, types, NOT NULL, generated and identity columns, partitioning and inheritance. Defaults, keys and
-- checks come after the load.
CREATE FUNCTION lakemover._column_ddl(p_source name, p_table_id bigint)
RETURNS TABLE(ordinal int, source_column text, target_column text, not_null boolean, definition text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.ordinal, c.source_column, c.target_column, c.not_null,
       concat_ws(' ', quote_ident(c.target_column), c.target_type,
                 'COLLATE ' || c."collation",
                 CASE WHEN c.generated = 's' THEN format('GENERATED ALWAYS AS (%s) STORED', c.generation_expr) END,
                 -- before 17 a partition cannot have an identity, from 17 on it has its parent's
                 CASE WHEN c.identity <> '' AND t.parent_id IS NULL THEN
                     format('GENERATED %s AS IDENTITY%s', CASE c.identity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END,
                            (SELECT format(' (SEQUENCE NAME %I.%I %s)', s.target_schema, s.target_name, lakemover._sequence_options(i))
                               FROM lakemover.inv_sequence i
                               JOIN lakemover.plan_sequence s USING (source, sequence_id)
                              WHERE i.source = p_source AND i.owner_table_id = p_table_id AND i.owner_kind = 'i'
                                AND i.owner_column = c.source_column)) END,
                 -- a column of the second pass becomes NOT NULL when it is filled
                 CASE WHEN c.not_null AND c.pass = 1 THEN 'NOT NULL' END)
  FROM lakemover._planned_column c
  JOIN lakemover._planned_table t USING (source, table_id)
 WHERE c.source = p_source AND c.table_id = p_table_id
$$;
COMMENT ON FUNCTION lakemover._column_ddl(name, bigint) IS 'column definitions of a table as CREATE TABLE needs them';

CREATE FUNCTION lakemover._ddl_tables(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE parent AS MATERIALIZED (
    SELECT t.table_id, u.parent_id, u.no, p.target AS parent
      FROM lakemover._planned_table t
     CROSS JOIN LATERAL unnest(t.parent_id || coalesce(t.inherits, '{}')) WITH ORDINALITY u(parent_id, no)
      JOIN lakemover._planned_table p ON p.source = t.source AND p.table_id = u.parent_id
     WHERE t.source = p_source
), reach AS (
    SELECT t.table_id, 0 AS depth FROM lakemover._planned_table t WHERE t.source = p_source
    UNION
    SELECT p.table_id, r.depth + 1 FROM reach r JOIN parent p ON p.parent_id = r.table_id
), depth AS (
    SELECT r.table_id, max(r.depth) AS depth FROM reach r GROUP BY r.table_id
)
SELECT t.table_id, x.kind, t.target, x.sql
  FROM lakemover._planned_table t
  JOIN depth d USING (table_id)
 CROSS JOIN LATERAL lakemover._target_expression(p_source, t.table_id, t.partition_key, true) k
  LEFT JOIN parent pt ON pt.table_id = t.table_id AND t.parent_id IS NOT NULL
  -- a partition that was attached may have its columns in another order: then it is made alone, and attached
 CROSS JOIN LATERAL (
       SELECT t.parent_id IS NOT NULL
              AND ARRAY(SELECT i.column_name FROM lakemover.inv_column i
                         WHERE i.source = p_source AND i.table_id = t.table_id ORDER BY i.ordinal)
               <> ARRAY(SELECT i.column_name FROM lakemover.inv_column i
                         WHERE i.source = p_source AND i.table_id = t.parent_id ORDER BY i.ordinal) AS by_itself) o
 CROSS JOIN LATERAL (
       SELECT 1 AS no, 'partition' AS kind,
              concat_ws(' ', format('CREATE TABLE %s PARTITION OF %s', t.target, pt.parent),
                     (SELECT '(' || string_agg(format('%I WITH OPTIONS NOT NULL', c.target_column), ', ' ORDER BY c.ordinal) || ')'
                        FROM lakemover._planned_column c
                        JOIN lakemover._planned_column up ON up.source = p_source AND up.table_id = t.parent_id
                             AND up.source_column = c.source_column
                       WHERE c.source = p_source AND c.table_id = t.table_id AND c.not_null AND c.pass = 1 AND NOT up.not_null),
                     t.partition_bound, 'PARTITION BY ' || k.sql) AS sql
        WHERE t.parent_id IS NOT NULL AND NOT o.by_itself
       UNION ALL
       SELECT 1, CASE WHEN t.kind = 'p' THEN 'partitioned table' ELSE 'table' END,
              concat_ws(' ', format('CREATE TABLE %s (%s)', t.target,
                     (SELECT string_agg(c.definition, ', ' ORDER BY c.ordinal)
                        FROM lakemover._column_ddl(p_source, t.table_id) c
                       WHERE t.parent_id IS NOT NULL OR NOT EXISTS (
                             SELECT FROM parent p
                               JOIN lakemover._planned_column up ON up.source = p_source AND up.table_id = p.parent_id
                                    AND up.source_column = c.source_column AND up.not_null = c.not_null
                               JOIN lakemover.inv_column i ON i.source = p_source AND i.table_id = t.table_id AND i.ordinal = c.ordinal
                              WHERE p.table_id = t.table_id AND NOT i.is_local))),
                     (SELECT 'INHERITS (' || string_agg(p.parent, ', ' ORDER BY p.no) || ')' FROM parent p
                       WHERE p.table_id = t.table_id AND t.parent_id IS NULL),
                     'PARTITION BY ' || k.sql)
        WHERE t.parent_id IS NULL OR o.by_itself
       UNION ALL
       SELECT 2, 'attach partition', format('ALTER TABLE %s ATTACH PARTITION %s %s', pt.parent, t.target, t.partition_bound)
        WHERE o.by_itself) x
 WHERE t.source = p_source
 ORDER BY d.depth, t.target COLLATE "C", x.no
$$;
COMMENT ON FUNCTION lakemover._ddl_tables(name) IS 'statements that create the bare tables, parents before partitions and inheriting tables';
