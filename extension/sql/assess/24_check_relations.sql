CREATE FUNCTION lakemover._check_relations(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH tables AS MATERIALIZED (
        SELECT t.table_id, t.schema_name, t.table_name, format('%I.%I', t.schema_name, t.table_name) AS shown,
               coalesce(p.exclude, false) AS exclude
          FROM lakemover.inv_table t
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
         WHERE t.source = p_source
    ), fk AS MATERIALIZED (
        SELECT c.name, c.columns, c.ref_columns, c.on_update, c.on_delete, c.is_deferrable, c.definition, c.table_id, c.ref_table_id,
               t.schema_name, t.table_name, t.shown, r.shown AS ref_shown, coalesce(r.exclude, true) AS not_created
          FROM lakemover.inv_constraint c
          JOIN tables t ON t.table_id = c.table_id AND NOT t.exclude
          LEFT JOIN tables r ON r.table_id = c.ref_table_id
          LEFT JOIN lakemover.plan_constraint p ON p.source = c.source AND p.constraint_id = c.constraint_id
         WHERE c.source = p_source AND c.kind = 'f' AND c.parent_id IS NULL AND NOT coalesce(p.exclude, false)
    ), engine AS (
        SELECT s.engine = 'postgres' AS postgres FROM lakemover.source_info s WHERE s.source = p_source
    )
    SELECT 'foreign_key', CASE WHEN f.not_created THEN 'WARNING' END, f.schema_name, f.table_name, NULL::text,
           CASE WHEN f.not_created THEN format('%s: foreign key %I references a table that is not migrated', f.shown, f.name)
                ELSE format('%s(%s) references %s(%s)', f.shown, array_to_string(f.columns, ', '), f.ref_shown, array_to_string(f.ref_columns, ', ')) END,
           jsonb_build_object('constraint', f.name, 'columns', f.columns, 'references', f.ref_shown, 'ref_columns', f.ref_columns,
                              'on_update', f.on_update, 'on_delete', f.on_delete, 'deferrable', f.is_deferrable,
                              'self_reference', f.table_id = f.ref_table_id, 'definition', f.definition), NULL::text
      FROM fk f
    UNION ALL
    SELECT 'fk_cycle', NULL, NULL, NULL, NULL,
           format('cycle %s: %s reference each other through %s', y.cycle,
                  (SELECT string_agg(x, ', ') FROM (SELECT x FROM unnest(y.tables) x LIMIT 10) l) ||
                  CASE WHEN cardinality(y.tables) > 10 THEN format(' and %s more', cardinality(y.tables) - 10) ELSE '' END,
                  (SELECT string_agg(x, ', ') FROM (SELECT k ->> 'name' AS x FROM jsonb_array_elements(y.foreign_keys) k LIMIT 10) l)),
           jsonb_build_object('cycle', y.cycle, 'tables', y.tables, 'foreign_keys', y.foreign_keys), NULL
      FROM lakemover._load_cycle(p_source) y
    UNION ALL
    SELECT 'not_validated', NULL, t.schema_name, t.table_name, NULL,
           format('%s: %s %I is %s, rows may violate it', t.shown, CASE c.kind WHEN 'f' THEN 'foreign key' ELSE 'check' END, c.name,
                  CASE WHEN engine.postgres THEN 'NOT VALID' ELSE 'disabled or not trusted' END),
           jsonb_build_object('constraint', c.name, 'definition', c.definition),
           CASE WHEN engine.postgres THEN format('/* on the source */ ALTER TABLE %s VALIDATE CONSTRAINT %I;', t.shown, c.name)
                ELSE format('/* on the source */ ALTER TABLE %s.%s WITH CHECK CHECK CONSTRAINT %s;', lakemover._bracketed(t.schema_name), lakemover._bracketed(t.table_name),
                            lakemover._bracketed(c.name)) END
      FROM lakemover.inv_constraint c
     CROSS JOIN engine
      JOIN tables t ON t.table_id = c.table_id AND NOT t.exclude
      LEFT JOIN lakemover.plan_constraint p ON p.source = c.source AND p.constraint_id = c.constraint_id
     WHERE c.source = p_source AND NOT c.is_validated AND c.parent_id IS NULL AND NOT coalesce(p.exclude, false)
    UNION ALL
    SELECT 'not_validated', NULL, t.schema_name, t.table_name, NULL,
           format('%s: index %I is %s', t.shown, i.name, CASE WHEN engine.postgres THEN 'not valid' ELSE 'disabled' END),
           jsonb_build_object('index', i.name, 'definition', i.definition),
           CASE WHEN engine.postgres THEN format('/* on the source */ REINDEX INDEX %I.%I;', t.schema_name, i.name)
                ELSE format('/* on the source */ ALTER INDEX %s ON %s.%s REBUILD;', lakemover._bracketed(i.name), lakemover._bracketed(t.schema_name),
                            lakemover._bracketed(t.table_name)) END
      FROM lakemover.inv_index i
     CROSS JOIN engine
      JOIN tables t ON t.table_id = i.table_id AND NOT t.exclude
      LEFT JOIN lakemover.plan_index p ON p.source = i.source AND p.index_id = i.index_id
     WHERE i.source = p_source AND NOT i.is_valid AND i.parent_id IS NULL AND NOT coalesce(p.exclude, false)
    UNION ALL
    SELECT 'index', NULL, t.schema_name, t.table_name, NULL,
           format('%s: %s%s %I', t.shown, CASE WHEN i.is_primary THEN 'primary key ' WHEN i.is_unique THEN 'unique ' ELSE '' END, i.method, i.name),
           jsonb_strip_nulls(jsonb_build_object('index', i.name, 'method', i.method, 'unique', i.is_unique, 'primary', i.is_primary,
                                                'bytes', i.bytes, 'definition', i.definition)), NULL
      FROM lakemover.inv_index i
      JOIN tables t ON t.table_id = i.table_id AND NOT t.exclude
     WHERE i.source = p_source AND i.parent_id IS NULL
    UNION ALL
    SELECT 'identity', NULL, t.schema_name, t.table_name, c.column_name,
           format('%s.%I is an identity column (GENERATED %s)', t.shown, c.column_name,
                  CASE c.identity WHEN 'a' THEN 'ALWAYS' ELSE 'BY DEFAULT' END),
           jsonb_strip_nulls(jsonb_build_object('identity', c.identity, 'sequence', quote_ident(q.schema_name) || '.' || quote_ident(q.sequence_name),
                                                'last_value', q.last_value, 'is_called', q.is_called, 'increment', q.increment_by)), NULL
      FROM lakemover.inv_column c
      JOIN tables t ON t.table_id = c.table_id AND NOT t.exclude
      LEFT JOIN lakemover.inv_sequence q ON q.source = c.source AND q.owner_table_id = c.table_id AND q.owner_column = c.column_name
            AND q.owner_kind = 'i'
     WHERE c.source = p_source AND c.identity <> ''
    UNION ALL
    SELECT 'identity', NULL, q.schema_name, q.sequence_name, NULL,
           format('sequence %I.%I%s', q.schema_name, q.sequence_name,
                  CASE WHEN t.table_id IS NOT NULL THEN format(', owned by %s.%I', t.shown, q.owner_column) ELSE ', owned by no column' END),
           jsonb_strip_nulls(jsonb_build_object('data_type', q.data_type, 'last_value', q.last_value, 'is_called', q.is_called,
                                                'increment', q.increment_by)), NULL
      FROM lakemover.inv_sequence q
      LEFT JOIN tables t ON t.table_id = q.owner_table_id
     WHERE q.source = p_source AND q.owner_kind IS DISTINCT FROM 'i' AND NOT coalesce(t.exclude, false)
     ORDER BY 1, 3, 4, 5
$$;
COMMENT ON FUNCTION lakemover._check_relations(name) IS 'checks foreign_key, fk_cycle, not_validated, index and identity';
