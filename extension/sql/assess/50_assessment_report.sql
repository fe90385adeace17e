CREATE FUNCTION lakemover._assessment_report(p_assessment bigint, p_per_check int DEFAULT 10)
RETURNS SETOF text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_a       lakemover.assessment;
    v_group   record;
    v_finding record;
    v_counts  jsonb;
    v_before  text;
BEGIN
    SELECT * INTO STRICT v_a FROM lakemover.assessment a WHERE a.assessment_id = p_assessment;
    v_counts := v_a.summary #> '{inventory,counts}';
    RETURN NEXT format('Assessment %s of source %I: %s, database %I, %s%s', v_a.assessment_id, v_a.source,
                       coalesce('PostgreSQL ' || (v_a.summary #>> '{source,settings,server_version}'), v_a.summary #>> '{source,version}', 'unknown version'),
                       v_a.summary #>> '{source,database}',
                       v_a.summary #>> '{source,encoding}',
                       coalesce(', ' || pg_size_pretty((v_a.summary #>> '{source,size_bytes}')::bigint), ''));
    RETURN NEXT format('Score %s of 100, %s', v_a.score, lakemover._status_text(v_a.status, v_a.blockers, v_a.warnings));
    RETURN NEXT format('%s BLOCKER, %s WARNING, %s INFO in %s s', v_a.blockers, v_a.warnings, v_a.infos, round(v_a.seconds::numeric, 1));
    RETURN NEXT CASE WHEN coalesce(v_a.summary #>> '{data_look,mode}', 'off') = 'off' THEN 'Rows were not looked at (data checks off)'
                     ELSE format('Rows: %s looked at (%s), %s of %s looks in %s s', v_a.summary #>> '{data_look,rows_looked_at}',
                                 CASE v_a.summary #>> '{data_look,mode}' WHEN 'full' THEN 'all rows'
                                      ELSE format('at most %s of a table', v_a.summary #>> '{data_look,rows}') END,
                                 v_a.summary #>> '{data_look,looks_done}', v_a.summary #>> '{data_look,looks}',
                                 round((v_a.summary #>> '{data_look,seconds}')::numeric, 1)) END;

    -- INFO without a list: the inventories are long and resolved findings need no action.
    FOR v_group IN
        SELECT f.severity, f.check_id, c.title, min(f.recommendation) AS recommendation, count(*) AS n, bool_or(f.remedy_sql LIKE 'UPDATE lakemover.plan\_%') AS by_plan
          FROM lakemover.finding f JOIN lakemover.check c ON c.check_id = f.check_id
         WHERE f.assessment_id = p_assessment
         GROUP BY f.severity, f.check_id, c.title, c.ordinal
         ORDER BY array_position('{BLOCKER,WARNING,INFO}', f.severity), c.ordinal
    LOOP
        IF v_group.severity <> 'INFO' OR v_before IS DISTINCT FROM 'INFO' THEN
            RETURN NEXT '';
        END IF;
        v_before := v_group.severity;
        RETURN NEXT format('%s  %s (%s): %s', rpad(v_group.severity, 7), v_group.title, v_group.n, v_group.recommendation);
        CONTINUE WHEN v_group.severity = 'INFO';
        IF v_group.severity = 'BLOCKER' AND v_group.by_plan AND NOT (v_a.summary #>> '{plan,exists}')::boolean THEN
            RETURN NEXT format('         first make the plan: SELECT * FROM lakemover.plan(%L);', v_a.source);
        END IF;
        FOR v_finding IN
            SELECT f.message, f.remedy_sql FROM lakemover.finding f
             WHERE f.assessment_id = p_assessment AND f.check_id = v_group.check_id AND f.severity = v_group.severity
             ORDER BY f.finding_no LIMIT p_per_check
        LOOP
            RETURN NEXT format('  - %s', v_finding.message);
            IF v_group.severity = 'BLOCKER' AND v_finding.remedy_sql IS NOT NULL THEN
                RETURN NEXT format('      %s', v_finding.remedy_sql);
            END IF;
        END LOOP;
        IF v_group.n > p_per_check THEN
            RETURN NEXT format('  and %s more: SELECT message, remedy_sql FROM lakemover.finding WHERE assessment_id = %s AND check_id = %L AND severity = %L ORDER BY finding_no;',
                               v_group.n - p_per_check, p_assessment, v_group.check_id, v_group.severity);
        END IF;
    END LOOP;

    RETURN NEXT '';
    RETURN NEXT format('Inventory: %s schemas, %s tables (%s partitioned, %s partitions), %s columns, %s primary keys, %s foreign keys, %s indexes, %s sequences, %s types',
                       v_counts ->> 'schemas', v_counts ->> 'tables', v_counts ->> 'partitioned_tables', v_counts ->> 'partitions',
                       v_counts ->> 'columns', v_counts ->> 'primary_keys', v_counts ->> 'foreign_keys', v_counts ->> 'indexes',
                       v_counts ->> 'sequences', v_counts ->> 'types');
    RETURN NEXT format('           %s views, %s materialized views, %s foreign tables, %s routines, %s triggers; tables %s, indexes %s%s',
                       v_counts ->> 'views', v_counts ->> 'materialized_views', v_counts ->> 'foreign_tables', v_counts ->> 'routines',
                       v_counts ->> 'triggers', pg_size_pretty((v_a.summary #>> '{inventory,table_bytes}')::numeric),
                       pg_size_pretty((v_a.summary #>> '{inventory,index_bytes}')::numeric),
                       coalesce(', about ' || (v_a.summary #>> '{inventory,row_estimate}') || ' rows', ''));
    FOR v_finding IN
        SELECT format('%I.%I', t.value ->> 'schema', t.value ->> 'table') AS shown, t.value
          FROM jsonb_array_elements(v_a.summary #> '{inventory,largest_tables}') WITH ORDINALITY t(value, no)
         WHERE (t.value ->> 'table_bytes')::numeric > 0 ORDER BY t.no LIMIT 5
    LOOP
        RETURN NEXT format('  - %s: %s%s', v_finding.shown, pg_size_pretty((v_finding.value ->> 'table_bytes')::numeric),
                           coalesce(', about ' || (v_finding.value ->> 'row_estimate') || ' rows', ''));
    END LOOP;

    IF v_a.summary #>> '{code,total}' <> '0' THEN
        RETURN NEXT '';
        RETURN NEXT format('Code: %s objects, about %s hours of work; %s', v_a.summary #>> '{code,total}', v_a.summary #>> '{code,hours}',
                           coalesce(v_a.summary #>> '{code,reason}', 'checked in a scratch database'));
        FOR v_finding IN
            SELECT c.value FROM jsonb_array_elements(v_a.summary #> '{code,classes}') WITH ORDINALITY c(value, no) WHERE c.value ->> 'count' <> '0' ORDER BY c.no
        LOOP
            RETURN NEXT format('  %s %s, %s h: %s', lpad(v_finding.value ->> 'count', 5), rpad(v_finding.value ->> 'class', 10), v_finding.value ->> 'hours', v_finding.value ->> 'what');
        END LOOP;
    END IF;

    RETURN NEXT '';
    RETURN NEXT format('Load order: %s ranks, %s cycles; all of it: SELECT * FROM lakemover.load_order(%L);',
                       v_a.summary #>> '{load_order,ranks}', jsonb_array_length(v_a.summary #> '{load_order,cycles}'), v_a.source);
    FOR v_group IN
        SELECT r.rank, count(*) AS n, string_agg(r.shown, ', ' ORDER BY r.no) FILTER (WHERE r.place <= 5) AS some
          FROM (SELECT (t.value ->> 'rank')::int AS rank, format('%I.%I', t.value ->> 'schema', t.value ->> 'table') AS shown, t.no,
                       row_number() OVER (PARTITION BY t.value ->> 'rank' ORDER BY t.no) AS place
                  FROM jsonb_array_elements(v_a.summary #> '{load_order,tables}') WITH ORDINALITY t(value, no)) r
         GROUP BY r.rank ORDER BY r.rank LIMIT 8
    LOOP
        RETURN NEXT format('  rank %s: %s%s', v_group.rank, v_group.some, CASE WHEN v_group.n > 5 THEN format(' and %s more', v_group.n - 5) ELSE '' END);
    END LOOP;
    IF jsonb_array_length(v_a.summary -> 'not_checked') > 0 THEN
        RETURN NEXT '';
        FOR v_group IN
            SELECT CASE WHEN c.check_id LIKE 'data\_%' THEN 'since the rows were not looked at'
                        WHEN c.check_id LIKE 'target\_%' OR c.check_id = 'missing_extension' THEN 'since the target has not been looked at yet'
                        ELSE 'since a catalog view of the source could not be read' END AS why,
                   string_agg(c.title, ', ' ORDER BY c.ordinal) AS titles
              FROM lakemover.check c WHERE v_a.summary -> 'not_checked' ? c.check_id GROUP BY 1 ORDER BY 1 DESC
        LOOP
            RETURN NEXT format('Not checked, %s: %s', v_group.why, v_group.titles);
        END LOOP;
    END IF;
END
$$;
COMMENT ON FUNCTION lakemover._assessment_report(bigint, int) IS 'a stored assessment as text, one line per row';
