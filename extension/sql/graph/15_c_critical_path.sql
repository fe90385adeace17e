CREATE FUNCTION lakemover._critical_path(p_tables bigint[], p_weights bigint[], p_children bigint[], p_parents bigint[])
RETURNS TABLE (place int, table_id bigint)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'lakemover_critical_path';
COMMENT ON FUNCTION lakemover._critical_path(bigint[], bigint[], bigint[], bigint[]) IS 'the chain of references that weighs most, its places in load order; the tables of a cycle share one';
