CREATE FUNCTION lakemover.run_figures(p_run bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH chunk AS (
        SELECT c.table_id, count(*) FILTER (WHERE c.pass = 1) AS chunks, count(*) FILTER (WHERE c.state = 'done' AND c.pass = 1) AS done,
               count(*) FILTER (WHERE c.state = 'claimed') AS claimed,
               coalesce(sum(c.rows_copied) FILTER (WHERE c.pass = 1), 0)::bigint AS rows,
               coalesce(sum(c.bytes_copied) FILTER (WHERE c.pass = 1), 0)::bigint AS bytes,
               CASE WHEN max(c.pass) = 2 THEN
                   jsonb_build_object('chunks', count(*) FILTER (WHERE c.pass = 2), 'chunks_done', count(*) FILTER (WHERE c.state = 'done' AND c.pass = 2),
                                      'bytes', coalesce(sum(c.bytes_copied) FILTER (WHERE c.pass = 2), 0)) END AS second_pass
          FROM lakemover.run_chunk c WHERE c.run_id = p_run GROUP BY c.table_id
    ), timed AS (
        -- Chunks that this run's loaders timed. While none is under way (a pause, an outage) no time passes.
        SELECT range_agg(tstzrange(c.started_at, c.ended_at)) AS busy, sum(c.bytes_copied)::bigint AS bytes,
               sum(c.rows_copied) FILTER (WHERE c.pass = 1)::bigint AS rows, count(*) AS chunks
          FROM lakemover.run_chunk c
         WHERE c.run_id = p_run AND c.state = 'done' AND c.stats ? 'read_s' AND c.started_at < c.ended_at
    )
    SELECT jsonb_build_object(
        'measured', (SELECT jsonb_build_object('bytes', coalesce(t.bytes, 0), 'rows', coalesce(t.rows, 0), 'chunks', t.chunks,
                            'seconds', (SELECT sum(extract(epoch FROM upper(b) - lower(b)))::double precision FROM unnest(t.busy) AS b))
                       FROM timed t),
        'tables', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'table_id', t.table_id,
                        'name', format('%I.%I', t.spec->>'target_schema', t.spec->>'target_table'),
                        'state', t.state, 'copies_rows', (t.spec->>'copies_rows')::boolean,
                        'est_bytes', t.est_bytes, 'est_rows', greatest((t.spec->>'est_rows')::double precision, 0),
                        'chunks', coalesce(c.chunks, 0), 'chunks_done', coalesce(c.done, 0), 'chunks_claimed', coalesce(c.claimed, 0),
                        'rows', coalesce(c.rows, 0), 'bytes', coalesce(c.bytes, 0),
                        'second_pass', c.second_pass || jsonb_build_object('columns', lakemover._second_pass_columns(t.spec)),
                        'count_s', t.count_s, 'validated', v.table_id IS NOT NULL, 'validate_s', v.seconds,
                        'stages', coalesce(stage.stages, '[]'))
                      ORDER BY t.load_rank, t.spec->>'target_schema', t.spec->>'target_table'), '[]')
                     FROM lakemover.run_table t
                     LEFT JOIN chunk c ON c.table_id = t.table_id
                     LEFT JOIN lakemover._table_stages(p_run) stage ON stage.table_id = t.table_id
                     LEFT JOIN (SELECT x.table_id, sum(x.seconds) AS seconds FROM lakemover.validation x
                                 WHERE x.run_id = p_run AND x.level > 0 GROUP BY x.table_id HAVING max(x.level) = 4) v ON v.table_id = t.table_id
                    WHERE t.run_id = p_run),
        -- What a statement of these takes follows from its table's size.
        'statements', (SELECT coalesce(jsonb_agg(jsonb_build_object('stage', s.stage, 'table_id', s.table_id, 'state', s.state, 'seconds', s.seconds) ORDER BY s.ordinal), '[]')
                         FROM lakemover.run_statement s
                        WHERE s.run_id = p_run AND s.stage IN ('key', 'index', 'check', 'fk_validate', 'analyze')))
$$;
COMMENT ON FUNCTION lakemover.run_figures(bigint) IS 'what progress, stages and forecast of a run follow from: per table its size, chunks, rows, bytes and stages; loading time without pauses; statements of the finish (docs/performance.md)';
