CREATE FUNCTION lakemover._store_rejects(p_run bigint, p_rejects jsonb)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    DELETE FROM lakemover.run_reject WHERE run_id = p_run;
    INSERT INTO lakemover.run_reject
    SELECT p_run, r.* FROM jsonb_to_recordset(p_rejects)
        AS r(table_id bigint, chunk_no int, ordinal int, row_key text, key_values text, column_name text, sqlstate text, reason text,
             row_bytes bigint, lane1 numeric, lane2 numeric, rejected_at timestamptz);
$$;
COMMENT ON FUNCTION lakemover._store_rejects(bigint, jsonb) IS 'makes the rejects of a run those that the ledger on the target holds';

CREATE FUNCTION lakemover._adopt_retried(p_run bigint, p_ledger jsonb)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_adopted bigint;
BEGIN
    INSERT INTO lakemover.run_chunk (run_id, table_id, chunk_no, method, state, started_at, ended_at, rows_copied, bytes_copied, digest, stats)
    SELECT p_run, l.table_id, l.chunk_no, l.method, 'done', clock_timestamp(), clock_timestamp(), l.rows, l.bytes,
           ARRAY[l.lane1, l.lane2], jsonb_build_object('xid', l.xid)
      FROM lakemover._ledger_rows(p_ledger) l
     WHERE l.method = 'rejects'
    ON CONFLICT (run_id, table_id, chunk_no) DO NOTHING;
    GET DIAGNOSTICS v_adopted = ROW_COUNT;
    UPDATE lakemover.run_table t
       SET rows_copied = s.rows_copied, bytes_copied = s.bytes_copied
      FROM (SELECT c.table_id, sum(c.rows_copied)::bigint AS rows_copied, sum(c.bytes_copied)::bigint AS bytes_copied
              FROM lakemover.run_chunk c WHERE c.run_id = p_run AND c.state = 'done'
             GROUP BY c.table_id HAVING bool_or(c.method = 'rejects')) s
     WHERE v_adopted > 0 AND t.run_id = p_run AND t.table_id = s.table_id;
    RETURN v_adopted;
END
$$;
COMMENT ON FUNCTION lakemover._adopt_retried(bigint, jsonb) IS 'records what retry-rejects committed, by the ledger on the target; how many batches were not known yet';
