-- Reading a sequence locks it until the source's transaction ends, and the lock table of a default
-- server holds some 6400: each part is a transaction of its own.
CREATE FUNCTION lakemover._read_sequence_values(p_source name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_topics text[] := ARRAY['sequence_value'];
    v_topic  text;
BEGIN
    IF lakemover._source_engine(p_source) <> 'postgres' THEN
        PERFORM lakemover._read_sqlserver_sequence_values(p_source);
        RETURN;
    END IF;
    IF (SELECT count(*) FROM lakemover.inv_sequence s WHERE s.source = p_source) > 2000 THEN
        v_topics := ARRAY(SELECT 'sequence_value_' || part FROM generate_series(0, 7) AS part);
    END IF;
    FOREACH v_topic IN ARRAY v_topics LOOP
        UPDATE lakemover.inv_sequence s SET last_value = v.last_value, is_called = v.is_called
          FROM lakemover._catalog(p_source, v_topic)
               AS v(sequence_id bigint, last_value bigint, is_called boolean)
         WHERE s.source = p_source AND s.sequence_id = v.sequence_id AND v.last_value IS NOT NULL;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lakemover._read_sequence_values(name) IS 'the current values of a source''s sequences, where its user may read them';
