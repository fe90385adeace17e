-- The class under which inv_need knows an object.
CREATE FUNCTION lakemover._code_class(p_kind text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN p_kind IN ('view', 'materialized view', 'materialized view index') THEN 'relation'
            WHEN p_kind IN ('function', 'procedure', 'trigger function', 'window function', 'aggregate') THEN 'routine'
            ELSE p_kind END
$$;
COMMENT ON FUNCTION lakemover._code_class(text) IS 'the class in inv_need and plan_unmoved of an object of inv_code';

-- Tables, sequences, views and routines that have another schema or name on the target.
CREATE VIEW lakemover._renamed_object AS
SELECT p.source, 'relation' AS class, p.table_id AS object_id, p.source_schema, p.source_table AS source_name, p.target_schema, p.target_table AS target_name,
       format('%I.%I', p.target_schema, p.target_table) AS target
  FROM lakemover.plan_table p
 WHERE (p.target_schema, p.target_table) <> (p.source_schema, p.source_table)
UNION ALL
SELECT s.source, 'relation', s.sequence_id, s.source_schema, s.source_name, s.target_schema, s.target_name, format('%I.%I', s.target_schema, s.target_name)
  FROM lakemover.plan_sequence s
 WHERE (s.target_schema, s.target_name) <> (s.source_schema, s.source_name)
UNION ALL
SELECT c.source, lakemover._code_class(c.kind), c.object_id, c.schema_name, c.object_name, r.target_schema, r.target_name,
       CASE WHEN lakemover._code_class(c.kind) = 'relation' THEN format('%I.%I', r.target_schema, r.target_name)
            ELSE format('%I.%s', r.target_schema, r.target_name) END
  FROM lakemover.inv_code c
  JOIN lakemover.plan_routine r ON r.source = c.source AND r.kind = c.kind AND r.routine_id = c.object_id
 WHERE lakemover._code_class(c.kind) IN ('relation', 'routine', 'operator') AND (r.target_schema, r.target_name) <> (c.schema_name, c.object_name);
COMMENT ON VIEW lakemover._renamed_object IS 'objects whose schema or name differs on the target; of routines and operators target_name has the types of the arguments';

-- A role of the target for one of the source; null in name: the target does not have it, or nobody has looked.
CREATE FUNCTION lakemover._target_role(p_source name, p_role text, OUT name text, OUT problem text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE WHEN f.value::jsonb ? m.name THEN m.name END,
       CASE WHEN f.value IS NULL THEN format('whether the target has the role %I is not known', m.name)
            WHEN NOT f.value::jsonb ? m.name THEN format('the target has no role %I', m.name) END
  FROM (SELECT coalesce((SELECT r.target_role FROM lakemover.role_map r WHERE r.source = p_source AND r.source_role = p_role), p_role) AS name) m
  LEFT JOIN lakemover.target_fact f ON f.name = 'roles'
$$;
COMMENT ON FUNCTION lakemover._target_role(name, text) IS 'the role of the target that stands for one of the source, or why there is none';

-- Each reason why something cannot move: its own, or that of what it needs.
CREATE FUNCTION lakemover._find_unmoved(p_source name)
RETURNS TABLE(class text, object_id bigint, part int, reason text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE code AS MATERIALIZED (
    SELECT lakemover._code_class(c.kind) AS class, c.kind, c.object_id, c.table_id, c.facts, c.definition, r.action
      FROM lakemover.inv_code c
      LEFT JOIN lakemover.plan_routine r ON r.source = c.source AND r.kind = c.kind AND r.routine_id = c.object_id
     WHERE c.source = p_source AND c.kind <> 'table setting'
), need AS MATERIALIZED (
    -- a table's own needs are its columns' types; a constraint, a default and an index come with their table
    SELECT n.*, c.kind, c.facts ->> 'options' AS options, c.definition ~* '\mselect\M' AS queries
      FROM lakemover.inv_need n
      LEFT JOIN code c ON c.class = n.class AND c.object_id = n.object_id
      LEFT JOIN lakemover.inv_index i ON i.source = n.source AND n.class = 'relation' AND i.index_id = n.object_id
     WHERE n.source = p_source
       AND (c.kind IS NOT NULL OR n.needs_class <> 'relation' AND (n.class IN ('constraint', 'default', 'type') OR i.index_id IS NOT NULL))
), known(class, object_id) AS MATERIALIZED (
    -- not from the plan, which an assessment may not have
    SELECT 'relation', i.table_id FROM lakemover.inv_table i LEFT JOIN lakemover.plan_table p USING (source, table_id)
     WHERE i.source = p_source AND p.exclude IS NOT TRUE
    UNION ALL SELECT 'relation', i.sequence_id FROM lakemover.inv_sequence i LEFT JOIN lakemover.plan_sequence p USING (source, sequence_id)
     WHERE i.source = p_source AND p.exclude IS NOT TRUE
    UNION ALL SELECT 'type', t.type_id FROM lakemover.inv_type t WHERE t.source = p_source
    UNION ALL SELECT 'constraint', i.constraint_id FROM lakemover.inv_constraint i LEFT JOIN lakemover.plan_constraint p USING (source, constraint_id)
     WHERE i.source = p_source AND p.exclude IS NOT TRUE
    UNION ALL SELECT c.class, c.object_id FROM code c
), respelt AS MATERIALIZED (
    SELECT DISTINCT p.table_id FROM lakemover.plan_column p WHERE p.source = p_source AND NOT p.exclude AND p.target_column <> p.source_column
), renamed AS MATERIALIZED (
    SELECT r.* FROM lakemover._renamed_object r WHERE r.source = p_source
), role AS (
    SELECT c.class, c.object_id, min(t.problem) AS problem
      FROM code c CROSS JOIN LATERAL jsonb_array_elements_text(c.facts -> 'roles') x(name)
     CROSS JOIN LATERAL lakemover._target_role(p_source, x.name) t
     WHERE c.kind = 'policy' GROUP BY 1, 2
), own AS (
    SELECT c.class, c.object_id, 0 AS part,
           CASE WHEN c.action = 'skip' THEN 'excluded in the plan'
                WHEN c.class = 'routine' AND c.facts ->> 'language' NOT IN ('sql', 'plpgsql')
                    THEN format('it is written in %s; only SQL and PL/pgSQL are the same on every server', c.facts ->> 'language')
                WHEN c.class = 'routine' AND (c.facts ->> 'leakproof')::boolean THEN 'it is LEAKPROOF, which only a superuser may declare'
                WHEN c.kind = 'forced row security'
                    THEN 'the owner must be able to read all rows, so that they can be proven: ALTER TABLE ... FORCE ROW LEVEL SECURITY after that'
                WHEN c.kind = 'policy' THEN role.problem
                WHEN c.kind = 'materialized view index' AND NOT (c.facts ->> 'valid')::boolean THEN 'it is invalid on the source'
                WHEN c.table_id IS NOT NULL AND NOT EXISTS (SELECT FROM known k WHERE k.class = 'relation' AND k.object_id = c.table_id)
                    THEN 'what it belongs to is not moved' END AS reason
      FROM code c LEFT JOIN role USING (class, object_id)
    UNION ALL
    SELECT 'constraint', k.constraint_id, 0, 'LIKE and patterns do not work over columns with a case-insensitive collation'
      FROM lakemover.inv_constraint k
     WHERE k.source = p_source AND k.kind = 'c' AND k.definition ~ '\mI?LIKE\M|~'
       AND EXISTS (SELECT FROM lakemover.inv_column c
                    WHERE c.source = k.source AND c.table_id = k.table_id AND c.column_name = ANY (k.columns)
                      AND c.native_collation ~* '_CI_' AND lakemover._ci_collation(p_source, c.native_collation) IS NOT NULL)
    UNION ALL
    SELECT n.class, n.object_id, n.part,
           CASE WHEN n.extension_name IS NOT NULL THEN
                     CASE WHEN EXISTS (SELECT FROM lakemover.target_fact f WHERE f.name LIKE 'extension:%')
                               AND NOT EXISTS (SELECT FROM lakemover.target_fact f WHERE f.name = 'extension:' || n.extension_name)
                          THEN format('it uses the extension %I, which the target does not have', n.extension_name) END
                WHEN n.needs_class <> 'other' AND (n.needs_class <> 'constraint' OR n.kind IS NOT NULL) AND NOT EXISTS (SELECT FROM known k WHERE k.class = n.needs_class AND k.object_id = n.needs_id)
                    THEN format('it uses %s, which is not moved', n.needs_name)
                WHEN pc.exclude AND n.kind IS NOT NULL THEN format('it uses the excluded column %I of %s', pc.source_column, n.needs_name)
                WHEN pc.target_type <> ic.data_type AND lakemover._type_change(p_source, ic.data_type, pc.target_type) IS NOT NULL AND n.kind NOT IN ('statistics')
                    THEN format('it uses the column %I of %s, whose type changes', pc.source_column, n.needs_name)
                -- such a view reads a subquery with the old names instead of the table
                WHEN n.kind = 'view' AND re.table_id IS NOT NULL AND n.options LIKE '%check_option=%'
                    THEN format('it has a CHECK OPTION, which it cannot keep over renamed columns of %s', n.needs_name)
                WHEN n.kind IN ('view', 'materialized view') AND key_of.table_id IS NOT NULL
                    THEN format('it groups by a key of %I.%I, whose columns have other names on the target', key_of.source_schema, key_of.source_table)
                WHEN pc.target_column <> pc.source_column AND n.kind NOT IN ('view', 'materialized view') AND (n.kind <> 'policy' OR n.queries)
                    THEN format('it uses the column %I of %s, which has another name on the target', pc.source_column, n.needs_name)
                WHEN ren.object_id IS NOT NULL
                     AND (n.kind IS NULL AND n.needs_class = 'routine'
                          OR n.class IN ('routine', 'operator') OR n.needs_class = 'operator'
                          OR n.kind = 'rule' AND n.needs_class = 'relation' AND ren.target_name <> ren.source_name
                          -- its own columns are said without the table's name, but where there is a query inside
                          OR n.kind = 'policy' AND n.needs_class = 'relation' AND ren.target_name <> ren.source_name AND n.queries
                          OR n.kind = 'policy' AND n.needs_class = 'routine')
                    THEN format('it uses %s, which is %s on the target', n.needs_name, ren.target) END
      FROM need n
      LEFT JOIN lakemover.plan_column pc ON n.needs_class = 'relation' AND n.needs_column > 0
           AND pc.source = n.source AND pc.table_id = n.needs_id AND pc.ordinal = n.needs_column
      LEFT JOIN lakemover.inv_column ic ON ic.source = pc.source AND ic.table_id = pc.table_id AND ic.ordinal = pc.ordinal
      LEFT JOIN respelt re ON n.needs_class = 'relation' AND re.table_id = n.needs_id
      LEFT JOIN (SELECT k.constraint_id, t.table_id, t.source_schema, t.source_table
                   FROM lakemover.plan_constraint k JOIN respelt USING (table_id)
                   JOIN lakemover.plan_table t ON t.source = p_source AND t.table_id = k.table_id
                  WHERE k.source = p_source) key_of ON n.needs_class = 'constraint' AND key_of.constraint_id = n.needs_id
      LEFT JOIN renamed ren ON ren.class = n.needs_class AND ren.object_id = n.needs_id
    UNION ALL
    SELECT c.class, c.object_id, 0, 'its text cannot be rewritten with certainty for the names on the target'
      FROM code c
      JOIN lakemover._renames(p_source) r USING (class, object_id)
      JOIN lakemover.inv_code i ON i.source = p_source AND i.kind = c.kind AND i.object_id = c.object_id
     WHERE c.kind IN ('view', 'materialized view', 'materialized view index', 'statistics', 'rule', 'trigger', 'policy')
       AND EXISTS (SELECT FROM lakemover._code_sql(p_source, i, 'x.x', 'x.x', r.renames) s WHERE s.sql IS NULL)
), unmoved AS (
    SELECT o.* FROM own o WHERE o.reason IS NOT NULL
    UNION
    SELECT n.class, n.object_id, n.part, format('it uses %s, which is not moved', n.needs_name)
      FROM unmoved u
      JOIN need n ON n.needs_class = u.class AND n.needs_id = u.object_id
     WHERE u.class <> 'type'
)
SELECT u.class, u.object_id, u.part, min(u.reason) FROM unmoved u GROUP BY 1, 2, 3
$$;
COMMENT ON FUNCTION lakemover._find_unmoved(name) IS 'what of a source cannot move, itself or for what it needs, with the reason';

CREATE FUNCTION lakemover._refresh_unmoved(p_source name) RETURNS void
LANGUAGE plpgsql
SET lakemover_plan.writing = 'on'
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DELETE FROM lakemover.plan_unmoved u WHERE u.source = p_source;
    IF NOT EXISTS (SELECT FROM lakemover.inv_need n WHERE n.source = p_source) AND NOT EXISTS (SELECT FROM lakemover.inv_code c WHERE c.source = p_source)
       AND NOT EXISTS (SELECT FROM lakemover.plan p WHERE p.source = p_source AND p.ci = 'icu') THEN
        RETURN;
    END IF;
    INSERT INTO lakemover.plan_unmoved (source, class, object_id, part, reason)
    SELECT p_source, u.class, u.object_id, u.part, u.reason FROM lakemover._find_unmoved(p_source) u;
    UPDATE lakemover.plan_routine r
       SET action = CASE WHEN 'action' = ANY (r.edited) THEN r.action WHEN s.reason IS NULL THEN 'move' ELSE 'report' END,
           reason = s.reason
      FROM (SELECT c.kind, c.object_id, u.reason
              FROM lakemover.inv_code c
              LEFT JOIN lakemover.plan_unmoved u ON u.source = c.source AND u.class = lakemover._code_class(c.kind) AND u.object_id = c.object_id AND u.part = 0
             WHERE c.source = p_source) s
     WHERE r.source = p_source AND r.kind = s.kind AND r.routine_id = s.object_id
       AND (r.reason IS DISTINCT FROM s.reason OR NOT 'action' = ANY (r.edited) AND r.action <> CASE WHEN s.reason IS NULL THEN 'move' ELSE 'report' END);
END
$$;
COMMENT ON FUNCTION lakemover._refresh_unmoved(name) IS 'works out anew what of a source cannot move';
