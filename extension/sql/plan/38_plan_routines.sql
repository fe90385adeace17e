-- Triggers, rules, policies and statistics are named within their table; nothing calls them, and their names stay. So do
-- those of routines: whoever calls one by its name, in a text, must find it.
CREATE FUNCTION lakemover._plan_routines(p_source name) RETURNS void
LANGUAGE sql
SET lakemover_plan.writing = 'on'
SET search_path = pg_catalog, pg_temp
AS $$
WITH naming AS (
    SELECT p.naming FROM lakemover.plan p WHERE p.source = p_source
), object AS (
    SELECT c.object_id AS id, c.kind,
           CASE WHEN c.kind IN ('row security', 'forced row security') THEN format('%I.%I', c.schema_name, c.object_name)
                WHEN t.table_id IS NOT NULL THEN format('%I on %I.%I', c.object_name, t.schema_name, t.table_name)
                WHEN v.object_id IS NOT NULL THEN format('%I on %I.%I', c.object_name, v.schema_name, v.object_name)
                WHEN lakemover._code_class(c.kind) IN ('routine', 'operator') THEN format('%I.%s', c.schema_name, c.object_name)
                ELSE format('%I.%I', c.schema_name, c.object_name) END AS name,
           NULL AS reason,
           CASE WHEN c.table_id IS NULL OR c.kind = 'statistics' THEN lakemover._target_schema(p_source, c.schema_name, n.naming) END AS target_schema,
           CASE WHEN c.kind IN ('view', 'materialized view') THEN lakemover._target_name(c.object_name, n.naming)
                WHEN c.table_id IS NULL OR c.kind = 'statistics' THEN c.object_name END AS target_name
      FROM lakemover.inv_code c
     CROSS JOIN naming n
      LEFT JOIN lakemover.inv_table t ON t.source = c.source AND t.table_id = c.table_id
      LEFT JOIN lakemover.inv_code v ON v.source = c.source AND v.object_id = c.table_id AND v.kind IN ('view', 'materialized view')
     WHERE c.source = p_source AND c.kind <> 'table setting'
    UNION ALL
    SELECT r.routine_id, CASE r.kind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'function' END,
           format('%I.%I(%s)', r.schema_name, r.routine_name, r.arguments), CASE WHEN r.language = 'tsql' THEN 'routines of this engine are converted, not moved (--apply-routines)' ELSE format('it is written in %s, and is not converted', r.language) END,
           lakemover._target_schema(p_source, r.schema_name, n.naming), lakemover._target_name(r.routine_name, n.naming)
      FROM lakemover.inv_routine r CROSS JOIN naming n
     WHERE r.source = p_source AND NOT EXISTS (SELECT FROM lakemover.inv_code c WHERE c.source = r.source AND lakemover._code_class(c.kind) = 'routine' AND c.object_id = r.routine_id)
    UNION ALL
    SELECT t.trigger_id, 'trigger', format('%I on %I.%I', t.name, i.schema_name, i.table_name), 'triggers of this engine are converted, not moved (--apply-routines)',
           lakemover._target_schema(p_source, i.schema_name, n.naming), lakemover._target_name(t.name, n.naming)
      FROM lakemover.inv_trigger t JOIN lakemover.inv_table i USING (source, table_id) CROSS JOIN naming n
     WHERE t.source = p_source AND NOT EXISTS (SELECT FROM lakemover.inv_code c WHERE c.source = t.source AND c.kind = 'trigger' AND c.object_id = t.trigger_id)
    UNION ALL
    SELECT v.view_id, CASE v.kind WHEN 'f' THEN 'foreign table' ELSE 'view' END,
           format('%I.%I', v.schema_name, v.view_name),
           CASE v.kind WHEN 'f' THEN 'its rows are another server''s' ELSE 'views of this engine are converted, not moved (--apply-routines)' END,
           CASE WHEN v.kind <> 'f' THEN lakemover._target_schema(p_source, v.schema_name, n.naming) END, CASE WHEN v.kind <> 'f' THEN lakemover._target_name(v.view_name, n.naming) END
      FROM lakemover.inv_view v CROSS JOIN naming n
     WHERE v.source = p_source
       AND NOT EXISTS (SELECT FROM lakemover.inv_code c WHERE c.source = v.source AND c.kind IN ('view', 'materialized view') AND c.object_id = v.view_id)
    UNION ALL
    SELECT o.object_id, o.kind,
           CASE WHEN i.table_id IS NOT NULL THEN format('%I on %I.%I', o.object_name, i.schema_name, i.table_name)
                WHEN o.schema_name IS NOT NULL THEN format('%I.%I', o.schema_name, o.object_name)
                ELSE quote_ident(o.object_name) END,
           CASE o.kind WHEN 'event trigger' THEN 'only a superuser may create it'
                       WHEN 'synonym' THEN format('a synonym of %s', o.definition)
                       WHEN 'publication' THEN 'the target''s own matter: ' || coalesce(o.definition, 'create it there when the target is to publish')
                       ELSE 'objects of this kind are not moved' END,
           CASE WHEN o.kind = 'synonym' THEN lakemover._target_schema(p_source, o.schema_name, n.naming) END, CASE WHEN o.kind = 'synonym' THEN lakemover._target_name(o.object_name, n.naming) END
      FROM lakemover.inv_object o CROSS JOIN naming n
      LEFT JOIN lakemover.inv_table i ON i.source = o.source AND i.table_id = o.table_id
     WHERE o.source = p_source
       AND NOT (o.kind = 'collation' AND EXISTS (SELECT FROM lakemover._used_collations(p_source) c WHERE c.object_id = o.object_id))
       AND NOT EXISTS (SELECT FROM lakemover.inv_code c WHERE c.source = o.source AND c.kind = o.kind AND c.object_id = o.object_id)
), gone AS (
    DELETE FROM lakemover.plan_routine p
     WHERE p.source = p_source
       AND NOT EXISTS (SELECT FROM object WHERE object.id = p.routine_id AND object.kind = p.kind)
)
INSERT INTO lakemover.plan_routine AS p (source, routine_id, kind, source_name, reason, target_schema, target_name)
SELECT p_source, object.id, object.kind, object.name, object.reason, object.target_schema, object.target_name FROM object
    ON CONFLICT (source, kind, routine_id) DO UPDATE
   SET source_name = excluded.source_name, reason = excluded.reason,
       target_schema = CASE WHEN 'target_schema' = ANY (p.edited) THEN p.target_schema ELSE excluded.target_schema END,
       target_name = CASE WHEN 'target_name' = ANY (p.edited) AND excluded.target_name IS NOT NULL THEN p.target_name ELSE excluded.target_name END
$$;
COMMENT ON FUNCTION lakemover._plan_routines(name) IS 'lists views, routines, triggers and other objects beside the tables in plan_routine';
