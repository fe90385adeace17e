-- Each privilege with its object on the target. grantee: of the target, quoted; null with a problem.
CREATE FUNCTION lakemover._planned_grants(p_source name)
RETURNS TABLE(class text, object text, part text, grantee text, source_grantee text, privileges text[], grantable boolean, problem text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH object AS (
    SELECT o.class, o.object_id, o.object FROM lakemover._planned_objects(p_source) o
), role AS MATERIALIZED (
    SELECT g.grantee AS source_role, t.name, t.problem
      FROM (SELECT DISTINCT g.grantee FROM lakemover.inv_grant g WHERE g.source = p_source AND g.grantee IS NOT NULL) g
     CROSS JOIN LATERAL lakemover._target_role(p_source, g.grantee) t
)
SELECT g.class, o.object, c.target_column, CASE WHEN g.grantee IS NULL THEN 'PUBLIC' ELSE quote_ident(r.name) END, g.grantee,
       -- of 17 and later
       array_remove(g.privileges, CASE WHEN (SELECT f.value::int FROM lakemover.target_fact f WHERE f.name = 'server_version_num') >= 170000 THEN '' ELSE 'MAINTAIN' END),
       g.grantable, r.problem
  FROM lakemover.inv_grant g
  JOIN object o ON o.class = CASE g.class WHEN 'column' THEN 'relation' ELSE g.class END AND o.object_id = g.object_id
  LEFT JOIN lakemover.plan_column c ON g.class = 'column' AND c.source = g.source AND c.table_id = g.object_id AND c.source_column = g.part AND NOT c.exclude
  LEFT JOIN role r ON r.source_role = g.grantee
 WHERE g.source = p_source AND (g.class <> 'column' OR c.target_column IS NOT NULL)
UNION ALL
SELECT 'schema', format('SCHEMA %I', s.name), NULL, CASE WHEN g.grantee IS NULL THEN 'PUBLIC' ELSE quote_ident(r.name) END, g.grantee, g.privileges, g.grantable, r.problem
  FROM lakemover.inv_grant g
 CROSS JOIN LATERAL (SELECT lakemover._target_schema(p_source, g.part, p.naming) AS name FROM lakemover.plan p WHERE p.source = p_source) s
  LEFT JOIN role r ON r.source_role = g.grantee
 WHERE g.source = p_source AND g.class = 'schema' AND s.name <> 'public'
   AND EXISTS (SELECT FROM lakemover._ddl_schemas(p_source) d WHERE d.kind = 'schema' AND d.object = quote_ident(s.name))
$$;
COMMENT ON FUNCTION lakemover._planned_grants(name) IS 'the source''s privileges in the target''s terms, and why some cannot be granted';

CREATE FUNCTION lakemover._unmoved_grants(p_source name) RETURNS TABLE(grantee text, problem text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce(quote_ident(g.source_grantee), 'PUBLIC'), CASE WHEN p.privileges THEN min(g.problem) ELSE 'excluded in the plan' END || format(': %s grants', count(*))
  FROM lakemover._planned_grants(p_source) g JOIN lakemover.plan p ON p.source = p_source
 WHERE g.problem IS NOT NULL OR NOT p.privileges
 GROUP BY g.source_grantee, p.privileges
$$;
COMMENT ON FUNCTION lakemover._unmoved_grants(name) IS 'per role of the source, why its privileges are not granted on the target';
