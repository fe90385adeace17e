-- A source expression (default, check, generated, index) as the target needs it, or the reason why it cannot be had.
-- An expression is text of the source's catalogs: names in it are replaced where that is certain, and it is refused where it
-- uses an excluded column, or a column whose type changed so much that the expression would mean something else.
-- p_plain: plain columns in a key or an ordinary index, where a changed type does no harm.
CREATE FUNCTION lakemover._target_expression(p_source name, p_table_id bigint, p_sql text, p_plain boolean DEFAULT false,
                                             OUT sql text, OUT problem text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_renamed   jsonb;
    v_excluded  text[];
    v_documents text[];     -- became text from a type that is not text-like
    v_instants  text[];     -- lost or gained their time zone
    v_relations jsonb := '{}'::jsonb;
    v_missing   text;
    v_name      text;
    v_table     record;
BEGIN
    sql := p_sql;
    -- Empty: a foreign key that has nothing behind the referenced columns.
    IF p_sql IS NULL OR p_sql = '' THEN
        RETURN;
    END IF;
    SELECT t.source_table, t.target_table INTO v_table
      FROM lakemover.plan_table t WHERE t.source = p_source AND t.table_id = p_table_id;
    -- the usual case, told cheaply: no column that differs has its name in the text at all
    IF p_sql !~ '::regclass\M' AND v_table.source_table IS NOT DISTINCT FROM v_table.target_table
       AND NOT EXISTS (SELECT FROM lakemover.plan_column p
                         JOIN lakemover.inv_column i USING (source, table_id, ordinal)
                        WHERE p.source = p_source AND p.table_id = p_table_id
                          AND (p.exclude OR p.target_column <> p.source_column OR p.target_type <> i.data_type AND p_plain IS NOT TRUE)
                          AND strpos(p_sql, replace(p.source_column, '"', '""')) > 0) THEN
        RETURN;
    END IF;
    SELECT coalesce(jsonb_object_agg(c.source_column, c.target_column) FILTER (WHERE c.source_column <> c.target_column), '{}'),
           array_agg(c.source_column) FILTER (WHERE c.exclude),
           array_agg(c.source_column) FILTER (WHERE c.change = 'kind'),
           array_agg(c.source_column) FILTER (WHERE c.change = 'zone')
      INTO v_renamed, v_excluded, v_documents, v_instants
      FROM (SELECT p.source_column, p.target_column, p.exclude,
                   CASE WHEN p.target_type <> i.data_type AND p_plain IS NOT TRUE
                        THEN lakemover._type_change(p_source, i.data_type, p.target_type) END AS change
              FROM lakemover.plan_column p
              JOIN lakemover.inv_column i USING (source, table_id, ordinal)
             WHERE p.source = p_source AND p.table_id = p_table_id) c;

    SELECT e.column_name INTO v_name FROM lakemover._expression_columns(p_sql, v_excluded) e LIMIT 1;
    IF FOUND THEN
        sql := NULL;
        problem := format('it uses the excluded column %I', v_name);
        RETURN;
    END IF;
    SELECT e.column_name INTO v_name FROM lakemover._expression_columns(p_sql, v_documents) e LIMIT 1;
    IF FOUND THEN
        sql := NULL;
        problem := format('it uses the column %I, whose type changes', v_name);
        RETURN;
    END IF;
    -- comparing two such columns stays true; a literal, a function or a time zone beside one need not. An index has two
    -- sides, its keys and its predicate.
    WITH token AS (
        SELECT t.token_no, t.kind, t.name, lead(t.token) OVER w AS next,
               count(*) FILTER (WHERE t.kind = 'word' AND t.token = 'WHERE') OVER w AS side
          FROM lakemover._sql_tokens(p_sql) t
        WINDOW w AS (ORDER BY t.token_no)
    )
    SELECT e.column_name INTO v_name
      FROM lakemover._expression_columns(p_sql, v_instants) e
      JOIN token m USING (token_no)
     WHERE EXISTS (SELECT FROM token t
                    WHERE t.side = m.side
                      AND (t.kind = 'string' OR t.kind = 'word' AND t.next = '(' AND t.name NOT IN ('check', 'using')
                           OR t.kind = 'word' AND t.name IN ('zone', 'current_timestamp', 'current_date', 'localtimestamp')))
     LIMIT 1;
    IF FOUND THEN
        sql := NULL;
        problem := format('it uses the column %I, whose time zone changes, with a literal or a function', v_name);
        RETURN;
    END IF;

    IF p_sql ~ '::regclass\M' THEN
        SELECT coalesce(jsonb_object_agg(r.key, r.target) FILTER (WHERE NOT r.exclude), '{}')
          INTO v_relations
          FROM (SELECT to_jsonb(ARRAY[s.source_schema, s.source_name])::text AS key,
                       format('%I.%I', s.target_schema, s.target_name) AS target, s.exclude
                  FROM lakemover.plan_sequence s WHERE s.source = p_source
                UNION ALL
                SELECT to_jsonb(ARRAY[t.source_schema, t.source_table])::text,
                       format('%I.%I', t.target_schema, t.target_table), t.exclude
                  FROM lakemover.plan_table t WHERE t.source = p_source) r
          JOIN (SELECT to_jsonb(parse_ident(t.name))::text AS key
                  FROM (SELECT s.*, lead(s.token) OVER w AS next1, lead(s.name, 2) OVER w AS next2
                          FROM lakemover._sql_tokens(p_sql) s WINDOW w AS (ORDER BY s.token_no)) t
                 WHERE t.kind = 'string' AND t.next1 = '::' AND t.next2 = 'regclass' AND t.name !~ '^\d+$') u USING (key);
        SELECT format('%I.%I', s.source_schema, s.source_name) INTO v_missing
          FROM lakemover.plan_sequence s
         WHERE s.source = p_source AND s.exclude AND strpos(p_sql, quote_literal(format('%I.%I', s.source_schema, s.source_name))) > 0;
        IF FOUND THEN
            sql := NULL;
            problem := format('it uses the excluded sequence %s', v_missing);
            RETURN;
        END IF;
    END IF;
    SELECT r.sql, r.problem INTO sql, problem
      FROM lakemover._rename_in_expression(p_sql, v_renamed, v_relations, v_table.source_table, v_table.target_table) r;
END
$$;
COMMENT ON FUNCTION lakemover._target_expression(name, bigint, text, boolean) IS 'an expression of the source for the target, names replaced; or the problem that keeps it from moving';
