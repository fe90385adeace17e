-- One finding per name, check and object. What counts is the name that the target will get; a name
-- that the plan maps, keeps or excludes stays in the list as INFO that says so.
CREATE FUNCTION lakemover._check_names(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH tables AS MATERIALIZED (
        SELECT t.table_id, t.schema_name, t.table_name, coalesce(p.target_schema, t.schema_name) AS target_schema,
               coalesce(p.target_table, t.table_name) AS target_table, coalesce(p.keep_quoted, false) AS keep_quoted,
               coalesce(p.exclude, false) AS exclude
          FROM lakemover.inv_table t
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
         WHERE t.source = p_source
    ), schemas AS (
        -- A table that still goes into a schema of this name, kept quoted or not, decides for the schema.
        SELECT s.schema_name, count(t.table_id) AS tables,
               coalesce(min(t.target_schema) FILTER (WHERE NOT t.exclude AND NOT t.keep_quoted AND t.target_schema = s.schema_name),
                        min(t.target_schema) FILTER (WHERE NOT t.exclude AND NOT t.keep_quoted), s.schema_name) AS target,
               coalesce(bool_and(t.exclude OR t.keep_quoted), true) AND NOT coalesce(bool_and(t.exclude), false) AS keep_quoted,
               coalesce(bool_and(t.exclude), false) AS exclude
          FROM lakemover.inv_schema s LEFT JOIN tables t ON t.schema_name = s.schema_name
         WHERE s.source = p_source
           AND (t.table_id IS NOT NULL
                OR EXISTS (SELECT FROM lakemover.inv_type y WHERE y.source = p_source AND y.schema_name = s.schema_name)
                OR EXISTS (SELECT FROM lakemover.inv_sequence q WHERE q.source = p_source AND q.schema_name = s.schema_name))
         GROUP BY s.schema_name
    ), names AS (
        SELECT 1 AS level, 'schema' AS what, s.schema_name, NULL::text AS object_name, NULL::text AS column_name,
               quote_ident(s.schema_name) AS shown, s.schema_name AS name, s.target, s.keep_quoted, s.exclude,
               'plan_table SET target_schema' AS setting,
               format('source_schema = %L', s.schema_name) AS place
          FROM schemas s
        UNION ALL
        SELECT 2, 'table', t.schema_name, t.table_name, NULL, format('%I.%I', t.schema_name, t.table_name),
               t.table_name, t.target_table, t.keep_quoted, t.exclude,
               'plan_table SET target_table',
               format('source_schema = %L AND source_table = %L', t.schema_name, t.table_name)
          FROM tables t
        UNION ALL
        -- Inherited columns and those of partitions follow the table that declares them.
        SELECT 3, 'column', t.schema_name, t.table_name, c.column_name, format('%I.%I.%I', t.schema_name, t.table_name, c.column_name),
               c.column_name, coalesce(p.target_column, c.column_name), coalesce(p.keep_quoted, false), coalesce(p.exclude, false),
               'plan_column SET target_column',
               format('table_id = %s AND source_column = %L', t.table_id, c.column_name)
          FROM tables t
          JOIN lakemover.inv_column c ON c.source = p_source AND c.table_id = t.table_id AND c.is_local
          LEFT JOIN lakemover.plan_column p ON p.source = p_source AND p.table_id = c.table_id AND p.ordinal = c.ordinal
         WHERE NOT t.exclude
    ), doubtful AS (
        -- Most names are plain: the pattern is much cheaper than the function that knows why one is not.
        SELECT n.* FROM names n
         WHERE n.name !~ '^[A-Za-z_][A-Za-z0-9_]*$' OR octet_length(n.target) > 63
            OR lower(n.name) IN (SELECT w.word FROM lakemover.reserved_word w)
            OR (n.target <> n.name AND (n.target !~ '^[A-Za-z_][A-Za-z0-9_]*$' OR lower(n.target) IN (SELECT w.word FROM lakemover.reserved_word w)))
    ), judged AS (
        SELECT 'naming' AS check_id, n.*, lakemover._identifier_problem(n.name) AS was, lakemover._identifier_problem(n.target) AS is_now
          FROM doubtful n
        UNION ALL
        SELECT 'reserved', n.*,
               (SELECT 'is the word ' || upper(w.word) || ', ' || w.category FROM lakemover.reserved_word w WHERE w.word = lower(n.name)),
               (SELECT 'is the word ' || upper(w.word) || ', ' || w.category FROM lakemover.reserved_word w WHERE w.word = lower(n.target))
          FROM doubtful n
    )
    SELECT j.check_id,
           CASE WHEN j.exclude OR j.keep_quoted OR j.is_now IS NULL THEN 'INFO' END,
           j.schema_name, j.object_name, j.column_name,
           CASE WHEN j.exclude THEN format('%s %s: the name %s; excluded by the plan', j.what, j.shown, coalesce(j.was, j.is_now))
                WHEN j.keep_quoted THEN format('%s %s: the name %s; kept in quotes by the plan', j.what, j.shown, coalesce(j.is_now, j.was))
                WHEN j.is_now IS NULL THEN format('%s %s: the name %s; the plan maps it to %I', j.what, j.shown, j.was, j.target)
                WHEN j.target = j.name THEN format('%s %s: the name %s', j.what, j.shown, j.is_now)
                ELSE format('%s %s: the plan maps it to "%s", a name that %s', j.what, j.shown, j.target, j.is_now) END,
           jsonb_strip_nulls(jsonb_build_object('kind', j.what, 'name', j.name, 'target_name', NULLIF(j.target, j.name),
                                                'problem', coalesce(j.is_now, j.was))),
           CASE WHEN NOT (j.exclude OR j.keep_quoted OR j.is_now IS NULL)
                THEN format('UPDATE lakemover.%s = %L WHERE source = %L AND %s;', j.setting,
                            lakemover._suggest_name(j.name, j.what), p_source, j.place) END
      FROM judged j
     WHERE j.was IS NOT NULL OR (j.is_now IS NOT NULL AND NOT j.exclude)
     ORDER BY j.check_id, j.level, j.schema_name, j.object_name, j.column_name
$$;
COMMENT ON FUNCTION lakemover._check_names(name) IS 'checks naming and reserved';
