-- Parts of an assessment beside its findings and its inventory; docs/assessment.md has their shape.

-- How types travel: each pair once, the commonest first.
CREATE FUNCTION lakemover._type_pairs(p_source name)
RETURNS TABLE (source_type text, target_type text, columns bigint, note text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT coalesce(c.native_type, c.data_type), coalesce(p.target_type, CASE WHEN c.type_schema <> 'unknown' THEN c.data_type END), count(*), min(m.note)
      FROM lakemover.inv_column c
      JOIN lakemover.source_info i ON i.source = c.source
      LEFT JOIN lakemover.plan_table t ON t.source = c.source AND t.table_id = c.table_id
      LEFT JOIN lakemover.plan_column p ON p.source = c.source AND p.table_id = c.table_id AND p.ordinal = c.ordinal
      LEFT JOIN lakemover.plan n ON n.source = c.source
      LEFT JOIN lakemover.type_map m ON m.engine = CASE i.engine WHEN 'azure_sql' THEN 'sqlserver' ELSE i.engine END AND m.profile = coalesce(n.profile, 'native')
            AND m.source_type = CASE WHEN c.native_type IS NULL THEN regexp_replace(c.base_type, '(\[\])+$', '') ELSE regexp_replace(c.native_type, '\(.*$', '') END
     WHERE c.source = p_source AND c.is_local AND NOT coalesce(t.exclude, false) AND NOT coalesce(p.exclude, false)
     GROUP BY 1, 2
     ORDER BY count(*) DESC, 1, 2
$$;
COMMENT ON FUNCTION lakemover._type_pairs(name) IS 'source types of a source with the target type that the plan, or without one the type map, gives them, and how many columns have each';

-- Names that are others on the target, or that stay as they are in quotes because somebody decided so.
CREATE FUNCTION lakemover._name_pairs(p_source name)
RETURNS TABLE (kind text, source_name text, target_name text, kept_quoted boolean)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT n.kind, n.source_name, n.target_name, n.kept_quoted
      FROM (SELECT 'table' AS kind, format('%I.%I', t.source_schema, t.source_table) AS source_name, format('%I.%I', t.target_schema, t.target_table) AS target_name,
                   t.keep_quoted AS kept_quoted
              FROM lakemover.plan_table t
             WHERE t.source = p_source AND NOT t.exclude AND (t.keep_quoted OR (t.target_schema, t.target_table) <> (t.source_schema, t.source_table))
            UNION ALL
            SELECT 'column', format('%I.%I.%I', t.source_schema, t.source_table, c.source_column), format('%I.%I.%I', t.target_schema, t.target_table, c.target_column), c.keep_quoted
              FROM lakemover.plan_column c
              JOIN lakemover.plan_table t ON t.source = c.source AND t.table_id = c.table_id
             WHERE c.source = p_source AND NOT t.exclude AND NOT c.exclude AND (c.keep_quoted OR c.target_column <> c.source_column)) n
     ORDER BY n.kind DESC, n.source_name COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._name_pairs(name) IS 'tables and columns of the plan whose name is another one on the target, or is kept in quotes by decision';

CREATE FUNCTION lakemover._assessment_parts(p_source name)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object(
        'types', (SELECT coalesce(jsonb_agg(jsonb_build_object('source', t.source_type, 'target', t.target_type, 'columns', t.columns, 'note', t.note) ORDER BY t.no) FILTER (WHERE t.no <= 300), '[]')
                    FROM lakemover._type_pairs(p_source) WITH ORDINALITY t(source_type, target_type, columns, note, no)),
        'names', (SELECT jsonb_build_object('total', count(*),
                                            'listed', coalesce(jsonb_agg(jsonb_build_object('kind', n.kind, 'source', n.source_name, 'target', n.target_name, 'kept_quoted', n.kept_quoted) ORDER BY n.no)
                                                               FILTER (WHERE n.no <= 500), '[]'))
                    FROM lakemover._name_pairs(p_source) WITH ORDINALITY n(kind, source_name, target_name, kept_quoted, no)),
        'references', (SELECT coalesce(jsonb_agg(jsonb_build_array(e.child_id, e.parent_id) ORDER BY e.child_id, e.parent_id), '[]')
                         FROM (SELECT DISTINCT x.child_id, x.parent_id FROM lakemover._load_edge(p_source) x) e),
        'outside', (SELECT coalesce(jsonb_agg(jsonb_build_object('kind', o.kind, 'count', o.n, 'listed', o.listed) ORDER BY o.kind), '[]')
                      FROM (SELECT u.kind, count(*) AS n,
                                   jsonb_agg(jsonb_build_object('name', u.name, 'detail', u.detail) ORDER BY u.item_no) FILTER (WHERE u.item_no <= 200) AS listed
                              FROM lakemover.inv_outside u WHERE u.source = p_source GROUP BY u.kind) o),
        'code', lakemover._assessment_code(p_source),
        'estimate', lakemover._estimate(p_source))
$$;
COMMENT ON FUNCTION lakemover._assessment_parts(name) IS 'types, names, references, what is outside and the estimate, as an assessment stores them';
