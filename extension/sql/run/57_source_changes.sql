-- Never an error: that it could not be read is an answer, and no reason to stop a run.
CREATE FUNCTION lakemover._note_activity(p_run bigint, p_moment text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source name;
BEGIN
    SELECT r.source INTO STRICT v_source FROM lakemover.run r WHERE r.run_id = p_run;
    DELETE FROM lakemover.source_activity a WHERE a.run_id = p_run AND a.moment = p_moment;
    BEGIN
        IF lakemover._source_engine(v_source) = 'postgres' THEN
            INSERT INTO lakemover.source_activity (run_id, moment, lsn, in_recovery, stats_reset, started_at, tables)
            SELECT p_run, p_moment, min(a.lsn), bool_or(a.in_recovery), min(a.stats_reset), min(a.started_at),
                   jsonb_object_agg(a.table_id, jsonb_build_array(a.inserted, a.updated, a.deleted, a.file)) FILTER (WHERE a.table_id IS NOT NULL)
              FROM lakemover._catalog(v_source, 'activity')
                   AS a(lsn text, in_recovery boolean, stats_reset text, started_at text, table_id bigint, inserted bigint, updated bigint,
                        deleted bigint, file bigint);
        ELSE
            INSERT INTO lakemover.source_activity (run_id, moment, lsn)
            SELECT p_run, p_moment, i.lsn FROM lakemover.source_identity(v_source) i;
            -- What may be read without a permission, and says less.
            BEGIN
                UPDATE lakemover.source_activity a
                   SET rowversion = (SELECT v.value::text FROM lakemover._catalog(v_source, 'mssql_rowversion') AS v(value bigint)),
                       tables = (SELECT jsonb_object_agg(r.table_id, r.row_count)
                                   FROM lakemover._catalog(v_source, 'mssql_rows') AS r(table_id bigint, row_count bigint, partitions int))
                 WHERE a.run_id = p_run AND a.moment = p_moment;
            EXCEPTION WHEN OTHERS THEN
                UPDATE lakemover.source_activity a SET error = SQLERRM WHERE a.run_id = p_run AND a.moment = p_moment;
            END;
        END IF;
    EXCEPTION WHEN OTHERS THEN
        INSERT INTO lakemover.source_activity (run_id, moment, error) VALUES (p_run, p_moment, SQLERRM);
    END;
END
$$;
COMMENT ON FUNCTION lakemover._note_activity(bigint, text) IS 'keeps where the log of a run''s source is and how often its tables were written to: before the snapshot, and at the end';

-- SQL Server's rows per table and greatest rowversion: where they differ somebody has written; where they do not, an UPDATE of a
-- table without a rowversion column may have gone by.
CREATE FUNCTION lakemover._source_changes_counted(p_then lakemover.source_activity, p_now lakemover.source_activity, p_moved text,
                                                  p_tables jsonb, p_count bigint)
RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_then.tables IS NULL OR p_now.tables IS NULL OR p_then.rowversion IS NULL OR p_now.rowversion IS NULL
            THEN jsonb_build_object('verdict', 'not known', 'compared', concat_ws('; ', p_moved,
                     'rows of the tables and the greatest rowversion could not be read: ' || coalesce(p_then.error, p_now.error, 'there are none')))
        WHEN jsonb_array_length(p_tables) > 0
            THEN jsonb_build_object('verdict', 'changed', 'tables', p_tables, 'compared',
                     format('%s; rows of %s tables (sys.partitions): those of %s differ', p_moved, p_count, jsonb_array_length(p_tables)))
        WHEN p_then.rowversion <> p_now.rowversion
            THEN jsonb_build_object('verdict', 'changed', 'tables', '[]'::jsonb, 'compared',
                     format('%s; the database''s greatest rowversion (@@DBTS) was %s and is %s: a table with a rowversion column was written to',
                            p_moved, p_then.rowversion, p_now.rowversion))
        ELSE jsonb_build_object('verdict', 'not known', 'compared',
                 format('%s; rows of %s tables (sys.partitions) and the database''s greatest rowversion (@@DBTS) are the same, '
                        'which does not show an UPDATE where there is no rowversion column', p_moved, p_count))
    END
$$;
COMMENT ON FUNCTION lakemover._source_changes_counted(lakemover.source_activity, lakemover.source_activity, text, jsonb, bigint) IS 'whether a SQL Server source was written to, as far as counts tell';

CREATE FUNCTION lakemover._source_changes(p_run bigint)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_then   lakemover.source_activity;
    v_now    lakemover.source_activity;
    v_engine text;
    v_moved  text;
    v_tables jsonb;
    v_count  bigint;
BEGIN
    SELECT * INTO v_then FROM lakemover.source_activity a WHERE a.run_id = p_run AND a.moment = 'snapshot';
    SELECT * INTO v_now FROM lakemover.source_activity a WHERE a.run_id = p_run AND a.moment = 'end';
    SELECT lakemover._source_engine(r.source) INTO v_engine FROM lakemover.run r WHERE r.run_id = p_run;
    SELECT coalesce(jsonb_agg(format('%I.%I', t.spec->>'source_schema', t.spec->>'source_table')
                              ORDER BY t.spec->>'source_schema', t.spec->>'source_table')
                    FILTER (WHERE v_then.tables->(t.table_id::text) IS DISTINCT FROM v_now.tables->(t.table_id::text)), '[]'), count(*)
      INTO v_tables, v_count
      FROM lakemover.run_table t
     WHERE t.run_id = p_run AND (t.spec->>'copies_rows')::boolean;
    v_moved := CASE WHEN v_engine = 'postgres' THEN 'the WAL position' ELSE 'the log''s end LSN' END;
    IF v_then.lsn = v_now.lsn THEN
        RETURN jsonb_build_object('verdict', 'unchanged', 'compared',
            format('%s was %s just before the snapshot and is the same now: nothing was written', v_moved, v_then.lsn));
    END IF;
    v_moved := CASE WHEN v_then.lsn IS NULL OR v_now.lsn IS NULL THEN 'the position of the source''s log could not be read'
                    ELSE format('%s was %s just before the snapshot and is %s now', v_moved, v_then.lsn, v_now.lsn) END;
    IF v_engine <> 'postgres' THEN
        RETURN lakemover._source_changes_counted(v_then, v_now, v_moved, v_tables, v_count);
    END IF;
    IF v_then.lsn IS NULL OR v_now.lsn IS NULL THEN
        RETURN jsonb_build_object('verdict', 'not known', 'compared', concat_ws(': ', v_moved, coalesce(v_then.error, v_now.error)));
    END IF;
    IF v_then.in_recovery OR v_now.in_recovery THEN
        RETURN jsonb_build_object('verdict', 'not known', 'compared', v_moved || '; a standby does not count what is written to tables');
    END IF;
    IF v_then.stats_reset IS DISTINCT FROM v_now.stats_reset OR v_then.started_at <> v_now.started_at THEN
        RETURN jsonb_build_object('verdict', 'not known', 'compared', v_moved || '; its counters of writes began anew in between');
    END IF;
    IF jsonb_array_length(v_tables) > 0 THEN
        RETURN jsonb_build_object('verdict', 'changed', 'tables', v_tables, 'compared',
            v_moved || format('; counters of rows inserted, updated and deleted (pg_stat_user_tables) and files of %s tables: those of %s differ',
                              v_count, jsonb_array_length(v_tables)));
    END IF;
    RETURN jsonb_build_object('verdict', 'not known', 'compared',
        v_moved || format('; counters of rows inserted, updated and deleted (pg_stat_user_tables) and files of %s tables did not change, but counters may lag behind',
                          v_count));
END
$$;
COMMENT ON FUNCTION lakemover._source_changes(bigint) IS 'whether a run''s source was written to since just before its snapshot: unchanged, changed, not known; and what was compared';

CREATE FUNCTION lakemover._keep_source_changes(p_run bigint)
RETURNS jsonb
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_changes jsonb;
BEGIN
    PERFORM lakemover._note_activity(p_run, 'end');
    UPDATE lakemover.snapshot s SET changes = lakemover._source_changes(p_run) WHERE s.run_id = p_run RETURNING s.changes INTO v_changes;
    RETURN v_changes;
END
$$;
COMMENT ON FUNCTION lakemover._keep_source_changes(bigint) IS 'reads the source once more and keeps with the run''s snapshot whether it has changed since';
