-- What the code of a SQL Server source would become. Nobody has checked it beside its tables here: what has no doubt is "unverified"; the
-- loader, which can make a scratch database, says more with _note_code_check().
CREATE FUNCTION lakemover._code_classes(p_source name)
RETURNS TABLE (kind text, object_id bigint, source_name text, class text, score numeric, absent boolean, reason text)
LANGUAGE plpgsql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_context jsonb := lakemover._convert_context(p_source);
BEGIN
    RETURN QUERY
    WITH script AS MATERIALIZED (
        SELECT (row_number() OVER (ORDER BY s.no) - 1)::int AS no, s.value AS script
          FROM jsonb_array_elements(v_context -> 'scripts') WITH ORDINALITY s(value, no) WHERE s.value -> 'definition' <> 'null'
    ), made AS MATERIALIZED (
        SELECT c.script, c.name, c.kind, c.class, c.score, c.notes, c.details
          FROM lakemover._convert_scripts(jsonb_build_object('scripts', (SELECT coalesce(jsonb_agg(s.script -> 'definition' ORDER BY s.no), '[]') FROM script s))
               || (v_context - '{scripts,tables,table_ids,sequences,schemas}'::text[])) c
    ), known AS MATERIALIZED (
        SELECT replace(t.key, '"', '') AS name FROM jsonb_object_keys(v_context -> 'table_ids') t(key)
        UNION SELECT replace(m.name, '"', '') FROM made m WHERE m.name IS NOT NULL
    ), used AS (
        SELECT DISTINCT m.script, replace(x.name, '"', '') AS name
          FROM made m
         CROSS JOIN LATERAL (SELECT jsonb_array_elements_text(m.details -> 'tables') UNION ALL SELECT jsonb_array_elements_text(m.details -> 'routines')) x(name)
    ), missing AS (
        SELECT u.script, min(u.name) AS name FROM used u LEFT JOIN known k ON k.name = u.name WHERE k.name IS NULL GROUP BY u.script
    ), note AS (
        SELECT DISTINCT ON (m.script) m.script, n.note ->> 'construct' || ': ' || (n.note ->> 'why') AS text
          FROM made m CROSS JOIN LATERAL jsonb_array_elements(m.notes) n(note)
         ORDER BY m.script, n.note ->> 'severity', (n.note ->> 'line')::int NULLS FIRST
    ), one AS (
        SELECT m.script, sum(m.score) AS score,
               CASE WHEN bool_or(m.class = 'manual') OR count(*) > 1 OR bool_or(m.kind = 'statement') THEN 'manual' WHEN bool_or(m.class = 'review') THEN 'review' ELSE 'unverified' END AS class
          FROM made m GROUP BY m.script
    )
    SELECT s.script ->> 'kind', (s.script ->> 'object_id')::bigint, s.script ->> 'source_name', coalesce(o.class, 'manual'), coalesce(o.score, 0), i.script IS NOT NULL,
           CASE WHEN i.script IS NOT NULL THEN format('it uses %s, which does not move', i.name) ELSE n.text END
      FROM script s
      LEFT JOIN one o ON o.script = s.no
      LEFT JOIN missing i ON i.script = s.no
      LEFT JOIN note n ON n.script = s.no
    UNION ALL
    SELECT s.value ->> 'kind', (s.value ->> 'object_id')::bigint, s.value ->> 'source_name', 'manual', 0, false, 'the source does not show its text'
      FROM jsonb_array_elements(v_context -> 'scripts') s(value) WHERE s.value -> 'definition' = 'null';
END
$$;
COMMENT ON FUNCTION lakemover._code_classes(name) IS 'the code of a SQL Server source by what its conversion would give, not verified';

-- p_code: [{kind, source_name, class, score, absent, reason}]
CREATE FUNCTION lakemover._code_part(p_code jsonb, p_verified boolean, p_reason text DEFAULT NULL)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH object AS MATERIALIZED (
    SELECT o.*, CASE WHEN o.absent THEN 'absent' ELSE o.class END AS counted
      FROM jsonb_to_recordset(p_code) AS o(kind text, source_name text, class text, score numeric, absent boolean, reason text)
), class AS (
    SELECT e.class, e.ordinal, e.what, e.hours, e.hours_per_point, count(o.counted) AS n,
           round(count(o.counted) * e.hours + coalesce(sum(o.score), 0) * e.hours_per_point, 1) AS all_hours
      FROM lakemover.code_effort e LEFT JOIN object o ON o.counted = e.class
     GROUP BY e.class, e.ordinal, e.what, e.hours, e.hours_per_point
)
SELECT jsonb_build_object(
    'verified', p_verified, 'reason', p_reason, 'total', (SELECT count(*) FROM object),
    'classes', (SELECT jsonb_agg(jsonb_build_object('class', c.class, 'count', c.n, 'hours', c.all_hours, 'hours_each', c.hours, 'hours_per_point', c.hours_per_point, 'what', c.what)
                                 ORDER BY c.ordinal) FROM class c),
    'hours', (SELECT coalesce(sum(c.all_hours), 0) FROM class c),
    'listed', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', x.kind, 'name', x.source_name, 'class', x.counted, 'score', x.score, 'reason', x.reason) ORDER BY x.no), '[]')
                 FROM (SELECT o.*, row_number() OVER (ORDER BY array_position('{manual,review,absent,unverified,equivalent}', o.counted), o.score DESC, o.source_name COLLATE "C") AS no
                         FROM object o) x
                WHERE x.no <= 1000))
$$;
COMMENT ON FUNCTION lakemover._code_part(jsonb, boolean, text) IS 'counts by class, hours and list of a source''s code, as an assessment stores them';

CREATE FUNCTION lakemover._assessment_code(p_source name)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT lakemover._code_part((SELECT coalesce(jsonb_agg(to_jsonb(c)), '[]') FROM lakemover._code_classes(p_source) c), false, 'not verified: lakemover --assess-only checks it in a scratch database')
  FROM lakemover.source_info i
 WHERE i.source = p_source AND i.engine <> 'postgres'
   AND EXISTS (SELECT FROM lakemover._source_code(p_source))
$$;
COMMENT ON FUNCTION lakemover._assessment_code(name) IS 'the part of an assessment about a SQL Server source''s code; null where there is none';

CREATE FUNCTION lakemover._note_code_check(p_assessment bigint, p_code jsonb, p_verified boolean, p_reason text)
RETURNS void
LANGUAGE sql
SET search_path = pg_catalog, pg_temp
AS $$
UPDATE lakemover.assessment a SET summary = a.summary || jsonb_build_object('code', lakemover._code_part(p_code, p_verified, p_reason)) WHERE a.assessment_id = p_assessment
$$;
COMMENT ON FUNCTION lakemover._note_code_check(bigint, jsonb, boolean, text) IS 'puts what the loader found by checking the code beside its tables into an assessment';
