CREATE FUNCTION lakemover._start_ready_tables(p_run bigint)
RETURNS TABLE (table_id bigint, new_state text, cause text)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    -- It updates many rows: two loaders at once could lock them in different orders. 'LSTR', and the run.
    SELECT pg_advisory_xact_lock((1280529490::bigint << 32) | (p_run & 4294967295));
    -- Blocked first, so that a table behind a failed one never starts.
    WITH RECURSIVE dead AS (
        SELECT t.table_id, t.table_id AS cause FROM lakemover.run_table t
         WHERE t.run_id = p_run AND t.state = 'failed'
        UNION
        SELECT d.table_id, dead.cause FROM lakemover.run_dependency d JOIN dead ON dead.table_id = d.depends_on
         WHERE d.run_id = p_run
    ), blocked AS (
        UPDATE lakemover.run_table t
           SET state = 'blocked', ended_at = clock_timestamp(),
               error = format('not started: %I.%I, which it references, failed', c.spec->>'target_schema', c.spec->>'target_table')
          FROM (SELECT DISTINCT ON (dead.table_id) dead.table_id, dead.cause FROM dead ORDER BY 1, 2) x
          JOIN lakemover.run_table c ON c.run_id = p_run AND c.table_id = x.cause
         WHERE t.run_id = p_run AND t.table_id = x.table_id AND t.state = 'pending'
        RETURNING t.table_id, t.state, t.error
    ), started AS (
        UPDATE lakemover.run_table t
           SET state = 'loading', started_at = clock_timestamp(),
               (snapshot_id, source_lsn, snapshot_at) =
                   (SELECT s.snapshot_id, s.source_lsn, CASE s.level WHEN 'same' THEN s.taken_at ELSE clock_timestamp() END
                      FROM lakemover.snapshot s WHERE s.run_id = p_run)
         WHERE t.run_id = p_run AND t.state = 'pending' AND t.chunks IS NOT NULL
           AND NOT EXISTS (SELECT FROM lakemover.run_dependency d
                             JOIN lakemover.run_table p ON p.run_id = d.run_id AND p.table_id = d.depends_on
                            WHERE d.run_id = p_run AND d.table_id = t.table_id
                              AND p.state NOT IN ('loaded', 'done', 'incomplete'))
           AND NOT EXISTS (SELECT FROM dead WHERE dead.table_id = t.table_id)
        RETURNING t.table_id, t.state, NULL::text
    )
    SELECT * FROM blocked UNION ALL SELECT * FROM started
$$;
COMMENT ON FUNCTION lakemover._start_ready_tables(bigint) IS 'starts the tables whose parents are loaded and blocks those whose parents failed; returns the changes';

CREATE FUNCTION lakemover._claim_chunk(p_run bigint, p_loader text)
RETURNS TABLE (chunk_id bigint, table_id bigint, chunk_no int, method text, lower_bound text[], upper_bound text[], attempts int, pass int, again boolean)
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    WITH next AS MATERIALIZED (
            SELECT k.chunk_id, k.started_at IS NOT NULL AS again
              FROM lakemover.run_chunk k
              JOIN lakemover.run_table t ON t.run_id = k.run_id AND t.table_id = k.table_id
             WHERE k.run_id = p_run AND k.state = 'pending' AND t.state = 'loading'
               -- a loader whose run was taken over gets nothing more, nor one that helped it, and nobody anything during a pause
               AND EXISTS (SELECT FROM lakemover.run r
                            WHERE r.run_id = p_run AND r.pause_requested IS NULL
                              AND (r.loader_id = p_loader
                                   OR (r.helpers = 'open'
                                       AND EXISTS (SELECT FROM lakemover.run_loader h
                                                    WHERE h.run_id = p_run AND h.loader_id = p_loader AND h.state = 'joined' AND h.epoch = r.epoch))))
             ORDER BY t.priority DESC, t.est_bytes DESC, k.table_id, k.chunk_no
             LIMIT 1
               FOR UPDATE OF k SKIP LOCKED)
    UPDATE lakemover.run_chunk c
       SET state = 'claimed', loader_id = p_loader, attempts = 1, heartbeat = clock_timestamp(), started_at = clock_timestamp()
      FROM next WHERE c.chunk_id = next.chunk_id
    RETURNING c.chunk_id, c.table_id, c.chunk_no, c.method, c.lower_bound, c.upper_bound, c.attempts, c.pass, next.again
$$;
COMMENT ON FUNCTION lakemover._claim_chunk(bigint, text) IS 'claims one pending chunk of a started table, largest tables first; again: somebody had it before, so that the ledger may have it; no row when there is none now';

CREATE FUNCTION lakemover._release_chunks(p_run bigint, p_loader text)
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_chunks int;
BEGIN
    UPDATE lakemover.run_chunk SET state = 'pending', loader_id = NULL
     WHERE run_id = p_run AND state = 'claimed' AND loader_id = p_loader;
    GET DIAGNOSTICS v_chunks = ROW_COUNT;
    RETURN v_chunks;
END
$$;
COMMENT ON FUNCTION lakemover._release_chunks(bigint, text) IS 'what a loader has claimed and not finished is to be had again; returns how many chunks';

CREATE FUNCTION lakemover._finish_chunk(p_chunk bigint, p_loader text, p_rows bigint, p_bytes bigint, p_digest numeric[], p_stats jsonb)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_run   bigint;
    v_table bigint;
BEGIN
    UPDATE lakemover.run_chunk c
       SET state = 'done', ended_at = clock_timestamp(), rows_copied = p_rows, bytes_copied = p_bytes, digest = p_digest,
           stats = p_stats, rows_rejected = coalesce((p_stats->>'rejected')::bigint, 0), error = NULL
     WHERE c.chunk_id = p_chunk AND c.state <> 'done' AND c.loader_id = p_loader
    RETURNING c.run_id, c.table_id INTO v_run, v_table;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    -- The row lock on the table makes the last two finishers see each other.
    PERFORM 1 FROM lakemover.run_table t WHERE t.run_id = v_run AND t.table_id = v_table FOR UPDATE;
    IF EXISTS (SELECT FROM lakemover.run_chunk c WHERE c.run_id = v_run AND c.table_id = v_table AND c.state NOT IN ('done', 'waiting')) THEN
        RETURN false;
    END IF;
    UPDATE lakemover.run_table t
       -- in the second pass a key or an index may have failed already
       SET state = CASE WHEN t.error IS NULL THEN 'loaded' ELSE 'incomplete' END, loaded_at = clock_timestamp(),
           rows_copied = s.rows_copied, bytes_copied = s.bytes_copied
      FROM lakemover._copied(v_run) s
     WHERE t.run_id = v_run AND t.table_id = v_table AND s.table_id = v_table AND t.state = 'loading';
    RETURN FOUND;
END
$$;
COMMENT ON FUNCTION lakemover._finish_chunk(bigint, text, bigint, bigint, numeric[], jsonb) IS 'records a committed chunk of the loader that has it; true when it was the last one of its table, or of its table''s pass';

CREATE FUNCTION lakemover._fail_table(p_run bigint, p_table bigint, p_error text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE lakemover.run_chunk SET state = 'failed', error = p_error
     WHERE run_id = p_run AND table_id = p_table AND state IN ('waiting', 'pending', 'claimed');
    UPDATE lakemover.run_table SET state = 'failed', error = p_error, ended_at = clock_timestamp()
     WHERE run_id = p_run AND table_id = p_table AND state <> 'failed';
$$;
COMMENT ON FUNCTION lakemover._fail_table(bigint, bigint, text) IS 'gives a table up: its open chunks fail, tables that reference it will be blocked';
