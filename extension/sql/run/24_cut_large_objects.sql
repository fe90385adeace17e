-- Batches by bytes: many small objects, or pieces of a large one. 4096 stands for what a piece costs besides its bytes. The number
-- of rows of a batch at most thus limits its bytes, too.
CREATE FUNCTION lakemover._cut_large_objects(p_run bigint, p_table bigint, p_jobs int, p_memory_mb int, p_max_rows int)
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_batch  numeric := least(p_max_rows * 4096.0, greatest(131072 + 4096, floor(p_memory_mb * 1048576.0 / p_jobs)));
    v_chunks int;
BEGIN
    INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method, lower_bound, upper_bound)
    WITH object AS (
        SELECT l.loid, x.pieces, coalesce(l.bytes, 0) + 4096.0 * x.pieces AS cost,
               sum(coalesce(l.bytes, 0) + 4096.0 * x.pieces) OVER (ORDER BY l.loid) - coalesce(l.bytes, 0) - 4096.0 * x.pieces AS start,
               lead(l.loid) OVER (ORDER BY l.loid) AS next
          FROM lakemover.run_large_object l
         CROSS JOIN LATERAL (SELECT lakemover._large_object_pieces(l.bytes) AS pieces) x
         WHERE l.run_id = p_run
    ), cut AS (
        SELECT DISTINCT CASE WHEN p.no < o.pieces THEN o.loid ELSE o.next END AS loid, CASE WHEN p.no < o.pieces THEN p.no * 131072 ELSE 0 END AS byte
          FROM object o
         CROSS JOIN LATERAL generate_series(greatest(ceil(o.start / v_batch), 1), ceil((o.start + o.cost) / v_batch) - 1) g(no)
         CROSS JOIN LATERAL (SELECT ceil((g.no * v_batch - o.start) / (131072 + 4096))::bigint AS no) p
    ), bound AS (
        SELECT array_agg(ARRAY[c.loid, c.byte]::text[] ORDER BY c.loid, c.byte) AS cuts
          FROM cut c WHERE c.loid IS NOT NULL AND (c.loid, c.byte) <> ((SELECT min(o.loid) FROM object o), 0)
    )
    SELECT p_run, p_table, g.no, CASE WHEN b.cuts IS NULL THEN 'single' ELSE 'keyset' END,
           CASE WHEN g.no > 1 THEN ARRAY[b.cuts[g.no - 1][1], b.cuts[g.no - 1][2]] END,
           CASE WHEN g.no <= coalesce(array_length(b.cuts, 1), 0) THEN ARRAY[b.cuts[g.no][1], b.cuts[g.no][2]] END
      FROM bound b CROSS JOIN LATERAL generate_series(1, coalesce(array_length(b.cuts, 1), 0) + 1) g(no);
    GET DIAGNOSTICS v_chunks = ROW_COUNT;
    RETURN v_chunks;
END
$$;
COMMENT ON FUNCTION lakemover._cut_large_objects(bigint, bigint, int, int, int) IS 'cuts the large objects of a run into batches of whole pieces; bounds are {object, byte}';
