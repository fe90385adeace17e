-- What is inserted is joined right away: without statistics ten thousand tables get nested loops.
CREATE FUNCTION lakemover._analyze(p_table name)
RETURNS void
LANGUAGE plpgsql
SET default_statistics_target = 20
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF pg_has_role((SELECT c.relowner FROM pg_class c WHERE c.oid = format('lakemover.%I', p_table)::regclass), 'USAGE') THEN
        EXECUTE format('ANALYZE lakemover.%I', p_table);
    END IF;
END
$$;
COMMENT ON FUNCTION lakemover._analyze(name) IS 'ANALYZE of a table of this extension, when the caller may';
