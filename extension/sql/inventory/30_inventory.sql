CREATE FUNCTION lakemover.inventory(p_source name)
RETURNS void
LANGUAGE plpgsql
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source  name := lakemover._source(p_source);
    v_start   timestamptz := clock_timestamp();
    v_scope   text[];
    v_table   text;
    v_same    boolean;
    v_tries   CONSTANT int := 5;
BEGIN
    -- Two inventories of one source replace each other, one after the other.
    PERFORM pg_advisory_xact_lock(hashtext('lakemover.inventory'), hashtext(v_source::text));
    SELECT array_agg(s.schema_name) INTO v_scope FROM lakemover.source_scope s WHERE s.source = v_source;

    FOREACH v_table IN ARRAY ARRAY['source_info', 'inv_schema', 'inv_table', 'inv_column', 'inv_constraint', 'inv_index',
                                   'inv_sequence', 'inv_type', 'inv_routine', 'inv_trigger', 'inv_view', 'inv_extension',
                                   'inv_object', 'inv_code', 'inv_need', 'inv_grant', 'inv_owner', 'inv_unreadable', 'inv_locked', 'inv_not_translated', 'inv_outside', 'inv_feature'] LOOP
        EXECUTE format('DELETE FROM lakemover.%I WHERE source = $1', v_table) USING v_source;
    END LOOP;

    IF lakemover._source_engine(v_source) <> 'postgres' THEN
        PERFORM lakemover._inventory_sqlserver(v_source, v_scope);
        UPDATE lakemover.source_info i SET seconds = extract(epoch FROM clock_timestamp() - v_start) WHERE i.source = v_source;
        RETURN;
    END IF;

    -- A lock that somebody took meanwhile ends a query after two seconds, and what was dropped meanwhile has no definition any
    -- more (XX000, 42P01); then all begins anew, without what is locked now. Where relations come and go all the time the last
    -- answer must do.
    FOR v_try IN 1 .. v_tries LOOP
        BEGIN
            -- a variable: an AND may be decided without calling it
            v_same := lakemover._inventory_postgres(v_source, v_scope);
            IF NOT v_same AND v_try < v_tries THEN
                RAISE EXCEPTION 'the schema of source "%" changed while it was read', v_source USING ERRCODE = 'serialization_failure';
            END IF;
            EXIT;
        EXCEPTION WHEN lock_not_available OR serialization_failure OR internal_error OR undefined_table THEN
            IF v_try = v_tries AND SQLSTATE <> '55P03' THEN
                RAISE EXCEPTION 'the catalogs of source "%" cannot be read: tables come and go all the time', v_source
                    USING ERRCODE = 'serialization_failure', DETAIL = SQLERRM,
                          HINT = 'Somebody creates and drops tables, one after another; try again later, or name the schemas that stay (SOURCE_SCHEMAS).';
            ELSIF v_try = v_tries THEN
                RAISE EXCEPTION 'the catalogs of source "%" cannot be read: tables are locked anew all the time', v_source
                    USING ERRCODE = 'lock_not_available', DETAIL = SQLERRM,
                          HINT = 'Somebody runs ALTER TABLE, VACUUM FULL, TRUNCATE or the like, one after another; try again later.';
            END IF;
        END;
    END LOOP;

    UPDATE lakemover.source_info i SET seconds = extract(epoch FROM clock_timestamp() - v_start) WHERE i.source = v_source;
END
$$;
COMMENT ON FUNCTION lakemover.inventory(name) IS 'reads the source''s catalogs into lakemover.inv_*, replacing what was there for this source';
