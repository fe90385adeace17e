-- The keeper holds a session-level advisory lock while it lives: 'LKEP' (0x4C4B4550) and the run.
CREATE FUNCTION lakemover._keeper_alive(p_run bigint)
RETURNS boolean
LANGUAGE sql VOLATILE STRICT PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT EXISTS (
        SELECT 1 FROM pg_catalog.pg_locks l
         WHERE l.locktype = 'advisory' AND l.granted
           AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database())
           AND l.classid = 1280001360::oid AND l.objid = (p_run & 4294967295)::oid AND l.objsubid = 1)
$$;
COMMENT ON FUNCTION lakemover._keeper_alive(bigint) IS 'whether the keeper of a run lives';

CREATE FUNCTION lakemover.keeper_start(p_run bigint)
RETURNS int
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_keeper_start';
COMMENT ON FUNCTION lakemover.keeper_start(bigint) IS 'starts the background worker that holds the source''s snapshot for a run and waits until it does; returns its process id; raises the keeper''s error';

CREATE FUNCTION lakemover.keeper_stop(p_run bigint)
RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_keeper_stop';
COMMENT ON FUNCTION lakemover.keeper_stop(bigint) IS 'releases the snapshot of a run and waits until its keeper is gone; false when there was none';
