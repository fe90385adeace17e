CREATE FUNCTION lakemover._source(p_source name DEFAULT NULL)
RETURNS name
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_sources name[];
    v_source  name;
BEGIN
    SELECT coalesce(array_agg(s.srvname ORDER BY s.srvname), '{}') INTO v_sources
      FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
     WHERE w.fdwname = 'lakemover_fdw'
       AND (p_source IS NOT NULL OR s.srvname !~ '^lakemover_rehearsal_');
    IF p_source IS NULL AND cardinality(v_sources) > 1 THEN
        RAISE EXCEPTION 'there are several sources: %', array_to_string(v_sources, ', ')
            USING ERRCODE = 'ambiguous_parameter',
                  HINT = format('Name one, for example SELECT lakemover.assess(%L).', v_sources[1]);
    END IF;
    v_source := coalesce(p_source, v_sources[1]);
    IF v_source IS NULL THEN
        RAISE EXCEPTION 'there is no source'
            USING ERRCODE = 'undefined_object',
                  HINT = 'A source is a foreign server: CREATE SERVER ... FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (engine ''postgres'', host ..., dbname ...).';
    ELSIF v_source <> ALL (v_sources) THEN
        RAISE EXCEPTION 'source "%" does not exist', v_source
            USING ERRCODE = 'undefined_object',
                  HINT = CASE WHEN v_sources = '{}' THEN 'A source is a foreign server: CREATE SERVER ... FOREIGN DATA WRAPPER lakemover_fdw.'
                              ELSE 'The sources are: ' || array_to_string(v_sources, ', ') || '.' END;
    END IF;
    RETURN v_source;
END
$$;
CREATE FUNCTION lakemover._source_engine(p_source name)
RETURNS text
LANGUAGE sql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT o.option_value FROM pg_foreign_server s, pg_options_to_table(s.srvoptions) o
     WHERE s.srvname = p_source AND o.option_name = 'engine'
$$;
COMMENT ON FUNCTION lakemover._source_engine(name) IS 'the engine of a source: postgres, sqlserver, azure_sql';
COMMENT ON FUNCTION lakemover._source(name) IS 'checks that a source exists; null: the only one there is, else an error that lists them';
