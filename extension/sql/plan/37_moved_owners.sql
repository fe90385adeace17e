-- Which role of the target an object is given to; null without a problem: it stays with the role that migrates. That role
-- must be able to go on with what it gave away (rows are proven after that, and a rollback drops it), so it must have the
-- other one's rights without SET ROLE.
CREATE FUNCTION lakemover._target_owner(p_source name, p_owner text, p_is_home boolean, OUT name text, OUT problem text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN m.stays OR t.problem IS NOT NULL OR NOT coalesce(given.value::jsonb ? t.name, false) THEN NULL ELSE t.name END,
       CASE WHEN m.stays THEN NULL
            WHEN t.problem IS NOT NULL THEN t.problem
            WHEN NOT coalesce(given.value::jsonb ? t.name, false)
                THEN format('%s on the target is not a member of %I with INHERIT and SET', coalesce(quote_ident(me.value), 'the role that migrates'), t.name) END
  FROM (SELECT r.target_role FROM (SELECT) one LEFT JOIN lakemover.role_map r ON r.source = p_source AND r.source_role = p_owner) map
  LEFT JOIN lakemover.target_fact me ON me.name = 'role'
  LEFT JOIN lakemover.target_fact given ON given.name = 'owner_roles'
 CROSS JOIN LATERAL (SELECT coalesce(coalesce(map.target_role, p_owner) = me.value, false) OR p_is_home AND map.target_role IS NULL AS stays) m
 CROSS JOIN LATERAL lakemover._target_role(p_source, p_owner) t
$$;
COMMENT ON FUNCTION lakemover._target_owner(name, text, boolean) IS 'the role of the target that gets the objects of one of the source, or why none does';

-- creates: the new owner may make objects in the schema only for the moment in which it gets this one. A schema that the
-- target has already is not touched, and only asked for that right if it belongs to the role that migrates.
CREATE FUNCTION lakemover._planned_owners(p_source name)
RETURNS TABLE(class text, schema_name text, object text, owner text, source_owner text, creates boolean, problem text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH role AS MATERIALIZED (
    SELECT o.owner AS source_role, t.name, t.problem
      FROM (SELECT DISTINCT i.owner, i.is_home FROM lakemover.inv_owner i WHERE i.source = p_source) o
     CROSS JOIN LATERAL lakemover._target_owner(p_source, o.owner, o.is_home) t
     WHERE t.name IS NOT NULL OR t.problem IS NOT NULL
), there AS (
    SELECT s.key AS schema_name, (s.value ->> 'ours')::boolean AS ours, s.value -> 'creators' AS creators
      FROM lakemover.target_fact f CROSS JOIN LATERAL jsonb_each(f.value::jsonb) s WHERE f.name = 'schemas'
), schema AS MATERIALIZED (
    SELECT DISTINCT ON (s.name) s.name AS schema_name, 'SCHEMA ' || quote_ident(s.name) AS object, r.name AS owner, o.owner AS source_owner, r.problem
      FROM lakemover.inv_owner o
      JOIN role r ON r.source_role = o.owner
     CROSS JOIN LATERAL (SELECT lakemover._target_schema(p_source, o.part, p.naming) AS name FROM lakemover.plan p WHERE p.source = p_source) s
     WHERE o.source = p_source AND o.class = 'schema' AND s.name NOT IN (SELECT t.schema_name FROM there t)
       AND EXISTS (SELECT FROM lakemover._ddl_schemas(p_source) d WHERE d.kind = 'schema' AND d.object = quote_ident(s.name))
       -- of several that become one: none has it
       AND NOT EXISTS (SELECT FROM lakemover.inv_schema x JOIN lakemover.plan p ON p.source = p_source
                        WHERE x.source = p_source AND x.schema_name <> o.part AND lakemover._target_schema(p_source, x.schema_name, p.naming) = s.name)
     ORDER BY s.name
), allowed AS (
    SELECT s.schema_name, s.owner FROM schema s WHERE s.problem IS NULL
    UNION ALL
    SELECT o.schema_name, r.name
      FROM (SELECT DISTINCT p.schema_name, format('SCHEMA %I', p.schema_name) AS object FROM lakemover._planned_objects(p_source) p) o
     CROSS JOIN role r
      JOIN lakemover._planned_grants(p_source) g ON g.class = 'schema' AND g.object = o.object AND g.grantee IN ('PUBLIC', quote_ident(r.name))
     WHERE 'CREATE' = ANY (g.privileges)
    UNION ALL
    SELECT t.schema_name, c.name FROM there t CROSS JOIN LATERAL jsonb_array_elements_text(t.creators) c(name)
)
SELECT 'schema', s.schema_name, s.object, s.owner, s.source_owner, false, s.problem FROM schema s
UNION ALL
SELECT o.class, o.schema_name, o.object, r.name, r.source_role, a.owner IS NULL,
       coalesce(r.problem, CASE WHEN a.owner IS NULL AND NOT t.ours
                                THEN format('%I may not create in schema %I of the target, which was there before', r.name, o.schema_name) END)
  FROM lakemover._planned_objects(p_source) o
  JOIN lakemover.inv_owner i ON i.source = p_source AND i.class = o.class AND i.object_id = o.object_id
  JOIN role r ON r.source_role = i.owner
  LEFT JOIN (SELECT DISTINCT x.schema_name, x.owner FROM allowed x) a ON a.schema_name = o.schema_name AND a.owner = r.name
  LEFT JOIN there t ON t.schema_name = o.schema_name
 -- a sequence of a column goes with its table
 WHERE EXISTS (SELECT FROM role)
   AND NOT (o.class = 'sequence' AND EXISTS (SELECT FROM lakemover.inv_sequence q
                                               JOIN lakemover._planned_table h ON h.source = p_source AND h.table_id = q.owner_table_id
                                              WHERE q.source = p_source AND q.sequence_id = o.object_id))
$$;
COMMENT ON FUNCTION lakemover._planned_owners(name) IS 'what of the plan gets another owner than the role that migrates, and what should but cannot';

CREATE FUNCTION lakemover._unmoved_owners(p_source name) RETURNS TABLE(owner text, problem text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT quote_ident(o.source_owner), coalesce(CASE WHEN p.privileges THEN o.problem END, 'excluded in the plan')
                                    || format(': %s objects belong to the role that migrates', count(*))
  FROM lakemover._planned_owners(p_source) o JOIN lakemover.plan p ON p.source = p_source
 WHERE o.problem IS NOT NULL OR NOT p.privileges
 GROUP BY o.source_owner, p.privileges, CASE WHEN p.privileges THEN o.problem END
$$;
COMMENT ON FUNCTION lakemover._unmoved_owners(name) IS 'per role of the source, why its objects do not belong to it on the target';
