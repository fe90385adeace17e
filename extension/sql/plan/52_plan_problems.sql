-- What makes a plan impossible. What a plan merely leaves out is not here: lakemover.not_moved() lists it.
CREATE FUNCTION lakemover._plan_problems(p_source name) RETURNS TABLE(message text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
SELECT n.message FROM lakemover._name_problems(p_source) n
UNION ALL
SELECT y.message FROM lakemover._type_problems(p_source) y
UNION ALL
SELECT s.message FROM lakemover._second_pass_problems(p_source) s
UNION ALL
SELECT format('%s %I of table %I.%I uses the excluded column %I; exclude the constraint, too, or keep the column',
              CASE c.kind WHEN 'p' THEN 'primary key' ELSE 'unique constraint' END, c.source_name, t.source_schema, t.source_table, x.source_column)
  FROM lakemover.plan_constraint c
  JOIN lakemover._planned_table t USING (source, table_id)
  JOIN lakemover.inv_constraint i USING (source, constraint_id)
  JOIN lakemover.plan_column x ON x.source = c.source AND x.table_id = c.table_id AND x.source_column = ANY (i.columns) AND x.exclude
 WHERE c.source = p_source AND NOT c.exclude AND c.kind IN ('p', 'u')
UNION ALL
SELECT format('table %I.%I is a partition of a table that does not move; exclude it, too', t.source_schema, t.source_table)
  FROM lakemover._planned_table t
 WHERE t.source = p_source AND t.parent_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM lakemover._planned_table p WHERE p.source = t.source AND p.table_id = t.parent_id)
UNION ALL
SELECT format('the partition key of table %I.%I cannot move: %s', t.source_schema, t.source_table, e.problem)
  FROM lakemover._planned_table t
 CROSS JOIN LATERAL lakemover._target_expression(p_source, t.table_id, t.partition_key, true) e
 WHERE t.source = p_source AND e.problem IS NOT NULL
UNION ALL
SELECT format('sequence %I.%I belongs to a column of table %I.%I and must be in its schema, %I, on the target',
              s.source_schema, s.source_name, t.source_schema, t.source_table, t.target_schema)
  FROM lakemover.plan_sequence s
  JOIN lakemover.inv_sequence i USING (source, sequence_id)
  JOIN lakemover._planned_table t ON t.source = s.source AND t.table_id = i.owner_table_id
 WHERE s.source = p_source AND NOT s.exclude AND s.target_schema <> t.target_schema
UNION ALL
SELECT format('sequence %I.%I makes the identity of column %I of table %I.%I; exclude the column, not the sequence',
              s.source_schema, s.source_name, i.owner_column, t.source_schema, t.source_table)
  FROM lakemover.plan_sequence s
  JOIN lakemover.inv_sequence i USING (source, sequence_id)
  JOIN lakemover._planned_table t ON t.source = s.source AND t.table_id = i.owner_table_id
  JOIN lakemover.plan_column c ON c.source = s.source AND c.table_id = i.owner_table_id AND c.source_column = i.owner_column
 WHERE s.source = p_source AND s.exclude AND i.owner_kind = 'i' AND NOT c.exclude
UNION ALL
SELECT format('table %I.%I has no usable key, so it cannot be read by key ranges (chunking keyset)', t.source_schema, t.source_table)
  FROM lakemover._planned_table t JOIN lakemover.plan_table p USING (source, table_id)
 WHERE t.source = p_source AND p.chunking = 'keyset' AND t.kind <> 'p' AND lakemover._table_key(p_source, t.table_id) IS NULL
UNION ALL
SELECT format('table %I.%I cannot be read by page ranges (chunking ctid): the source %s', t.source_schema, t.source_table,
              CASE WHEN s.engine = 'postgres' THEN 'is older than PostgreSQL 14' ELSE 'has no row addresses' END)
  FROM lakemover._planned_table t
  JOIN lakemover.plan_table p USING (source, table_id)
  JOIN lakemover.source_info s USING (source)
 WHERE t.source = p_source AND p.chunking = 'ctid' AND (s.version_num < 140000 OR s.engine <> 'postgres')
UNION ALL
SELECT format('table %I.%I cannot be read by row numbers (chunking row_number): %s', t.source_schema, t.source_table,
              CASE WHEN s.engine = 'postgres' THEN 'a PostgreSQL source has page ranges (ctid)' ELSE 'it has a key, whose ranges are better (keyset)' END)
  FROM lakemover._planned_table t
  JOIN lakemover.plan_table p USING (source, table_id)
  JOIN lakemover.source_info s USING (source)
 WHERE t.source = p_source AND p.chunking = 'row_number'
   AND (s.engine = 'postgres' OR lakemover._table_key(p_source, t.table_id) IS NOT NULL)
UNION ALL
SELECT format('column %I.%I.%I has the type %s, which has no safe binary form; copy_format must be auto or text',
              t.source_schema, t.source_table, c.source_column, i.data_type)
  FROM lakemover._planned_table t
  JOIN lakemover.plan_table p USING (source, table_id)
  JOIN lakemover.plan_column c USING (source, table_id)
  JOIN lakemover.inv_column i USING (source, table_id, ordinal)
 WHERE t.source = p_source AND p.copy_format = 'binary' AND NOT c.exclude AND NOT i.binary_ok AND c.target_type = i.data_type
UNION ALL
SELECT format('table %I.%I has an empty row_filter', t.source_schema, t.source_table)
  FROM lakemover._planned_table t JOIN lakemover.plan_table p USING (source, table_id)
 WHERE t.source = p_source AND p.row_filter !~ '\S'
UNION ALL
SELECT format('columns have the type %s, %s', c.target_type,
              CASE WHEN k.installed THEN format('and the target has citext in the schema %s; plan again', regexp_replace(lakemover._citext_type(), '\.citext$', ''))
                   ELSE 'and the target does not offer the extension citext; --ci icu needs none' END)
  FROM (SELECT DISTINCT c.target_type
          FROM lakemover._planned_table t
          JOIN lakemover.plan_column c USING (source, table_id)
          JOIN lakemover.inv_column i USING (source, table_id, ordinal)
         WHERE t.source = p_source AND NOT c.exclude AND i.native_type IS NOT NULL AND c.target_type ~ '(^|\.)citext$') c
 CROSS JOIN (SELECT coalesce(bool_or(f.name = 'citext_schema' AND f.value <> ''), false) AS installed,
                    coalesce(bool_or(f.name LIKE 'extension:%') AND NOT bool_or(f.name = 'extension:citext'), false) AS missing
               FROM lakemover.target_fact f) k
 WHERE CASE WHEN k.installed THEN c.target_type <> lakemover._citext_type() ELSE k.missing END
UNION ALL
SELECT u.message FROM lakemover._unreadable_tables(p_source) u
UNION ALL
SELECT format('row security would hide rows of table %I.%I from the source''s user', t.source_schema, t.source_table)
  FROM lakemover._planned_table t JOIN lakemover.inv_table i USING (source, table_id)
 WHERE t.source = p_source AND i.rls_applies
$$;
COMMENT ON FUNCTION lakemover._plan_problems(name) IS 'why the plan cannot be carried out; no row: it can';
