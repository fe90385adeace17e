-- NOT VALID first, then VALIDATE, which locks less. A partitioned table cannot have NOT VALID ones. A foreign key that is not
-- valid on the source stays so: its rows may have no parent.
CREATE FUNCTION lakemover._ddl_fks(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.table_id, 'foreign key', format('%s.%I', t.target, c.target_name),
       format('ALTER TABLE %s ADD CONSTRAINT %I %s%s', t.target, c.target_name, c.definition,
              CASE WHEN t.kind <> 'p' THEN ' NOT VALID' END)
  FROM lakemover._planned_constraints(p_source) c
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
 WHERE c.kind = 'f' AND c.definition IS NOT NULL
 ORDER BY t.target COLLATE "C", c.target_name COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_fks(name) IS 'statements that add foreign keys, NOT VALID where that is possible';

CREATE FUNCTION lakemover._ddl_fk_validations(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.table_id, 'validate', format('%s.%I', t.target, c.target_name),
       format('ALTER TABLE %s VALIDATE CONSTRAINT %I', t.target, c.target_name)
  FROM lakemover._planned_constraints(p_source) c
  JOIN lakemover._planned_table t ON t.source = p_source AND t.table_id = c.table_id
 WHERE c.kind = 'f' AND c.definition IS NOT NULL AND t.kind <> 'p' AND c.is_validated
 ORDER BY t.target COLLATE "C", c.target_name COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_fk_validations(name) IS 'statements that validate the foreign keys that are valid on the source';
