-- Findings decide, with their words; not what changes while they stay the same: sizes, what a sample of rows saw of the same
-- values, and when it was taken. Looks at rows that gave no answer this time are not among them, nor is what is fine about the
-- target, or what changes there by the minute.
CREATE FUNCTION lakemover._signoff(p_assessment bigint)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT encode(sha256(convert_to(concat_ws(E'\n', 'lakemover assessment 1', a.source, a.summary #>> '{source,database}',
               (SELECT string_agg(jsonb_build_array(f.check_id, f.severity, f.schema_name, f.object_name, f.column_name,
                                                    CASE WHEN f.severity <> 'INFO' AND f.check_id <> 'large_table' AND f.check_id NOT LIKE 'data\_%' THEN f.message END)::text,
                                  E'\n' ORDER BY f.finding_no)
                  FROM lakemover.finding f WHERE f.assessment_id = a.assessment_id AND f.check_id NOT IN ('data_not_looked', 'target_latency', 'target_connections')
                   AND NOT (f.check_id LIKE 'target\_%' AND f.severity = 'INFO'))), 'UTF8')), 'hex')
      FROM lakemover.assessment a WHERE a.assessment_id = p_assessment
$$;
COMMENT ON FUNCTION lakemover._signoff(bigint) IS 'id of an assessment for its acceptance: SHA-256 over its findings; the same for two assessments that found the same';
