-- generated and default_expr are those of the target; a generated column whose expression cannot move becomes a
-- plain one, and its values are copied like any other's (_not_moved() lists it).
CREATE VIEW lakemover._planned_column AS
SELECT c.source, c.table_id, c.ordinal, c.source_column, c.target_column, i.data_type AS source_type, c.target_type,
       i.codec, i.native_type, i.native_collation, i.binary_ok, i.not_null, i.identity, i.comment, c.transform, c.pass,
       c.on_nul, c.on_surrogate, c.on_seventh_digit,
       CASE WHEN i.generated <> '' AND e.sql IS NOT NULL AND n.reason IS NULL THEN i.generated ELSE '' END AS generated,
       CASE WHEN i.generated <> '' AND e.sql IS NOT NULL AND n.reason IS NULL THEN e.sql END AS generation_expr,
       CASE WHEN i.generated = '' AND i.identity = '' AND n.reason IS NULL THEN i.default_expr END AS default_expr,
       CASE WHEN i.generated = '' AND i.identity = '' THEN n.reason END AS default_problem,
       CASE WHEN c.target_type = i.data_type OR c.target_type ~ '^(text|character|bpchar)' THEN coalesce(i."collation", CASE WHEN i.native_collation ~* '_CI_' THEN lakemover._ci_collation(c.source, i.native_collation) END) END AS "collation",
       CASE WHEN i.generated <> '' THEN coalesce(e.problem, n.reason) END AS generation_problem
  FROM lakemover.plan_column c
  JOIN lakemover.inv_column i USING (source, table_id, ordinal)
  LEFT JOIN lakemover.plan_unmoved n ON n.source = c.source AND n.class = 'default' AND n.object_id = c.table_id AND n.part = c.ordinal
  -- CASE, not a condition: the function would be called before a condition is looked at
 CROSS JOIN LATERAL lakemover._target_expression(c.source, c.table_id, CASE WHEN i.generated <> '' THEN i.default_expr END) e
 WHERE NOT c.exclude;
COMMENT ON VIEW lakemover._planned_column IS 'columns that move, with what the inventory and the plan say about each';
