CREATE FUNCTION lakemover._check_mixed_case(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT 'mixed_case', NULL::text, t.schema_name, t.table_name, NULL::text,
           format('table %I.%I: %s', t.schema_name, t.table_name,
                  concat_ws(', ', CASE WHEN n.by_table THEN 'its name' END,
                            CASE WHEN cardinality(n.columns) > 0 THEN
                                 format('%s column(s): %s%s', cardinality(n.columns), array_to_string(n.columns[1:5], ', '),
                                        CASE WHEN cardinality(n.columns) > 5 THEN ', ...' ELSE '' END) END)),
           jsonb_build_object('table', n.by_table, 'columns', to_jsonb(n.columns)), NULL::text
      FROM lakemover.inv_table t
      LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
      LEFT JOIN (SELECT c.table_id, array_agg(c.column_name ORDER BY c.ordinal) AS columns
                   FROM lakemover.inv_column c
                   LEFT JOIN lakemover.plan_column pc ON pc.source = c.source AND pc.table_id = c.table_id AND pc.ordinal = c.ordinal
                  WHERE c.source = p_source AND c.is_local AND coalesce(pc.target_column, c.column_name) ~ '[A-Z]'
                    AND NOT coalesce(pc.keep_quoted, false) AND NOT coalesce(pc.exclude, false)
                  GROUP BY c.table_id) m ON m.table_id = t.table_id
     CROSS JOIN LATERAL (
           SELECT coalesce(p.target_table, t.table_name) ~ '[A-Z]' AND NOT coalesce(p.keep_quoted, false) AS by_table,
                  coalesce(m.columns, '{}') AS columns) n
     WHERE t.source = p_source AND NOT coalesce(p.exclude, false) AND (n.by_table OR cardinality(n.columns) > 0)
     ORDER BY t.schema_name, t.table_name
$$;
COMMENT ON FUNCTION lakemover._check_mixed_case(name) IS 'check mixed_case: names that need quotes because of upper case only';
