CREATE FUNCTION lakemover._lock_run(p_run bigint)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text;
BEGIN
    SELECT r.state INTO v_state FROM lakemover.run r WHERE r.run_id = p_run FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'run % does not exist', p_run
            USING ERRCODE = 'undefined_object', HINT = 'SELECT run_id, source, state FROM lakemover.run lists the runs.';
    END IF;
    RETURN v_state;
END
$$;
COMMENT ON FUNCTION lakemover._lock_run(bigint) IS 'locks a run''s row and returns its state; an error when there is no such run';

CREATE FUNCTION lakemover.request_cancel(p_run bigint)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text;
BEGIN
    v_state := lakemover._lock_run(p_run);
    IF v_state = 'queued' THEN
        UPDATE lakemover.run SET state = 'cancelled', phase = 'ended', cancel_requested = true, verdict = 'CANCELLED',
               exit_code = 7, ended_at = clock_timestamp() WHERE run_id = p_run;
        v_state := 'cancelled';
    ELSIF v_state IN ('running', 'paused') THEN
        UPDATE lakemover.run SET cancel_requested = true WHERE run_id = p_run;
        v_state := 'cancelling';
    END IF;
    INSERT INTO lakemover.event (run_id, level, kind, message)
    VALUES (p_run, 'INFO', 'cancel_requested', format('cancel requested by %s', session_user));
    RETURN v_state;
END
$$;
COMMENT ON FUNCTION lakemover.request_cancel(bigint) IS 'asks the loader to stop a run; returns cancelling, cancelled, or the state of a run that had ended';
