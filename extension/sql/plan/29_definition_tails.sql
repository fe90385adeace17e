CREATE FUNCTION lakemover._foreign_key_tail(p_definition text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
WITH token AS (SELECT * FROM lakemover._sql_tokens(p_definition)),
start AS (SELECT min(t.token_no) AS no FROM token t WHERE t.kind = 'word' AND t.name = 'references'),
closing AS (SELECT min(t.token_no) AS no FROM token t, start WHERE t.token = ')' AND t.token_no > start.no)
SELECT coalesce(string_agg(t.token, '' ORDER BY t.token_no), '') FROM token t, closing WHERE t.token_no > closing.no
$$;
COMMENT ON FUNCTION lakemover._foreign_key_tail(text) IS 'of a foreign key''s definition: MATCH, actions, deferrability, NOT VALID';

CREATE FUNCTION lakemover._index_tail(p_definition text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
WITH token AS (SELECT * FROM lakemover._sql_tokens(p_definition)),
start AS (SELECT min(t.token_no) AS no FROM token t WHERE t.kind = 'word' AND t.name = 'using')
SELECT string_agg(t.token, '' ORDER BY t.token_no) FROM token t, start WHERE t.token_no >= start.no
$$;
COMMENT ON FUNCTION lakemover._index_tail(text) IS 'of an index''s definition: USING method and everything behind it';

-- Only columns and their order in it: then the type of a column may change without changing what the index means.
CREATE FUNCTION lakemover._index_is_plain(p_tail text, p_columns int) RETURNS boolean
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT p_tail ~ '^USING (btree|hash) '
       AND p_columns + 1 = count(*) FILTER (WHERE t.kind = 'quoted' OR t.kind = 'word' AND t.token NOT IN (
               'USING', 'INCLUDE', 'DESC', 'ASC', 'NULLS', 'FIRST', 'LAST', 'NOT', 'DISTINCT'))
       AND count(*) FILTER (WHERE t.token = '(') <= 2
  FROM lakemover._sql_tokens(p_tail) t
$$;
COMMENT ON FUNCTION lakemover._index_is_plain(text, int) IS 'whether an index has nothing but columns: no expression, operator class, collation, option or predicate';
