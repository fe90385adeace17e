-- A bounded look at rows of the source: takes what to look for, never SQL text. extension/src/source/probe.hpp has its shape.
CREATE FUNCTION lakemover._probe(p_source name, p_look text, p_budget_ms int)
RETURNS TABLE (item int, looked bigint, hits bigint, largest bigint, example text, error text)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_probe';
COMMENT ON FUNCTION lakemover._probe(name, text, int) IS 'one look at rows of a source, in a read-only transaction of its own: rows looked at, and for each check how many it hits, the largest, an example; item -1 says why there is no answer';
