-- One point in time for a source that cannot hand a snapshot from session to session: the loader's workers open theirs
-- while nothing happens there.
CREATE FUNCTION lakemover._point_can_be_shared(p_run bigint)
RETURNS boolean
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (SELECT FROM lakemover.snapshot s WHERE s.run_id = p_run AND s.state = 'held' AND s.snapshot_id = 'table')
       AND EXISTS (SELECT FROM lakemover.run_table t WHERE t.run_id = p_run AND t.state = 'pending' AND (t.spec->>'copies_rows')::boolean)
       -- what has begun at a point of its own ends there
       AND NOT EXISTS (SELECT FROM lakemover._unfinished_tables(p_run) u JOIN lakemover.run_table t ON t.run_id = p_run AND t.table_id = u
                        WHERE t.state <> 'pending' OR t.chunks IS NOT NULL)
       -- a SNAPSHOT session cannot read them
       AND NOT EXISTS (SELECT FROM lakemover.run_table t WHERE t.run_id = p_run AND t.state = 'pending' AND (t.spec->>'memory_optimized')::boolean)
$$;
COMMENT ON FUNCTION lakemover._point_can_be_shared(bigint) IS 'whether the sessions of a run may try to share a point in time of its source';

CREATE FUNCTION lakemover._share_point(p_run bigint, p_sessions int, p_position text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE lakemover.snapshot
       SET snapshot_id = 'sessions', level = 'same', source_lsn = p_position, taken_at = clock_timestamp(),
           proof = format('%s SNAPSHOT sessions were opened one after the other; their transactions have consecutive numbers, each found the same other '
                          'transactions open, and the log ended at %s before the first and after the last', p_sessions, p_position)
     WHERE run_id = p_run
$$;
COMMENT ON FUNCTION lakemover._share_point(bigint, int, text) IS 'states that the sessions of a run share a point in time, and how that is known';

CREATE FUNCTION lakemover._unshare_point(p_run bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    UPDATE lakemover.snapshot
       SET snapshot_id = 'table', level = 'table', taken_at = clock_timestamp(),
           proof = 'each table is read whole in a SNAPSHOT transaction of its own; the sessions that shared a point in time were lost before the first row'
     WHERE run_id = p_run AND snapshot_id = 'sessions'
$$;
COMMENT ON FUNCTION lakemover._unshare_point(bigint) IS 'goes back to a point for each table, before a row was read';

CREATE FUNCTION lakemover._hand_back_chunk(p_chunk bigint, p_loader text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    -- Its rows may be in already, and only the count of its table missing.
    UPDATE lakemover.run_table t SET state = 'loading', loaded_at = NULL
      FROM lakemover.run_chunk c
     WHERE c.chunk_id = p_chunk AND c.loader_id = p_loader AND t.run_id = c.run_id AND t.table_id = c.table_id
       AND t.state = 'loaded' AND t.source_rows IS NULL;
    UPDATE lakemover.run_chunk SET state = 'pending' WHERE chunk_id = p_chunk AND loader_id = p_loader AND state IN ('claimed', 'done');
$$;
COMMENT ON FUNCTION lakemover._hand_back_chunk(bigint, text) IS 'lets another worker have a chunk whose worker has lost the point in time; the ledger tells it whether the rows are there';
