CREATE FUNCTION lakemover._take_assessment(p_source name, p_start timestamptz DEFAULT clock_timestamp(), p_report_dir text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_id       bigint;
    v_blockers int;
    v_warnings int;
    v_infos    int;
    v_score    int;
BEGIN
    INSERT INTO lakemover.assessment (source, score, status, blockers, warnings, infos, seconds, summary, report_dir)
    VALUES (p_source, 0, '', 0, 0, 0, 0, lakemover._assessment_summary(p_source) || lakemover._assessment_parts(p_source), p_report_dir)
    RETURNING assessment_id INTO v_id;

    INSERT INTO lakemover.finding (assessment_id, finding_no, check_id, severity, schema_name, object_name, column_name, message,
                                   recommendation, evidence, remedy_sql)
    SELECT v_id,
           row_number() OVER (ORDER BY array_position('{BLOCKER,WARNING,INFO}', s.severity), c.ordinal, f.schema_name COLLATE "C" NULLS FIRST,
                                       f.object_name COLLATE "C" NULLS FIRST, f.column_name COLLATE "C" NULLS FIRST,
                                       f.message COLLATE "C"),
           f.check_id, s.severity, f.schema_name, f.object_name, f.column_name, f.message, c.recommendation, f.evidence, f.remedy_sql
      FROM (SELECT * FROM lakemover._check_names(p_source)
            UNION ALL SELECT * FROM lakemover._check_mixed_case(p_source)
            UNION ALL SELECT * FROM lakemover._check_access(p_source)
            UNION ALL SELECT * FROM lakemover._check_tables(p_source)
            UNION ALL SELECT * FROM lakemover._check_relations(p_source)
            UNION ALL SELECT * FROM lakemover._check_types(p_source)
            UNION ALL SELECT * FROM lakemover._check_sqlserver(p_source)
            UNION ALL SELECT * FROM lakemover._check_features(p_source)
            UNION ALL SELECT * FROM lakemover._check_code(p_source)
            UNION ALL SELECT * FROM lakemover._check_outside(p_source)
            UNION ALL SELECT * FROM lakemover._check_target(p_source)
            UNION ALL SELECT * FROM lakemover._check_data(p_source)) f
      JOIN lakemover.check c ON c.check_id = f.check_id AND c.enabled
     CROSS JOIN LATERAL (SELECT coalesce(f.severity, c.severity) AS severity) s;

    SELECT count(*) FILTER (WHERE f.severity = 'BLOCKER'), count(*) FILTER (WHERE f.severity = 'WARNING'),
           count(*) FILTER (WHERE f.severity = 'INFO')
      INTO v_blockers, v_warnings, v_infos
      FROM lakemover.finding f WHERE f.assessment_id = v_id;
    v_score := 100 - least(80, 20 * v_blockers) - least(20, 2 * v_warnings);

    UPDATE lakemover.assessment
       SET score = v_score, blockers = v_blockers, warnings = v_warnings, infos = v_infos,
           status = CASE WHEN v_blockers >= 3 THEN 'rework' WHEN v_blockers > 0 THEN 'blocked'
                         WHEN v_score < 90 THEN 'review' ELSE 'ready' END,
           seconds = extract(epoch FROM clock_timestamp() - p_start)
     WHERE assessment_id = v_id;
    RETURN v_id;
END
$$;
COMMENT ON FUNCTION lakemover._take_assessment(name, timestamptz, text) IS 'runs the checks over the inventory as it is and stores the result; docs/assessment.md has score and status';
