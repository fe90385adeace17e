CREATE FUNCTION lakemover._end_orphans(p_all boolean DEFAULT false)
RETURNS int
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    -- A loader shows a heartbeat every second. One that comes back after this finds its run ended and stops.
    WITH ended AS (
        UPDATE lakemover.run r
           SET state = CASE WHEN x.begun THEN 'interrupted' ELSE 'failed' END,
               verdict = CASE WHEN x.begun THEN 'INTERRUPTED' ELSE 'FAILED' END, exit_code = 1, ended_at = clock_timestamp(),
               phase = CASE WHEN x.begun THEN r.phase ELSE 'ended' END,
               error = 'its loader died'
          -- a comparison is made again rather than resumed
          FROM (SELECT o.run_id, o.state <> 'queued' AND o.kind = 'migration' AS begun FROM lakemover.run o) x
         WHERE x.run_id = r.run_id AND r.state IN ('queued', 'running', 'paused')
           AND (p_all
                OR ((r.state <> 'queued' OR r.loader_id IS NOT NULL)
                    AND coalesce(r.heartbeat, r.requested_at) < clock_timestamp() - interval '2 minutes'))
        RETURNING r.run_id
    )
    SELECT count(*)::int FROM ended
$$;
COMMENT ON FUNCTION lakemover._end_orphans(boolean) IS 'ends the runs whose loader has shown no heartbeat for two minutes, or all when the caller knows that no loader lives; they can be resumed; returns how many';
