-- Which identifiers of a deparsed expression are columns? Known from the neighbours, because the catalog
-- functions print columns bare (no table before them), quote every keyword that could be mistaken except the
-- unreserved ones, and qualify what is not in pg_catalog.
CREATE FUNCTION lakemover._expression_columns(p_sql text, p_columns text[])
RETURNS TABLE(token_no int, column_name text, certain boolean)
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    WITH token AS (
        SELECT t.token_no, t.kind, t.token, t.name,
               -- class: i identifier, u unreserved keyword (may be an identifier), s syntax, else the token's kind
               CASE WHEN t.kind = 'quoted' THEN 'i'
                    WHEN t.kind = 'word' THEN CASE WHEN k.catcode IS NULL THEN 'i' WHEN k.catcode = 'U' THEN 'u' ELSE 's' END
                    ELSE t.kind END AS class
          FROM lakemover._sql_tokens(p_sql) t
          LEFT JOIN pg_get_keywords() k ON t.kind = 'word' AND k.word = t.name
         WHERE t.kind <> 'space'
    ), neighbour AS (
        SELECT token.*,
               lag(token.token, 1) OVER w AS prev, lag(token.class, 1) OVER w AS prev_class, lag(token.name, 1) OVER w AS prev_name,
               lag(token.token, 2) OVER w AS prev2, lag(token.class, 2) OVER w AS prev2_class, lag(token.name, 2) OVER w AS prev2_name,
               lead(token.token, 1) OVER w AS next, lead(token.class, 1) OVER w AS next_class, lead(token.name, 1) OVER w AS next_name
          FROM token
        WINDOW w AS (ORDER BY token.token_no)
    ), candidate AS (
        SELECT * FROM neighbour n WHERE n.class IN ('i', 'u') AND n.name = ANY (p_columns)
    )
    SELECT c.token_no, c.name,
           CASE
               WHEN c.prev_class = 'u' AND NOT (c.prev_name = 'zone' AND c.prev2_name = 'time') THEN false
               WHEN c.class = 'i' THEN true
               -- an unreserved keyword printed bare: a column only where no syntax can stand
               WHEN c.name IN ('nfc', 'nfd', 'nfkc', 'nfkd') OR c.prev2_name ~ '^(xml|json)' THEN false
               WHEN c.next IS NULL OR c.next_class IN ('punctuation', 'operator', 's') THEN true
               WHEN c.next_name IN ('at', 'nulls', 'operator') THEN true
               ELSE c.prev IN ('(', ',') AND c.next_class = 'i'
           END
      FROM candidate c
     WHERE c.prev IS DISTINCT FROM '.' AND c.next IS DISTINCT FROM '.'      -- qualified name or field
       AND c.next IS DISTINCT FROM '(' AND c.next IS DISTINCT FROM '=>'     -- function, named argument
       AND c.prev IS DISTINCT FROM '::'                                     -- type
       AND (c.prev_class IS DISTINCT FROM 's' OR c.prev_name NOT IN (
               'collate', 'using',
               -- the words of a type: time zone, character varying, interval day to second
               'time', 'timestamp', 'character', 'bit', 'interval', 'to'))
       AND NOT (c.prev = '(' AND c.prev2_name = 'extract' AND c.next_name = 'from' AND c.next_class = 's')
       -- after an operand comes an operator or a keyword, never a column: this is an operator class
       AND (c.prev IS DISTINCT FROM ')' OR c.prev2_class = 'operator')      -- OPERATOR(schema.=)
       AND c.prev IS DISTINCT FROM ']'
       AND (c.prev_class IS NULL OR c.prev_class NOT IN ('i', 'string', 'number'))
     ORDER BY c.token_no;
END
$$;
COMMENT ON FUNCTION lakemover._expression_columns(text, text[]) IS 'where a deparsed expression or index definition mentions one of the columns; certain is false where it could also be something else';
