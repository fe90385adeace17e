-- One look after another over one connection; none longer than what is left of the budget, and in a sample none longer than
-- a few seconds, so that a slow table does not cost the others theirs.
CREATE FUNCTION lakemover._look_at_data(p_source name, p_mode text DEFAULT 'sample', p_rows bigint DEFAULT 10000,
                                        p_seconds double precision DEFAULT NULL, p_redact boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_start  timestamptz := clock_timestamp();
    v_look_start timestamptz;
    v_budget double precision := coalesce(p_seconds, CASE WHEN p_mode = 'sample' THEN 60 END);
    v_rows   bigint := CASE WHEN p_mode = 'full' THEN 0 ELSE p_rows END;
    v_left   double precision;
    v_look   record;
    v_no     int := 0;
    v_done   int := 0;
BEGIN
    IF p_mode IS NULL OR p_mode NOT IN ('off', 'sample', 'full') THEN
        RAISE EXCEPTION 'invalid mode of data checks: "%"', p_mode
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Valid modes are off, sample, full.';
    ELSIF p_mode = 'sample' AND (p_rows IS NULL OR p_rows < 1) OR p_seconds < 0 THEN
        RAISE EXCEPTION 'data checks need at least one row, and no negative time' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    DELETE FROM lakemover.data_look d WHERE d.source = p_source;
    DELETE FROM lakemover.data_probe d WHERE d.source = p_source;
    IF p_mode <> 'off' THEN
        FOR v_look IN SELECT l.* FROM lakemover._data_looks(p_source, v_rows) l ORDER BY l.phase, l.size DESC NULLS LAST, l.table_id, l.object_id LOOP
            v_no := v_no + 1;
            v_left := v_budget - extract(epoch FROM clock_timestamp() - v_start);
            CONTINUE WHEN v_left <= 0;
            v_look_start := clock_timestamp();
            INSERT INTO lakemover.data_probe (source, probe_no, item, check_id, table_id, object_id, column_name, complete, looked, hits, largest,
                                              example, error, seconds)
            SELECT p_source, v_no, r.item, coalesce(v_look.items -> r.item ->> 'check', 'data_not_looked'), v_look.table_id, v_look.object_id,
                   CASE WHEN r.item >= 0 THEN v_look.items -> r.item ->> 'column' END,
                   v_look.complete AND (v_rows = 0 OR coalesce(r.looked < v_rows, false)), r.looked, r.hits, r.largest,
                   CASE WHEN p_redact THEN lakemover._redacted(r.example) ELSE r.example END, r.error,
                   extract(epoch FROM clock_timestamp() - v_look_start)
              FROM lakemover._probe(p_source, v_look.look::text,
                                    (1000 * least(v_left, CASE WHEN p_mode = 'sample' THEN greatest(v_budget / 6, 1) END, 86400))::int) r;
            v_done := v_done + 1;
        END LOOP;
    END IF;
    INSERT INTO lakemover.data_look (source, mode, row_limit, budget, redacted, looks, looks_done, seconds)
    VALUES (p_source, p_mode, v_rows, v_budget, p_redact, v_no, v_done, extract(epoch FROM clock_timestamp() - v_start));
END
$$;
COMMENT ON FUNCTION lakemover._look_at_data(name, text, bigint, double precision, boolean) IS 'looks at rows of a source, read-only and bounded, and stores what is there in lakemover.data_probe';
