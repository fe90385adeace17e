CREATE FUNCTION lakemover._log_position(p_source name)
RETURNS pg_lsn
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT i.lsn::pg_lsn FROM lakemover.source_identity(p_source) i WHERE i.engine = 'postgres'
$$;
COMMENT ON FUNCTION lakemover._log_position(name) IS 'where the log of a PostgreSQL source is now; null for other engines';
