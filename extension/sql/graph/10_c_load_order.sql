CREATE FUNCTION lakemover._load_order(p_tables bigint[], p_children bigint[], p_parents bigint[])
RETURNS TABLE (table_id bigint, load_rank int, cycle int)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'lakemover_load_order';
COMMENT ON FUNCTION lakemover._load_order(bigint[], bigint[], bigint[]) IS 'topological order of tables: rank, and the number of the cycle a table belongs to; ties in the order given';
