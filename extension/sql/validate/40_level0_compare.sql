-- p_target: an array with the rows of _level0_query() as objects. One row for each object that is missing or differs;
-- none: everything planned is there.
CREATE FUNCTION lakemover._plan_difference(p_source name, p_target jsonb)
RETURNS TABLE(table_id bigint, kind text, object text, expected text, found text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
SELECT e.table_id, e.kind,
       CASE WHEN e.table_name IS NULL OR e.table_name = e.object_name AND e.kind IN ('table', 'sequence')
            THEN format(CASE WHEN lakemover._code_class(e.kind) IN ('routine', 'operator') THEN '%I.%s' ELSE '%I.%I' END,
                        e.schema_name, e.object_name)
            ELSE format('%I.%I.%I', e.schema_name, e.table_name, e.object_name) END,
       CASE WHEN t.definition IS NULL THEN e.definition::text ELSE d.expected END,
       CASE WHEN t.definition IS NULL THEN 'missing' ELSE d.found END
  FROM lakemover._level0_expected(p_source) e
  LEFT JOIN jsonb_to_recordset(p_target) AS t(kind text, schema_name text, table_name text, object_name text, definition text)
         ON t.kind = e.kind AND t.schema_name = e.schema_name AND t.table_name IS NOT DISTINCT FROM e.table_name
        AND t.object_name = e.object_name
  LEFT JOIN LATERAL (
        SELECT jsonb_object_agg(m.key, m.value)::text AS expected,
               jsonb_object_agg(m.key, t.definition::jsonb -> m.key)::text AS found
          FROM jsonb_each(e.definition) m
         WHERE m.value IS DISTINCT FROM t.definition::jsonb -> m.key) d ON true
 WHERE t.definition IS NULL OR d.expected IS NOT NULL
 ORDER BY e.kind, 3
$$;
COMMENT ON FUNCTION lakemover._plan_difference(name, jsonb) IS 'planned objects that the target lacks or has differently';

-- The plan must be the run's: a plan edited since would be compared with what it did not make.
CREATE FUNCTION lakemover._level0_compare(p_run bigint, p_target jsonb)
RETURNS TABLE(table_id bigint, kind text, object text, expected text, found text)
LANGUAGE plpgsql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source name;
    v_hash   text;
BEGIN
    SELECT r.source, r.plan_hash INTO v_source, v_hash FROM lakemover.run r WHERE r.run_id = p_run;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'run % does not exist', p_run USING ERRCODE = 'undefined_object';
    END IF;
    IF v_hash <> lakemover.plan_hash(v_source) THEN
        RAISE EXCEPTION 'the plan of source "%" has changed since run % was made', v_source, p_run
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = 'Undo the edits of the plan, or start a new run.';
    END IF;
    RETURN QUERY SELECT * FROM lakemover._plan_difference(v_source, p_target);
END
$$;
COMMENT ON FUNCTION lakemover._level0_compare(bigint, jsonb) IS 'planned objects that the target lacks or has differently';
