-- One pass of a table; chunks are numbered on from p_first. Returns the number of the next one.
CREATE FUNCTION lakemover._cut_pass(p_run bigint, p_table bigint, p_pass int, p_first int, p_jobs int, p_memory_mb int, p_max_rows int)
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_spec       jsonb;
    v_method     text;
    v_bytes      double precision;
    v_row_bytes  double precision;
    v_rows       double precision;
    v_batch      double precision;
    v_chunks     int := 1;
    v_bound      text[];
    v_lower      text[];
    v_no         int := p_first;
    v_state      text := CASE p_pass WHEN 1 THEN 'pending' ELSE 'waiting' END;
    v_rehearsed  boolean;
BEGIN
    SELECT t.spec, r.options ? 'rehearse' INTO STRICT v_spec, v_rehearsed
      FROM lakemover.run_table t JOIN lakemover.run r ON r.run_id = t.run_id WHERE t.run_id = p_run AND t.table_id = p_table;
    IF v_spec->>'kind' = 'large objects' THEN
        RETURN p_first + lakemover._cut_large_objects(p_run, p_table, p_jobs, p_memory_mb, p_max_rows);
    END IF;
    v_method := coalesce(v_spec->>'read_by', v_spec->>'chunking');
    -- Where each table has a point in time of its own, one transaction must read it whole; and rows are only numbered alike
    -- again where nobody moves them.
    IF EXISTS (SELECT FROM lakemover.snapshot s WHERE s.run_id = p_run
                AND (s.level = 'table' OR (v_method = 'row_number' AND s.snapshot_id <> 'frozen'))) THEN
        v_method := 'single';
    END IF;
    v_bytes := greatest((v_spec->>'est_bytes')::double precision, 0);
    v_rows := (v_spec->>'est_rows')::double precision;

    -- Small tables are one chunk: no query is worth it.
    IF v_method <> 'single' AND (v_bytes > 8 * 1024 * 1024 OR v_spec->>'batch_rows' IS NOT NULL) THEN
        v_row_bytes := lakemover.source_row_bytes(p_run, p_table, 1000, p_pass);
        IF v_row_bytes > 0 THEN
            IF coalesce(v_rows, -1) <= 0 THEN
                v_rows := v_bytes / v_row_bytes;     -- never analysed there
            END IF;
            v_batch := coalesce((v_spec->>'batch_rows')::double precision,
                                least(p_max_rows, greatest(1, floor(p_memory_mb * 1048576.0 / p_jobs / v_row_bytes))));
            v_chunks := least(1000000, greatest(1, ceil(v_rows / v_batch)))::int;
        END IF;
    END IF;

    IF v_chunks > 1 THEN
        FOR v_bound IN SELECT b FROM lakemover.source_bounds(p_run, p_table, v_chunks) AS b LOOP
            EXIT WHEN v_method = 'ctid' AND v_rehearsed AND v_bound[1]::bigint >= (v_spec->>'pages')::bigint;
            INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, pass, state, method, lower_bound, upper_bound)
            VALUES (p_run, p_table, v_no, p_pass, v_state, v_method, v_lower, v_bound);
            v_lower := v_bound;
            v_no := v_no + 1;
        END LOOP;
    END IF;
    INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, pass, state, method, lower_bound, upper_bound)
    VALUES (p_run, p_table, v_no, p_pass, v_state, CASE WHEN v_lower IS NULL THEN 'single' ELSE v_method END, v_lower, NULL);
    RETURN v_no + 1;
END
$$;
COMMENT ON FUNCTION lakemover._cut_pass(bigint, bigint, int, int, int, int, int) IS 'cuts what a pass reads of a table into chunks: row bytes from a sample of 1000 rows, rows per chunk from the memory target; bounds are stored before anything is read';

CREATE FUNCTION lakemover._cut_table(p_run bigint, p_table bigint, p_jobs int, p_memory_mb int, p_max_rows int)
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_next int;
BEGIN
    -- Both passes must see the same rows. Where no point in time holds for more than one reading, there is one pass.
    UPDATE lakemover.run_table t SET spec = lakemover._in_one_pass(t.spec)
     WHERE t.run_id = p_run AND t.table_id = p_table AND lakemover._last_pass(t.spec) = 2
       AND EXISTS (SELECT FROM lakemover.snapshot s WHERE s.run_id = p_run AND s.level <> 'same');
    v_next := lakemover._cut_pass(p_run, p_table, 1, 1, p_jobs, p_memory_mb, p_max_rows);
    UPDATE lakemover.run_table SET chunks = v_next - 1 WHERE run_id = p_run AND table_id = p_table;
    IF EXISTS (SELECT FROM lakemover.run_table t WHERE t.run_id = p_run AND t.table_id = p_table AND lakemover._last_pass(t.spec) = 2) THEN
        v_next := lakemover._cut_pass(p_run, p_table, 2, v_next, p_jobs, p_memory_mb, p_max_rows);
    END IF;
    RETURN v_next - 1;
END
$$;
COMMENT ON FUNCTION lakemover._cut_table(bigint, bigint, int, int, int) IS 'cuts a table into chunks, first those of the first pass; returns how many';

CREATE FUNCTION lakemover._cut_tables(p_run bigint, p_jobs int, p_memory_mb int, p_max_rows int)
RETURNS TABLE (tables int, chunks bigint, refused bigint[], in_one_pass bigint[])
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table  bigint;
    v_passes int;
    v_detail text;
BEGIN
    tables := 0;
    chunks := 0;
    refused := '{}';
    in_one_pass := '{}';
    FOR v_table, v_passes IN
        SELECT t.table_id, lakemover._last_pass(t.spec) FROM lakemover.run_table t
         WHERE t.run_id = p_run AND t.chunks IS NULL AND t.state = 'pending'
         ORDER BY t.load_rank, t.table_id
    LOOP
        tables := tables + 1;
        BEGIN
            chunks := chunks + lakemover._cut_table(p_run, v_table, p_jobs, p_memory_mb, p_max_rows);
            IF v_passes > (SELECT lakemover._last_pass(t.spec) FROM lakemover.run_table t WHERE t.run_id = p_run AND t.table_id = v_table) THEN
                in_one_pass := in_one_pass || v_table;
            END IF;
        EXCEPTION
            -- What the source does not let us read is one table's failure, before its rows as among them.
            WHEN syntax_error_or_access_rule_violation OR data_exception OR plpgsql_error
                 OR data_corrupted OR index_corrupted THEN
                GET STACKED DIAGNOSTICS v_detail = PG_EXCEPTION_DETAIL;
                PERFORM lakemover._fail_table(p_run, v_table, concat_ws(': ', 'cannot be cut into chunks', SQLERRM, nullif(v_detail, '')));
                refused := refused || v_table;
        END;
    END LOOP;
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION lakemover._cut_tables(bigint, int, int, int) IS 'cuts every table of a run that was not cut yet; refused are those that the source does not let us read, they have failed; in_one_pass those that were to have two passes, and whose point in time holds for one only';
