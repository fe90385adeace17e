CREATE FUNCTION lakemover._plan_routines(p_source name) RETURNS void
LANGUAGE sql
SET lakemover_plan.writing = 'on'
SET search_path = pg_catalog, pg_temp
AS $$
WITH object AS (
    SELECT r.routine_id AS id,
           CASE r.kind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' WHEN 'w' THEN 'window function'
                       WHEN 't' THEN 'trigger function' ELSE 'function' END AS kind,
           format('%I.%I(%s)', r.schema_name, r.routine_name, r.arguments) AS name,
           'routines are not moved in this version' AS reason
      FROM lakemover.inv_routine r WHERE r.source = p_source
    UNION ALL
    SELECT t.trigger_id, 'trigger', format('%I on %I.%I', t.name, i.schema_name, i.table_name),
           'triggers are not moved in this version'
      FROM lakemover.inv_trigger t JOIN lakemover.inv_table i USING (source, table_id) WHERE t.source = p_source
    UNION ALL
    SELECT v.view_id, CASE v.kind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' ELSE 'foreign table' END,
           format('%I.%I', v.schema_name, v.view_name),
           CASE v.kind WHEN 'f' THEN 'its rows are another server''s' ELSE 'views are not moved in this version' END
      FROM lakemover.inv_view v WHERE v.source = p_source
    UNION ALL
    SELECT o.object_id, o.kind,
           CASE WHEN i.table_id IS NOT NULL THEN format('%I on %I.%I', o.object_name, i.schema_name, i.table_name)
                WHEN o.schema_name IS NOT NULL THEN format('%I.%I', o.schema_name, o.object_name)
                ELSE quote_ident(o.object_name) END,
           'objects of this kind are not moved in this version'
      FROM lakemover.inv_object o
      LEFT JOIN lakemover.inv_table i ON i.source = o.source AND i.table_id = o.table_id
     WHERE o.source = p_source
       AND NOT (o.kind = 'collation' AND EXISTS (SELECT FROM lakemover._used_collations(p_source) c WHERE c.object_id = o.object_id))
    UNION ALL
    SELECT t.table_id, 'row security', format('%I.%I', t.schema_name, t.table_name),
           'the table moves without row security, which would hide rows behind policies that are not there'
      FROM lakemover.inv_table t WHERE t.source = p_source AND t.row_security
), gone AS (
    DELETE FROM lakemover.plan_routine p
     WHERE p.source = p_source
       AND NOT EXISTS (SELECT FROM object WHERE object.id = p.routine_id AND object.kind = p.kind)
)
INSERT INTO lakemover.plan_routine AS p (source, routine_id, kind, source_name, reason)
SELECT p_source, object.id, object.kind, object.name, object.reason FROM object
    ON CONFLICT (source, kind, routine_id) DO UPDATE
   SET source_name = excluded.source_name, reason = excluded.reason
$$;
COMMENT ON FUNCTION lakemover._plan_routines(name) IS 'lists the objects that hold code, and others that do not move by themselves, in plan_routine';
