CREATE FUNCTION lakemover._unreadable_tables(p_source name) RETURNS TABLE(table_id bigint, message text)
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
SELECT t.table_id, format('the source''s user may not SELECT from table %I.%I', t.source_schema, t.source_table)
  FROM lakemover._planned_table t JOIN lakemover.inv_table i USING (source, table_id)
 WHERE t.source = p_source AND t.kind = 'r' AND NOT i.can_select
$$;
COMMENT ON FUNCTION lakemover._unreadable_tables(name) IS 'planned tables whose rows the source''s user may not read: problems of the plan, and with force each one a failed table';
