CREATE FUNCTION lakemover._can_encode(p_native text, p_codec text)
RETURNS boolean
LANGUAGE c IMMUTABLE PARALLEL SAFE STRICT
AS 'MODULE_PATHNAME', 'lakemover_can_encode';
COMMENT ON FUNCTION lakemover._can_encode(text, text) IS 'whether values of a SQL Server type can be written as a PostgreSQL type (its pg_type.typname)';
