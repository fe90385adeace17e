CREATE FUNCTION lakemover._used_collations(p_source name) RETURNS TABLE(object_id bigint, name text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH used AS (
    SELECT DISTINCT c."collation" AS name
      FROM lakemover._planned_column c JOIN lakemover._planned_table t USING (source, table_id)
     WHERE c.source = p_source
    UNION
    SELECT x.name
      FROM lakemover.inv_type t
     CROSS JOIN LATERAL (SELECT t.definition ->> 'collation'
                         UNION ALL
                         SELECT a.attribute ->> 'collation'
                           FROM jsonb_array_elements(t.definition -> 'attributes') a(attribute)) x(name)
     WHERE t.source = p_source
)
SELECT o.object_id, n.name, o.definition
  FROM lakemover.inv_object o
 CROSS JOIN LATERAL (SELECT format('%I.%I', o.schema_name, o.object_name) AS name) n
 WHERE o.source = p_source AND o.kind = 'collation' AND o.definition IS NOT NULL
   AND (n.name IN (SELECT used.name FROM used)
        OR EXISTS (SELECT FROM lakemover.inv_index i WHERE i.source = p_source AND strpos(i.definition, 'COLLATE ' || n.name) > 0)
        OR EXISTS (SELECT FROM lakemover.inv_constraint i WHERE i.source = p_source AND strpos(i.definition, 'COLLATE ' || n.name) > 0)
        OR EXISTS (SELECT FROM lakemover.inv_code i WHERE i.source = p_source AND strpos(i.definition, 'COLLATE ' || n.name) > 0)
        OR EXISTS (SELECT FROM lakemover.inv_table i WHERE i.source = p_source AND strpos(i.partition_key, 'COLLATE ' || n.name) > 0))
$$;
COMMENT ON FUNCTION lakemover._used_collations(name) IS 'the source''s own collations that something that moves needs';
