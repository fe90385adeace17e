CREATE FUNCTION lakemover._end_orphans(p_all boolean DEFAULT false)
RETURNS int
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    -- A loader shows a heartbeat every second. One that comes back after this finds its run ended and stops.
    WITH ended AS (
        UPDATE lakemover.run r
           SET state = CASE r.state WHEN 'queued' THEN 'failed' ELSE 'interrupted' END,
               verdict = CASE r.state WHEN 'queued' THEN 'FAILED' ELSE 'INTERRUPTED' END, exit_code = 1, ended_at = clock_timestamp(),
               phase = CASE r.state WHEN 'queued' THEN 'ended' ELSE r.phase END,
               error = 'its loader died'
         WHERE r.state IN ('queued', 'running', 'paused')
           AND (p_all
                OR ((r.state <> 'queued' OR r.loader_id IS NOT NULL)
                    AND coalesce(r.heartbeat, r.requested_at) < clock_timestamp() - interval '2 minutes'))
        RETURNING r.run_id
    )
    SELECT count(*)::int FROM ended
$$;
COMMENT ON FUNCTION lakemover._end_orphans(boolean) IS 'ends the runs whose loader has shown no heartbeat for two minutes, or all when the caller knows that no loader lives; they can be resumed; returns how many';
