-- Keys, indexes, checks and foreign keys in one pass: what each may say on the target is worked out once.
--   ONLY, also on partitioned tables: each partition gets its own key or index under its own name, in parallel with others,
-- and joins its parent's by ATTACH PARTITION in the check stage, deepest level first. An index of a partitioned table is valid, and
-- can be referenced, when every partition's has joined. A partition's check comes with its parent's.
--   Foreign keys are NOT VALID first, then validated, which locks less; a partitioned table cannot have NOT VALID ones.
-- One that is not valid on the source stays so: its rows may have no parent.
CREATE FUNCTION lakemover._ddl_constraints(p_source name)
RETURNS TABLE(stage text, no bigint, table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE con AS MATERIALIZED (
    SELECT c.*, t.target, t.target_schema, t.table_bytes, t.kind = 'p' AS is_partitioned, i.index_id, i.comment
      FROM lakemover._planned_constraints(p_source) c
      JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
      JOIN lakemover.inv_constraint i ON i.source = p_source AND i.constraint_id = c.constraint_id
     WHERE c.definition IS NOT NULL
), idx AS MATERIALIZED (
    SELECT x.*, t.target, t.target_schema, t.table_bytes, t.kind = 'p' AS is_partitioned, i.comment
      FROM lakemover._planned_indexes(p_source) x
      JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = x.table_id
      JOIN lakemover.inv_index i ON i.source = p_source AND i.index_id = x.index_id
     WHERE x.definition IS NOT NULL
), moved AS MATERIALIZED (
    SELECT c.index_id, c.table_id, format('%I.%I', c.target_schema, c.target_name) AS name FROM con c WHERE c.kind IN ('p', 'u', 'x')
    UNION ALL
    SELECT x.index_id, x.table_id, format('%I.%I', x.target_schema, x.target_name) FROM idx x
), attached AS MATERIALIZED (
    SELECT m.index_id, m.table_id, m.name, i.parent_id, up.name AS parent_name
      FROM moved m
      JOIN lakemover.inv_index i ON i.source = p_source AND i.index_id = m.index_id
      JOIN moved up ON up.index_id = i.parent_id
), depth AS (
    SELECT a.index_id, a.parent_id AS above, 1 AS depth FROM attached a
    UNION ALL
    SELECT d.index_id, a.parent_id, d.depth + 1 FROM depth d JOIN attached a ON a.index_id = d.above
), deepest AS (
    SELECT d.index_id, max(d.depth) AS depth FROM depth d GROUP BY d.index_id
), statement AS (
    -- the largest tables first
    SELECT 'key' AS stage, -coalesce(c.table_bytes, 0) AS place, c.table_id,
           CASE c.kind WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END AS kind,
           format('%s.%I', c.target, c.target_name) AS object,
           format('ALTER TABLE ONLY %s ADD CONSTRAINT %I %s', c.target, c.target_name, c.definition) AS sql
      FROM con c WHERE c.kind IN ('p', 'u', 'x')
    UNION ALL
    SELECT 'index', -coalesce(x.table_bytes, 0), x.table_id, 'index', format('%I.%I', x.target_schema, x.target_name),
           format('CREATE %sINDEX %I ON %s%s %s', CASE WHEN x.is_unique THEN 'UNIQUE ' END, x.target_name,
                  CASE WHEN x.is_partitioned THEN 'ONLY ' END, x.target, x.definition)
      FROM idx x
    UNION ALL
    SELECT 'check', -d.depth, a.table_id, 'attach', a.name, format('ALTER INDEX %s ATTACH PARTITION %s', a.parent_name, a.name)
      FROM attached a JOIN deepest d USING (index_id)
    UNION ALL
    SELECT 'check', 1, c.table_id, 'check', format('%s.%I', c.target, c.target_name),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', c.target, c.target_name, c.definition,
                  CASE WHEN NOT c.is_validated THEN ' NOT VALID' END)
      FROM con c WHERE c.kind = 'c' AND NOT c.is_inherited
    UNION ALL
    -- ALTER TABLE does it for partitions and inheriting tables as well
    SELECT 'check', 0, t.table_id, 'not null', format('%s.%I', t.target, c.target_column),
           format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', t.target, c.target_column)
      FROM lakemover._planned_table t
      JOIN lakemover._planned_column c USING (source, table_id)
     WHERE t.source = p_source AND c.not_null AND c.pass = 2
       AND NOT EXISTS (SELECT FROM unnest(t.parent_id || coalesce(t.inherits, '{}')) p(id)
                         JOIN lakemover._planned_column up ON up.source = p_source AND up.table_id = p.id
                              AND up.source_column = c.source_column AND up.not_null AND up.pass = 2)
    UNION ALL
    SELECT 'check', 2, NULL, 'domain check', format('%I.%I', t.schema_name, t.type_name),
           format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s NOT VALID', t.schema_name, t.type_name, c.item ->> 'name',
                  regexp_replace(c.item ->> 'definition', ' NOT VALID$', ''))
      FROM lakemover.inv_type t
     CROSS JOIN LATERAL jsonb_array_elements(t.definition -> 'checks') c(item)
     WHERE t.source = p_source AND t.kind = 'd' AND NOT (c.item ->> 'validated')::boolean
       AND NOT EXISTS (SELECT FROM lakemover.plan_unmoved u WHERE u.source = p_source AND u.class = 'type' AND u.object_id = t.type_id)
    UNION ALL
    SELECT 'fk', 0, c.table_id, 'foreign key', format('%s.%I', c.target, c.target_name),
           format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', c.target, c.target_name, c.definition,
                  CASE WHEN NOT c.is_partitioned THEN ' NOT VALID' END)
      FROM con c WHERE c.kind = 'f'
    UNION ALL
    SELECT 'fk_validate', 0, c.table_id, 'validate', format('%s.%I', c.target, c.target_name),
           format('ALTER TABLE %s VALIDATE CONSTRAINT %I', c.target, c.target_name)
      FROM con c WHERE c.kind = 'f' AND NOT c.is_partitioned AND c.is_validated
    UNION ALL
    SELECT 'comment', 0, c.table_id, 'comment', o.object, format('COMMENT ON CONSTRAINT %s IS %L', o.object, c.comment)
      FROM con c CROSS JOIN LATERAL (SELECT format('%I ON %s', c.target_name, c.target) AS object) o
     WHERE c.comment IS NOT NULL
    UNION ALL
    SELECT 'comment', 1, x.table_id, 'comment', o.object, format('COMMENT ON INDEX %s IS %L', o.object, x.comment)
      FROM idx x CROSS JOIN LATERAL (SELECT format('%I.%I', x.target_schema, x.target_name) AS object) o
     WHERE x.comment IS NOT NULL
)
SELECT s.stage, row_number() OVER (ORDER BY s.place, s.object COLLATE "C"), s.table_id, s.kind, s.object, s.sql
  FROM statement s
$$;
COMMENT ON FUNCTION lakemover._ddl_constraints(name) IS 'statements for keys, indexes, checks, foreign keys and their comments, by stage';
