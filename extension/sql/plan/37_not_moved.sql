-- Everything of the source that the target will not have, with the reason. Objects that a DBA excluded are listed, too:
-- whoever signs the result must see them.
CREATE FUNCTION lakemover.not_moved(p_source name)
RETURNS TABLE(table_id bigint, kind text, object text, reason text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
SELECT NULL::bigint, r.kind, r.source_name, r.reason
  FROM lakemover.plan_routine r
 WHERE r.source = p_source AND r.reason IS NOT NULL
   AND (r.action <> 'skip' OR r.reason = 'excluded in the plan')
UNION ALL
SELECT NULL, 'text of ' || x.kind, x.source_name, x.problem FROM lakemover._routine_texts(p_source) x
UNION ALL
SELECT NULL, 'privileges', g.grantee, g.problem FROM lakemover._unmoved_grants(p_source) g
UNION ALL
SELECT NULL, 'large objects', l.object, l.reason FROM lakemover._unmoved_large_objects(p_source) l
UNION ALL
SELECT NULL, 'owner', o.owner, o.problem FROM lakemover._unmoved_owners(p_source) o
UNION ALL
SELECT NULL, 'domain check', format('%I.%I', y.schema_name, y.type_name), n.reason
  FROM lakemover.inv_type y JOIN lakemover.plan_unmoved n ON n.source = y.source AND n.class = 'type' AND n.object_id = y.type_id
 WHERE y.source = p_source AND y.kind = 'd'
UNION ALL
SELECT c.table_id, 'default', format('%I.%I.%I', t.source_schema, t.source_table, c.source_column), c.default_problem
  FROM lakemover._planned_table t
  JOIN lakemover._planned_column c USING (source, table_id)
 WHERE t.source = p_source AND c.default_problem IS NOT NULL
UNION ALL
SELECT t.table_id, 'table', format('%I.%I', t.source_schema, t.source_table), 'excluded in the plan'
  FROM lakemover.plan_table t
 WHERE t.source = p_source AND t.exclude
UNION ALL
SELECT c.table_id, 'column', format('%I.%I.%I', t.source_schema, t.source_table, c.source_column), 'excluded in the plan'
  FROM lakemover._planned_table t
  JOIN lakemover.plan_column c USING (source, table_id)
 WHERE t.source = p_source AND c.exclude
UNION ALL
SELECT c.table_id, 'generated column', format('%I.%I.%I', t.source_schema, t.source_table, c.source_column),
       format('becomes a plain column with the same values: %s', c.generation_problem)
  FROM lakemover._planned_table t
  JOIN lakemover._planned_column c USING (source, table_id)
 WHERE t.source = p_source AND c.generation_problem IS NOT NULL
UNION ALL
SELECT c.table_id, 'default', format('%I.%I.%I', t.source_schema, t.source_table, c.source_column), e.problem
  FROM lakemover._planned_table t
  JOIN lakemover._planned_column c USING (source, table_id)
 CROSS JOIN LATERAL lakemover._target_expression(p_source, NULL, c.default_expr) e
 WHERE t.source = p_source AND c.default_expr IS NOT NULL AND e.problem IS NOT NULL
UNION ALL
SELECT c.table_id, 'domain', format('%I.%I.%I', t.source_schema, t.source_table, c.source_column),
       format('the column becomes %s: default, NOT NULL and checks of the domain %s do not apply', c.target_type, c.source_type)
  FROM lakemover._planned_table t
  JOIN lakemover._planned_column c USING (source, table_id)
  JOIN lakemover.inv_type d ON d.source = p_source AND d.kind = 'd'
       AND format('%I.%I', d.schema_name, d.type_name) = regexp_replace(c.source_type, '(\[\])+$', '')
 WHERE t.source = p_source AND c.target_type <> c.source_type
UNION ALL
SELECT n.table_id, n.kind, format('%I.%I.%I', t.source_schema, t.source_table, n.object_name), n.reason
  FROM lakemover.inv_not_translated n
  JOIN lakemover._planned_table t USING (source, table_id)
 WHERE n.source = p_source
UNION ALL
SELECT t.table_id, 'unlogged', t.target, 'the table becomes an ordinary one: an unlogged table is emptied by a crash'
  FROM lakemover._planned_table t
  JOIN lakemover.inv_table i USING (source, table_id)
 WHERE t.source = p_source AND i.persistence = 'u'
UNION ALL
SELECT c.table_id,
       CASE c.kind WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key'
                   ELSE 'exclusion' END,
       format('%I.%I.%I', t.source_schema, t.source_table, c.source_name), c.reason
  FROM lakemover._planned_constraints(p_source) c
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
 WHERE c.reason IS NOT NULL AND NOT c.is_inherited
UNION ALL
SELECT c.table_id,
       CASE c.kind WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key'
                   ELSE 'exclusion' END,
       format('%I.%I.%I', t.source_schema, t.source_table, c.source_name), 'excluded in the plan'
  FROM lakemover.plan_constraint c
  JOIN lakemover._planned_table t USING (source, table_id)
 WHERE c.source = p_source AND c.exclude
UNION ALL
SELECT i.table_id, 'index', format('%I.%I', t.source_schema, i.source_name), i.reason
  FROM lakemover._planned_indexes(p_source) i
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = i.table_id
 WHERE i.reason IS NOT NULL
UNION ALL
SELECT i.table_id, 'index', format('%I.%I', t.source_schema, i.source_name), 'excluded in the plan'
  FROM lakemover.plan_index i
  JOIN lakemover._planned_table t USING (source, table_id)
 WHERE i.source = p_source AND i.exclude
UNION ALL
SELECT i.owner_table_id, 'sequence', format('%I.%I', s.source_schema, s.source_name), 'excluded in the plan'
  FROM lakemover.plan_sequence s
  JOIN lakemover.inv_sequence i USING (source, sequence_id)
 WHERE s.source = p_source AND s.exclude
UNION ALL
SELECT i.owner_table_id, 'sequence value', format('%I.%I', s.source_schema, s.source_name),
       'the source''s user may not read the sequence: the target''s starts anew'
  FROM lakemover.plan_sequence s
  JOIN lakemover.inv_sequence i USING (source, sequence_id)
 WHERE s.source = p_source AND NOT s.exclude AND i.last_value IS NULL
 ORDER BY 2, 3
$$;
COMMENT ON FUNCTION lakemover.not_moved(name) IS 'what of the source the target will not have, and why: excluded objects, objects of kinds that cannot move, constraints that cannot be expressed';
