-- p_columns {"old": "new"}; p_relations {"[\"schema\", \"old\"]": "quoted new name"} for 'schema.old'::regclass.
-- p_table and p_new_table: whole-row references print as table.*.
CREATE FUNCTION lakemover._rename_in_expression(p_sql text, p_columns jsonb, p_relations jsonb DEFAULT '{}',
                                                p_table text DEFAULT NULL, p_new_table text DEFAULT NULL,
                                                OUT sql text, OUT problem text)
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_unsure text;
BEGIN
    sql := p_sql;
    IF p_sql IS NULL OR (p_columns = '{}' AND p_relations = '{}' AND p_table IS NOT DISTINCT FROM p_new_table) THEN
        RETURN;
    END IF;
    SELECT string_agg(DISTINCT quote_ident(c.column_name), ', ')
      INTO v_unsure
      FROM lakemover._expression_columns(p_sql, ARRAY(SELECT jsonb_object_keys(p_columns))) c
     WHERE NOT c.certain;
    IF v_unsure IS NOT NULL THEN
        sql := NULL;
        problem := format('it may use the renamed column %s, which cannot be told from a keyword there', v_unsure);
        RETURN;
    END IF;
    SELECT string_agg(
               CASE
                   WHEN c.token_no IS NOT NULL THEN quote_ident(p_columns ->> c.column_name)
                   -- a regclass of digits is the OID of something dropped
                   WHEN t.kind = 'string' AND t.next1 = '::' AND t.next2_name = 'regclass' AND t.name !~ '^\d+$'
                       THEN coalesce(quote_literal(p_relations ->> to_jsonb(parse_ident(t.name))::text), t.token)
                   WHEN t.kind IN ('word', 'quoted') AND t.name = p_table AND t.next1 = '.' AND t.next2 = '*'
                       AND t.prev1 IS DISTINCT FROM '.' THEN quote_ident(p_new_table)
                   ELSE t.token
               END, '' ORDER BY t.token_no)
      INTO sql
      FROM (SELECT s.*, lag(s.token) OVER w AS prev1, lead(s.token) OVER w AS next1,
                   lead(s.token, 2) OVER w AS next2, lead(s.name, 2) OVER w AS next2_name
              FROM lakemover._sql_tokens(p_sql) s
            WINDOW w AS (ORDER BY s.token_no)) t
      LEFT JOIN lakemover._expression_columns(p_sql, ARRAY(SELECT jsonb_object_keys(p_columns))) c USING (token_no);
END
$$;
COMMENT ON FUNCTION lakemover._rename_in_expression(text, jsonb, jsonb, text, text) IS 'a deparsed expression with columns, sequences and the table renamed; problem, and no text, where it cannot be done with certainty';
