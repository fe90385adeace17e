CREATE FUNCTION lakemover._stages(p_run bigint)
RETURNS TABLE (table_id bigint, ordinal int, stage text, seconds double precision, bytes bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH chunk AS (
        SELECT c.table_id, sum(c.bytes_copied)::bigint AS bytes,
               sum((c.stats->>'connect_s')::double precision) AS connect,
               sum((c.stats->>'source_wait_s')::double precision) AS source_wait,
               sum((c.stats->>'encode_s')::double precision) AS encode,
               sum((c.stats->>'read_s')::double precision) AS read,
               sum((c.stats->>'rate_limit_s')::double precision) AS rate_limit,
               sum((c.stats->>'hash_s')::double precision) AS hash,
               sum((c.stats->>'send_s')::double precision) AS send,
               sum((c.stats->>'commit_s')::double precision) AS "commit"
          FROM lakemover.run_chunk c
         -- a chunk that was found in the ledger after a crash has bytes and no times
         WHERE c.run_id = p_run AND c.state = 'done' AND c.stats ? 'read_s'
         GROUP BY c.table_id
    )
    SELECT chunk.table_id, s.ordinal, s.stage, s.seconds, CASE WHEN s.stage <> 'connect' THEN chunk.bytes END
      FROM chunk
     CROSS JOIN LATERAL (VALUES (2, 'connect', connect), (3, 'source_wait', source_wait), (4, 'encode', encode),
                                (5, 'read', read), (6, 'rate_limit', rate_limit), (7, 'hash', hash), (8, 'send', send),
                                (9, 'commit', "commit")) AS s(ordinal, stage, seconds)
     WHERE s.seconds IS NOT NULL
    UNION ALL
    SELECT t.table_id, 10, 'count', t.count_s, t.bytes_copied
      FROM lakemover.run_table t WHERE t.run_id = p_run AND t.count_s IS NOT NULL
    UNION ALL
    SELECT coalesce(s.table_id, 0), g.ordinal, g.stage, sum(s.seconds),
           CASE WHEN g.stage IN ('index', 'foreign_key') THEN max(t.bytes_copied) END
      FROM lakemover.run_statement s
      JOIN (VALUES ('schema', 1, 'schema'), ('type', 1, 'schema'), ('sequence', 1, 'schema'), ('table', 1, 'schema'), ('setting', 1, 'schema'), ('code', 1, 'schema'),
                   ('key', 11, 'index'), ('index', 11, 'index'), ('fk', 12, 'foreign_key'), ('fk_validate', 12, 'foreign_key'),
                   ('check', 13, 'finish'), ('default', 13, 'finish'), ('sequence_value', 13, 'finish'),
                   ('view', 13, 'finish'), ('trigger', 13, 'finish'), ('converted', 13, 'finish'), ('comment', 13, 'finish'), ('privilege', 13, 'finish'), ('analyze', 13, 'finish')) AS g(of, ordinal, stage) ON g.of = s.stage
      LEFT JOIN lakemover.run_table t ON t.run_id = s.run_id AND t.table_id = s.table_id
     WHERE s.run_id = p_run AND s.seconds IS NOT NULL
     GROUP BY 1, 2, 3
    UNION ALL
    SELECT v.table_id, 14, 'validate', sum(v.seconds), max(t.bytes_copied)
      FROM lakemover.validation v
      LEFT JOIN lakemover.run_table t ON t.run_id = v.run_id AND t.table_id = v.table_id
     WHERE v.run_id = p_run AND v.seconds IS NOT NULL
     GROUP BY v.table_id
$$;
COMMENT ON FUNCTION lakemover._stages(bigint) IS 'seconds and bytes of each stage per table of a run, summed over its workers; table 0: belongs to none (docs/performance.md)';

CREATE FUNCTION lakemover._stages_json(p_run bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(jsonb_agg(jsonb_build_object('stage', s.stage, 'seconds', round(s.seconds::numeric, 3)::double precision, 'bytes', s.bytes) ORDER BY s.ordinal), '[]')
      FROM (SELECT x.ordinal, x.stage, sum(x.seconds) AS seconds, sum(x.bytes)::bigint AS bytes
              FROM lakemover._stages(p_run) x GROUP BY x.ordinal, x.stage) s
$$;
COMMENT ON FUNCTION lakemover._stages_json(bigint) IS 'seconds and bytes of each stage of a whole run, in the order that they happen';

CREATE FUNCTION lakemover._table_stages(p_run bigint)
RETURNS TABLE (table_id bigint, stages jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT s.table_id, jsonb_agg(jsonb_build_object('stage', s.stage, 'seconds', round(s.seconds::numeric, 3)::double precision, 'bytes', s.bytes) ORDER BY s.ordinal)
      FROM lakemover._stages(p_run) s GROUP BY s.table_id
$$;
COMMENT ON FUNCTION lakemover._table_stages(bigint) IS 'seconds and bytes of each stage, one row per table of a run';
