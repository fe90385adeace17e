CREATE FUNCTION lakemover._try_again(p_run bigint, p_gone bigint[], p_there bigint[])
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_tables     bigint[] := p_gone || p_there;
    v_statements int;
BEGIN
    -- Tables that stay out keep what is said of them, and so do their statements.
    UPDATE lakemover.run_statement s
       SET state = 'pending', error = NULL, seconds = NULL
     WHERE s.run_id = p_run AND s.state IN ('failed', 'skipped')
       AND (s.table_id = ANY (v_tables)
            OR NOT EXISTS (SELECT FROM lakemover.run_table t
                            WHERE t.run_id = s.run_id AND t.table_id = s.table_id AND t.state IN ('failed', 'blocked')));
    GET DIAGNOSTICS v_statements = ROW_COUNT;
    -- What was made of a table went with it, but for its sequence.
    UPDATE lakemover.run_statement s
       SET state = 'pending', seconds = NULL
     WHERE s.run_id = p_run AND s.state = 'done' AND s.table_id = ANY (p_gone) AND s.stage <> 'sequence';

    UPDATE lakemover.run_table t SET state = 'loaded', error = NULL WHERE t.run_id = p_run AND t.state = 'incomplete';
    UPDATE lakemover.run_chunk c SET state = CASE c.pass WHEN 1 THEN 'pending' ELSE 'waiting' END, loader_id = NULL, error = NULL
     WHERE c.run_id = p_run AND c.table_id = ANY (v_tables) AND c.state IN ('failed', 'claimed');
    -- With a batch behind it a table is under way: the ledger says next whether that batch is still there.
    UPDATE lakemover.run_table t
       SET state = CASE WHEN EXISTS (SELECT FROM lakemover.run_chunk c
                                      WHERE c.run_id = t.run_id AND c.table_id = t.table_id AND c.state = 'done')
                        THEN 'loading' ELSE 'pending' END,
           error = NULL, loaded_at = NULL, ended_at = NULL, rows_copied = NULL, bytes_copied = NULL, source_rows = NULL
     WHERE t.run_id = p_run AND t.table_id = ANY (v_tables) AND (t.spec->>'copies_rows')::boolean;
    UPDATE lakemover.run_table t SET state = 'loaded', error = NULL, ended_at = NULL
     WHERE t.run_id = p_run AND t.table_id = ANY (v_tables) AND NOT (t.spec->>'copies_rows')::boolean;
    RETURN v_statements;
END
$$;
COMMENT ON FUNCTION lakemover._try_again(bigint, bigint[], bigint[]) IS 'makes what failed in a run to be done once more: statements, and of its failed and blocked tables those that are gone from the target or are there and the run''s own; returns how many statements';
