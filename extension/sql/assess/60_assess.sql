CREATE FUNCTION lakemover.assess(p_source name DEFAULT NULL)
RETURNS SETOF text
LANGUAGE plpgsql
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_start  timestamptz := clock_timestamp();
    v_source name := lakemover._source(p_source);
    v_id     bigint;
BEGIN
    PERFORM lakemover.inventory(v_source);
    v_id := lakemover._take_assessment(v_source, v_start);
    RETURN QUERY SELECT lakemover._assessment_report(v_id);
END
$$;
COMMENT ON FUNCTION lakemover.assess(name) IS 'inventories a source, runs all checks, stores the result and prints it; without an argument for the only source there is';
