-- Schemas first: their new owner may create in them. One statement each, so that a right that is lent is always taken back.
CREATE FUNCTION lakemover._ddl_owners(p_source name) RETURNS TABLE(kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT 'owner', o.object,
       CASE WHEN o.creates THEN format('GRANT CREATE ON SCHEMA %I TO %I; ', o.schema_name, o.owner) ELSE '' END
       || format('ALTER %s OWNER TO %I', o.object, o.owner)
       || CASE WHEN o.creates THEN format('; REVOKE CREATE ON SCHEMA %I FROM %I', o.schema_name, o.owner) ELSE '' END
  FROM lakemover._planned_owners(p_source) o
  JOIN lakemover.plan p ON p.source = p_source AND p.privileges
 WHERE o.problem IS NULL
 ORDER BY o.class <> 'schema', o.object COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_owners(name) IS 'ALTER ... OWNER TO statements for roles of the target that the role that migrates acts for';
