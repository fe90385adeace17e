-- Several loaders at one run. The one in run.loader_id leads it; others take batches of its load phase. Exactly once rests on the
-- ledger of the target, not on this: a helper is let go here only after its name is gone from there (docs/reliability.md).
CREATE FUNCTION lakemover._open_to_helpers(p_run bigint, p_loader text)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- Only a point in time that any session can join at any time.
    UPDATE lakemover.run r SET helpers = 'open'
     WHERE r.run_id = p_run AND r.loader_id = p_loader AND r.shared
       AND EXISTS (SELECT FROM lakemover.snapshot s
                    WHERE s.run_id = p_run AND s.state = 'held' AND s.level = 'same' AND s.snapshot_id <> 'sessions');
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION lakemover._open_to_helpers(bigint, text) IS 'lets other daemons take batches of a run that a daemon leads; false where its point in time cannot be joined';

CREATE FUNCTION lakemover._close_to_helpers(p_run bigint, p_loader text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE lakemover.run SET helpers = 'no' WHERE run_id = p_run AND loader_id = p_loader
$$;
COMMENT ON FUNCTION lakemover._close_to_helpers(bigint, text) IS 'nobody but the leader gets a batch any more; helpers finish theirs and leave';

CREATE FUNCTION lakemover._tend_helpers(p_run bigint, p_loader text, p_held boolean)
RETURNS TABLE (member_id bigint, loader_id text, silent boolean)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    UPDATE lakemover.run SET helpers = CASE WHEN p_held THEN 'held' ELSE 'open' END
     WHERE run_id = p_run AND loader_id = p_loader AND helpers = CASE WHEN p_held THEN 'open' ELSE 'held' END;
    -- Claimed by one that was let go in the same moment: it cannot commit.
    UPDATE lakemover.run_chunk c SET state = 'pending', loader_id = NULL
     WHERE c.run_id = p_run AND c.state = 'claimed' AND c.loader_id <> p_loader
       AND EXISTS (SELECT FROM lakemover.run r WHERE r.run_id = p_run AND r.loader_id = p_loader)
       AND NOT EXISTS (SELECT FROM lakemover.run_loader h WHERE h.run_id = p_run AND h.loader_id = c.loader_id AND h.state = 'joined');
    RETURN QUERY
    SELECT h.member_id, h.loader_id, h.heartbeat < clock_timestamp() - interval '15 seconds'
      FROM lakemover.run_loader h JOIN lakemover.run r ON r.run_id = h.run_id AND r.loader_id = p_loader
     WHERE h.run_id = p_run AND h.state = 'joined';
END
$$;
COMMENT ON FUNCTION lakemover._tend_helpers(bigint, text, boolean) IS 'the helpers of a run, for its leader; held: they wait meanwhile; batches of helpers that were let go are to be had again';

CREATE FUNCTION lakemover._lose_helper(p_run bigint, p_loader text, p_member bigint)
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_helper text;
BEGIN
    UPDATE lakemover.run_loader h SET state = 'lost', left_at = clock_timestamp()
     WHERE h.member_id = p_member AND h.run_id = p_run AND h.state = 'joined'
       AND EXISTS (SELECT FROM lakemover.run r WHERE r.run_id = p_run AND r.loader_id = p_loader)
    RETURNING h.loader_id INTO v_helper;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    PERFORM lakemover._end_sessions_of(v_helper);
    RETURN lakemover._release_chunks(p_run, v_helper);
END
$$;
COMMENT ON FUNCTION lakemover._lose_helper(bigint, text, bigint) IS 'lets a helper go that the ledger on the target does not know any more; its batches are to be had again; returns how many';

CREATE FUNCTION lakemover._abandoned_runs(p_target text)
RETURNS SETOF bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Ten loaders that died of it are enough; and without a final plan there is nothing to go on with.
    SELECT r.run_id FROM lakemover.run r
     WHERE r.kind = 'migration' AND r.state IN ('running', 'paused') AND r.shared AND r.plan_hash IS NOT NULL AND r.target_identity = p_target
       AND NOT r.cancel_requested AND r.epoch < 10 AND r.heartbeat < clock_timestamp() - interval '15 seconds'
     ORDER BY r.run_id
$$;
COMMENT ON FUNCTION lakemover._abandoned_runs(text) IS 'runs into a target whose daemon has shown no heartbeat for 15 seconds, and that another one may take over';

CREATE FUNCTION lakemover._run_to_take_over(p_target text)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_run bigint;
BEGIN
    -- One daemon at a time tries: each would make an audit directory. 'LTKO', and the run; the session holds it until it says so.
    FOR v_run IN SELECT lakemover._abandoned_runs(p_target) LOOP
        IF pg_try_advisory_lock((1280592719::bigint << 32) | (v_run & 4294967295)) THEN
            IF v_run IN (SELECT lakemover._abandoned_runs(p_target)) THEN
                RETURN v_run;
            END IF;
            PERFORM pg_advisory_unlock((1280592719::bigint << 32) | (v_run & 4294967295));
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lakemover._run_to_take_over(text) IS 'a run that this session may try to take over, as the only one; null when there is none';

CREATE FUNCTION lakemover._took_over(p_run bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT pg_advisory_unlock((1280592719::bigint << 32) | (p_run & 4294967295))
$$;
COMMENT ON FUNCTION lakemover._took_over(bigint) IS 'ends what lakemover._run_to_take_over() began';

CREATE FUNCTION lakemover._reserve_run(p_loader text, p_defaults jsonb)
RETURNS bigint
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE lakemover.run SET loader_id = p_loader, heartbeat = clock_timestamp(), shared = true, options = p_defaults || options
     WHERE run_id = (SELECT r.run_id FROM lakemover.run r
                      WHERE r.state = 'queued'
                        -- or its daemon died before it had begun
                        AND (r.loader_id IS NULL OR (r.shared AND r.heartbeat < clock_timestamp() - interval '15 seconds'))
                      ORDER BY r.run_id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING run_id
$$;
COMMENT ON FUNCTION lakemover._reserve_run(text, jsonb) IS 'the oldest queued run becomes that of a daemon, which begins it; options that it was queued without are the daemon''s; null when there is none';

CREATE FUNCTION lakemover._run_to_help(p_loader text, p_target text, p_except bigint[])
RETURNS bigint
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.run_id FROM lakemover.run r
     WHERE r.helpers = 'open' AND r.state = 'running' AND r.pause_requested IS NULL AND NOT r.cancel_requested
       AND r.loader_id <> p_loader AND r.target_identity = p_target AND r.run_id <> ALL (p_except)
       AND r.heartbeat > clock_timestamp() - interval '15 seconds'
       AND EXISTS (SELECT FROM lakemover.run_chunk c WHERE c.run_id = r.run_id AND c.state = 'pending')
     ORDER BY r.run_id LIMIT 1
$$;
COMMENT ON FUNCTION lakemover._run_to_help(text, text, bigint[]) IS 'a run into a target that has batches left and takes helpers; null when there is none';

CREATE FUNCTION lakemover._join_run(p_run bigint, p_loader text, p_workers int)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_epoch  int;
    v_member bigint;
BEGIN
    -- The lock: whoever closes the run to helpers knows all of them.
    SELECT r.epoch INTO v_epoch FROM lakemover.run r
     WHERE r.run_id = p_run AND r.helpers = 'open' AND r.state = 'running' AND r.loader_id <> p_loader FOR SHARE;
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    INSERT INTO lakemover.run_loader (run_id, loader_id, epoch, workers) VALUES (p_run, p_loader, v_epoch, p_workers)
    RETURNING member_id INTO v_member;
    RETURN v_member;
END
$$;
COMMENT ON FUNCTION lakemover._join_run(bigint, text, int) IS 'makes a loader a helper of a run; returns its name in the ledger, null when the run takes no helpers now';

CREATE FUNCTION lakemover._helper_beat(p_member bigint, OUT verdict text, OUT reason text, OUT loaders int)
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_helper lakemover.run_loader;
    v_run    lakemover.run;
BEGIN
    UPDATE lakemover.run_loader SET heartbeat = clock_timestamp() WHERE member_id = p_member AND state = 'joined';
    SELECT * INTO v_helper FROM lakemover.run_loader h WHERE h.member_id = p_member;
    UPDATE lakemover.loader SET heartbeat = clock_timestamp() WHERE loader_id = v_helper.loader_id;
    SELECT * INTO v_run FROM lakemover.run r WHERE r.run_id = v_helper.run_id;
    loaders := 1 + (SELECT count(*) FROM lakemover.run_loader h WHERE h.run_id = v_helper.run_id AND h.state = 'joined');
    verdict := 'stop';
    IF v_helper.member_id IS NULL THEN
        reason := 'the run is gone';
    ELSIF v_run.epoch <> v_helper.epoch THEN
        reason := 'another loader has taken over the run';
    ELSIF v_helper.state <> 'joined' THEN
        reason := 'the run goes on without this loader, which showed no heartbeat or did not leave in time';
    ELSIF v_run.state NOT IN ('running', 'paused') THEN
        reason := 'the run has ended';
    ELSIF v_run.cancel_requested THEN
        reason := 'the run was cancelled';
    ELSE
        verdict := 'drain';
        IF v_run.helpers = 'no' THEN
            reason := 'the load is done';
        ELSIF v_run.heartbeat < clock_timestamp() - interval '15 seconds' THEN
            reason := 'the loader that leads the run shows no heartbeat';
        ELSIF EXISTS (SELECT FROM lakemover.run r WHERE r.state = 'queued' AND r.loader_id IS NULL)
              OR EXISTS (SELECT FROM lakemover._abandoned_runs(v_run.target_identity)) THEN
            reason := 'another run waits for a loader';
        ELSE
            verdict := 'go';
        END IF;
    END IF;
END
$$;
COMMENT ON FUNCTION lakemover._helper_beat(bigint) IS 'heartbeat of a helper; whether it is to go on, to drain (finish its batches and leave) or to stop, and why; how many loaders the run has';

CREATE FUNCTION lakemover._leave_run(p_member bigint)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_helper lakemover.run_loader;
BEGIN
    UPDATE lakemover.run_loader SET state = 'left', left_at = clock_timestamp() WHERE member_id = p_member AND state = 'joined'
    RETURNING * INTO v_helper;
    PERFORM lakemover._release_chunks(v_helper.run_id, v_helper.loader_id);
    RETURN (SELECT count(*) FROM lakemover.run_loader h JOIN lakemover.run_chunk c ON c.run_id = h.run_id AND c.loader_id = h.loader_id
             WHERE h.member_id = p_member AND c.state = 'done' AND c.ended_at >= h.joined_at);
END
$$;
COMMENT ON FUNCTION lakemover._leave_run(bigint) IS 'a helper whose name is gone from the ledger leaves; what it had not finished is to be had again; returns how many batches it loaded';

CREATE FUNCTION lakemover._run_loaders(p_run bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH member AS (
        SELECT r.loader_id, 'leads' AS role, coalesce(r.workers, 0) AS workers, r.heartbeat, r.started_at AS joined_at
          FROM lakemover.run r WHERE r.run_id = p_run AND r.loader_id IS NOT NULL
        UNION ALL
        (SELECT DISTINCT ON (h.loader_id) h.loader_id, CASE h.state WHEN 'joined' THEN 'helps' ELSE h.state END, h.workers, h.heartbeat, h.joined_at
           FROM lakemover.run_loader h JOIN lakemover.run r USING (run_id)
          WHERE h.run_id = p_run AND h.loader_id IS DISTINCT FROM r.loader_id
          ORDER BY h.loader_id, h.member_id DESC)
    )
    SELECT coalesce(jsonb_agg(jsonb_build_object('loader', m.loader_id, 'role', m.role, 'workers', m.workers, 'joined_at', m.joined_at, 'heartbeat', m.heartbeat,
                                                 'chunks', c.chunks, 'rows', c.rows, 'bytes', c.bytes) ORDER BY m.role <> 'leads', m.joined_at, m.loader_id), '[]')
      FROM member m
     CROSS JOIN LATERAL (SELECT count(*) AS chunks, coalesce(sum(k.rows_copied), 0)::bigint AS rows, coalesce(sum(k.bytes_copied), 0)::bigint AS bytes
                           FROM lakemover.run_chunk k WHERE k.run_id = p_run AND k.state = 'done' AND k.loader_id = m.loader_id) c
$$;
COMMENT ON FUNCTION lakemover._run_loaders(bigint) IS 'the loaders of a run: who leads it, who helps or helped, and what each has loaded';
