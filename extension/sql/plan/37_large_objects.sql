CREATE FUNCTION lakemover._unmoved_large_objects(p_source name) RETURNS TABLE(object text, reason text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT i.settings ->> 'large_objects', 'excluded in the plan'
  FROM lakemover.source_info i JOIN lakemover.plan p USING (source)
 WHERE i.source = p_source AND NOT p.large_objects AND (i.settings ->> 'large_objects')::bigint > 0
$$;
COMMENT ON FUNCTION lakemover._unmoved_large_objects(name) IS 'large objects that the plan leaves out, with their number';
