-- Reading a sequence locks it until the source's transaction ends, and the lock table of a default
-- server holds some 6400: each part is a transaction of its own.
CREATE FUNCTION lakemover._read_sequence_values(p_source name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR v_part IN 0 .. 7 LOOP
        UPDATE lakemover.inv_sequence s SET last_value = v.last_value, is_called = v.is_called
          FROM lakemover._catalog(p_source, 'sequence_value_' || v_part)
               AS v(sequence_id bigint, last_value bigint, is_called boolean)
         WHERE s.source = p_source AND s.sequence_id = v.sequence_id AND v.last_value IS NOT NULL;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lakemover._read_sequence_values(name) IS 'the current values of a source''s sequences, where its user may read them';
