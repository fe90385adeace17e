-- What an assessment can say of time and space, each with its basis, or why it cannot.
CREATE FUNCTION lakemover._estimate(p_source name)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH info AS MATERIALIZED (
        SELECT i.engine, i.identity, i.settings -> 'wal_probe' AS wal, (i.settings ->> 'wal_bytes')::numeric AS wal_bytes, (i.settings ->> 'wal_seconds')::numeric AS wal_seconds
          FROM lakemover.source_info i WHERE i.source = p_source
    ), growth AS MATERIALIZED (
        -- The mean since the counter began hides the hour that a run takes; so does a minute at night. The greater of both.
        SELECT g.rate, g.basis
          FROM info
          LEFT JOIN LATERAL (
               SELECT round((info.wal ->> 'bytes')::numeric / (info.wal ->> 'seconds')::numeric) AS rate,
                      format('%s of WAL in %s s of this assessment', pg_size_pretty((info.wal ->> 'bytes')::numeric), info.wal ->> 'seconds') AS basis
                WHERE (info.wal ->> 'seconds')::numeric >= 5
               UNION ALL
               SELECT round(info.wal_bytes / info.wal_seconds),
                      format('%s of WAL in the last %s (pg_stat_wal)', pg_size_pretty(info.wal_bytes), CASE WHEN info.wal_seconds >= 86400 THEN round(info.wal_seconds / 86400) || ' days'
                             WHEN info.wal_seconds >= 3600 THEN round(info.wal_seconds / 3600) || ' hours' ELSE round(info.wal_seconds / 60) || ' minutes' END)
                WHERE info.wal_seconds >= 600
                ORDER BY 1 DESC LIMIT 1) g ON true
    ), size AS MATERIALIZED (
        SELECT coalesce(sum(t.table_bytes), 0) AS table_bytes, coalesce(sum(t.index_bytes), 0) AS index_bytes, coalesce(sum(greatest(t.row_estimate, 0)), 0) AS rows
          FROM lakemover.inv_table t
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
         WHERE t.source = p_source AND NOT coalesce(p.exclude, false)
    ), sort AS (
        SELECT coalesce(max(x.bytes), 0) AS bytes
          FROM lakemover.inv_index x
          LEFT JOIN lakemover.plan_table p ON p.source = x.source AND p.table_id = x.table_id
         WHERE x.source = p_source AND NOT coalesce(p.exclude, false)
    ), measured AS (
        -- The newest run, a rehearsal's too, that moved enough of the same database to say something.
        SELECT r.run_id, r.options ->> 'rehearse' AS share, extract(epoch FROM r.ended_at - r.started_at) AS seconds, b.est_bytes, b.bytes_copied, r.workers
          FROM lakemover.run r
          JOIN info ON info.identity = r.source_identity
         CROSS JOIN LATERAL (SELECT sum(t.est_bytes) AS est_bytes, sum(t.bytes_copied) AS bytes_copied FROM lakemover.run_table t
                              WHERE t.run_id = r.run_id AND t.state IN ('loaded', 'done')) b
         WHERE r.kind = 'migration' AND r.state IN ('done', 'incomplete') AND b.bytes_copied >= 1024 * 1024 AND r.ended_at > r.started_at
         ORDER BY r.run_id DESC LIMIT 1
    ), write AS (
        SELECT max(f.value) FILTER (WHERE f.name = 'probe_write_bytes')::numeric AS bytes, max(f.value) FILTER (WHERE f.name = 'probe_write_seconds')::numeric AS seconds,
               max(f.value) FILTER (WHERE f.name = 'probe_read_bytes')::numeric AS back_bytes, max(f.value) FILTER (WHERE f.name = 'probe_read_seconds')::numeric AS back_seconds,
               max(f.value) FILTER (WHERE f.name = 'probe_error') AS error
          FROM lakemover.target_fact f WHERE f.name LIKE 'probe\_%'
    ), speed AS MATERIALIZED (
        -- Bytes per second of one reader and one writer. Below 1 MB a start is measured rather than a speed.
        SELECT CASE WHEN p.bytes >= 1e6 AND p.seconds > 0 THEN round((p.bytes / p.seconds)::numeric) END AS reading,
               CASE WHEN w.bytes >= 1e6 AND w.seconds > 0 THEN round(w.bytes / w.seconds) END AS writing,
               CASE WHEN w.back_bytes >= 1e6 AND w.back_seconds > 0 THEN round(w.back_bytes / w.back_seconds) END AS reading_back,
               p.bytes AS read_bytes, p.error AS read_error, w.error AS write_error
          FROM write w LEFT JOIN lakemover.read_probe p ON p.source = p_source
    ), predicted AS (
        -- Validation reads once more what was written; an index is taken for as many bytes to write.
        SELECT CASE WHEN s.reading IS NOT NULL AND s.writing IS NOT NULL THEN round(size.table_bytes / least(s.reading, s.writing), 1) END AS load_seconds, round(size.index_bytes / s.writing, 1) AS index_seconds,
               round(size.table_bytes / s.reading_back, 1) AS validate_seconds
          FROM size, speed s
    )
    SELECT jsonb_build_object(
        'duration', coalesce(
            (SELECT jsonb_build_object('seconds', round((m.seconds * greatest(size.table_bytes, m.bytes_copied) / m.bytes_copied)::numeric, 1),
                        'from', CASE WHEN m.share IS NULL THEN 'earlier run' ELSE 'rehearsal' END,
                        'basis', format('run %s moved %s of this source%s in %s s with %s workers, validation and reports included; scaled by the size of the tables',
                                        m.run_id, pg_size_pretty(m.bytes_copied), CASE WHEN m.share IS NULL THEN '' ELSE format(' (a rehearsal of %s)', m.share) END,
                                        round(m.seconds::numeric, 1), coalesce(m.workers::text, 'unknown')))
               FROM measured m, size),
            (SELECT jsonb_build_object('seconds', p.load_seconds + p.index_seconds + p.validate_seconds, 'from', 'probe',
                        'load_seconds', p.load_seconds, 'index_seconds', p.index_seconds, 'validate_seconds', p.validate_seconds,
                        'basis', format('a probe read %s/s from the source through staging''s driver, wrote %s/s into a temporary table of the target and read %s/s back, one worker each: rows %s s, '
                                        'indexes %s s, reading all of it again for validation %s s. Several workers are faster where both ends have the cores; WAL, many small tables and other work on both ends make it slower. '
                                        'lakemover --rehearse 5%% measures all of it',
                                        pg_size_pretty(s.reading), pg_size_pretty(s.writing), pg_size_pretty(s.reading_back), p.load_seconds, p.index_seconds, p.validate_seconds))
               FROM predicted p, speed s WHERE p.load_seconds + p.index_seconds + p.validate_seconds IS NOT NULL),
            (SELECT jsonb_build_object('seconds', NULL, 'not_estimated',
                        concat_ws('; ', 'nothing was measured that a duration follows from: no run and no rehearsal of this source has moved 1 MB',
                                  CASE WHEN s.reading IS NOT NULL THEN format('the source was read at %s/s', pg_size_pretty(s.reading))
                                       WHEN s.read_error IS NOT NULL THEN format('the source was not read: %s', s.read_error)
                                       WHEN s.read_bytes IS NULL THEN 'the source''s rows were not read (data checks off)'
                                       ELSE format('%s could be read from the source, 1 MB says something', pg_size_pretty(s.read_bytes)) END,
                                  CASE WHEN s.writing IS NOT NULL THEN format('the target was written at %s/s', pg_size_pretty(s.writing))
                                       WHEN s.write_error IS NOT NULL THEN format('the target was not written: %s', s.write_error)
                                       ELSE 'the target was not measured, since none was named' END,
                                  'lakemover --rehearse 5% measures source, network and target together'))
               FROM speed s)),
        'speed', (SELECT jsonb_build_object('source_read', s.reading, 'target_write', s.writing, 'target_read', s.reading_back) FROM speed s),
        'target_disk', (SELECT jsonb_build_object(
                            'rows_bytes', size.table_bytes + CASE WHEN info.engine = 'postgres' THEN 0 ELSE 28 * size.rows END, 'index_bytes', size.index_bytes, 'sort_bytes', sort.bytes,
                            'wal_bytes', size.table_bytes + size.index_bytes,
                            'total_bytes', size.table_bytes + CASE WHEN info.engine = 'postgres' THEN 0 ELSE 28 * size.rows END + size.index_bytes + sort.bytes,
                            'basis', concat('sizes on the source, bloat included: rows and indexes', CASE WHEN info.engine = 'postgres' THEN '' ELSE ', with 28 bytes more for each row' END,
                                            '; sort: the largest index while it is built, with as much again for each one built beside it; WAL passes through and is recycled, so it is not in the total'))
                          FROM info, size, sort),
        'source_growth', CASE WHEN info.engine <> 'postgres'
                              THEN jsonb_build_object('bytes_per_second', NULL, 'not_estimated', 'the growth of the version store was not measured')
                              WHEN growth.rate IS NULL
                              THEN jsonb_build_object('bytes_per_second', NULL, 'not_estimated',
                                   concat('the source''s log was watched for ', coalesce(info.wal ->> 'seconds', '0'), ' s only; 5 s are the least that says something, and there is no pg_stat_wal to ask'))
                              ELSE jsonb_build_object('bytes_per_second', growth.rate, 'basis', growth.basis || '; vacuum keeps what was deleted or updated while the snapshot is held, at most about as much')
                         END)
      FROM info, growth
$$;
COMMENT ON FUNCTION lakemover._estimate(name) IS 'time and space that a migration of a source will take, each with its basis, or why it is not estimated';
