CREATE VIEW lakemover.progress AS
SELECT r.run_id, r.source, r.state, r.phase, r.verdict, r.exit_code,
       count(t.table_id)                                                              AS tables,
       count(t.table_id) FILTER (WHERE t.state IN ('loaded', 'done', 'incomplete'))   AS tables_loaded,
       count(t.table_id) FILTER (WHERE t.state IN ('failed', 'blocked'))              AS tables_failed,
       coalesce(sum(c.rows_copied), 0)::bigint                                        AS rows_copied,
       coalesce(sum(c.bytes_copied), 0)::bigint                                       AS bytes_copied,
       coalesce(sum(c.chunks), 0)::bigint                                             AS chunks,
       coalesce(sum(c.chunks_done), 0)::bigint                                        AS chunks_done,
       (SELECT count(*) FROM lakemover.run_statement s WHERE s.run_id = r.run_id)     AS statements,
       (SELECT count(*) FROM lakemover.run_statement s WHERE s.run_id = r.run_id AND s.state <> 'pending') AS statements_done,
       (SELECT count(DISTINCT v.table_id) FROM lakemover.validation v WHERE v.run_id = r.run_id AND v.table_id <> 0) AS tables_validated,
       r.started_at, r.ended_at,
       extract(epoch FROM coalesce(r.ended_at, clock_timestamp()) - r.started_at)::double precision AS seconds,
       r.error, r.pause_reason
  FROM lakemover.run r
  LEFT JOIN lakemover.run_table t ON t.run_id = r.run_id
  LEFT JOIN (SELECT k.run_id, k.table_id, sum(k.rows_copied) FILTER (WHERE k.pass = 1) AS rows_copied, sum(k.bytes_copied) AS bytes_copied,
                    count(*) AS chunks, count(*) FILTER (WHERE k.state = 'done') AS chunks_done
               FROM lakemover.run_chunk k GROUP BY k.run_id, k.table_id) c
    ON c.run_id = t.run_id AND c.table_id = t.table_id
 GROUP BY r.run_id;
COMMENT ON VIEW lakemover.progress IS 'one row per run: how far it is';
