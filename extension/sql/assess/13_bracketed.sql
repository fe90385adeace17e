CREATE FUNCTION lakemover._bracketed(p_name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT '[' || replace(p_name, ']', ']]') || ']'
$$;
COMMENT ON FUNCTION lakemover._bracketed(text) IS 'a name as SQL Server quotes it';
