-- p_given: {"scripts": [text, …], "names": {…}, "identifiers": {…}, "columns": {"dbo.t": [["id", "int", true for an identity], …]}, "exact_strings": false}
CREATE FUNCTION lakemover._convert_scripts(p_given jsonb)
RETURNS TABLE (script int, line int, name text, kind text, sql text, class text, score numeric, notes jsonb, details jsonb)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'lakemover_convert_scripts';
COMMENT ON FUNCTION lakemover._convert_scripts(jsonb) IS 'several T-SQL scripts that know each other''s objects, with what a check of the result needs; its class "equivalent" is not verified yet';
