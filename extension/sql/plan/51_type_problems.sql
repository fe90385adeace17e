CREATE FUNCTION lakemover._type_problems(p_source name) RETURNS TABLE(message text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH col AS MATERIALIZED (
    SELECT format('%I.%I.%I', t.source_schema, t.source_table, c.source_column) AS name,
           i.data_type, c.target_type, i.native_type, i.type_kind, i.type_schema, i.type_extension, i.identity, i.generated, c.transform
      FROM lakemover._planned_table t
      JOIN lakemover.plan_column c USING (source, table_id)
      JOIN lakemover.inv_column i USING (source, table_id, ordinal)
     WHERE t.source = p_source AND NOT c.exclude
       AND (c.target_type <> i.data_type OR i.type_schema <> 'pg_catalog' OR c.transform IS NOT NULL)
), pair AS MATERIALIZED (
    SELECT d.data_type, d.target_type, d.native_type,
           (SELECT i.origin FROM lakemover._type_info(p_source, d.target_type) i) AS origin,
           (SELECT i.codec FROM lakemover._type_info(p_source, d.target_type) i) AS codec,
           CASE WHEN d.native_type IS NOT NULL
                THEN coalesce((SELECT lakemover._can_encode(d.native_type, i.codec) FROM lakemover._type_info(p_source, d.target_type) i), false)
                ELSE d.target_type = d.data_type OR lakemover._cast_exists(p_source, d.data_type, d.target_type) END AS can_cast
      FROM (SELECT DISTINCT col.data_type, col.target_type, col.native_type FROM col) d
)
SELECT CASE
           WHEN p.origin IS NULL AND c.target_type = c.data_type AND c.type_kind = 'c'
               THEN format('column %s has the row type of a table, %s, which cannot be moved; exclude it or give it another type', c.name, c.data_type)
           WHEN p.origin IS NULL AND c.target_type = c.data_type
               THEN format('column %s has the type %s, which is not moved; exclude the column or give it another type', c.name, c.data_type)
           WHEN p.origin IS NULL THEN format('column %s has an unknown target type: %s', c.name, c.target_type)
           WHEN NOT p.can_cast AND c.native_type IS NOT NULL
               THEN format('column %s cannot become %s: there is no conversion from %s', c.name, c.target_type, c.native_type)
           WHEN NOT p.can_cast AND c.transform IS NULL
               THEN format('column %s cannot become %s: the source has no cast from %s; a transform can help', c.name, c.target_type, c.data_type)
           WHEN c.identity <> '' AND p.codec NOT IN ('int2', 'int4', 'int8')
               THEN format('column %s is an identity column and cannot become %s', c.name, c.target_type)
           WHEN c.transform IS NOT NULL AND c.transform !~ '\S' THEN format('column %s has an empty transform', c.name)
       END
  FROM col c
  JOIN pair p ON p.data_type = c.data_type AND p.target_type = c.target_type AND p.native_type IS NOT DISTINCT FROM c.native_type
 WHERE p.origin IS NULL AND NOT (c.target_type = c.data_type AND c.type_extension IS NOT NULL)
    OR p.origin IS NOT NULL AND NOT p.can_cast AND (c.transform IS NULL OR c.native_type IS NOT NULL)
    OR p.origin IS NOT NULL AND c.identity <> '' AND p.codec NOT IN ('int2', 'int4', 'int8')
    OR p.origin IS NOT NULL AND c.transform !~ '\S'
$$;
COMMENT ON FUNCTION lakemover._type_problems(name) IS 'target types that do not exist, that cannot be reached by a cast, or that an identity column cannot have';
