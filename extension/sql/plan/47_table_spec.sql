CREATE FUNCTION lakemover._table_spec(p_source name, p_table_id bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    RETURN (
    SELECT jsonb_build_object(
               'table_id', t.table_id,
               'source_schema', t.source_schema, 'source_table', t.source_table,
               'target_schema', t.target_schema, 'target_table', t.target_table,
               'kind', t.kind,
               'format', CASE WHEN p.copy_format <> 'auto' THEN p.copy_format WHEN c.binary_ok THEN 'binary' ELSE 'text' END,
               'row_filter', p.row_filter,
               'chunking', CASE WHEN p.chunking <> 'auto' THEN p.chunking
                                WHEN k.key IS NOT NULL THEN 'keyset'
                                WHEN s.engine = 'postgres' AND s.version_num >= 140000 AND t.kind = 'r' THEN 'ctid'
                                ELSE 'single' END,
               'batch_rows', p.batch_rows,
               -- never analysed: a guess from the heap's size
               'est_rows', coalesce(nullif(t.row_estimate, -1), coalesce(t.pages, 0) * 50),
               'est_bytes', coalesce(t.table_bytes, 0),
               'pages', coalesce(t.pages, 0),
               'columns', coalesce(c.columns, '[]'),
               'key', coalesce(to_jsonb(k.key), '[]'),
               'copies_rows', t.kind <> 'p')
           || CASE WHEN s.engine = 'postgres' THEN '{}'
                   ELSE jsonb_build_object('engine', s.engine, 'format', 'binary',
                                           'memory_optimized', (SELECT i.memory_optimized FROM lakemover.inv_table i
                                                                 WHERE i.source = p_source AND i.table_id = p_table_id)) END
      FROM lakemover._planned_table t
      JOIN lakemover.plan_table p USING (source, table_id)
      JOIN lakemover.source_info s USING (source)
     CROSS JOIN LATERAL (SELECT lakemover._table_key(p_source, p_table_id) AS key) k
     CROSS JOIN LATERAL (
           SELECT jsonb_agg(jsonb_build_object(
                      'name', c.source_column, 'target_name', c.target_column,
                      'source_type', coalesce(c.native_type, c.source_type), 'target_type', c.target_type,
                      'codec', x.codec, 'select', e.expr, 'target_codec', x.codec,
                      'not_null', c.not_null,
                      'scale', substring(c.target_type FROM '^numeric\(\d+,(-?\d+)\)')::int)
                      || CASE WHEN c.native_type IS NULL THEN '{}' ELSE jsonb_build_object('collation', c.native_collation) END
                      || CASE WHEN c.pass = 1 THEN '{}' ELSE jsonb_build_object('pass', c.pass) END
                      || CASE WHEN o.policy = '{}' THEN '{}' ELSE jsonb_build_object('policy', o.policy) END
                      ORDER BY c.ordinal) AS columns,
                  coalesce(bool_and(CASE WHEN c.target_type = c.source_type THEN c.binary_ok ELSE x.codec !~ '^_*reg' END), true) AS binary_ok
             FROM lakemover._planned_column c
            -- SQL Server's driver encodes for the target type by itself
            CROSS JOIN LATERAL (SELECT CASE WHEN c.native_type IS NOT NULL THEN c.transform
                                            ELSE lakemover._copy_select(p_source, c.source_column, c.source_type, c.target_type, c.transform) END AS expr) e
            CROSS JOIN LATERAL (SELECT CASE WHEN c.target_type = c.source_type THEN c.codec
                                            ELSE (SELECT i.codec FROM lakemover._type_info(p_source, c.target_type) i) END AS codec) x
            -- without the defaults; the keys are the encoders'
            CROSS JOIN LATERAL (SELECT jsonb_strip_nulls(jsonb_build_object('nul', nullif(c.on_nul, 'strip'),
                                           'surrogate', nullif(c.on_surrogate, 'replace'),
                                           'precision', nullif(c.on_seventh_digit, 'truncate'))) AS policy) o
            WHERE c.source = p_source AND c.table_id = p_table_id AND c.generated = '') c
     WHERE t.source = p_source AND t.table_id = p_table_id);
END
$$;
COMMENT ON FUNCTION lakemover._table_spec(name, bigint) IS 'the plan of a table as a run freezes it: names, copied columns with casts, codecs and policies, format, key, chunking; docs/architecture.md has the shape';
