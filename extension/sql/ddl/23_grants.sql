CREATE FUNCTION lakemover._ddl_grants(p_source name) RETURNS TABLE(kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'privilege', g.object,
       CASE WHEN g.privileges = '{}' THEN format('REVOKE ALL ON %s FROM PUBLIC', g.object)
            ELSE format('GRANT %s ON %s TO %s%s',
                        (SELECT string_agg(p.name || coalesce(' (' || quote_ident(g.part) || ')', ''), ', ') FROM unnest(g.privileges) p(name)),
                        g.object, g.grantee, CASE WHEN g.grantable THEN ' WITH GRANT OPTION' ELSE '' END) END
  FROM lakemover._planned_grants(p_source) g
  JOIN lakemover.plan p ON p.source = p_source AND p.privileges
 WHERE g.problem IS NULL
   -- MAINTAIN alone, which an older target does not know, is dropped; none at all takes PUBLIC's away
   AND (g.privileges <> '{}' OR g.class IN ('routine', 'type') AND g.source_grantee IS NULL)
 ORDER BY g.object COLLATE "C", g.privileges <> '{}', g.grantee COLLATE "C", g.part COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_grants(name) IS 'GRANT and REVOKE statements for roles that the target has';
