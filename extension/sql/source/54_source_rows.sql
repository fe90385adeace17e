CREATE FUNCTION lakemover.source_rows(p_run bigint, p_table bigint, p_limit int)
RETURNS TABLE (row_no int, row_key text[], fields text[], hex text[])
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_source_rows';
COMMENT ON FUNCTION lakemover.source_rows(bigint, bigint, int) IS 'the first rows in key order (without a key in MD5 order): canonical text and bytes of every field';
