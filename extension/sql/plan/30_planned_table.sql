CREATE VIEW lakemover._planned_table AS
SELECT p.source, p.table_id, i.kind, i.parent_id, i.inherits, i.partition_key, i.partition_bound, i.row_estimate,
       i.table_bytes, i.pages, i.comment, p.source_schema, p.source_table, p.target_schema, p.target_table,
       format('%I.%I', p.target_schema, p.target_table) AS target
  FROM lakemover.plan_table p
  JOIN lakemover.inv_table i USING (source, table_id)
 WHERE NOT p.exclude;
COMMENT ON VIEW lakemover._planned_table IS 'tables that move, with what the inventory and the plan say about each';
