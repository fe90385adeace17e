CREATE FUNCTION lakemover.source_bounds(p_run bigint, p_table bigint, p_chunks int)
RETURNS SETOF text[]
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_source_bounds';
COMMENT ON FUNCTION lakemover.source_bounds(bigint, bigint, int) IS 'p_chunks - 1 or fewer ascending bounds that cut a table into parts of about the same size: key tuples, or page numbers for ctid chunks';
