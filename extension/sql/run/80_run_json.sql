CREATE FUNCTION lakemover.run_json(p_run bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'run', to_jsonb(r) - 'hash_key' || jsonb_build_object('seconds', extract(epoch FROM r.ended_at - r.started_at)),
        'source', (SELECT to_jsonb(i) FROM lakemover.source_info i WHERE i.source = r.source),
        'target', (SELECT jsonb_object_agg(f.name, f.value) FROM lakemover.target_fact f),
        'snapshot', (SELECT to_jsonb(s) FROM lakemover.snapshot s WHERE s.run_id = r.run_id),
        'assessment', (SELECT jsonb_build_object('assessment_id', a.assessment_id, 'score', a.score, 'status', a.status,
                                                 'blockers', a.blockers, 'warnings', a.warnings, 'taken_at', a.taken_at)
                         FROM lakemover.assessment a WHERE a.assessment_id = r.assessment_id),
        'points', several.points,
        'accepted', (SELECT coalesce(jsonb_agg(to_jsonb(c) - 'run_id' ORDER BY c.acceptance_id), '[]') FROM lakemover.acceptance c
                      WHERE c.run_id = r.run_id OR c.signoff = lakemover._signoff(r.assessment_id)),
        'totals', (SELECT to_jsonb(p) FROM lakemover.progress p WHERE p.run_id = r.run_id),
        'tables', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                        'table_id', t.table_id,
                        'source_name', format('%I.%I', t.spec->>'source_schema', t.spec->>'source_table'),
                        'target_name', format('%I.%I', t.spec->>'target_schema', t.spec->>'target_table'),
                        'large_objects', CASE t.spec->>'kind' WHEN 'large objects' THEN (SELECT count(*) FROM lakemover.run_large_object l WHERE l.run_id = t.run_id) END,
                        'format', t.spec->>'format', 'chunking', t.spec->>'chunking', 'copies_rows', t.spec->'copies_rows',
                        'state', t.state, 'chunks', t.chunks, 'rows_copied', t.rows_copied, 'bytes_copied', t.bytes_copied,
                        'source_rows', t.source_rows, 'target_rows', t.target_rows,
                        'rejected', (SELECT count(*) FROM lakemover.run_reject x WHERE x.run_id = r.run_id AND x.table_id = t.table_id),
                        'started_at', t.started_at, 'loaded_at', t.loaded_at, 'ended_at', t.ended_at,
                        'seconds', extract(epoch FROM t.loaded_at - t.started_at),
                        'snapshot_at', t.snapshot_at, 'snapshot_id', t.snapshot_id, 'source_lsn', t.source_lsn,
                        -- said where there are several
                        'point', CASE WHEN several.points > 1 THEN concat_ws(', WAL position ', to_char(t.snapshot_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US "UTC"'), t.source_lsn) END,
                        'error', t.error, 'cycle', t.cycle, 'load_rank', t.load_rank, 'stages', coalesce(st.stages, '[]'),
                        'digest', (SELECT jsonb_build_array(sum(c.digest[1])::text, sum(c.digest[2])::text)
                                     FROM lakemover.run_chunk c WHERE c.run_id = r.run_id AND c.table_id = t.table_id AND c.pass = lakemover._last_pass(t.spec)),
                        'second_pass', nullif(lakemover._second_pass_columns(t.spec), '[]'),
                        'validation', (SELECT coalesce(jsonb_agg(to_jsonb(v) - 'run_id' - 'table_id' ORDER BY v.level), '[]')
                                         FROM lakemover.validation v WHERE v.run_id = r.run_id AND v.table_id = t.table_id))
                      ORDER BY t.load_rank, t.spec->>'target_schema', t.spec->>'target_table'), '[]')
                     FROM lakemover.run_table t
                     LEFT JOIN lakemover._table_stages(r.run_id) st ON st.table_id = t.table_id
                    WHERE t.run_id = r.run_id),
        'differences', (SELECT coalesce(jsonb_agg(to_jsonb(d) - 'run_id'), '[]')
                          FROM (SELECT * FROM lakemover.difference x WHERE x.run_id = r.run_id LIMIT 1000) d),
        -- the first ones of each table
        'rejects', (SELECT coalesce(jsonb_agg(to_jsonb(j) - 'run_id' - 'n' ORDER BY j.table_id, j.n), '[]')
                      FROM (SELECT x.*, row_number() OVER (PARTITION BY x.table_id ORDER BY x.chunk_no, x.ordinal) AS n
                              FROM lakemover.run_reject x WHERE x.run_id = r.run_id) j
                     WHERE j.n <= 20),
        'statements_failed', (SELECT coalesce(jsonb_agg(to_jsonb(s) - 'run_id' ORDER BY s.ordinal), '[]')
                                FROM lakemover.run_statement s WHERE s.run_id = r.run_id AND s.state = 'failed'),
        'not_moved', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'name', n.object, 'reason', n.reason)
                                                ORDER BY n.kind, n.object), '[]')
                        FROM (SELECT m.kind, m.object, m.reason FROM lakemover.not_moved(r.source) m
                               WHERE m.kind <> 'table'
                                 AND NOT EXISTS (SELECT FROM lakemover.run_code c WHERE c.run_id = r.run_id AND c.kind = m.kind AND c.source_name = m.object)
                              UNION ALL
                              SELECT c.kind, c.source_name, c.why FROM lakemover._run_code(r.run_id) c WHERE c.outcome <> 'created') n),
        'code', (SELECT coalesce(jsonb_agg(to_jsonb(c) - 'no' ORDER BY c.no), '[]') FROM lakemover._run_code(r.run_id) c),
        'excluded', (SELECT coalesce(jsonb_agg(format('%I.%I', p.source_schema, p.source_table) ORDER BY p.source_schema, p.source_table), '[]')
                       FROM lakemover.plan_table p WHERE p.source = r.source AND p.exclude),
        'warnings', (SELECT coalesce(jsonb_agg(jsonb_build_object('at', e.at, 'level', e.level, 'kind', e.kind, 'message', e.message)
                                               ORDER BY e.event_id), '[]')
                       FROM (SELECT * FROM lakemover.event x WHERE x.run_id = r.run_id AND x.level IN ('WARNING', 'ERROR') AND x.kind NOT IN ('run_ended', 'validation_ended', 'accepted')
                              ORDER BY x.event_id LIMIT 500) e),
        'criteria', (SELECT e.data->'criteria' FROM lakemover.event e WHERE e.run_id = r.run_id AND e.kind IN ('run_ended', 'validation_ended', 'accepted')
                       AND e.data ? 'criteria' ORDER BY e.event_id DESC LIMIT 1),
        'timings', (SELECT coalesce(jsonb_agg(jsonb_build_object('phase', e.data->>'phase', 'seconds', e.data->'seconds')
                                              ORDER BY e.event_id), '[]')
                      FROM lakemover.event e WHERE e.run_id = r.run_id AND e.kind = 'phase_end'),
        'stages', lakemover._stages_json(r.run_id),
        'loaders', lakemover._run_loaders(r.run_id))
      FROM lakemover.run r
     CROSS JOIN LATERAL (SELECT count(DISTINCT t.snapshot_at) AS points
                           FROM lakemover.run_table t JOIN lakemover.snapshot s ON s.run_id = t.run_id AND s.level = 'same'
                          WHERE t.run_id = r.run_id AND (t.spec->>'copies_rows')::boolean) several
     WHERE r.run_id = p_run
$$;
COMMENT ON FUNCTION lakemover.run_json(bigint) IS 'everything that the run report shows, as one JSON document';
