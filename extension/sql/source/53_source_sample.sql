CREATE FUNCTION lakemover.source_sample(p_run bigint, p_table bigint, p_rows int)
RETURNS TABLE (row_no int, row_key text[], row_hash text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_source_sample';
COMMENT ON FUNCTION lakemover.source_sample(bigint, bigint, int) IS 'hash of the canonical CSV of up to p_rows rows from all over the key''s range; without a key all rows, or those whose hash starts with zeros';
