CREATE FUNCTION lakemover._migrate_enqueue(p_source name, p_options jsonb)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lakemover._require_daemon();
    IF p_options ? 'rehearse' THEN
        RAISE EXCEPTION 'unknown migration option: rehearse'
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Rehearsals are made from the command line: lakemover --rehearse 5%.';
    END IF;
    RETURN lakemover.create_run(lakemover._source_or_only(p_source, 'migrate'), p_options);
END
$$;
COMMENT ON FUNCTION lakemover._migrate_enqueue(name, jsonb) IS 'checks that a daemon is alive and queues a run for it';

-- No SET and no SECURITY DEFINER: a procedure with either cannot COMMIT. Every name is qualified instead.
CREATE PROCEDURE lakemover.migrate(p_source name DEFAULT NULL, p_options jsonb DEFAULT '{}')
LANGUAGE plpgsql
AS $$
DECLARE
    v_run bigint;
BEGIN
    IF lakemover._in_transaction_block() THEN
        RAISE EXCEPTION 'lakemover.migrate() cannot run inside a transaction block'
            USING ERRCODE = 'active_sql_transaction', HINT = 'CALL it on its own, with autocommit on.';
    END IF;
    v_run := lakemover._migrate_enqueue(p_source, p_options);
    COMMIT;
    CALL lakemover._follow_run(v_run);
END
$$;
COMMENT ON PROCEDURE lakemover.migrate(name, jsonb) IS 'queues a run for the daemon, waits and reports progress; cancelling it cancels the run, closing the session detaches from it';
