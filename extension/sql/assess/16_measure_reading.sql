-- A few megabytes, of the largest tables that can be read, and for a few seconds: enough for a speed, too little to be noticed.
-- Without a plan each column in the type that the inventory gives it.
CREATE FUNCTION lakemover._measure_reading(p_source name, p_bytes bigint DEFAULT 16000000, p_seconds double precision DEFAULT 2)
RETURNS void
LANGUAGE plpgsql
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table   record;
    v_read    record;
    v_tables  int := 0;
    v_rows    bigint := 0;
    v_bytes   bigint := 0;
    v_seconds double precision := 0;
    v_error   text;
    v_end     timestamptz := clock_timestamp() + p_seconds * interval '1 second';
BEGIN
    DELETE FROM lakemover.read_probe r WHERE r.source = p_source;
    FOR v_table IN
        SELECT t.table_id,
               -- a row of 200 bytes where nobody knows; of a row's overhead on disk little travels
               greatest(100, least(p_bytes / greatest(coalesce(t.table_bytes / nullif(greatest(t.row_estimate, 0), 0), 200), 20), 10000000)) AS rows,
               jsonb_build_object('table_id', t.table_id, 'source_schema', t.schema_name, 'source_table', t.table_name, 'kind', t.kind, 'engine', lakemover._source_engine(p_source),
                                  'format', CASE WHEN c.binary_ok OR c.native THEN 'binary' ELSE 'text' END, 'columns', c.columns) AS spec
          FROM lakemover.inv_table t
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
          LEFT JOIN lakemover.inv_schema s ON s.source = t.source AND s.schema_name = t.schema_name
         CROSS JOIN LATERAL (
               SELECT jsonb_agg(jsonb_build_object('name', c.column_name, 'source_type', coalesce(c.native_type, c.data_type), 'target_type', c.data_type, 'codec', c.codec,
                                                   'not_null', c.not_null, 'collation', c.native_collation) ORDER BY c.ordinal) AS columns,
                      bool_and(c.binary_ok) AS binary_ok, bool_or(c.native_type IS NOT NULL) AS native
                 FROM lakemover.inv_column c
                 LEFT JOIN lakemover.plan_column x ON x.source = c.source AND x.table_id = c.table_id AND x.ordinal = c.ordinal
                WHERE c.source = t.source AND c.table_id = t.table_id AND c.generated = '' AND c.type_schema <> 'unknown' AND NOT coalesce(x.exclude, false)) c
         WHERE t.source = p_source AND t.kind = 'r' AND NOT coalesce(p.exclude, false) AND t.can_select AND NOT t.rls_applies AND coalesce(s.can_use, true)
           AND NOT coalesce(t.memory_optimized, false) AND t.is_empty IS NOT TRUE AND c.columns IS NOT NULL
         ORDER BY t.table_bytes DESC NULLS LAST, t.table_id LIMIT 20
    LOOP
        EXIT WHEN v_bytes >= p_bytes OR clock_timestamp() >= v_end;
        SELECT * INTO v_read
          FROM lakemover._read_speed(p_source, v_table.spec::text, v_table.rows, greatest(1, (1000 * extract(epoch FROM v_end - clock_timestamp()))::int));
        IF v_read.error IS NOT NULL THEN
            v_error := v_read.error;
            CONTINUE;
        END IF;
        v_tables := v_tables + 1;
        v_rows := v_rows + v_read.rows;
        v_bytes := v_bytes + v_read.bytes;
        v_seconds := v_seconds + v_read.seconds;
    END LOOP;
    INSERT INTO lakemover.read_probe (source, tables, rows, bytes, seconds, error) VALUES (p_source, v_tables, v_rows, v_bytes, v_seconds, v_error);
END
$$;
COMMENT ON FUNCTION lakemover._measure_reading(name, bigint, double precision) IS 'reads a few megabytes of a source''s largest tables as a run would, read-only and bounded, and stores how long that took in lakemover.read_probe';
