-- The body of a routine is a text that nobody parsed: it may name what has another name on the target. The routine moves as it
-- is, and whoever signs must know.
CREATE FUNCTION lakemover._routine_texts(p_source name) RETURNS TABLE(kind text, source_name text, problem text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH renamed AS MATERIALIZED (
    SELECT DISTINCT n.name FROM (
        SELECT r.source_name AS name FROM lakemover._renamed_object r WHERE r.source = p_source AND r.class = 'relation' AND r.target_name <> r.source_name
        UNION ALL
        SELECT r.source_schema FROM lakemover._renamed_object r WHERE r.source = p_source AND r.target_schema <> r.source_schema
        UNION ALL
        SELECT c.source_column FROM lakemover._planned_table t JOIN lakemover.plan_column c USING (source, table_id)
         WHERE t.source = p_source AND (c.target_column <> c.source_column OR c.exclude)) n
), body AS (
    -- behind the head, whose names are parsed
    SELECT c.kind, r.source_name, lower(substr(c.definition, strpos(c.definition, E'\nAS '))) AS text
      FROM lakemover.inv_code c
      JOIN lakemover.plan_routine r ON r.source = c.source AND r.kind = c.kind AND r.routine_id = c.object_id
     WHERE c.source = p_source AND r.action = 'move' AND c.facts ->> 'body' <> 'atomic'
       AND EXISTS (SELECT FROM renamed)
)
SELECT b.kind, b.source_name, format('its text names %s, which the plan renames or excludes: look into it on the target',
                                     string_agg(quote_ident(n.name), ', ' ORDER BY n.name))
  FROM body b JOIN renamed n ON strpos(b.text, lower(n.name)) > 0
       AND EXISTS (SELECT FROM regexp_split_to_table(b.text, '[^[:alnum:]_$]+') w(word) WHERE w.word = lower(n.name) OR n.name ~ '[^[:alnum:]_$]')
 GROUP BY b.kind, b.source_name
$$;
COMMENT ON FUNCTION lakemover._routine_texts(name) IS 'routines whose text names what has another name on the target';
