-- p_columns: [{"name": …, "type": as T-SQL declares it, "collation": …}, …] of the expression's table.
CREATE FUNCTION lakemover._tsql_expression(p_sql text, p_columns jsonb DEFAULT '[]')
RETURNS TABLE (sql text, problem text)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'lakemover_tsql_expression';
COMMENT ON FUNCTION lakemover._tsql_expression(text, jsonb) IS 'a T-SQL expression in PostgreSQL''s words, or why it has no translation of certain meaning';
