CREATE FUNCTION lakemover.convert_routine(p_text text, p_name_map jsonb DEFAULT '{}', p_exact_strings boolean DEFAULT false)
RETURNS TABLE (name text, kind text, sql text, class text, score numeric, notes jsonb)
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'lakemover_convert_routine';
COMMENT ON FUNCTION lakemover.convert_routine(text, jsonb, boolean) IS 'T-SQL procedures, functions, views and triggers as PL/pgSQL, one row each; what has no rule is marked FIXME(lakemover) at its place';
