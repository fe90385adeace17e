-- Specs and statements are built per table; with thousands of tables these keep that linear.
CREATE INDEX ON lakemover.inv_table (source, parent_id);
CREATE INDEX ON lakemover.inv_constraint (source, table_id);
CREATE INDEX ON lakemover.inv_index (source, table_id);
CREATE INDEX ON lakemover.inv_sequence (source, owner_table_id);
CREATE INDEX ON lakemover.plan_constraint (source, table_id);
CREATE INDEX ON lakemover.plan_index (source, table_id);
