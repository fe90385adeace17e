-- What validation needs is read together with the rows: their point in time may be gone by then.
CREATE FUNCTION lakemover._keep_samples(p_run bigint, p_table bigint, p_sample_rows int, p_diff_rows int)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM lakemover.run_sample s WHERE s.run_id = p_run AND s.table_id = p_table;
    INSERT INTO lakemover.run_sample (run_id, table_id, level, row_no, row_key, row_hash)
    SELECT p_run, p_table, 3, x.row_no, x.row_key, x.row_hash FROM lakemover.source_sample(p_run, p_table, p_sample_rows) x;
    UPDATE lakemover.run_table t SET source_checksum = lakemover.source_checksum(p_run, p_table)
     WHERE t.run_id = p_run AND t.table_id = p_table AND t.spec->>'checksum' = 'full';
    INSERT INTO lakemover.run_sample (run_id, table_id, level, row_no, row_key, fields, hex)
    SELECT p_run, p_table, 4, x.row_no, x.row_key, x.fields, x.hex FROM lakemover.source_rows(p_run, p_table, p_diff_rows) x;
END
$$;
COMMENT ON FUNCTION lakemover._keep_samples(bigint, bigint, int, int) IS 'reads the samples, or the checksum of all rows, of validation levels 3 and 4 of a table in its own transaction on the source and keeps them until the run ends';

CREATE FUNCTION lakemover._count_table(p_run bigint, p_table bigint, p_sample_rows int, p_diff_rows int)
RETURNS TABLE (source_rows bigint, name text)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    -- For validation, also of a table whose point in time is gone by then; a source with a point per table shows it in this transaction only.
    PERFORM lakemover._keep_samples(p_run, p_table, p_sample_rows, p_diff_rows);
    -- Counted by a scan of its own, in the snapshot that the rows were read in. Last: a table that has it is complete.
    RETURN QUERY
    UPDATE lakemover.run_table t
       SET source_rows = c.n, count_s = extract(epoch FROM clock_timestamp() - transaction_timestamp())
      FROM (SELECT lakemover.source_count(p_run, p_table) AS n OFFSET 0) c
     WHERE t.run_id = p_run AND t.table_id = p_table
    RETURNING t.source_rows, format('%I.%I', t.spec->>'target_schema', t.spec->>'target_table');
END
$$;
COMMENT ON FUNCTION lakemover._count_table(bigint, bigint, int, int) IS 'keeps the samples of a loaded table and counts its rows on the source, in the same transaction there';

CREATE FUNCTION lakemover._samples_are_kept(p_run bigint, p_table bigint)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce((SELECT s.level <> 'same' OR s.snapshot_id = 'sessions' OR s.state <> 'held' OR t.snapshot_at IS DISTINCT FROM s.taken_at
                       FROM lakemover.snapshot s
                       LEFT JOIN lakemover.run_table t ON t.run_id = s.run_id AND t.table_id = p_table
                      WHERE s.run_id = p_run), false)
$$;
COMMENT ON FUNCTION lakemover._samples_are_kept(bigint, bigint) IS 'whether a table''s point in time can only be seen in the samples that were kept of it';
