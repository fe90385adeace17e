-- A column that is null until the second pass must not matter to anything that the target has before it.
CREATE FUNCTION lakemover._second_pass_problems(p_source name) RETURNS TABLE(message text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH later AS MATERIALIZED (
    SELECT t.table_id, t.kind, t.partition_key, c.source_column, i.generated, i.identity, i.type_id,
           format('%I.%I.%I', t.source_schema, t.source_table, c.source_column) AS name
      FROM lakemover._planned_table t
      JOIN lakemover.plan_column c USING (source, table_id)
      JOIN lakemover.inv_column i USING (source, table_id, ordinal)
     WHERE t.source = p_source AND c.pass = 2 AND NOT c.exclude
), moved_index AS MATERIALIZED (
    SELECT i.table_id, i.index_id, i.name, i.is_unique, i.predicate, i.has_expressions, i.key_columns, i.include_columns
      FROM lakemover.inv_index i
     WHERE i.source = p_source AND i.table_id IN (SELECT l.table_id FROM later l)
       AND CASE WHEN i.constraint_id IS NULL
                THEN EXISTS (SELECT FROM lakemover._planned_indexes(p_source) x WHERE x.index_id = i.index_id AND x.definition IS NOT NULL)
                ELSE EXISTS (SELECT FROM lakemover._planned_constraints(p_source) x WHERE x.constraint_id = i.constraint_id AND x.definition IS NOT NULL) END
), reason AS (
    SELECT l.name, 'it is a generated column' AS text FROM later l WHERE l.generated <> ''
    UNION ALL
    SELECT l.name, 'it is an identity column' FROM later l WHERE l.identity <> ''
    UNION ALL
    SELECT l.name, 'its type is a domain that is NOT NULL'
      FROM later l JOIN lakemover.inv_type y ON y.source = p_source AND y.kind = 'd' AND (y.definition ->> 'not_null')::boolean
           AND (y.type_id = l.type_id
                OR y.type_id = ANY (SELECT unnest(u.uses) FROM lakemover.inv_type u WHERE u.source = p_source AND u.type_id = l.type_id AND u.kind = 'd'))
    UNION ALL
    SELECT l.name, format('the %s %I uses it', CASE c.kind WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique constraint' WHEN 'f' THEN 'foreign key' ELSE 'exclusion constraint' END, c.name)
      FROM later l
      JOIN lakemover.inv_constraint c ON c.source = p_source AND c.table_id = l.table_id AND c.kind <> 'c' AND l.source_column = ANY (c.columns)
      JOIN lakemover.plan_constraint p ON p.source = c.source AND p.constraint_id = c.constraint_id AND NOT p.exclude
    UNION ALL
    SELECT l.name, format('the index %I uses it', x.name)
      FROM later l
      JOIN moved_index x ON x.table_id = l.table_id
      -- of a constraint it has been said above
      JOIN lakemover.inv_index i ON i.source = p_source AND i.index_id = x.index_id AND i.constraint_id IS NULL
     WHERE l.source_column = ANY (x.key_columns || x.include_columns)
        OR ((x.has_expressions OR x.predicate IS NOT NULL)
            AND EXISTS (SELECT FROM unnest(x.key_columns || x.predicate) e(sql)
                         CROSS JOIN LATERAL lakemover._expression_columns(e.sql, ARRAY[l.source_column])))
    UNION ALL
    SELECT l.name, format('the generated column %I is made from it', g.source_column)
      FROM later l
      JOIN lakemover._planned_column g ON g.source = p_source AND g.table_id = l.table_id AND g.generated <> ''
      JOIN lakemover.inv_column i ON i.source = p_source AND i.table_id = g.table_id AND i.ordinal = g.ordinal
     WHERE EXISTS (SELECT FROM lakemover._expression_columns(i.default_expr, ARRAY[l.source_column]))
    UNION ALL
    SELECT l.name, 'the partition key uses it'
      FROM later l
     WHERE EXISTS (SELECT FROM lakemover._expression_columns(l.partition_key, ARRAY[l.source_column]))
    UNION ALL
    SELECT l.name, 'its table has no primary key, and no unique index over NOT NULL columns, that moves and by which rows could be found again'
      FROM later l
     WHERE l.kind <> 'p'
       AND NOT EXISTS (SELECT FROM moved_index x
                        WHERE x.table_id = l.table_id AND x.is_unique AND x.predicate IS NULL AND NOT x.has_expressions
                          AND x.key_columns = lakemover._table_key(p_source, l.table_id))
)
SELECT format('column %s cannot be filled in a second pass: %s; set plan_column.pass to 1', r.name, string_agg(r.text, ', ' ORDER BY r.text COLLATE "C"))
  FROM reason r GROUP BY r.name
$$;
COMMENT ON FUNCTION lakemover._second_pass_problems(name) IS 'columns that the plan leaves to a second pass (plan_column.pass) and that cannot wait for it, with the reasons';
