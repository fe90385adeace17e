-- spec: the plan of a table as lakemover._table_spec() has it.
CREATE FUNCTION lakemover._read_speed(p_source name, p_spec text, p_rows bigint, p_budget_ms int)
RETURNS TABLE (rows bigint, bytes bigint, seconds double precision, error text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_read_speed';
COMMENT ON FUNCTION lakemover._read_speed(name, text, bigint, int) IS 'reads at most so many rows of a table as a run does, in a read-only transaction of its own, and drops them: how many, their bytes, how long; error says why there is no answer';
