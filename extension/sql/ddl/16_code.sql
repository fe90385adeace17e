CREATE FUNCTION lakemover._routine_name(p_signature text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT (parse_ident((regexp_match(p_signature, '^("(?:[^"]|"")*"|[^(]+)'))[1]))[1]
$$;
COMMENT ON FUNCTION lakemover._routine_name(text) IS 'the bare name, without quotes, of a routine that is given with the types of its arguments';

-- One row for each object that needs something with another name on the target. A view's query gets, in the place of a table
-- with renamed columns, a subquery that has the old names.
CREATE FUNCTION lakemover._renames(p_source name) RETURNS TABLE(class text, object_id bigint, renames jsonb)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
WITH respelt AS (
    SELECT c.table_id, string_agg(format('%I AS %I', c.target_column, c.source_column), ', ' ORDER BY c.ordinal) AS columns
      FROM lakemover.plan_column c
     WHERE c.source = p_source AND NOT c.exclude
     GROUP BY c.table_id HAVING bool_or(c.target_column <> c.source_column)
), renamed AS MATERIALIZED (
    SELECT 'relation' AS class, t.table_id AS object_id, t.source_schema, t.source_table AS source_name, t.target_schema, t.target_table AS target_name, r.columns
      FROM lakemover.plan_table t LEFT JOIN respelt r USING (table_id)
     WHERE t.source = p_source AND (r.table_id IS NOT NULL OR (t.target_schema, t.target_table) <> (t.source_schema, t.source_table))
    UNION ALL
    SELECT 'relation', q.sequence_id, q.source_schema, q.source_name, q.target_schema, q.target_name, NULL
      FROM lakemover.plan_sequence q
     WHERE q.source = p_source AND (q.target_schema, q.target_name) <> (q.source_schema, q.source_name)
    UNION ALL
    -- a routine stands in a text without the types of its arguments
    SELECT k.class, c.object_id, c.schema_name, CASE k.class WHEN 'relation' THEN c.object_name ELSE lakemover._routine_name(c.object_name) END,
           r.target_schema, CASE k.class WHEN 'relation' THEN r.target_name ELSE lakemover._routine_name(r.target_name) END, NULL
      FROM lakemover.inv_code c
     CROSS JOIN LATERAL (SELECT lakemover._code_class(c.kind) AS class) k
      JOIN lakemover.plan_routine r ON r.source = c.source AND r.kind = c.kind AND r.routine_id = c.object_id
     WHERE c.source = p_source AND k.class IN ('relation', 'routine') AND (r.target_schema, r.target_name) <> (c.schema_name, c.object_name)
), need AS (
    SELECT DISTINCT n.class, n.object_id, n.needs_class, n.needs_id FROM lakemover.inv_need n WHERE n.source = p_source
), used AS (
    SELECT n.class, n.object_id, r.*, CASE WHEN n.class = 'relation' THEN r.columns END AS subquery,
           format('%I.%I', r.target_schema, r.target_name) AS target
      FROM need n JOIN renamed r(class_of, id, source_schema, source_name, target_schema, target_name, columns)
           ON r.class_of = n.needs_class AND r.id = n.needs_id
)
SELECT u.class, u.object_id,
       jsonb_object_agg(to_jsonb(ARRAY[u.source_schema, u.source_name])::text,
           jsonb_build_object('to', u.target,
                              'alias', CASE WHEN u.class_of = 'relation' AND (u.target_name <> u.source_name OR u.subquery IS NOT NULL) THEN quote_ident(u.source_name) END,
                              'from', CASE WHEN u.subquery IS NOT NULL THEN format('(SELECT %s FROM %s)', u.subquery, u.target) END))
  FROM used u
 WHERE u.subquery IS NOT NULL OR (u.target_schema, u.target_name) <> (u.source_schema, u.source_name)
 GROUP BY u.class, u.object_id
$$;
COMMENT ON FUNCTION lakemover._renames(name) IS 'per object, what has another name on the target of all that it needs, for _rename_relations()';

-- How an object of each kind is made on the target, from what the source printed. Null where a text cannot be rewritten with
-- certainty for other names; such an object is in plan_unmoved.
CREATE FUNCTION lakemover._code_sql(p_source name, p_code lakemover.inv_code, p_target text, p_on text, p_renames jsonb)
RETURNS TABLE(no int, kind text, sql text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_class   text := lakemover._code_class(p_code.kind);
    v_renames jsonb := p_renames;
    -- of a routine or operator: with the point behind it
    v_schema  text := (regexp_match(p_target, '^((?:"(?:[^"]|"")*"|[^".]+)\.)'))[1];
    v_json    jsonb;
    v_sql     text;
    v_using   text;
    v_check   text;
BEGIN
    CASE
    WHEN p_code.kind IN ('view', 'materialized view') THEN
        v_json := p_code.definition::jsonb;
        SELECT r.sql INTO v_sql FROM lakemover._rename_relations(rtrim(v_json ->> 'query', E'; \n'), v_renames, true) r;
        RETURN QUERY SELECT 1, p_code.kind,
            format('CREATE %s %s%s AS%s%s', upper(p_code.kind), p_target,
                   (SELECT ' WITH (' || string_agg(format('%s=%L', split_part(o.text, '=', 1), substr(o.text, strpos(o.text, '=') + 1)), ', ') || ')'
                      FROM jsonb_array_elements_text(p_code.facts -> 'options') o(text)),
                   E'\n' || v_sql,
                   CASE WHEN p_code.kind = 'materialized view' THEN CASE WHEN (p_code.facts ->> 'populated')::boolean THEN E'\n  WITH DATA' ELSE E'\n  WITH NO DATA' END ELSE '' END);
        RETURN QUERY SELECT 2, 'default', format('ALTER VIEW %s ALTER COLUMN %I SET DEFAULT %s', p_target, d.key, r.sql)
                       FROM jsonb_each_text(CASE jsonb_typeof(v_json -> 'defaults') WHEN 'object' THEN v_json -> 'defaults' ELSE '{}' END) d
                      CROSS JOIN LATERAL lakemover._target_expression(p_source, NULL, d.value) r
                      WHERE r.sql IS NOT NULL;
    WHEN p_code.kind IN ('materialized view index', 'statistics', 'rule', 'trigger') THEN
        -- the name of the object itself is qualified in statistics only
        IF p_code.kind = 'statistics' THEN
            v_renames := v_renames || jsonb_build_object(to_jsonb(ARRAY[p_code.schema_name, p_code.object_name])::text, jsonb_build_object('to', p_target));
        END IF;
        SELECT r.sql INTO v_sql FROM lakemover._rename_relations(rtrim(p_code.definition, E'; \n'), v_renames, false) r;
        RETURN QUERY SELECT 1, p_code.kind, v_sql;
        IF p_code.kind = 'statistics' AND (p_code.facts ->> 'target')::int >= 0 THEN
            RETURN QUERY SELECT 2, 'statistics target', format('ALTER STATISTICS %s SET STATISTICS %s', p_target, p_code.facts ->> 'target');
        ELSIF p_code.facts ->> 'enabled' <> 'O' THEN
            RETURN QUERY SELECT 2, p_code.kind || ' state', format('ALTER TABLE %s %s %s %s', p_on,
                CASE p_code.facts ->> 'enabled' WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' ELSE 'ENABLE ALWAYS' END, upper(p_code.kind), p_target);
        END IF;
    WHEN p_code.kind = 'aggregate' THEN
        RETURN QUERY SELECT 1, p_code.kind, format('CREATE AGGREGATE %s%s', (regexp_match(p_target, '^(.*)\(.*\)$'))[1], p_code.definition);
    WHEN p_code.kind = 'operator' THEN
        v_json := p_code.definition::jsonb;
        RETURN QUERY SELECT 1, p_code.kind, format('CREATE OPERATOR %s%s (%s)', v_schema, v_json ->> 'name', v_json ->> 'options');
    WHEN v_class = 'routine' THEN
        -- OR REPLACE would take the place of somebody else's
        v_sql := CASE WHEN p_code.kind = 'procedure' THEN 'PROCEDURE ' ELSE 'FUNCTION ' END;
        v_using := 'CREATE OR REPLACE ' || v_sql || quote_ident(p_code.schema_name) || '.';
        IF NOT starts_with(p_code.definition, v_using) THEN
            RAISE EXCEPTION 'definition of %.% begins unlike any other', p_code.schema_name, p_code.object_name;
        END IF;
        RETURN QUERY SELECT 1, p_code.kind, 'CREATE ' || v_sql || v_schema || rtrim(substr(p_code.definition, length(v_using) + 1), E'\n');
    WHEN p_code.kind = 'policy' THEN
        v_json := p_code.definition::jsonb;
        SELECT r.sql INTO v_using FROM lakemover._target_expression(p_source, p_code.table_id, v_json ->> 'using') e
         CROSS JOIN LATERAL lakemover._rename_relations(e.sql, v_renames, false) r;
        SELECT r.sql INTO v_check FROM lakemover._target_expression(p_source, p_code.table_id, v_json ->> 'check') e
         CROSS JOIN LATERAL lakemover._rename_relations(e.sql, v_renames, false) r;
        RETURN QUERY SELECT 1, p_code.kind,
            CASE WHEN (v_using IS NULL) = (v_json ->> 'using' IS NULL) AND (v_check IS NULL) = (v_json ->> 'check' IS NULL) THEN
            concat_ws(' ', format('CREATE POLICY %s ON %s AS %s FOR %s TO %s', p_target, p_on,
                   CASE WHEN (p_code.facts ->> 'permissive')::boolean THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END,
                   CASE p_code.facts ->> 'command' WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END,
                   coalesce((SELECT string_agg(quote_ident(t.name), ', ') FROM jsonb_array_elements_text(p_code.facts -> 'roles') x(name)
                              CROSS JOIN LATERAL lakemover._target_role(p_source, x.name) t), 'PUBLIC')),
                   'USING (' || v_using || ')', 'WITH CHECK (' || v_check || ')') END;
    WHEN p_code.kind = 'row security' THEN
        RETURN QUERY SELECT 1, p_code.kind, format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', p_on);
    ELSE
        RETURN;
    END CASE;
END
$$;
COMMENT ON FUNCTION lakemover._code_sql(name, lakemover.inv_code, text, text, jsonb) IS 'the statements that make an object on the target; sql is null where the text cannot be had';

-- One statement each: what a target does not take must not keep it from the rest. Settings of a column whose type changes stay behind.
CREATE FUNCTION lakemover._ddl_settings(p_source name)
RETURNS TABLE(stage text, table_id bigint, kind text, object text, sql text, no bigint)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH setting AS (
    SELECT c.table_id, t.target, t.target_schema, c.facts, c.definition::jsonb AS options
      FROM lakemover.inv_code c JOIN lakemover._planned_table t ON t.source = c.source AND t.table_id = c.table_id
     WHERE c.source = p_source AND c.kind = 'table setting'
), relation_option AS (
    SELECT s.table_id, s.target, o.prefix || split_part(x.text, '=', 1) AS name, substr(x.text, strpos(x.text, '=') + 1) AS value, o.no, x.no AS place
      FROM setting s
     CROSS JOIN (VALUES (1, 'options', ''), (2, 'toast', 'toast.')) o(no, member, prefix)
     CROSS JOIN LATERAL jsonb_array_elements_text(CASE jsonb_typeof(s.options -> o.member) WHEN 'array' THEN s.options -> o.member ELSE '[]' END)
           WITH ORDINALITY x(text, no)
), of_column AS (
    SELECT s.table_id, s.target, c.target_column, x.pair -> 1 AS settings
      FROM setting s
     CROSS JOIN LATERAL jsonb_array_elements(coalesce(s.facts -> 'columns', '[]')) x(pair)
      JOIN lakemover._planned_column c ON c.source = p_source AND c.table_id = s.table_id AND c.source_column = x.pair ->> 0
     WHERE c.target_type = c.source_type
), of_index AS (
    SELECT s.table_id, s.target, w.what, coalesce(i.target_name, k.target_name) AS index_name
      FROM setting s
     CROSS JOIN (VALUES ('replica_index', 'REPLICA IDENTITY USING INDEX'), ('cluster_index', 'CLUSTER ON')) w(member, what)
      LEFT JOIN lakemover.plan_index i ON i.source = p_source AND i.table_id = s.table_id AND i.source_name = s.facts ->> w.member AND NOT i.exclude
      LEFT JOIN lakemover.plan_constraint k ON k.source = p_source AND k.table_id = s.table_id AND k.source_name = s.facts ->> w.member AND NOT k.exclude
     WHERE s.facts ? w.member
)
SELECT 'setting', o.table_id, 'table setting', o.target || ' ' || o.name, format('ALTER TABLE ONLY %s SET (%s = %L)', o.target, o.name, o.value), o.no * 10000 + o.place
  FROM relation_option o
UNION ALL
SELECT 'setting', c.table_id, 'column setting', format('%s.%I %s', c.target, c.target_column, s.key),
       format('ALTER TABLE ONLY %s ALTER COLUMN %I %s', c.target, c.target_column,
              CASE s.key WHEN 'statistics' THEN 'SET STATISTICS ' || s.value WHEN 'storage' THEN 'SET STORAGE ' || s.value
                         WHEN 'compression' THEN 'SET COMPRESSION ' || s.value ELSE format('SET (%s = %L)', s.key, s.value) END), 0
  FROM of_column c CROSS JOIN LATERAL jsonb_each_text(c.settings) s
UNION ALL
SELECT 'setting', s.table_id, 'replica identity', s.target, format('ALTER TABLE ONLY %s REPLICA IDENTITY %s', s.target, CASE s.facts ->> 'replica_identity' WHEN 'f' THEN 'FULL' ELSE 'NOTHING' END), 0
  FROM setting s WHERE s.facts ? 'replica_identity'
UNION ALL
SELECT 'check', i.table_id, lower(split_part(i.what, ' USING', 1)), i.target, format('ALTER TABLE ONLY %s %s %I', i.target, i.what, i.index_name), 0
  FROM of_index i WHERE i.index_name IS NOT NULL
$$;
COMMENT ON FUNCTION lakemover._ddl_settings(name) IS 'statements for settings of tables and columns, replica identity and CLUSTER';

CREATE FUNCTION lakemover._ddl_code(p_source name)
RETURNS TABLE(stage text, no bigint, table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
WITH code AS MATERIALIZED (
    SELECT p.stage, p.rank, p.target, p.on_target, t.table_id, i AS row, i.object_id, i.kind, i.comments, coalesce(r.renames, '{}') AS renames
      FROM lakemover._planned_code(p_source) p
      JOIN lakemover.inv_code i ON i.source = p_source AND i.kind = p.kind AND i.object_id = p.object_id
      LEFT JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = p.table_id
      LEFT JOIN lakemover._renames(p_source) r ON r.class = p.class AND r.object_id = p.object_id
     WHERE p.kind <> 'table setting'
), statement AS (
    SELECT c.stage, c.rank, c.table_id, s.kind,
           CASE WHEN c.on_target IS NULL OR c.kind IN ('statistics', 'materialized view index') THEN c.target
                WHEN c.kind = 'row security' THEN c.on_target ELSE format('%s ON %s', c.target, c.on_target) END AS object, s.no AS part, s.sql
      FROM code c CROSS JOIN LATERAL lakemover._code_sql(p_source, c.row, c.target, c.on_target, c.renames) s
     WHERE s.sql IS NOT NULL
    UNION ALL
    -- the checks that call a routine: it is there now
    SELECT 'type', 1000000, NULL, 'domain check', format('%I.%I', t.schema_name, t.type_name), 3,
           format('ALTER DOMAIN %I.%I ADD CONSTRAINT %I %s', t.schema_name, t.type_name, k.item ->> 'name', k.item ->> 'definition')
      FROM lakemover.inv_type t CROSS JOIN LATERAL jsonb_array_elements(t.definition -> 'checks') k(item)
     WHERE t.source = p_source AND t.kind = 'd' AND (k.item ->> 'validated')::boolean AND lakemover._type_calls(p_source, t.type_id)
       AND NOT EXISTS (SELECT FROM lakemover.plan_unmoved u WHERE u.source = p_source AND u.class = 'type' AND u.object_id = t.type_id)
    UNION ALL
    SELECT s.stage, s.no, s.table_id, s.kind, s.object, 0, s.sql FROM lakemover._ddl_settings(p_source) s
    UNION ALL
    SELECT 'comment', c.rank, c.table_id, 'comment', o.object, 4, format('COMMENT ON %s IS %L', o.object, k.value)
      FROM code c
     CROSS JOIN LATERAL jsonb_each_text(c.comments) k
     CROSS JOIN LATERAL (
           SELECT CASE WHEN k.key <> '' THEN format('COLUMN %s.%I', c.target, k.key)
                       WHEN c.kind = 'materialized view index' THEN 'INDEX ' || c.target
                       WHEN lakemover._code_class(c.kind) = 'routine' THEN 'ROUTINE ' || c.target
                       WHEN c.kind = 'operator' THEN 'OPERATOR ' || regexp_replace(c.target, '\(([^()]*)\)$', ' (\1)')
                       WHEN c.kind IN ('trigger', 'rule', 'policy') THEN format('%s %s ON %s', upper(c.kind), c.target, c.on_target)
                       ELSE format('%s %s', upper(c.kind), c.target) END AS object) o
)
SELECT s.stage, row_number() OVER (ORDER BY s.rank, s.object COLLATE "C", s.part, s.sql COLLATE "C"), s.table_id, s.kind, s.object, s.sql
  FROM statement s
$$;
COMMENT ON FUNCTION lakemover._ddl_code(name) IS 'statements for views, routines, triggers and the like, settings of tables, and their comments, by stage';
