CREATE FUNCTION lakemover._end_sessions_of(p_loader text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    -- Named as the loader names them (Staging::name_sessions()).
    SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity a
     WHERE a.application_name = 'lakemover ' || right(p_loader, 53) AND a.datname = current_database()
       AND a.usename = current_user AND a.pid <> pg_backend_pid()
$$;
COMMENT ON FUNCTION lakemover._end_sessions_of(text) IS 'ends what a loader has under way in staging: its locks, and its places among the readers of the source, would stay for ever';

CREATE FUNCTION lakemover._ended_incomplete(p_run bigint)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Not one that only lacks rows which were set aside: that is for retry-rejects. A rehearsal has left nothing.
    SELECT EXISTS (SELECT FROM lakemover.run r
                    WHERE r.run_id = p_run AND r.kind = 'migration' AND r.state = 'incomplete' AND r.verdict = 'INCOMPLETE'
                      AND NOT r.options ? 'rehearse')
$$;
COMMENT ON FUNCTION lakemover._ended_incomplete(bigint) IS 'whether a run came to its end without some table or object, which resuming it tries once more';

CREATE FUNCTION lakemover._take_over(p_run bigint, p_loader text, p_audit_dir text, p_alone boolean, p_quiesced boolean,
                                     p_daemon boolean DEFAULT false)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_active bigint;
BEGIN
    IF EXISTS (SELECT FROM lakemover.run r WHERE r.run_id = p_run AND r.kind <> 'migration') THEN
        RAISE EXCEPTION 'run % is a comparison and cannot be resumed', p_run
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Compare again: lakemover validate --two-sided.';
    END IF;
    PERFORM lakemover._end_sessions_of(r.loader_id)
       FROM lakemover.run r
      WHERE r.run_id = p_run AND r.loader_id <> p_loader
        AND (r.state IN ('interrupted', 'cancelled', 'failed')
             OR p_alone OR coalesce(r.heartbeat, r.requested_at) < clock_timestamp() - interval '15 seconds');
    -- Nor may its helpers, if they are silent too; those that live see the new epoch, and stop.
    PERFORM lakemover._end_sessions_of(h.loader_id)
       FROM lakemover.run_loader h
      WHERE h.run_id = p_run AND h.state = 'joined' AND h.loader_id <> p_loader AND h.heartbeat < clock_timestamp() - interval '15 seconds';
    -- As in create_run(): one run per source at a time.
    LOCK TABLE lakemover.run IN SHARE ROW EXCLUSIVE MODE;
    SELECT o.run_id INTO v_active
      FROM lakemover.run r JOIN lakemover.run o ON o.source = r.source AND o.run_id <> r.run_id
     WHERE r.run_id = p_run AND o.state IN ('queued', 'running', 'paused') ORDER BY 1 LIMIT 1;
    IF v_active IS NOT NULL THEN
        RAISE EXCEPTION 'run % cannot be resumed: run % of the same source is active', p_run, v_active
            USING ERRCODE = 'object_in_use',
                  HINT = format('Wait for it, or stop it with: SELECT lakemover.request_cancel(%s).', v_active);
    END IF;
    UPDATE lakemover.run r
       SET state = 'running', loader_id = p_loader, audit_dir = p_audit_dir, heartbeat = clock_timestamp(), epoch = r.epoch + 1,
           ended_at = NULL, verdict = NULL, exit_code = NULL, error = NULL, cancel_requested = false, pause_reason = NULL,
           -- a pause is lifted by people
           pause_requested = CASE WHEN p_daemon THEN r.pause_requested END, shared = p_daemon, helpers = 'no',
           options = CASE WHEN p_quiesced THEN r.options || '{"source_quiesced": true}' ELSE r.options END
     WHERE r.run_id = p_run
       AND (((r.state IN ('interrupted', 'cancelled', 'failed') OR lakemover._ended_incomplete(p_run)) AND NOT p_daemon)
            OR (r.state IN ('running', 'paused') AND NOT (p_daemon AND r.cancel_requested)
                AND (p_alone OR coalesce(r.heartbeat, r.requested_at) < clock_timestamp() - interval '15 seconds')));
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE lakemover.run_loader SET state = 'lost', left_at = clock_timestamp() WHERE run_id = p_run AND state = 'joined';
    RETURN true;
END
$$;
COMMENT ON FUNCTION lakemover._take_over(bigint, text, text, boolean, boolean, boolean) IS 'makes a loader the one of a run that ended early or incomplete, or whose loader shows no heartbeat for 15 seconds (or is known to be gone); a daemon, which nobody has asked to, only of the latter, and it keeps a pause; false when the run is not to be had';

CREATE FUNCTION lakemover._ledger_rows(p_ledger jsonb)
RETURNS TABLE (table_id bigint, chunk_no int, method text, lower text, upper text, rows bigint, bytes bigint, lane1 numeric,
               lane2 numeric, xid text, rejected bigint)
LANGUAGE sql IMMUTABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT * FROM jsonb_to_recordset(p_ledger) AS l(table_id bigint, chunk_no int, method text, lower text, upper text, rows bigint,
                                                    bytes bigint, lane1 numeric, lane2 numeric, xid text, rejected bigint)
$$;
COMMENT ON FUNCTION lakemover._ledger_rows(jsonb) IS 'rows of the ledger on the target, as the loader hands them over';

CREATE FUNCTION lakemover._reconcile_chunks(p_run bigint, p_loader text, p_ledger jsonb)
RETURNS TABLE (regained bigint, lost bigint)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_unknown text;
BEGIN
    -- Bounds never change; a ledger that holds other ones is another run's, or staging is an old copy.
    SELECT format('table %s chunk %s', l.table_id, l.chunk_no) INTO v_unknown
      FROM lakemover._ledger_rows(p_ledger) l
      LEFT JOIN lakemover.run_chunk c ON c.run_id = p_run AND c.table_id = l.table_id AND c.chunk_no = l.chunk_no
     WHERE c.chunk_id IS NULL OR c.method <> l.method OR c.lower_bound::text IS DISTINCT FROM l.lower
        OR c.upper_bound::text IS DISTINCT FROM l.upper
     LIMIT 1;
    IF v_unknown IS NOT NULL THEN
        RAISE EXCEPTION 'the ledger on the target holds a chunk that staging does not know: %', v_unknown
            USING ERRCODE = 'data_corrupted', HINT = 'Staging is not the one that this run was loaded with; start a new run.';
    END IF;

    UPDATE lakemover.run_chunk c
       SET state = 'done', ended_at = clock_timestamp(), rows_copied = l.rows, bytes_copied = l.bytes,
           digest = ARRAY[l.lane1, l.lane2], stats = jsonb_build_object('xid', l.xid), error = NULL, loader_id = p_loader,
           rows_rejected = coalesce(l.rejected, 0)
      FROM lakemover._ledger_rows(p_ledger) l
     WHERE c.run_id = p_run AND c.table_id = l.table_id AND c.chunk_no = l.chunk_no AND c.state IN ('waiting', 'pending', 'claimed');
    GET DIAGNOSTICS regained = ROW_COUNT;
    UPDATE lakemover.run_chunk c
       SET state = CASE c.pass WHEN 1 THEN 'pending' ELSE 'waiting' END, loader_id = NULL, ended_at = NULL, rows_copied = NULL, bytes_copied = NULL, digest = NULL, stats = NULL,
           rows_rejected = 0
      FROM lakemover.run_table t
     WHERE c.run_id = p_run AND c.state = 'done' AND t.run_id = c.run_id AND t.table_id = c.table_id
       AND t.state NOT IN ('failed', 'blocked')
       AND NOT EXISTS (SELECT FROM lakemover._ledger_rows(p_ledger) l
                        WHERE l.table_id = c.table_id AND l.chunk_no = c.chunk_no AND l.rows = c.rows_copied
                          AND l.lane1 = c.digest[1] AND l.lane2 = c.digest[2]);
    GET DIAGNOSTICS lost = ROW_COUNT;
    UPDATE lakemover.run_chunk c SET state = CASE c.pass WHEN 1 THEN 'pending' ELSE 'waiting' END, loader_id = NULL
     WHERE c.run_id = p_run AND (c.state = 'claimed' OR (c.state = 'pending' AND c.pass = 2));

    -- The tables follow their chunks.
    UPDATE lakemover.run_table t
       SET state = 'loading', loaded_at = NULL, ended_at = NULL, rows_copied = NULL, bytes_copied = NULL, source_rows = NULL
     WHERE t.run_id = p_run AND t.state IN ('loaded', 'done', 'incomplete')
       AND EXISTS (SELECT FROM lakemover.run_chunk c WHERE c.run_id = p_run AND c.table_id = t.table_id AND c.state NOT IN ('done', 'waiting'));
    UPDATE lakemover.run_table t
       SET state = CASE WHEN t.error IS NULL THEN 'loaded' ELSE 'incomplete' END, loaded_at = clock_timestamp(),
           rows_copied = s.rows_copied, bytes_copied = s.bytes_copied
      FROM lakemover._copied(p_run) s
     WHERE t.run_id = p_run AND t.table_id = s.table_id AND t.state = 'loading';
    RETURN NEXT;
END
$$;
COMMENT ON FUNCTION lakemover._reconcile_chunks(bigint, text, jsonb) IS 'makes the chunks of a run say what the ledger on the target says; only while nobody loads';

CREATE FUNCTION lakemover._unfinished_tables(p_run bigint)
RETURNS SETOF bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Without its count a table has not kept what validation needs.
    SELECT t.table_id FROM lakemover.run_table t
     WHERE t.run_id = p_run AND (t.spec->>'copies_rows')::boolean
       AND (t.state IN ('pending', 'loading')
            OR (t.state IN ('loaded', 'done', 'incomplete')
                AND (t.source_rows IS NULL
                     OR EXISTS (SELECT FROM lakemover.run_chunk c WHERE c.run_id = p_run AND c.table_id = t.table_id AND c.state = 'waiting'))))
     ORDER BY t.table_id
$$;
COMMENT ON FUNCTION lakemover._unfinished_tables(bigint) IS 'tables of a run that are not loaded and counted; they need the point in time that they began at, or begin again';

CREATE FUNCTION lakemover._begin_again(p_run bigint, p_table bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM lakemover.run_chunk WHERE run_id = p_run AND table_id = p_table;
    DELETE FROM lakemover.run_sample WHERE run_id = p_run AND table_id = p_table;
    DELETE FROM lakemover.run_reject WHERE run_id = p_run AND table_id = p_table;
    DELETE FROM lakemover.validation WHERE run_id = p_run AND table_id = p_table;
    DELETE FROM lakemover.difference WHERE run_id = p_run AND table_id = p_table;
    UPDATE lakemover.run_table
       SET state = 'pending', chunks = NULL, started_at = NULL, loaded_at = NULL, ended_at = NULL, rows_copied = NULL,
           bytes_copied = NULL, source_rows = NULL, target_rows = NULL, snapshot_id = NULL, source_lsn = NULL, snapshot_at = NULL
     WHERE run_id = p_run AND table_id = p_table;
$$;
COMMENT ON FUNCTION lakemover._begin_again(bigint, bigint) IS 'forgets what was loaded of a table, after it was emptied on the target: it is cut and loaded whole at the run''s present point';

CREATE FUNCTION lakemover._rolled_back(p_run bigint, p_message text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE lakemover.run
       SET state = 'cancelled', phase = 'ended', verdict = 'ROLLED BACK', exit_code = 0, error = NULL, pause_reason = NULL,
           ended_at = coalesce(ended_at, clock_timestamp())
     WHERE run_id = p_run;
    DELETE FROM lakemover.run_sample WHERE run_id = p_run;
    INSERT INTO lakemover.event (run_id, level, kind, message) VALUES (p_run, 'WARNING', 'rolled_back', p_message);
$$;
COMMENT ON FUNCTION lakemover._rolled_back(bigint, text) IS 'records that what a run made on the target was dropped';
