-- The plan in the same terms. A member that is left out is not compared.
CREATE FUNCTION lakemover._level0_expected(p_source name)
RETURNS TABLE(table_id bigint, kind text, schema_name text, table_name text, object_name text, definition jsonb)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
WITH con AS MATERIALIZED (
    SELECT c.*, i.columns, i.ref_table_id, i.ref_columns, i.on_update, i.on_delete, i.is_deferrable, i.is_deferred, i.index_id
      FROM lakemover._planned_constraints(p_source) c
      JOIN lakemover.inv_constraint i ON i.source = p_source AND i.constraint_id = c.constraint_id
     WHERE c.definition IS NOT NULL
)
SELECT t.table_id, 'table', t.target_schema, t.target_table, t.target_table,
       jsonb_build_object('partitioned', t.kind = 'p',
           'parents', (SELECT coalesce(jsonb_agg(jsonb_build_array(p.target_schema, p.target_table) ORDER BY u.no), '[]')
                         FROM unnest(t.parent_id || coalesce(t.inherits, '{}')) WITH ORDINALITY u(id, no)
                         JOIN lakemover._planned_table p ON p.source = p_source AND p.table_id = u.id))
  FROM lakemover._planned_table t WHERE t.source = p_source
UNION ALL
SELECT t.table_id, 'column', t.target_schema, t.target_table, c.target_column,
       jsonb_build_object('type', c.target_type, 'not_null', c.not_null, 'generated', c.generated, 'default', e.sql IS NOT NULL, 'collation', coalesce(c."collation", ''))
       -- from 17 on partitions have the identity of their parent, before they have none
       || CASE WHEN t.parent_id IS NULL THEN jsonb_build_object('identity', c.identity) ELSE '{}' END
  FROM lakemover._planned_table t
  JOIN lakemover._planned_column c USING (source, table_id)
 CROSS JOIN LATERAL lakemover._target_expression(p_source, NULL, c.default_expr) e
 WHERE t.source = p_source
UNION ALL
SELECT t.table_id, CASE c.kind WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE 'exclusion' END,
       t.target_schema, t.target_table, c.target_name,
       jsonb_build_object('deferrable', c.is_deferrable, 'deferred', c.is_deferred, 'valid', true,
           'columns', (SELECT coalesce(jsonb_agg(coalesce(n.target_column, '(expression)') ORDER BY k.no), '[]')
                         FROM unnest(i.key_columns) WITH ORDINALITY k(name, no)
                         LEFT JOIN lakemover.plan_column n ON n.source = p_source AND n.table_id = c.table_id AND n.source_column = k.name),
           'include', (SELECT coalesce(jsonb_agg(n.target_column ORDER BY k.no), '[]')
                         FROM unnest(i.include_columns) WITH ORDINALITY k(name, no)
                         JOIN lakemover.plan_column n ON n.source = p_source AND n.table_id = c.table_id AND n.source_column = k.name))
  FROM con c
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
  JOIN lakemover.inv_index i ON i.source = p_source AND i.index_id = c.index_id
 WHERE c.kind IN ('p', 'u', 'x')
UNION ALL
SELECT t.table_id, 'check', t.target_schema, t.target_table, c.target_name,
       jsonb_build_object('validated', c.is_validated,
           'columns', (SELECT coalesce(jsonb_agg(n.target_column ORDER BY n.target_column COLLATE "C"), '[]')
                         FROM unnest(c.columns) k(name) JOIN lakemover.plan_column n ON n.source = p_source AND n.table_id = c.table_id AND n.source_column = k.name))
  FROM con c
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
 WHERE c.kind = 'c' AND NOT c.is_inherited
UNION ALL
SELECT t.table_id, 'foreign key', t.target_schema, t.target_table, c.target_name,
       jsonb_build_object('on_update', c.on_update, 'on_delete', c.on_delete, 'deferrable', c.is_deferrable, 'deferred', c.is_deferred,
           'validated', c.is_validated OR t.kind = 'p', 'references', jsonb_build_array(r.target_schema, r.target_table),
           'columns', (SELECT coalesce(jsonb_agg(n.target_column ORDER BY k.no), '[]') FROM unnest(c.columns) WITH ORDINALITY k(name, no)
                         JOIN lakemover.plan_column n ON n.source = p_source AND n.table_id = c.table_id AND n.source_column = k.name),
           'ref_columns', (SELECT coalesce(jsonb_agg(n.target_column ORDER BY k.no), '[]') FROM unnest(c.ref_columns) WITH ORDINALITY k(name, no)
                             JOIN lakemover.plan_column n ON n.source = p_source AND n.table_id = c.ref_table_id AND n.source_column = k.name))
  FROM con c
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
  JOIN lakemover._planned_table r ON r.source = p_source AND r.table_id = c.ref_table_id
 WHERE c.kind = 'f'
UNION ALL
SELECT t.table_id, 'index', t.target_schema, t.target_table, x.target_name,
       jsonb_build_object('unique', x.is_unique, 'method', i.method, 'predicate', i.predicate IS NOT NULL, 'valid', true,
           'order', CASE WHEN i.method = 'btree' THEN to_jsonb(lakemover._index_order(x.definition)) END,
           'columns', (SELECT coalesce(jsonb_agg(coalesce(n.target_column, '(expression)') ORDER BY k.no), '[]')
                         FROM unnest(i.key_columns) WITH ORDINALITY k(name, no)
                         LEFT JOIN lakemover.plan_column n ON n.source = p_source AND n.table_id = x.table_id AND n.source_column = k.name),
           'include', (SELECT coalesce(jsonb_agg(n.target_column ORDER BY k.no), '[]')
                         FROM unnest(i.include_columns) WITH ORDINALITY k(name, no)
                         JOIN lakemover.plan_column n ON n.source = p_source AND n.table_id = x.table_id AND n.source_column = k.name))
  FROM lakemover._planned_indexes(p_source) x
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = x.table_id
  JOIN lakemover.inv_index i ON i.source = p_source AND i.index_id = x.index_id
 WHERE x.definition IS NOT NULL
UNION ALL
SELECT i.owner_table_id, 'sequence', s.target_schema, s.target_name, s.target_name,
       jsonb_build_object('type', y.name, 'start', i.start_value, 'increment', i.increment_by, 'cache', i.cache_size, 'cycle', i.cycles,
           'min', CASE WHEN i.increment_by < 0 AND i.min_value = own.least THEN y.least ELSE i.min_value END,
           'max', CASE WHEN i.increment_by > 0 AND i.max_value = own.greatest THEN y.greatest ELSE i.max_value END)
       || CASE WHEN i.last_value IS NULL OR i.is_called IS NULL THEN '{}'
               ELSE jsonb_build_object('next', i.last_value::numeric + CASE WHEN i.is_called THEN i.increment_by ELSE 0 END) END
       || CASE WHEN c.target_column IS NULL THEN '{}'
               ELSE jsonb_build_object('owner', jsonb_build_array(t.target_schema, t.target_table, c.target_column)) END
  FROM lakemover.plan_sequence s
  JOIN lakemover.inv_sequence i USING (source, sequence_id)
  LEFT JOIN lakemover._planned_table t ON t.source = s.source AND t.table_id = i.owner_table_id
  LEFT JOIN lakemover.plan_column c ON c.source = s.source AND c.table_id = t.table_id AND c.source_column = i.owner_column AND NOT c.exclude
  JOIN (VALUES ('smallint', -32768, 32767), ('integer', -2147483648, 2147483647),
               ('bigint', -9223372036854775808, 9223372036854775807)) AS own(name, least, greatest) ON own.name = i.data_type
  JOIN (VALUES ('smallint', -32768, 32767), ('integer', -2147483648, 2147483647),
               ('bigint', -9223372036854775808, 9223372036854775807)) AS y(name, least, greatest)
       ON y.name = CASE WHEN i.owner_kind = 'i' THEN coalesce(c.target_type, i.data_type) ELSE i.data_type END
 WHERE s.source = p_source AND NOT s.exclude
   AND (i.owner_kind IS DISTINCT FROM 'i' OR c.target_column IS NOT NULL)
UNION ALL
SELECT NULL, CASE y.kind WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'c' THEN 'composite' ELSE 'range' END,
       y.schema_name, NULL, y.type_name,
       CASE y.kind
       WHEN 'e' THEN jsonb_build_object('labels', y.definition -> 'labels')
       WHEN 'd' THEN jsonb_build_object('base', y.definition -> 'base', 'not_null', y.definition -> 'not_null',
            'default', y.definition ->> 'default' IS NOT NULL)
            || CASE WHEN EXISTS (SELECT FROM lakemover.plan_unmoved u WHERE u.source = p_source AND u.class = 'type' AND u.object_id = y.type_id) THEN '{}'
               ELSE jsonb_build_object('checks', (SELECT coalesce(jsonb_agg(c.item ->> 'name' ORDER BY c.item ->> 'name' COLLATE "C"), '[]')
                         FROM jsonb_array_elements(y.definition -> 'checks') c(item))) END
       WHEN 'c' THEN jsonb_build_object('attributes',
            (SELECT coalesce(jsonb_agg(jsonb_build_array(a.item ->> 'name', a.item ->> 'type') ORDER BY a.no), '[]')
               FROM jsonb_array_elements(y.definition -> 'attributes') WITH ORDINALITY a(item, no)))
       ELSE '{}' END
  FROM lakemover.inv_type y WHERE y.source = p_source
UNION ALL
SELECT e.* FROM lakemover._level0_expected_code(p_source) e
$$;
COMMENT ON FUNCTION lakemover._level0_expected(name) IS 'what the target should have after a run, in the terms of _level0_sql()';
