CREATE FUNCTION lakemover._target_sql(p_run bigint, p_table bigint, p_kind text)
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_target_sql';
COMMENT ON FUNCTION lakemover._target_sql(bigint, bigint, text) IS 'a statement for the target from the dialect that reads the source: count, copy_in, fill_table, fill_copy and fill_update (of the second pass), copy_out, checksum, sample_by_key, sample_keyless, rows_by_key, rows_keyless';
