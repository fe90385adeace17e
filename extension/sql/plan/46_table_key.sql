-- The primary key, else the shortest unique index over NOT NULL columns, provided that its values can be found again on the
-- target: every column is copied, without a transform, in a type whose text means the same value.
CREATE FUNCTION lakemover._table_key(p_source name, p_table_id bigint) RETURNS text[]
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
    WITH candidate AS (
        SELECT i.key_columns AS columns, i.is_primary, i.index_id
          FROM lakemover.inv_index i
          LEFT JOIN lakemover.inv_constraint c ON c.source = i.source AND c.constraint_id = i.constraint_id
         WHERE i.source = p_source AND i.table_id = p_table_id AND i.is_unique AND i.is_valid
           AND NOT i.has_expressions AND i.predicate IS NULL
           AND (i.is_primary OR NOT coalesce(c.is_deferrable, false))
    )
    SELECT k.columns
      FROM candidate k
     WHERE NOT EXISTS (
           SELECT FROM unnest(k.columns) n(name)
             JOIN lakemover.inv_column i ON i.source = p_source AND i.table_id = p_table_id AND i.column_name = n.name
             JOIN lakemover.plan_column c ON c.source = p_source AND c.table_id = p_table_id AND c.ordinal = i.ordinal
            WHERE c.exclude OR NOT i.not_null OR i.generated <> '' OR c.transform IS NOT NULL
               -- no literal of these takes the engine's own value again; unbounded ones cannot be keys there
               OR i.native_type ~ '^(real|float|sql_variant|hierarchyid)'
               -- SQL Server's char(n) travels without its padding, whatever it becomes
               OR CASE WHEN i.native_type ~ '^n?char\(' AND c.target_type ~ '^(character varying|text\M)' THEN false
                       WHEN c.target_type <> i.data_type THEN NOT lakemover._same_key_text(p_source, i.data_type, c.target_type) END)
     ORDER BY NOT k.is_primary, cardinality(k.columns), k.index_id
     LIMIT 1);
END
$$;
COMMENT ON FUNCTION lakemover._table_key(name, bigint) IS 'the columns by which rows are cut into ranges and found again; null for a table without a usable key';
