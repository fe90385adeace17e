-- Tables, views and routines in a text that the source printed from a parsed query: always qualified there, and columns are
-- said by the table's alias, which is its own name where it has no other.
--   p_map {"[\"schema\", \"name\"]": {"to": new name, quoted, "alias": own name, quoted, "from": subquery in its place, or null}}
-- p_alias: every renamed relation stands in a FROM clause, and gets its own name as an alias.
CREATE FUNCTION lakemover._rename_relations(p_sql text, p_map jsonb, p_alias boolean, OUT sql text, OUT problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_schemas text[];
BEGIN
    sql := p_sql;
    IF p_sql IS NULL OR p_map = '{}' THEN
        RETURN;
    END IF;
    v_schemas := ARRAY(SELECT DISTINCT m.key::jsonb ->> 0 FROM jsonb_each(p_map) m);
    WITH token AS (
        SELECT t.*, CASE WHEN t.kind = 'quoted' THEN 'i'
                         WHEN t.kind = 'word' THEN CASE WHEN k.catcode IS NULL THEN 'i' WHEN k.catcode = 'U' THEN 'u' ELSE 's' END
                         ELSE t.kind END AS class
          FROM lakemover._sql_tokens(p_sql) t
          LEFT JOIN pg_get_keywords() k ON t.kind = 'word' AND k.word = t.name
    ), solid AS (
        SELECT t.token_no, t.kind, t.token, t.name, t.class,
               lag(t.token) OVER w AS prev, lag(t.name) OVER w AS prev_name,
               lead(t.token, 1) OVER w AS next1, lead(t.name, 1) OVER w AS name1,
               lead(t.token_no, 1) OVER w AS no1,
               lead(t.name, 2) OVER w AS name2, lead(t.class, 2) OVER w AS class2, lead(t.token_no, 2) OVER w AS no2,
               lead(t.token, 3) OVER w AS next3, lead(t.class, 3) OVER w AS class3, lead(t.name, 3) OVER w AS name3
          FROM token t WHERE t.kind <> 'space'
        WINDOW w AS (ORDER BY t.token_no)
    ), found AS (
        SELECT s.*, m.value ->> 'to' AS target, m.value ->> 'alias' AS alias, m.value ->> 'from' AS subquery
          FROM solid s
          JOIN jsonb_each(p_map) m ON m.key = to_jsonb(ARRAY[s.name, s.name2])::text
         WHERE s.class IN ('i', 'u') AND s.next1 = '.' AND s.class2 IN ('i', 'u', 's') AND s.prev IS DISTINCT FROM '.'
    ), trouble AS (
        -- the schema's name stands for something else, too: an alias, whose columns look like tables of that schema
        SELECT 1 AS no, format('the name %I means more than the schema in it', s.name) AS text
          FROM solid s
         WHERE s.class IN ('i', 'u') AND s.name = ANY (v_schemas) AND s.prev IS DISTINCT FROM '.' AND s.next1 IS DISTINCT FROM '.'
        UNION ALL
        SELECT 2, format('columns of %s have other names on the target', f.alias)
          FROM found f
         WHERE f.subquery IS NOT NULL AND (NOT p_alias OR f.prev_name = 'only' OR f.name3 = 'tablesample')
        UNION ALL
        SELECT 3, format('it names a column as %s.%s', f.name, f.name2) FROM found f WHERE f.next3 = '.'
    ), part AS (
        SELECT t.token_no,
               CASE WHEN f.token_no IS NOT NULL THEN
                         CASE WHEN f.subquery IS NOT NULL THEN f.subquery ELSE f.target END
                         || CASE WHEN p_alias AND f.next3 IS DISTINCT FROM '(' AND f.alias IS NOT NULL
                                      AND (f.class3 IS NULL OR f.class3 NOT IN ('i', 'u')) THEN ' ' || f.alias ELSE '' END
                    WHEN t.kind = 'string' AND s.next1 = '::' AND s.name2 = 'regclass' AND t.name !~ '^\d+$'
                        THEN coalesce(quote_literal(p_map -> to_jsonb(parse_ident(t.name))::text ->> 'to'), t.token)
                    ELSE t.token END AS text
          FROM token t
          LEFT JOIN solid s USING (token_no)
          LEFT JOIN found f ON f.token_no = t.token_no
         WHERE NOT EXISTS (SELECT FROM found g WHERE t.token_no > g.token_no AND t.token_no <= g.no2)
    )
    SELECT (SELECT string_agg(p.text, '' ORDER BY p.token_no) FROM part p), (SELECT r.text FROM trouble r ORDER BY r.no, r.text LIMIT 1)
      INTO sql, problem;
    IF problem IS NOT NULL THEN
        sql := NULL;
    END IF;
END
$$;
COMMENT ON FUNCTION lakemover._rename_relations(text, jsonb, boolean) IS 'a deparsed query with tables, views and routines renamed; problem, and no text, where it cannot be done with certainty';
