CREATE FUNCTION lakemover._check_types(p_source name)
RETURNS SETOF lakemover._found
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH columns AS MATERIALIZED (
        SELECT t.table_id, t.schema_name, t.table_name, t.kind, t.parent_id, c.ordinal, c.column_name, c.data_type, c.base_type, c.codec,
               c."collation", c.binary_ok, c.type_extension, c.type_kind,
               format('%I.%I.%I', t.schema_name, t.table_name, c.column_name) AS shown
          FROM lakemover.inv_column c
          JOIN lakemover.inv_table t ON t.source = c.source AND t.table_id = c.table_id
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
          LEFT JOIN lakemover.plan_column pc ON pc.source = c.source AND pc.table_id = c.table_id AND pc.ordinal = c.ordinal
         WHERE c.source = p_source AND NOT coalesce(p.exclude, false) AND NOT coalesce(pc.exclude, false)
           AND (c."collation" IS NOT NULL OR NOT c.binary_ok OR c.type_extension IS NOT NULL
                OR ltrim(c.codec, '_') IN ('oid', 'money') OR ltrim(c.codec, '_') ~ '^reg')
    ), oids AS (
        SELECT s.table_id, s.ordinal,
               CASE WHEN ltrim(s.codec, '_') = 'oid' THEN 'oid' ELSE 'reg' END AS kind
          FROM columns s WHERE ltrim(s.codec, '_') IN ('oid', 'regclass', 'regcollation', 'regconfig', 'regdictionary', 'regnamespace',
                                                       'regoper', 'regoperator', 'regproc', 'regprocedure', 'regrole', 'regtype')
    ), target AS (
        SELECT count(*) > 0 AS known FROM lakemover.target_fact f WHERE f.name LIKE 'extension:%'
    ), used AS (
        SELECT c.type_extension AS name, count(*) AS columns, (array_agg(c.shown ORDER BY c.shown))[1:50] AS shown
          FROM columns c WHERE c.type_extension IS NOT NULL GROUP BY c.type_extension
    )
    SELECT 'object_id', NULL::text, c.schema_name, c.table_name, c.column_name,
           CASE o.kind WHEN 'oid' THEN format('column %s is of type %s: plain numbers that named objects of the source', c.shown, c.data_type)
                       ELSE format('column %s is of type %s: copied as text, each name must exist on the target', c.shown, c.data_type) END,
           jsonb_build_object('data_type', c.data_type), NULL::text
      FROM columns c JOIN oids o USING (table_id, ordinal)
     WHERE c.parent_id IS NULL
    UNION ALL
    SELECT 'money', CASE WHEN f.value = i.settings ->> 'lc_monetary' THEN 'INFO' END, c.schema_name, c.table_name, c.column_name,
           format('column %s is of type %s; lc_monetary is %s on the source, %s on the target', c.shown, c.data_type,
                  i.settings ->> 'lc_monetary', coalesce(f.value, 'not checked')),
           jsonb_build_object('data_type', c.data_type, 'source_lc_monetary', i.settings ->> 'lc_monetary', 'target_lc_monetary', f.value), NULL
      FROM columns c
      JOIN lakemover.source_info i ON i.source = p_source
      LEFT JOIN lakemover.target_fact f ON f.name = 'lc_monetary'
     WHERE ltrim(c.codec, '_') = 'money' AND c.parent_id IS NULL
    UNION ALL
    SELECT 'collation', NULL, c.schema_name, c.table_name, c.column_name,
           format('column %s has collation %s', c.shown, c."collation"),
           jsonb_build_object('collation', c."collation", 'user_defined', c."collation" NOT LIKE 'pg\_catalog.%'), NULL
      FROM columns c WHERE c."collation" IS NOT NULL AND c.parent_id IS NULL
    UNION ALL
    SELECT 'text_copy', NULL, c.schema_name, c.table_name, NULL,
           format('table %I.%I is copied as text because of %s', c.schema_name, c.table_name,
                  string_agg(format('%I (%s)', c.column_name, c.data_type), ', ' ORDER BY c.ordinal)),
           jsonb_build_object('columns', jsonb_agg(c.column_name ORDER BY c.ordinal)), NULL
      FROM columns c WHERE NOT c.binary_ok AND c.kind = 'r'
     GROUP BY c.table_id, c.schema_name, c.table_name
    UNION ALL
    SELECT 'missing_extension',
           CASE WHEN NOT target.known THEN 'INFO' WHEN f.name IS NOT NULL THEN 'INFO' WHEN u.name IS NULL THEN 'WARNING' END,
           NULL, e.extension_name, NULL,
           format('extension %I %s: %s%s', e.extension_name, e.version,
                  CASE WHEN NOT target.known THEN 'not checked, the target has not been looked at yet'
                       WHEN f.name IS NOT NULL THEN format('the target offers version %s', f.value)
                       ELSE 'the target does not offer it' END,
                  CASE WHEN u.name IS NOT NULL THEN format('; %s column(s) are of its types', u.columns) ELSE '' END),
           jsonb_strip_nulls(jsonb_build_object('version', e.version, 'target_version', f.value, 'columns', u.columns, 'some', u.shown)), NULL
      FROM lakemover.inv_extension e
     CROSS JOIN target
      LEFT JOIN used u ON u.name = e.extension_name
      LEFT JOIN lakemover.target_fact f ON f.name = 'extension:' || e.extension_name
     WHERE e.source = p_source AND e.extension_name <> 'plpgsql'
     ORDER BY 1, 3, 4, 5
$$;
COMMENT ON FUNCTION lakemover._check_types(name) IS 'checks object_id, money, collation, text_copy and missing_extension';
