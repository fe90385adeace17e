CREATE FUNCTION lakemover.source_count(p_run bigint, p_table bigint)
RETURNS bigint
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_source_count';
COMMENT ON FUNCTION lakemover.source_count(bigint, bigint) IS 'exact number of rows of a run''s table on the source, in the run''s snapshot';
