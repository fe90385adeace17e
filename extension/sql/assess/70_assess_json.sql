CREATE FUNCTION lakemover._assessment_json(p_assessment bigint, p_finding_limit int DEFAULT 200)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_a lakemover.assessment;
BEGIN
    SELECT * INTO STRICT v_a FROM lakemover.assessment a WHERE a.assessment_id = p_assessment;
    RETURN (
        WITH found AS MATERIALIZED (
            SELECT f.*, row_number() OVER (PARTITION BY f.check_id, f.severity ORDER BY f.finding_no) AS place
              FROM lakemover.finding f WHERE f.assessment_id = v_a.assessment_id
        ), shown AS MATERIALIZED (
            SELECT f.*, (f.severity = 'BLOCKER' OR p_finding_limit IS NULL OR f.place <= p_finding_limit) AS listed FROM found f
        ), counted AS (
            SELECT f.check_id, count(*) FILTER (WHERE f.severity = 'BLOCKER') AS blockers,
                   count(*) FILTER (WHERE f.severity = 'WARNING') AS warnings, count(*) FILTER (WHERE f.severity = 'INFO') AS infos,
                   count(*) FILTER (WHERE NOT f.listed) AS left_out
              FROM shown f GROUP BY f.check_id
        )
        SELECT jsonb_build_object(
            'schema_version', 1,     -- of docs/assessment.schema.json: another number when a reader would have to change
            'assessment', jsonb_build_object('id', v_a.assessment_id, 'signoff', lakemover._signoff(v_a.assessment_id), 'source', v_a.source, 'taken_at', v_a.taken_at,
                                             'seconds', round(v_a.seconds::numeric, 3), 'score', v_a.score, 'status', v_a.status,
                                             'status_text', lakemover._status_text(v_a.status, v_a.blockers, v_a.warnings),
                                             'counts', jsonb_build_object('blocker', v_a.blockers, 'warning', v_a.warnings, 'info', v_a.infos)),
            'source', v_a.summary -> 'source',
            'checks', (SELECT jsonb_agg(jsonb_build_object(
                                'id', c.check_id, 'title', c.title, 'severity', c.severity, 'detects', c.detects, 'recommendation', c.recommendation,
                                'result', CASE WHEN v_a.summary -> 'disabled' ? c.check_id THEN 'disabled'
                                               WHEN v_a.summary -> 'not_checked' ? c.check_id THEN 'not checked'
                                               WHEN n.check_id IS NOT NULL THEN 'found' ELSE 'passed' END,
                                'blockers', coalesce(n.blockers, 0), 'warnings', coalesce(n.warnings, 0), 'infos', coalesce(n.infos, 0),
                                'left_out', coalesce(n.left_out, 0)) ORDER BY c.ordinal)
                         FROM lakemover.check c LEFT JOIN counted n ON n.check_id = c.check_id),
            'findings', (SELECT coalesce(jsonb_agg(jsonb_build_object(
                                  'no', f.finding_no, 'check', f.check_id, 'title', c.title, 'severity', f.severity, 'schema', f.schema_name,
                                  'object', f.object_name, 'column', f.column_name, 'message', f.message, 'recommendation', f.recommendation,
                                  'evidence', f.evidence, 'remedy_sql', f.remedy_sql) ORDER BY f.finding_no), '[]')
                           FROM shown f LEFT JOIN lakemover.check c ON c.check_id = f.check_id WHERE f.listed),
            'data_look', v_a.summary -> 'data_look',
            'inventory', v_a.summary -> 'inventory',
            'load_order', v_a.summary -> 'load_order',
            'plan', v_a.summary -> 'plan',
            'types', coalesce(v_a.summary -> 'types', '[]'),
            'names', coalesce(v_a.summary -> 'names', '{"total": 0, "listed": []}'),
            'references', coalesce(v_a.summary -> 'references', '[]'),
            'outside', coalesce(v_a.summary -> 'outside', '[]'),
            'code', v_a.summary -> 'code',
            'estimate', v_a.summary -> 'estimate',
            'checklist', (SELECT coalesce(jsonb_agg(jsonb_build_object('phase', k.phase, 'step', k.step, 'reason', k.reason, 'command', k.command) ORDER BY k.no), '[]')
                            FROM lakemover._checklist(v_a.assessment_id) WITH ORDINALITY k(phase, step, reason, command, no))));
END
$$;
COMMENT ON FUNCTION lakemover._assessment_json(bigint, int) IS 'an assessment as one document; docs/assessment.md has the shape';

CREATE FUNCTION lakemover.assess_json(p_source name DEFAULT NULL, p_finding_limit int DEFAULT 200)
RETURNS jsonb
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source     name := lakemover._source(p_source);
    v_assessment bigint;
BEGIN
    SELECT max(a.assessment_id) INTO v_assessment FROM lakemover.assessment a WHERE a.source = v_source;
    IF v_assessment IS NULL THEN
        RAISE EXCEPTION 'source "%" has not been assessed', v_source
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('Run SELECT lakemover.assess(%L) first.', v_source);
    END IF;
    RETURN lakemover._assessment_json(v_assessment, p_finding_limit);
END
$$;
COMMENT ON FUNCTION lakemover.assess_json(name, int) IS 'the latest assessment of a source as one document; docs/assessment.md has the shape';
