CREATE FUNCTION lakemover._row_holders(p_source name)
RETURNS TABLE (table_id bigint, holder_id bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH RECURSIVE tree AS (
        SELECT t.table_id, t.table_id AS holder_id, t.kind FROM lakemover.inv_table t WHERE t.source = p_source
        UNION ALL
        SELECT tree.table_id, c.table_id, c.kind
          FROM tree JOIN lakemover.inv_table c ON c.source = p_source AND c.parent_id = tree.holder_id
    )
    SELECT tree.table_id, tree.holder_id FROM tree WHERE tree.kind <> 'p'
$$;
COMMENT ON FUNCTION lakemover._row_holders(name) IS 'for each table the tables that hold its rows: itself, or its leaf partitions';

CREATE FUNCTION lakemover._freeze_run(p_run bigint)
RETURNS int
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source  name;
    v_kind    text;
    v_force   boolean;
    v_problem text;
    v_tables  int;
    v_checksum jsonb;
BEGIN
    SELECT r.source, r.kind, coalesce((r.options->>'force')::boolean, false) INTO STRICT v_source, v_kind, v_force
      FROM lakemover.run r WHERE r.run_id = p_run;
    -- The target may be another one since the plan was made, or known only now: its roles and extensions decide.
    PERFORM lakemover._refresh_unmoved(v_source);
    SELECT string_agg(p.message, E'\n') INTO v_problem
      FROM lakemover._plan_problems(v_source) p
     WHERE NOT (v_force AND p.message IN (SELECT u.message FROM lakemover._unreadable_tables(v_source) u));
    IF v_problem IS NOT NULL THEN
        RAISE EXCEPTION 'the plan of source "%" cannot be carried out', v_source
            USING ERRCODE = 'object_not_in_prerequisite_state', DETAIL = v_problem,
                  HINT = 'Change lakemover.plan_table, plan_column, ... with UPDATE, then start again.';
    END IF;

    SELECT jsonb_build_object('checksum', coalesce(r.options->>'checksum', 'sample'), 'hash', coalesce(r.options->>'checksum_hash', 'md5'))
      INTO v_checksum FROM lakemover.run r WHERE r.run_id = p_run;
    INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank, cycle, priority, est_bytes)
    SELECT p_run, p.table_id,
           CASE v_kind WHEN 'migration' THEN x.spec ELSE lakemover._in_one_pass(x.spec) END || v_checksum
           -- A comparison does not go on after its snapshot: pages are read in order, and their bounds cost nothing.
           || CASE WHEN v_kind <> 'migration' AND p.chunking = 'auto' AND t.kind = 'r' AND s.engine = 'postgres' AND s.version_num >= 140000
                   THEN '{"read_by": "ctid"}' ELSE '{}' END::jsonb,
           coalesce(o.load_rank, 0), o.cycle, p.priority, coalesce(t.table_bytes, 0)
      FROM lakemover.plan_table p
      JOIN lakemover.inv_table t ON t.source = p.source AND t.table_id = p.table_id
      JOIN lakemover.source_info s ON s.source = p.source
      LEFT JOIN lakemover.load_order(v_source) o ON o.table_id = p.table_id
     CROSS JOIN LATERAL (SELECT lakemover._table_spec(v_source, p.table_id) AS spec) x
     WHERE p.source = v_source AND NOT p.exclude;
    GET DIAGNOSTICS v_tables = ROW_COUNT;

    -- Parents before children, between the tables that hold rows; inside a cycle nobody waits. A comparison loads nothing.
    INSERT INTO lakemover.run_dependency (run_id, table_id, depends_on)
    SELECT DISTINCT p_run, child.holder_id, parent.holder_id
      FROM lakemover.inv_constraint c
      JOIN lakemover.plan_constraint pc ON pc.source = c.source AND pc.constraint_id = c.constraint_id AND NOT pc.exclude
      JOIN lakemover._row_holders(v_source) child ON child.table_id = c.table_id
      JOIN lakemover._row_holders(v_source) parent ON parent.table_id = c.ref_table_id
      JOIN lakemover.run_table ct ON ct.run_id = p_run AND ct.table_id = child.holder_id
      JOIN lakemover.run_table pt ON pt.run_id = p_run AND pt.table_id = parent.holder_id
     WHERE c.source = v_source AND c.kind = 'f' AND child.holder_id <> parent.holder_id
       AND ct.load_rank > pt.load_rank AND v_kind = 'migration';

    INSERT INTO lakemover.run_statement (run_id, ordinal, stage, table_id, kind, object, sql, state)
    SELECT p_run, d.ordinal, d.stage, d.table_id, d.kind, d.object, d.sql, CASE v_kind WHEN 'migration' THEN 'pending' ELSE 'skipped' END
      FROM lakemover._ddl(v_source) d;

    UPDATE lakemover.run_table t SET state = 'loaded', chunks = 0, rows_copied = 0, bytes_copied = 0, source_rows = 0
     WHERE t.run_id = p_run AND NOT (t.spec->>'copies_rows')::boolean;

    IF EXISTS (SELECT FROM lakemover.run r WHERE r.run_id = p_run AND r.options ? 'rehearse') THEN
        PERFORM lakemover._scale_to_rehearsal(p_run);
    END IF;

    -- Forced: what cannot be read fails, and the others move.
    PERFORM lakemover._fail_table(p_run, u.table_id, u.message)
       FROM lakemover._unreadable_tables(v_source) u
      WHERE v_force;

    UPDATE lakemover.run r
       SET plan_hash = lakemover.plan_hash(v_source), profile = p.profile, source_identity = i.identity
      FROM lakemover.plan p, lakemover.source_info i
     WHERE r.run_id = p_run AND p.source = v_source AND i.source = v_source;
    RETURN v_tables;
END
$$;
COMMENT ON FUNCTION lakemover._freeze_run(bigint) IS 'copies the plan into the run: specs, load order, dependencies, statements; later edits of the plan do not reach the run';
