-- A rehearsal is an ordinary run of a source of its own: the same server under another name, whose plan is that of the source, but for
-- schemas that exist only for it, a filter that lets a share of each table pass, and no foreign keys.
CREATE FUNCTION lakemover._begin_rehearsal(p_source name, p_share double precision)
RETURNS name
LANGUAGE plpgsql
SET lakemover_plan.writing = 'on'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_name    name := 'lakemover_rehearsal_' || substring(md5(gen_random_uuid()::text) FOR 6);
    v_options text[];
    v_plan    lakemover.plan;
    v_fixed   text;
BEGIN
    IF p_share <= 0 OR p_share > 1 OR p_share IS NULL THEN
        RAISE EXCEPTION 'invalid share: %', p_share
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Give more than 0 and at most 1.';
    END IF;
    IF (SELECT o.option_value FROM pg_foreign_server s, pg_options_to_table(s.srvoptions) o
         WHERE s.srvname = p_source AND o.option_name = 'engine') <> 'postgres' THEN
        RAISE EXCEPTION 'source "%" cannot be rehearsed: it is not PostgreSQL', p_source
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'A share of each table is taken by its pages (ctid), which other engines do not have.';
    END IF;
    SELECT m.umoptions INTO v_options FROM pg_user_mappings m
     WHERE m.srvname = p_source AND m.usename IN (current_user, 'public') ORDER BY m.usename = 'public' LIMIT 1;
    -- Text of statements reaches logs.
    IF EXISTS (SELECT FROM pg_options_to_table(v_options) o WHERE o.option_name = 'password') THEN
        RAISE EXCEPTION 'source "%" cannot be rehearsed: its user mapping holds the password itself', p_source
            USING ERRCODE = 'feature_not_supported',
                  HINT = 'Give it as password_file, password_env or password_command instead: ALTER USER MAPPING.';
    END IF;
    SELECT * INTO v_plan FROM lakemover.plan p WHERE p.source = p_source;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'there is no plan for source "%"', p_source
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('SELECT lakemover.plan(%L) makes one.', p_source);
    END IF;

    EXECUTE format('CREATE SERVER %I FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (%s)', v_name,
                   (SELECT string_agg(format('%I %L', o.option_name, o.option_value), ', ')
                      FROM pg_foreign_server s, pg_options_to_table(s.srvoptions) o WHERE s.srvname = p_source));
    EXECUTE format('CREATE USER MAPPING FOR CURRENT_USER SERVER %I OPTIONS (%s)', v_name,
                   coalesce((SELECT string_agg(format('%I %L', o.option_name, o.option_value), ', ') FROM pg_options_to_table(v_options) o), ''));
    INSERT INTO lakemover.source_scope (source, schema_name) SELECT v_name, s.schema_name FROM lakemover.source_scope s WHERE s.source = p_source;
    PERFORM lakemover.inventory(v_name);
    PERFORM lakemover.plan(v_name, v_plan.profile, v_plan.naming);

    -- The plan of the source, row by row; its edits are plans like the rest here.
    WITH scratch AS (
        SELECT x.target_schema, v_name || '_' || row_number() OVER (ORDER BY x.target_schema COLLATE "C") AS name
          FROM (SELECT t.target_schema FROM lakemover.plan_table t WHERE t.source = p_source
                UNION SELECT s.target_schema FROM lakemover.plan_sequence s WHERE s.source = p_source) x
    ), tables AS (
        UPDATE lakemover.plan_table p
           SET target_schema = scratch.name, target_table = o.target_table, keep_quoted = o.keep_quoted, exclude = o.exclude,
               chunking = o.chunking, batch_rows = o.batch_rows, copy_format = o.copy_format, priority = o.priority,
               row_filter = CASE WHEN i.kind = 'p' OR p_share = 1 THEN o.row_filter
                                 ELSE format('ctid < ''(%s,0)''::tid', greatest(1, ceil(i.pages * p_share)))
                                      || coalesce(E' AND (\n' || o.row_filter || E'\n)', '') END
          FROM lakemover.plan_table o
          JOIN scratch ON scratch.target_schema = o.target_schema
          JOIN lakemover.inv_table i ON i.source = v_name AND i.table_id = o.table_id
         WHERE p.source = v_name AND o.source = p_source AND o.table_id = p.table_id
    )
    UPDATE lakemover.plan_sequence p
       SET target_schema = scratch.name, target_name = o.target_name, exclude = o.exclude
      FROM lakemover.plan_sequence o JOIN scratch ON scratch.target_schema = o.target_schema
     WHERE p.source = v_name AND o.source = p_source AND o.sequence_id = p.sequence_id;
    UPDATE lakemover.plan_column p
       SET target_column = o.target_column, target_type = o.target_type, keep_quoted = o.keep_quoted, exclude = o.exclude,
           transform = o.transform, pass = o.pass
      FROM lakemover.plan_column o
     WHERE p.source = v_name AND o.source = p_source AND o.table_id = p.table_id AND o.ordinal = p.ordinal;
    -- Rows that are referenced need not be in the share.
    UPDATE lakemover.plan_constraint p SET target_name = o.target_name, exclude = o.exclude OR p.kind = 'f'
      FROM lakemover.plan_constraint o
     WHERE p.source = v_name AND o.source = p_source AND o.constraint_id = p.constraint_id;
    UPDATE lakemover.plan_index p SET target_name = o.target_name, exclude = o.exclude
      FROM lakemover.plan_index o
     WHERE p.source = v_name AND o.source = p_source AND o.index_id = p.index_id;
    -- Rows are rehearsed. Code names its own schema, not the scratch one.
    UPDATE lakemover.plan_routine p SET action = 'skip', edited = '{action}'
     WHERE p.source = v_name AND EXISTS (SELECT FROM lakemover.inv_code c WHERE c.source = p.source AND c.kind = p.kind AND c.object_id = p.routine_id);
    UPDATE lakemover.plan p SET privileges = false WHERE p.source = v_name;
    PERFORM lakemover._refresh_unmoved(v_name);

    SELECT string_agg(d.kind || ' ' || d.object, ', ' ORDER BY d.ordinal) INTO v_fixed
      FROM lakemover._ddl(v_name) d WHERE d.stage = 'type' OR d.kind = 'extension';
    IF v_fixed IS NOT NULL THEN
        RAISE EXCEPTION 'source "%" cannot be rehearsed in scratch schemas', p_source
            USING ERRCODE = 'feature_not_supported', DETAIL = format('These would be made in their own schemas: %s.', v_fixed),
                  HINT = 'Run it into a scratch database of the target instead: LAKEBASE_DATABASE.';
    END IF;
    RETURN v_name;
END
$$;
COMMENT ON FUNCTION lakemover._begin_rehearsal(name, double precision) IS 'makes a source of the same server, planned alike, for a run that loads a share of each table into scratch schemas; returns its name';

CREATE FUNCTION lakemover._end_rehearsal(p_name name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table name;
BEGIN
    IF p_name !~ '^lakemover_rehearsal_[0-9a-f]{6}$' THEN
        RAISE EXCEPTION '"%" is not the source of a rehearsal', p_name USING ERRCODE = 'invalid_parameter_value';
    END IF;
    EXECUTE format('DROP SERVER IF EXISTS %I CASCADE', p_name);
    FOR v_table IN
        SELECT c.relname FROM pg_class c
          JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'source' AND NOT a.attisdropped
         WHERE c.relnamespace = 'lakemover'::regnamespace AND c.relkind = 'r'
           AND (c.relname ~ '^(inv|plan)_' OR c.relname IN ('plan', 'schema_map', 'source_scope', 'source_info'))
         ORDER BY c.relname
    LOOP
        EXECUTE format('DELETE FROM lakemover.%I WHERE source = $1', v_table) USING p_name;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lakemover._end_rehearsal(name) IS 'forgets the source of a rehearsal with its inventory and plan; its run stays in the history';

CREATE FUNCTION lakemover._rehearsals_left()
RETURNS TABLE (run_id bigint, source name)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT r.run_id, r.source FROM lakemover.run r
     WHERE r.options ? 'rehearse' AND r.verdict IS DISTINCT FROM 'ROLLED BACK'
       AND (r.state NOT IN ('queued', 'running', 'paused') OR coalesce(r.heartbeat, r.requested_at) < clock_timestamp() - interval '15 seconds')
     ORDER BY r.run_id
$$;
COMMENT ON FUNCTION lakemover._rehearsals_left() IS 'rehearsals whose loader died before it had cleaned up';

CREATE FUNCTION lakemover._scale_to_rehearsal(p_run bigint)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
    -- Chunks of pages are cut over the whole heap, and those beyond the share left out.
    UPDATE lakemover.run_table t
       SET est_bytes = t.est_bytes * s.share,
           spec = t.spec || jsonb_build_object('pages', s.pages)
                  || CASE WHEN t.spec->>'chunking' = 'ctid' THEN '{}'
                          ELSE jsonb_build_object('est_rows', (t.spec->>'est_rows')::double precision * s.share,
                                                  'est_bytes', ceil((t.spec->>'est_bytes')::double precision * s.share)) END
      FROM (SELECT x.table_id, p.pages, p.pages / greatest((x.spec->>'pages')::double precision, 1) AS share
              FROM lakemover.run_table x
              JOIN lakemover.run r ON r.run_id = x.run_id
             CROSS JOIN LATERAL (SELECT least((x.spec->>'pages')::double precision,
                                              greatest(1, ceil((x.spec->>'pages')::double precision * (r.options->>'rehearse')::double precision))) AS pages) p
             WHERE x.run_id = p_run AND (x.spec->>'copies_rows')::boolean AND (x.spec->>'pages')::double precision > 0) s
     WHERE t.run_id = p_run AND t.table_id = s.table_id
$$;
COMMENT ON FUNCTION lakemover._scale_to_rehearsal(bigint) IS 'lets the estimates of a rehearsal say how much of each table it loads';

CREATE FUNCTION lakemover._rehearsal_figures(p_run bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'tables', count(*), 'loaded', count(*) FILTER (WHERE t.state = 'done'),
        'rows', coalesce(sum(t.rows_copied), 0), 'bytes', coalesce(sum(t.bytes_copied), 0),
        'whole_rows', coalesce(sum(t.rows_copied / s.share), 0), 'whole_bytes', coalesce(sum(t.bytes_copied / s.share), 0),
        'foreign_keys', (SELECT count(*) FROM lakemover.plan_constraint c JOIN lakemover.run r ON r.source = c.source
                          WHERE r.run_id = p_run AND c.kind = 'f'),
        'workers', (SELECT r.workers FROM lakemover.run r WHERE r.run_id = p_run),
        'phases', (SELECT coalesce(jsonb_object_agg(e.phase, e.seconds), '{}')
                     FROM (SELECT e.data->>'phase' AS phase, sum((e.data->>'seconds')::double precision) AS seconds
                             FROM lakemover.event e WHERE e.run_id = p_run AND e.kind = 'phase_end' GROUP BY 1) e))
      FROM lakemover.run_table t
      JOIN lakemover.run r ON r.run_id = t.run_id
      LEFT JOIN lakemover.inv_table i ON i.source = r.source AND i.table_id = t.table_id
     CROSS JOIN LATERAL (SELECT CASE WHEN i.pages > 0 THEN least(1, greatest((t.spec->>'pages')::double precision, 1) / i.pages) ELSE 1 END AS share) s
     WHERE t.run_id = p_run AND (t.spec->>'copies_rows')::boolean
$$;
COMMENT ON FUNCTION lakemover._rehearsal_figures(bigint) IS 'what the forecast of a rehearsal rests on: rows and bytes that were loaded, those of the whole by pages, seconds of each phase';
