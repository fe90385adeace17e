-- ONLY: a partition has the defaults of its own. A default of a column that lost its time zone is the UTC time.
CREATE FUNCTION lakemover._ddl_defaults(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT d.table_id, d.kind, d.object, d.sql
  FROM (
    SELECT 1 AS no, t.table_id, 'default' AS kind, format('%s.%I', t.target, c.target_column) AS object,
           format('ALTER TABLE ONLY %s ALTER COLUMN %I SET DEFAULT %s', t.target, c.target_column,
                  CASE WHEN c.target_type = c.source_type THEN e.sql
                       WHEN c.source_type ~ '^timestamp.* with time zone$' AND c.target_type ~ '^timestamp.* without time zone$'
                           THEN format('((%s) AT TIME ZONE ''UTC'')', e.sql)
                       ELSE format('CAST((%s) AS %s)', e.sql, c.target_type) END) AS sql, c.ordinal AS place
      FROM lakemover._planned_table t
      JOIN lakemover._planned_column c USING (source, table_id)
     CROSS JOIN LATERAL lakemover._target_expression(p_source, NULL, c.default_expr) e
     WHERE t.source = p_source AND e.sql IS NOT NULL
    UNION ALL
    SELECT 2, t.table_id, 'owned by', format('%I.%I', s.target_schema, s.target_name),
           format('ALTER SEQUENCE %I.%I OWNED BY %s.%I', s.target_schema, s.target_name, t.target, c.target_column), 0
      FROM lakemover.plan_sequence s
      JOIN lakemover.inv_sequence i USING (source, sequence_id)
      JOIN lakemover._planned_table t ON t.source = s.source AND t.table_id = i.owner_table_id
      JOIN lakemover.plan_column c ON c.source = s.source AND c.table_id = i.owner_table_id
           AND c.source_column = i.owner_column AND NOT c.exclude
     WHERE s.source = p_source AND NOT s.exclude AND i.owner_kind = 'a') d
 ORDER BY d.no, split_part(d.object, '.', 1) COLLATE "C", d.table_id, d.place, d.object COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_defaults(name) IS 'statements that set defaults and owners of sequences';
