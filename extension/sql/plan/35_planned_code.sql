-- stage: where it can be made.
--   type     before the tables: routines and operators that need none (a generated column may call them)
--   setting  settings of tables that decide how rows are stored
--   code     behind the tables, before the load: those that need tables, but no views
--   check    extended statistics, behind the load
--   view     behind the load: views, and what needs them
--   trigger  last: triggers, rules, policies
-- rank: what an object needs has a lower one.
CREATE FUNCTION lakemover._planned_code(p_source name)
RETURNS TABLE(kind text, object_id bigint, class text, table_id bigint, target text, on_target text, stage text, rank int)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
WITH RECURSIVE code AS MATERIALIZED (
    SELECT c.kind, c.object_id, lakemover._code_class(c.kind) AS class, c.table_id, c.object_name, c.schema_name, r.target_schema, r.target_name,
           row_number() OVER (ORDER BY c.kind COLLATE "C", c.schema_name COLLATE "C", c.object_name COLLATE "C", c.object_id) AS no
      FROM lakemover.inv_code c
      LEFT JOIN lakemover.plan_routine r ON r.source = c.source AND r.kind = c.kind AND r.routine_id = c.object_id
     WHERE c.source = p_source AND (c.kind = 'table setting' OR r.action = 'move')
       AND NOT EXISTS (SELECT FROM lakemover.plan_unmoved u
                        WHERE u.source = c.source AND u.class = lakemover._code_class(c.kind) AND u.object_id = c.object_id)
), edge AS MATERIALIZED (
    SELECT DISTINCT c.no, m.no AS needs_no, m.class AS needs_class, m.no IS NULL AND n.needs_class = 'relation' AS needs_table
      FROM code c
      JOIN lakemover.inv_need n ON n.source = p_source AND n.class = c.class AND n.object_id = c.object_id
      LEFT JOIN code m ON m.class = n.needs_class AND m.object_id = n.needs_id AND m.class IN ('relation', 'routine', 'operator')
), reach AS (
    SELECT e.no, CASE WHEN e.needs_table THEN 1 ELSE 2 END AS place FROM edge e WHERE e.needs_table OR e.needs_class = 'relation'
    UNION
    SELECT e.no, r.place FROM edge e JOIN reach r ON r.no = e.needs_no
), place AS (
    SELECT r.no, max(r.place) AS place FROM reach r GROUP BY r.no
), ranked AS MATERIALIZED (
    SELECT o.table_id AS no, o.load_rank
      FROM lakemover._load_order(
               (SELECT coalesce(array_agg(c.no ORDER BY c.no), '{}') FROM code c),
               (SELECT coalesce(array_agg(e.no ORDER BY e.no, e.needs_no), '{}') FROM edge e WHERE e.needs_no IS NOT NULL),
               (SELECT coalesce(array_agg(e.needs_no ORDER BY e.no, e.needs_no), '{}') FROM edge e WHERE e.needs_no IS NOT NULL)) o
)
SELECT c.kind, c.object_id, c.class, c.table_id,
       CASE WHEN c.class IN ('routine', 'operator') THEN format('%I.%s', c.target_schema, c.target_name)
            WHEN c.kind IN ('view', 'materialized view', 'statistics') THEN format('%I.%I', c.target_schema, c.target_name)
            WHEN c.kind = 'materialized view index' THEN format('%I.%I', v.target_schema, c.object_name)
            ELSE format('%I', c.object_name) END,
       CASE WHEN t.target IS NOT NULL THEN t.target WHEN v.routine_id IS NOT NULL THEN format('%I.%I', v.target_schema, v.target_name) END,
       CASE WHEN c.class = 'relation' THEN 'view'
            WHEN c.kind = 'table setting' THEN 'setting'
            WHEN c.kind = 'statistics' THEN 'check'
            WHEN c.class NOT IN ('routine', 'operator') THEN 'trigger'
            WHEN p.place = 2 THEN 'view' WHEN p.place = 1 THEN 'code' ELSE 'type' END,
       r.load_rank
  FROM code c
  JOIN ranked r USING (no)
  LEFT JOIN place p USING (no)
  LEFT JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
  LEFT JOIN lakemover.plan_routine v ON v.source = p_source AND v.kind IN ('view', 'materialized view') AND v.routine_id = c.table_id
 WHERE c.table_id IS NULL OR t.table_id IS NOT NULL OR v.routine_id IS NOT NULL
$$;
COMMENT ON FUNCTION lakemover._planned_code(name) IS 'views, routines, triggers and other objects that move: name on the target, what they belong to, stage, and order within it';
