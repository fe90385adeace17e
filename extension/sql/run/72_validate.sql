CREATE FUNCTION lakemover.validate(p_run bigint)
RETURNS TABLE (table_name text, level int, level_name text, verdict text, rows_covered bigint, coverage numeric,
               source_value text, target_value text, seconds double precision, detail jsonb)
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM lakemover.validation v WHERE v.run_id = p_run) THEN
        IF NOT EXISTS (SELECT FROM lakemover.run r WHERE r.run_id = p_run) THEN
            RAISE EXCEPTION 'run % does not exist', p_run
                USING ERRCODE = 'undefined_object', HINT = 'SELECT run_id, source, state FROM lakemover.run lists the runs.';
        END IF;
        RAISE EXCEPTION 'run % has not been validated', p_run
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('A run validates when its tables are loaded; afterwards: lakemover validate %s.', p_run);
    END IF;
    RETURN QUERY
    SELECT CASE WHEN v.table_id = 0 THEN NULL ELSE format('%I.%I', t.spec->>'target_schema', t.spec->>'target_table') END,
           v.level, (ARRAY['schema', 'counts', 'digest', 'sample', 'fields'])[v.level + 1], v.verdict, v.rows_covered,
           CASE WHEN t.source_rows > 0 THEN round(least(v.rows_covered::numeric / t.source_rows, 1), 4)
                WHEN t.source_rows = 0 THEN 1 END,
           v.source_value, v.target_value, v.seconds, v.detail
      FROM lakemover.validation v
      LEFT JOIN lakemover.run_table t ON t.run_id = v.run_id AND t.table_id = v.table_id
     WHERE v.run_id = p_run
     ORDER BY 1 NULLS FIRST, 2;
END
$$;
COMMENT ON FUNCTION lakemover.validate(bigint) IS 'what validation said of a run: a row per table and level, with coverage (share of the source''s rows), both values, verdict and seconds';

CREATE FUNCTION lakemover._validate_enqueue(p_source name, p_options jsonb)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_repair boolean := coalesce((p_options->>'repair')::boolean, false);
BEGIN
    PERFORM lakemover._require_daemon();
    RETURN lakemover.create_run(lakemover._source_or_only(p_source, 'validate'), p_options - 'repair',
                                CASE WHEN v_repair THEN 'repair' ELSE 'comparison' END);
END
$$;
COMMENT ON FUNCTION lakemover._validate_enqueue(name, jsonb) IS 'checks that a daemon is alive and queues a comparison for it, or one that makes rows equal';

-- As in lakemover.migrate().
CREATE PROCEDURE lakemover.validate(p_source name DEFAULT NULL, p_options jsonb DEFAULT '{}')
LANGUAGE plpgsql
AS $$
DECLARE
    v_run bigint;
BEGIN
    IF lakemover._in_transaction_block() THEN
        RAISE EXCEPTION 'lakemover.validate() cannot run inside a transaction block'
            USING ERRCODE = 'active_sql_transaction', HINT = 'CALL it on its own, with autocommit on.';
    END IF;
    v_run := lakemover._validate_enqueue(p_source, p_options);
    COMMIT;
    CALL lakemover._follow_run(v_run);
END
$$;
COMMENT ON PROCEDURE lakemover.validate(name, jsonb) IS 'compares the source with the target as both are now (with {"repair": true} makes rows equal), by the daemon; SELECT * FROM lakemover.validate(run) has the results';
