-- Indexes, keys, foreign keys and checks of a SQL Server source.
CREATE FUNCTION lakemover._transform_sqlserver_indexes(p_source name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    DROP TABLE IF EXISTS pg_temp.mssql_index_text;
    CREATE TEMPORARY TABLE mssql_index_text ON COMMIT DROP AS
    SELECT i.table_id, i.index_no, i.table_id * 100000 + i.index_no AS index_id, i.name, i.type, i.type_desc, i.is_unique = 1 AS is_unique,
           i.is_primary = 1 AS is_primary, i.disabled = 1 AS disabled, i.filter,
           min(f.sql) AS predicate, min(f.problem) AS problem,
           array_agg(c.column_name ORDER BY k.key_ordinal) FILTER (WHERE k.included = 0 AND k.key_ordinal > 0) AS keys,
           string_agg(quote_ident(c.column_name) || CASE WHEN k.descending = 1 THEN ' DESC' ELSE '' END, ', ' ORDER BY k.key_ordinal)
               FILTER (WHERE k.included = 0 AND k.key_ordinal > 0) AS key_list,
           coalesce(array_agg(c.column_name ORDER BY k.column_no) FILTER (WHERE k.included = 1), '{}') AS included,
           string_agg(quote_ident(c.column_name), ', ' ORDER BY k.column_no) FILTER (WHERE k.included = 1) AS included_list,
           string_agg(quote_ident(c.column_name), ', ' ORDER BY k.key_ordinal) FILTER (WHERE k.included = 0 AND k.key_ordinal > 0 AND k.descending = 1) AS descending_list,
           bool_or(NOT c.not_null) FILTER (WHERE k.included = 0 AND k.key_ordinal > 0) AS has_nullable
      FROM pg_temp.mssql_index i
      JOIN pg_temp.mssql_index_column k USING (table_id, index_no)
      JOIN lakemover.inv_column c ON c.source = p_source AND c.table_id = i.table_id AND c.ordinal = k.ordinal
      LEFT JOIN pg_temp.mssql_translated f ON f.kind = 'filter' AND f.table_id = i.table_id AND f.object_id = i.index_no
     WHERE i.hypothetical = 0
     GROUP BY i.table_id, i.index_no, i.name, i.type, i.type_desc, i.is_unique, i.is_primary, i.disabled, i.filter;
    ANALYZE pg_temp.mssql_index_text;

    -- 1 clustered, 2 nonclustered, 7 hash of a memory-optimised table: all of them serve lookups by key.
    INSERT INTO lakemover.inv_index (source, index_id, table_id, name, method, is_unique, is_primary, is_valid, key_columns, include_columns,
                                     predicate, constraint_id, bytes, definition)
    SELECT p_source, x.index_id, x.table_id, x.name, 'btree', x.is_unique, x.is_primary, NOT x.disabled, x.keys, x.included, x.predicate,
           k.constraint_id, 8192 * z.pages,
           format('CREATE %sINDEX %I ON %I.%I USING btree (%s)%s%s%s', CASE WHEN x.is_unique THEN 'UNIQUE ' END, x.name, t.schema_name, t.table_name,
                  x.key_list, ' INCLUDE (' || x.included_list || ')',
                  -- one NULL is all that a unique index of SQL Server lets in
                  CASE WHEN x.is_unique AND x.has_nullable THEN ' NULLS NOT DISTINCT' END, ' WHERE ' || x.predicate)
      FROM pg_temp.mssql_index_text x
      JOIN lakemover.inv_table t ON t.source = p_source AND t.table_id = x.table_id
      LEFT JOIN pg_temp.mssql_key k ON k.table_id = x.table_id AND k.name = x.name
      LEFT JOIN (SELECT p.table_id, p.index_no, p.pages FROM pg_temp.mssql_pages p) z ON z.table_id = x.table_id AND z.index_no = x.index_no
     WHERE x.type IN (1, 2, 7) AND x.keys IS NOT NULL AND (x.filter IS NULL OR x.predicate IS NOT NULL);
    PERFORM lakemover._analyze('inv_index');

    INSERT INTO lakemover.inv_not_translated (source, kind, object_id, table_id, object_name, definition, reason)
    SELECT p_source, CASE WHEN x.type IN (1, 2, 7) THEN 'index filter' ELSE 'index' END, x.index_id, x.table_id, x.name, coalesce(x.filter, x.type_desc),
           CASE WHEN x.type IN (1, 2, 7) THEN 'the index is not created: of its filter, ' || coalesce(x.problem, 'nothing is known')
                ELSE format('the index is not created: %s indexes have no equivalent', lower(x.type_desc)) END
      FROM pg_temp.mssql_index_text x
     WHERE x.type NOT IN (1, 2, 7) OR x.filter IS NOT NULL AND x.predicate IS NULL;
END
$$;
COMMENT ON FUNCTION lakemover._transform_sqlserver_indexes(name) IS 'indexes of a SQL Server source';

CREATE FUNCTION lakemover._transform_sqlserver_constraints(p_source name)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO lakemover.inv_constraint (source, constraint_id, table_id, name, kind, columns, index_id, definition)
    SELECT p_source, k.constraint_id, k.table_id, k.name, CASE WHEN btrim(k.type) = 'PK' THEN 'p' ELSE 'u' END, x.keys, x.index_id,
           CASE WHEN btrim(k.type) = 'PK' THEN 'PRIMARY KEY' ELSE 'UNIQUE' || CASE WHEN x.has_nullable THEN ' NULLS NOT DISTINCT' ELSE '' END END
           || format(' (%s)', (SELECT string_agg(quote_ident(n.name), ', ' ORDER BY n.no) FROM unnest(x.keys) WITH ORDINALITY n(name, no)))
      FROM pg_temp.mssql_key k
      -- a key's index has the key's name
      JOIN pg_temp.mssql_index_text x ON x.table_id = k.table_id AND x.name = k.name
     WHERE x.keys IS NOT NULL
       AND EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = k.table_id);

    -- An index with another order can be no constraint of PostgreSQL.
    INSERT INTO lakemover.inv_not_translated (source, kind, object_id, table_id, object_name, definition, reason)
    SELECT p_source, 'key order', k.constraint_id, k.table_id, k.name, x.key_list,
           format('the key is created with ascending columns, %s descending on the source: queries that read in that order may want an index of their own', x.descending_list
                  || CASE WHEN x.descending_list LIKE '%, %' THEN ' are' ELSE ' is' END)
      FROM pg_temp.mssql_key k
      JOIN pg_temp.mssql_index_text x ON x.table_id = k.table_id AND x.name = k.name
     WHERE x.descending_list IS NOT NULL
       AND EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = k.table_id);

    -- Actions: 0 none, 1 cascade, 2 set null, 3 set default. A disabled or untrusted key may have orphans: it is not validated.
    INSERT INTO lakemover.inv_constraint (source, constraint_id, table_id, name, kind, columns, ref_table_id, ref_columns, on_update, on_delete,
                                          is_validated, index_id, definition)
    SELECT p_source, k.constraint_id, k.table_id, k.name, 'f', f.columns, k.ref_table_id, f.ref_columns,
           (ARRAY['a', 'c', 'n', 'd'])[k.on_update + 1], (ARRAY['a', 'c', 'n', 'd'])[k.on_delete + 1],
           k.disabled = 0 AND k.untrusted = 0, k.ref_table_id * 100000 + k.index_no,
           format('FOREIGN KEY (%s) REFERENCES %I.%I(%s)%s%s', f.column_list, t.schema_name, t.table_name, f.ref_list,
                  (ARRAY[NULL, ' ON UPDATE CASCADE', ' ON UPDATE SET NULL', ' ON UPDATE SET DEFAULT'])[k.on_update + 1],
                  (ARRAY[NULL, ' ON DELETE CASCADE', ' ON DELETE SET NULL', ' ON DELETE SET DEFAULT'])[k.on_delete + 1])
           || CASE WHEN k.disabled = 0 AND k.untrusted = 0 THEN '' ELSE ' NOT VALID' END
      FROM pg_temp.mssql_foreign_key k
      JOIN lakemover.inv_table t ON t.source = p_source AND t.table_id = k.ref_table_id
      JOIN LATERAL (SELECT array_agg(a.column_name ORDER BY c.column_no) AS columns, array_agg(b.column_name ORDER BY c.column_no) AS ref_columns,
                           string_agg(quote_ident(a.column_name), ', ' ORDER BY c.column_no) AS column_list,
                           string_agg(quote_ident(b.column_name), ', ' ORDER BY c.column_no) AS ref_list
                      FROM pg_temp.mssql_foreign_key_column c
                      JOIN lakemover.inv_column a ON a.source = p_source AND a.table_id = k.table_id AND a.ordinal = c.ordinal
                      JOIN lakemover.inv_column b ON b.source = p_source AND b.table_id = k.ref_table_id AND b.ordinal = c.ref_ordinal
                     WHERE c.constraint_id = k.constraint_id) f ON f.columns IS NOT NULL
     WHERE EXISTS (SELECT FROM lakemover.inv_table o WHERE o.source = p_source AND o.table_id = k.table_id);
    PERFORM lakemover._analyze('inv_constraint');

    -- a disabled or untrusted check may have rows that break it
    INSERT INTO lakemover.inv_constraint (source, constraint_id, table_id, name, kind, columns, is_validated, definition)
    SELECT p_source, k.constraint_id, k.table_id, k.name, 'c', x.columns, k.disabled = 0 AND k.untrusted = 0,
           x.sql || CASE WHEN k.disabled = 0 AND k.untrusted = 0 THEN '' ELSE ' NOT VALID' END
      FROM pg_temp.mssql_check k
      JOIN pg_temp.mssql_translated x ON x.kind = 'check' AND x.object_id = k.constraint_id AND x.sql IS NOT NULL
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = k.table_id);
    PERFORM lakemover._analyze('inv_constraint');

    INSERT INTO lakemover.inv_not_translated (source, kind, object_id, table_id, object_name, definition, reason)
    SELECT p_source, 'check', k.constraint_id, k.table_id, k.name, k.definition, 'the check is not created: ' || coalesce(x.problem, 'not translated')
      FROM pg_temp.mssql_check k
      LEFT JOIN pg_temp.mssql_translated x ON x.kind = 'check' AND x.object_id = k.constraint_id
     WHERE x.sql IS NULL
       AND EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = k.table_id);
END
$$;
COMMENT ON FUNCTION lakemover._transform_sqlserver_constraints(name) IS 'primary keys, uniques and foreign keys and checks of a SQL Server source';
