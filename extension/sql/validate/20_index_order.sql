-- As pg_index.indoption counts: 1 descending, 2 nulls first.
CREATE FUNCTION lakemover._index_order(p_tail text) RETURNS int[]
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
WITH token AS (
    SELECT t.token_no, t.kind, t.token,
           sum(CASE t.token WHEN '(' THEN 1 WHEN ')' THEN -1 ELSE 0 END) OVER (ORDER BY t.token_no) AS depth,
           lag(t.token, 2) OVER (ORDER BY t.token_no) AS before
      FROM lakemover._sql_tokens(p_tail) t
), closing AS (
    SELECT min(t.token_no) AS no FROM token t WHERE t.token = ')' AND t.depth = 0
), part AS (
    SELECT t.*, count(*) FILTER (WHERE t.token = ',' AND t.depth = 1) OVER (ORDER BY t.token_no) AS no
      FROM token t, closing WHERE t.token_no < closing.no
), key AS (
    SELECT p.no,
           bool_or(p.kind = 'word' AND p.token = 'DESC' AND p.depth = 1) AS descending,
           bool_or(p.kind = 'word' AND p.token = 'FIRST' AND p.before = 'NULLS' AND p.depth = 1) AS first,
           bool_or(p.kind = 'word' AND p.token = 'LAST' AND p.before = 'NULLS' AND p.depth = 1) AS last
      FROM part p
     GROUP BY p.no
)
SELECT array_agg(CASE WHEN k.descending THEN 1 ELSE 0 END
                 + CASE WHEN k.first OR k.descending AND NOT k.last THEN 2 ELSE 0 END ORDER BY k.no)
  FROM key k
$$;
COMMENT ON FUNCTION lakemover._index_order(text) IS 'ascending or descending, and where nulls go, for each key of a btree index''s definition';
