CREATE FUNCTION lakemover._suggest_name(p_name text, p_prefix text)
RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.name || CASE WHEN EXISTS (SELECT FROM lakemover.reserved_word w WHERE w.word = s.name) THEN '_' || p_prefix ELSE '' END
      FROM (SELECT CASE WHEN lakemover._identifier_problem(b.name) IS NULL THEN b.name
                        ELSE left(p_prefix || '_' || regexp_replace(b.name, '[^a-z0-9_]+', '_', 'g'), 50) END
              FROM (SELECT trim(BOTH '_' FROM regexp_replace(lower(p_name), '[^[:alnum:]_$]+', '_', 'g'))) AS b(name)) AS s(name)
$$;
COMMENT ON FUNCTION lakemover._suggest_name(text, text) IS 'a plain, unreserved identifier close to a name; a proposal, not checked for collisions';
