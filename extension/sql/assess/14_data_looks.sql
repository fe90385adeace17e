-- Where rows are looked at, and for what, from the inventory and the plan. phase: constraints before values, since what
-- contradicts them is what stops a load; in each phase the largest tables first. complete: no row is left out, unless the
-- limit cuts it. look is what lakemover._probe() takes; items[i] says what its i-th check is.
CREATE FUNCTION lakemover._data_looks(p_source name, p_rows bigint)
RETURNS TABLE (phase int, table_id bigint, object_id bigint, complete boolean, size bigint, look jsonb, items jsonb)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    WITH info AS MATERIALIZED (
        SELECT i.engine, i.version_num, i.encoding,
               (SELECT f.value::int FROM lakemover.target_fact f WHERE f.name = 'server_version_num') AS target_version
          FROM lakemover.source_info i WHERE i.source = p_source
    ), tables AS MATERIALIZED (
        SELECT t.table_id, t.schema_name, t.table_name, t.kind, t.memory_optimized, t.table_bytes,
               jsonb_build_object('schema', t.schema_name, 'table', t.table_name, 'children', t.kind = 'p',
                                  'memory_optimized', t.memory_optimized, 'rows', p_rows) AS place,
               -- a little more than is wanted: pages are not equally full
               CASE WHEN info.engine = 'postgres' AND p_rows > 0 AND t.row_estimate > 2 * p_rows
                    THEN 120.0 * p_rows / t.row_estimate ELSE 0 END AS percent
          FROM lakemover.inv_table t
         CROSS JOIN info
          LEFT JOIN lakemover.plan_table p ON p.source = t.source AND p.table_id = t.table_id
          LEFT JOIN lakemover.inv_schema s ON s.source = t.source AND s.schema_name = t.schema_name
         WHERE t.source = p_source AND NOT coalesce(p.exclude, false) AND t.can_select AND NOT t.rls_applies AND coalesce(s.can_use, true)
           AND t.is_empty IS NOT TRUE
    ), columns AS MATERIALIZED (
        SELECT c.table_id, c.ordinal, c.column_name, c.native_collation,
               coalesce(c.native_type, c.codec) AS look_type, lower(regexp_replace(coalesce(c.native_type, ''), '\(.*$', '')) AS native,
               c.codec, c.data_type, c.binary_ok, c.native_type,
               -- the source's sessions look for operators in pg_catalog only
               c.type_extension IS NULL AND (c.type_schema = 'pg_catalog' OR c.type_kind IN ('e', 'd')) AS has_operators,
               jsonb_strip_nulls(jsonb_build_object('name', c.column_name, 'type', coalesce(c.native_type, c.codec), 'collation', c.native_collation)) AS look
          FROM lakemover.inv_column c
          LEFT JOIN lakemover.plan_column p ON p.source = c.source AND p.table_id = c.table_id AND p.ordinal = c.ordinal
         WHERE c.source = p_source AND c.table_id IN (SELECT t.table_id FROM tables t)
           AND NOT coalesce(p.exclude, false) AND p.transform IS NULL AND c.type_schema <> 'unknown'
    ), keys AS MATERIALIZED (
        SELECT k.table_id, jsonb_agg(c.look ORDER BY n.no) AS look
          FROM lakemover.inv_constraint k
         CROSS JOIN LATERAL unnest(k.columns) WITH ORDINALITY n(name, no)
          JOIN columns c ON c.table_id = k.table_id AND c.column_name = n.name
         WHERE k.source = p_source AND k.kind = 'p' AND cardinality(k.columns) <= 4
         GROUP BY k.table_id
    ), fk AS MATERIALIZED (
        SELECT k.constraint_id, k.table_id, k.ref_table_id, k.is_validated, k.definition ~ ' MATCH FULL' AS match_full, v.*
          FROM lakemover.inv_constraint k
          LEFT JOIN lakemover.plan_constraint p ON p.source = k.source AND p.constraint_id = k.constraint_id
         CROSS JOIN LATERAL (
               SELECT jsonb_agg(c.look ORDER BY n.no) AS child, jsonb_agg(r.look ORDER BY n.no) AS parent, count(*) AS columns,
                      bool_and(c.has_operators AND r.has_operators) AS has_operators,
                      bool_or(c.native IN ('char', 'varchar', 'nchar', 'nvarchar')) AS has_text
                 FROM unnest(k.columns, k.ref_columns) WITH ORDINALITY n(name, ref_name, no)
                 JOIN columns c ON c.table_id = k.table_id AND c.column_name = n.name
                 JOIN columns r ON r.table_id = k.ref_table_id AND r.column_name = n.ref_name) v
         WHERE k.source = p_source AND k.kind = 'f' AND k.parent_id IS NULL AND NOT coalesce(p.exclude, false)
           AND v.columns = cardinality(k.columns) AND v.has_operators
    ), uniques AS MATERIALIZED (
        SELECT i.index_id, i.constraint_id, i.table_id, i.is_valid, v.*
          FROM lakemover.inv_index i
          LEFT JOIN lakemover.plan_index p ON p.source = i.source AND p.index_id = i.index_id
          LEFT JOIN lakemover.plan_constraint pc ON pc.source = i.source AND pc.constraint_id = i.constraint_id
         CROSS JOIN LATERAL (
               SELECT jsonb_agg(c.look ORDER BY n.no) AS key, count(*) AS columns, bool_and(c.has_operators) AS has_operators,
                      bool_or(c.native_type ~* '^(datetime2|time|datetimeoffset)\(7\)'
                              OR c.native IN ('char', 'varchar', 'nchar', 'nvarchar')) AS loses,
                      bool_or(c.native IN ('char', 'varchar', 'nchar', 'nvarchar') AND c.native_collation ~* '_(CS_|BIN)') AS by_case
                 FROM unnest(i.key_columns) WITH ORDINALITY n(name, no)
                 JOIN columns c ON c.table_id = i.table_id AND c.column_name = n.name) v
         WHERE i.source = p_source AND i.is_unique AND NOT i.has_expressions AND i.predicate IS NULL AND i.parent_id IS NULL
           AND (i.is_valid OR NOT coalesce(p.exclude, false) AND NOT coalesce(pc.exclude, false))
           AND v.columns = cardinality(i.key_columns) AND v.has_operators
    ), asked AS MATERIALIZED (
        -- infinity came to intervals with version 17
        SELECT c.table_id, c.ordinal, 1 AS place, 'infinity' AS what, 'data_range' AS check_id, c.column_name, c.look
          FROM columns c, info
         WHERE info.engine = 'postgres' AND info.version_num >= 170000 AND coalesce(info.target_version, 160000) < 170000 AND c.codec = 'interval'
        UNION ALL
        SELECT c.table_id, c.ordinal, 2, 'utf8', 'data_encoding', c.column_name, c.look
          FROM columns c, info
         WHERE info.engine = 'postgres' AND info.encoding = 'SQL_ASCII' AND c.codec IN ('text', 'varchar', 'bpchar', 'json', 'jsonb', 'xml')
        UNION ALL
        SELECT c.table_id, c.ordinal, 3, w.what, w.check_id, c.column_name, c.look
          FROM columns c, (VALUES ('nul', 'data_nul'), ('surrogate', 'data_surrogate')) w(what, check_id)
         WHERE c.native IN ('nchar', 'nvarchar', 'ntext') OR w.what = 'nul' AND c.native IN ('char', 'varchar', 'text')
        UNION ALL
        SELECT c.table_id, c.ordinal, 4, 'precision', 'data_precision', c.column_name, c.look
          FROM columns c WHERE c.native_type ~* '^(datetime2|time|datetimeoffset)\(7\)'
        UNION ALL
        SELECT c.table_id, c.ordinal, 5, 'padding', 'data_padding', c.column_name, c.look
          FROM columns c WHERE c.native IN ('char', 'nchar')
        UNION ALL
        SELECT c.table_id, c.ordinal, 6, 'width', 'data_width', c.column_name, c.look
          FROM columns c
         WHERE CASE WHEN c.native_type IS NULL THEN c.codec IN ('text', 'varchar', 'bytea', 'json', 'jsonb', 'xml') AND c.data_type !~ '\('
                    ELSE c.native_type ~* '\(max\)' OR c.native IN ('text', 'ntext', 'image', 'xml') END
    ), wide AS MATERIALIZED (
        -- What can make a row wide; a table of fixed widths alone has no such row.
        SELECT c.table_id, jsonb_agg(c.look ORDER BY c.ordinal) AS look, bool_or(NOT c.binary_ok) AS text_copy
          FROM columns c
         WHERE c.native IN ('text', 'ntext', 'image', 'xml') OR c.native_type ~* '\((max|[0-9]{3,})\)'
            OR c.native_type IS NULL AND c.codec NOT IN ('bool', 'int2', 'int4', 'int8', 'float4', 'float8', 'date', 'time', 'timetz', 'timestamp',
                                                         'timestamptz', 'interval', 'uuid', 'oid', 'money', 'macaddr', 'macaddr8', 'inet', 'cidr', 'char', 'name')
         GROUP BY c.table_id
    ), per_table AS MATERIALIZED (
        SELECT a.table_id, a.part, jsonb_agg(a.look || jsonb_build_object('check', a.what) ORDER BY a.no) AS checks,
               jsonb_agg(jsonb_build_object('check', a.check_id, 'column', a.column_name) ORDER BY a.no) AS items
          FROM (SELECT n.*, (n.no - 1) / 100 AS part
                  FROM (SELECT x.*, row_number() OVER (PARTITION BY x.table_id ORDER BY x.place, x.ordinal, x.what) AS no
                          FROM (SELECT * FROM asked
                                UNION ALL SELECT w.table_id, 0, 7, 'width', 'data_width', NULL, '{}' FROM wide w) x) n) a
         GROUP BY a.table_id, a.part
    )
    SELECT 1, f.table_id, f.constraint_id, t.percent = 0, t.table_bytes,
           t.place || jsonb_build_object('kind', 'orphans', 'percent', t.percent, 'columns', f.child, 'match_full', f.match_full,
                                         'ref_schema', r.schema_name, 'ref_table', r.table_name, 'ref_children', r.kind = 'p',
                                         'ref_memory_optimized', r.memory_optimized, 'ref_columns', f.parent),
           jsonb_build_array(jsonb_build_object('check', 'data_orphan'), jsonb_build_object('check', 'data_key_match'))
      FROM fk f
      JOIN tables t ON t.table_id = f.table_id
      JOIN tables r ON r.table_id = f.ref_table_id
     WHERE NOT f.is_validated OR f.has_text
    UNION ALL
    SELECT 2, u.table_id, coalesce(u.constraint_id, u.index_id), true, t.table_bytes,
           t.place || jsonb_build_object('kind', 'duplicates', 'columns', u.key, 'fold', w.fold),
           jsonb_build_array(jsonb_build_object('check', w.check_id))
      FROM uniques u
      JOIN tables t ON t.table_id = u.table_id
     CROSS JOIN LATERAL (SELECT '' AS fold, 'data_duplicate' AS check_id WHERE NOT u.is_valid
                         UNION ALL SELECT 'stored', 'data_key_equal' WHERE u.is_valid AND u.loses
                         UNION ALL SELECT 'case', 'data_key_case' WHERE u.is_valid AND u.by_case) w
    UNION ALL
    SELECT 3, p.table_id, NULL, t.percent = 0, t.table_bytes,
           t.place || jsonb_build_object('kind', 'values', 'percent', t.percent, 'checks', p.checks, 'key', coalesce(k.look, '[]'),
                                         'columns', coalesce(w.look, '[]'), 'text_copy', coalesce(w.text_copy, false)),
           p.items
      FROM per_table p
      JOIN tables t ON t.table_id = p.table_id AND t.kind = 'r'
      LEFT JOIN keys k ON k.table_id = p.table_id
      LEFT JOIN wide w ON w.table_id = p.table_id
$$;
COMMENT ON FUNCTION lakemover._data_looks(name, bigint) IS 'the looks at rows of a source that an assessment takes, and what each of their checks is';
