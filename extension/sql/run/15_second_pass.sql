-- Columns that the plan leaves to a second pass (plan_column.pass). Its chunks stand behind those of the first, have numbers of their own
-- in the same ledger, and wait until their table has its key: rows are found by it.
CREATE FUNCTION lakemover._second_pass_columns(p_spec jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_path_query_array(p_spec, '$.columns[*] ? (@.pass == 2).target_name')
$$;
COMMENT ON FUNCTION lakemover._second_pass_columns(jsonb) IS 'names on the target of the columns that a frozen plan leaves to the second pass';

CREATE FUNCTION lakemover._last_pass(p_spec jsonb) RETURNS int
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN p_spec @? '$.columns[*] ? (@.pass == 2)' THEN 2 ELSE 1 END
$$;
COMMENT ON FUNCTION lakemover._last_pass(jsonb) IS 'the pass whose chunks have the digests of whole rows';

CREATE FUNCTION lakemover._in_one_pass(p_spec jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN lakemover._last_pass(p_spec) = 1 THEN p_spec
                ELSE jsonb_set(p_spec, '{columns}', (SELECT jsonb_agg(CASE WHEN c.item ? 'pass' THEN c.item - 'pass' || jsonb_build_object('planned_pass', c.item -> 'pass') ELSE c.item END ORDER BY c.no)
                                                       FROM jsonb_array_elements(p_spec -> 'columns') WITH ORDINALITY c(item, no))) END
$$;
COMMENT ON FUNCTION lakemover._in_one_pass(jsonb) IS 'a frozen plan without its second pass: all columns are read at once; what was planned stays written beside';

CREATE FUNCTION lakemover._copied(p_run bigint)
RETURNS TABLE (table_id bigint, rows_copied bigint, bytes_copied bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- The first pass has all rows; the second reads them again, whole.
    SELECT c.table_id,
           (CASE WHEN s.second THEN sum(c.rows_copied) FILTER (WHERE c.pass = 2) ELSE sum(c.rows_copied) FILTER (WHERE c.pass = 1) END)::bigint,
           (CASE WHEN s.second THEN sum(c.bytes_copied) FILTER (WHERE c.pass = 2) ELSE sum(c.bytes_copied) FILTER (WHERE c.pass = 1) END)::bigint
      FROM lakemover.run_chunk c
      JOIN (SELECT x.table_id, bool_or(x.pass = 2) AND bool_and(x.state = 'done') AS second
              FROM lakemover.run_chunk x WHERE x.run_id = p_run GROUP BY x.table_id HAVING bool_and(x.state IN ('done', 'waiting'))) s USING (table_id)
     WHERE c.run_id = p_run
     GROUP BY c.table_id, s.second
$$;
COMMENT ON FUNCTION lakemover._copied(bigint) IS 'rows and bytes of the tables of a run whose first or second pass is complete, of the last complete pass';

CREATE FUNCTION lakemover._second_pass_tables(p_run bigint)
RETURNS TABLE (table_id bigint, name text, columns jsonb, key text[])
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT t.table_id, format('%I.%I', t.spec->>'target_schema', t.spec->>'target_table'), lakemover._second_pass_columns(t.spec),
           ARRAY(SELECT c.item->>'target_name' FROM jsonb_array_elements_text(t.spec -> 'key') k(name)
                   JOIN jsonb_array_elements(t.spec -> 'columns') c(item) ON c.item->>'name' = k.name)
      FROM lakemover.run_table t
     WHERE t.run_id = p_run AND t.state IN ('loaded', 'incomplete')
       AND EXISTS (SELECT FROM lakemover.run_chunk c WHERE c.run_id = p_run AND c.table_id = t.table_id AND c.state = 'waiting')
     ORDER BY t.est_bytes DESC, t.table_id
$$;
COMMENT ON FUNCTION lakemover._second_pass_tables(bigint) IS 'tables of a run that are loaded but for columns of the second pass; the columns of the key by which rows are found on the target';

CREATE FUNCTION lakemover._begin_second_pass(p_run bigint, p_table bigint) RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE lakemover.run_chunk SET state = 'pending' WHERE run_id = p_run AND table_id = p_table AND state = 'waiting';
    UPDATE lakemover.run_table SET state = 'loading' WHERE run_id = p_run AND table_id = p_table AND state IN ('loaded', 'incomplete');
$$;
COMMENT ON FUNCTION lakemover._begin_second_pass(bigint, bigint) IS 'lets workers have the chunks of a table''s second pass';
