-- Sequences do not belong to a snapshot: a source in use draws from them while it is read. Values read after the snapshot was
-- taken are at least those that its rows have used, so that the target's next value is free.
CREATE FUNCTION lakemover._refresh_sequences(p_run bigint) RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source name;
    v_count  int;
BEGIN
    SELECT r.source INTO STRICT v_source FROM lakemover.run r WHERE r.run_id = p_run;
    PERFORM lakemover._read_sequence_values(v_source);
    UPDATE lakemover.run_statement s
       SET sql = d.sql
      FROM lakemover._ddl_sequence_values(v_source) d
     WHERE s.run_id = p_run AND s.stage = 'sequence_value' AND s.object = d.object AND s.state <> 'done' AND s.sql <> d.sql;
    GET DIAGNOSTICS v_count = ROW_COUNT;
    RETURN v_count;
END
$$;
COMMENT ON FUNCTION lakemover._refresh_sequences(bigint) IS 'reads the source''s sequences again and sets the run''s statements to their values; returns how many changed';
