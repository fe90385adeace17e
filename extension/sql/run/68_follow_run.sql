CREATE FUNCTION lakemover._daemon_alive()
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM lakemover.loader l
                    WHERE l.mode = 'daemon' AND l.heartbeat > clock_timestamp() - interval '15 seconds')
$$;
COMMENT ON FUNCTION lakemover._daemon_alive() IS 'true when a daemon that serves this database showed a heartbeat in the last 15 seconds';

CREATE FUNCTION lakemover._require_daemon()
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF NOT lakemover._daemon_alive() THEN
        RAISE EXCEPTION 'no lakemover daemon serves this database'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Start one with: lakemover daemon (LAKEMOVER_STAGING and LAKEBASE_* tell it where to work).';
    END IF;
END
$$;
COMMENT ON FUNCTION lakemover._require_daemon() IS 'an error when nobody would begin a run that is queued now';

CREATE FUNCTION lakemover._source_or_only(p_source name, p_call text)
RETURNS name
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source name;
    v_count  int;
    v_names  text;
BEGIN
    IF p_source IS NOT NULL THEN
        RETURN p_source;
    END IF;
    SELECT count(*), string_agg(quote_ident(s.srvname), ', ' ORDER BY s.srvname), min(s.srvname::text)
      INTO v_count, v_names, v_source
      FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw AND w.fdwname = 'lakemover_fdw'
     WHERE s.srvname !~ '^lakemover_rehearsal_';
    IF v_count = 0 THEN
        RAISE EXCEPTION 'there is no source'
            USING ERRCODE = 'undefined_object', HINT = 'CREATE SERVER ... FOREIGN DATA WRAPPER lakemover_fdw makes one.';
    ELSIF v_count > 1 THEN
        RAISE EXCEPTION 'there are several sources: %', v_names
            USING ERRCODE = 'ambiguous_parameter', HINT = format('Name one: CALL lakemover.%s(''name'').', p_call);
    END IF;
    RETURN v_source;
END
$$;
COMMENT ON FUNCTION lakemover._source_or_only(name, text) IS 'the source that is meant: the one that is named, else the only one there is';

CREATE FUNCTION lakemover._run_outcome(p_run bigint, OUT line text, OUT ended boolean, OUT waiting boolean,
                                        OUT verdict text, OUT exit_code int, OUT error text, OUT audit_dir text)
LANGUAGE sql VOLATILE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('%s: %s of %s tables, %s rows, %s', CASE r.state WHEN 'paused' THEN 'paused (' || r.pause_reason || ')' ELSE p.phase END, p.tables_loaded, p.tables, p.rows_copied, pg_size_pretty(p.bytes_copied)),
           r.state IN ('done', 'incomplete', 'failed', 'cancelled', 'interrupted'), r.state = 'queued',
           coalesce(r.verdict, r.state), r.exit_code, coalesce(r.error, ''), coalesce(r.audit_dir, '')
      FROM lakemover.run r JOIN lakemover.progress p ON p.run_id = r.run_id
     WHERE r.run_id = p_run
$$;
COMMENT ON FUNCTION lakemover._run_outcome(bigint) IS 'one line of progress and the outcome of a run, for whoever waits for it';

-- No SET and no SECURITY DEFINER: a procedure with either cannot COMMIT. Every name is qualified instead.
CREATE PROCEDURE lakemover._follow_run(p_run bigint)
LANGUAGE plpgsql
AS $$
DECLARE
    v_run    pg_catalog.int8 := p_run;
    v_poll   record;
    v_last   pg_catalog.text := '';
    v_cancel pg_catalog.bool := false;
    v_polls  pg_catalog.int4 := 0;
BEGIN
    RAISE NOTICE 'run % queued', v_run;
    LOOP
        BEGIN
            PERFORM pg_catalog.pg_sleep(CASE WHEN v_polls OPERATOR(pg_catalog.<) 10 THEN 0.1 ELSE 0.5 END);
            v_polls := v_polls OPERATOR(pg_catalog.+) 1;
        EXCEPTION WHEN query_canceled THEN
            -- Only noted here: an UPDATE inside the handler would be rolled back with the re-raise.
            v_cancel := true;
        END;
        EXIT WHEN v_cancel;
        SELECT * INTO v_poll FROM lakemover._run_outcome(v_run);
        COMMIT;
        IF v_poll.line OPERATOR(pg_catalog.<>) v_last THEN
            RAISE NOTICE '%', v_poll.line;
            v_last := v_poll.line;
        END IF;
        EXIT WHEN v_poll.ended;
        IF v_poll.waiting AND v_polls OPERATOR(pg_catalog.>) 40 AND NOT lakemover._daemon_alive() THEN
            RAISE EXCEPTION 'run % is still queued and no daemon is alive', v_run
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'Start one with: lakemover daemon. The run stays queued; lakemover.request_cancel() withdraws it.';
        END IF;
    END LOOP;
    IF v_cancel THEN
        PERFORM lakemover.request_cancel(v_run);
        COMMIT;
        RAISE EXCEPTION 'canceling statement due to user request; run % was asked to stop', v_run
            USING ERRCODE = 'query_canceled';
    END IF;
    IF v_poll.exit_code OPERATOR(pg_catalog.<>) 0 THEN
        RAISE EXCEPTION 'run % ended: % (exit code %)', v_run, v_poll.verdict, v_poll.exit_code
            USING ERRCODE = CASE v_poll.exit_code WHEN 7 THEN 'query_canceled' WHEN 6 THEN 'connection_exception'
                                 WHEN 3 THEN 'object_not_in_prerequisite_state' WHEN 2 THEN 'invalid_parameter_value'
                                 ELSE 'external_routine_exception' END,
                  DETAIL = v_poll.error,
                  HINT = pg_catalog.format('SELECT * FROM lakemover.event WHERE run_id = %s; reports: %s', v_run, v_poll.audit_dir);
    END IF;
    RAISE NOTICE 'run %: %; reports in %', v_run, v_poll.verdict, v_poll.audit_dir;
END
$$;
COMMENT ON PROCEDURE lakemover._follow_run(bigint) IS 'waits for a run that was queued for the daemon and reports its progress; cancelling it cancels the run, closing the session detaches from it';
