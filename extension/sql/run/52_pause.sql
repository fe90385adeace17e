CREATE FUNCTION lakemover.request_pause(p_run bigint)
RETURNS text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_state text := lakemover._lock_run(p_run);
BEGIN
    IF v_state NOT IN ('queued', 'running', 'paused') THEN
        RETURN v_state;
    END IF;
    UPDATE lakemover.run SET pause_requested = session_user WHERE run_id = p_run AND pause_requested IS NULL;
    IF FOUND THEN
        INSERT INTO lakemover.event (run_id, level, kind, message)
        VALUES (p_run, 'INFO', 'pause_requested', format('pause requested by %s', session_user));
    END IF;
    RETURN 'pausing';
END
$$;
COMMENT ON FUNCTION lakemover.request_pause(bigint) IS 'asks a run to pause: no chunk begins any more, those under way are finished; returns pausing, or the state of a run that had ended';

CREATE FUNCTION lakemover.request_resume(p_run bigint)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    UPDATE lakemover.run SET pause_requested = NULL WHERE run_id = p_run AND pause_requested IS NOT NULL;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    INSERT INTO lakemover.event (run_id, level, kind, message)
    VALUES (p_run, 'INFO', 'pause_lifted', format('pause lifted by %s', session_user));
    RETURN true;
END
$$;
COMMENT ON FUNCTION lakemover.request_resume(bigint) IS 'lifts the pause that lakemover.request_pause() asked for; false when there was none. A run that ended early is resumed with lakemover resume';

-- Readers of a source hold an advisory lock each: 'LSRC' (0x4C535243), the run and a number. It ends with the session that holds
-- the connection, so that what a killed loader has left is counted until it is gone.
CREATE FUNCTION lakemover._take_source_slot(p_run bigint, p_limit int)
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    FOR v_slot IN 1 .. p_limit LOOP
        IF pg_try_advisory_lock((1280529987::bigint << 32) | ((p_run & 1048575) << 12) | v_slot) THEN
            RETURN v_slot;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lakemover._take_source_slot(bigint, int) IS 'takes one of so many places among the readers of a run''s source, for this session; null when all are taken, by whatever loader';

CREATE FUNCTION lakemover._leave_source(p_run bigint, p_slot int)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- A session of SQL Server is the point in time itself: it cannot be left and joined again.
    IF NOT EXISTS (SELECT FROM lakemover.run r JOIN lakemover.source_info i ON i.source = r.source
                    WHERE r.run_id = p_run AND i.engine = 'postgres') THEN
        RETURN false;
    END IF;
    PERFORM lakemover._stream_release();
    PERFORM pg_advisory_unlock((1280529987::bigint << 32) | ((p_run & 1048575) << 12) | p_slot);
    RETURN true;
END
$$;
COMMENT ON FUNCTION lakemover._leave_source(bigint, int) IS 'closes this session''s connection to a run''s source and gives its place back; false where the connection must stay';

CREATE FUNCTION lakemover._source_readers(p_run bigint)
RETURNS int
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT count(*)::int FROM pg_locks l
     WHERE l.locktype = 'advisory' AND l.granted
       AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
       AND l.classid = 1280529987::oid AND (l.objid::bigint >> 12) = (p_run & 1048575) AND l.objsubid = 1
$$;
COMMENT ON FUNCTION lakemover._source_readers(bigint) IS 'how many sessions read the source of a run, of all loaders';
