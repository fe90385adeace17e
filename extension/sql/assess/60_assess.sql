CREATE FUNCTION lakemover.assess(p_source name DEFAULT NULL, p_data_checks text DEFAULT 'sample', p_data_rows bigint DEFAULT 10000,
                                 p_data_seconds double precision DEFAULT NULL, p_redact_values boolean DEFAULT false, p_report_dir text DEFAULT NULL)
RETURNS SETOF text
LANGUAGE plpgsql
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_start  timestamptz := clock_timestamp();
    v_source name := lakemover._source(p_source);
    v_id     bigint;
    v_from   timestamptz;
    v_lsn    pg_lsn;
BEGIN
    PERFORM lakemover.inventory(v_source);
    v_from := clock_timestamp();
    v_lsn := lakemover._log_position(v_source);
    PERFORM lakemover._look_at_data(v_source, p_data_checks, p_data_rows, p_data_seconds, p_redact_values);
    IF p_data_checks = 'off' THEN
        DELETE FROM lakemover.read_probe r WHERE r.source = v_source;
    ELSE
        PERFORM lakemover._measure_reading(v_source);
    END IF;
    -- What the source wrote meanwhile: the only measure of it that an assessment has.
    UPDATE lakemover.source_info i
       SET settings = i.settings || jsonb_build_object('wal_probe', jsonb_build_object(
               'seconds', round(extract(epoch FROM clock_timestamp() - v_from)::numeric, 1), 'bytes', lakemover._log_position(v_source) - v_lsn))
     WHERE i.source = v_source AND v_lsn IS NOT NULL;
    v_id := lakemover._take_assessment(v_source, v_start, p_report_dir);
    RETURN QUERY SELECT lakemover._assessment_report(v_id);
    IF p_report_dir IS NULL THEN
        RETURN NEXT '';
        RETURN NEXT CASE WHEN EXISTS (SELECT FROM lakemover.loader l WHERE l.mode = 'daemon' AND l.heartbeat > clock_timestamp() - interval '15 seconds')
                         THEN format('Reports: a daemon writes them; where: SELECT report_dir, report_error FROM lakemover.assessment WHERE assessment_id = %s;', v_id)
                         ELSE format('Reports: no daemon is running; lakemover report --assessment %s writes them', v_id) END;
    END IF;
END
$$;
COMMENT ON FUNCTION lakemover.assess(name, text, bigint, double precision, boolean, text) IS 'inventories a source, looks at its rows as p_data_checks (off, sample, full) says, runs all checks, stores the result and prints it; without an argument for the only source there is. A daemon writes the reports, unless p_report_dir says where the caller does';
