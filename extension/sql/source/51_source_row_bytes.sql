CREATE FUNCTION lakemover.source_row_bytes(p_run bigint, p_table bigint, p_rows int DEFAULT 1000, p_pass int DEFAULT 2)
RETURNS double precision
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_source_row_bytes';
COMMENT ON FUNCTION lakemover.source_row_bytes(bigint, bigint, int, int) IS 'mean size of a row in the COPY format, of the columns that a pass reads (the second: all), from a sample of at most p_rows rows and about 64 MB; null for an empty table';
