-- Of all other tables an expression is on the target what it is on the source, and nobody needs to look into it.
CREATE VIEW lakemover._changed_table AS
SELECT p.source, p.table_id
  FROM lakemover.plan_table p
 WHERE p.target_table <> p.source_table
UNION
SELECT p.source, p.table_id
  FROM lakemover.plan_column p
  JOIN lakemover.inv_column i USING (source, table_id, ordinal)
 WHERE p.exclude OR p.target_column <> p.source_column OR p.target_type <> i.data_type;
COMMENT ON VIEW lakemover._changed_table IS 'tables whose own name, or a name, a type or the presence of a column, differs on the target';
