CREATE FUNCTION lakemover.source_checksum(p_run bigint, p_table bigint)
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_source_checksum';
COMMENT ON FUNCTION lakemover.source_checksum(bigint, bigint) IS 'checksum of all rows of a run''s table on the source, in the run''s snapshot: "rows:sum:sum...", the sums of the 64-bit pieces of the hashes of the rows'' canonical CSV';
