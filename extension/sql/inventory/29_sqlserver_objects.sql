-- Identities, sequences, code and synonyms of a SQL Server source.
CREATE FUNCTION lakemover._transform_sqlserver_sequences(p_source name, p_scope text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    -- An identity's sequence has the name that PostgreSQL would give it. last_value is null until the first row: then the seed
    -- comes next, else what follows the last value.
    INSERT INTO lakemover.inv_sequence (source, sequence_id, schema_name, sequence_name, data_type, start_value, min_value, max_value,
                                        increment_by, cache_size, cycles, last_value, is_called, owner_table_id, owner_column, owner_kind)
    SELECT p_source, -(i.table_id * 100000 + i.ordinal), t.schema_name, left(t.table_name, 29) || '_' || left(c.column_name, 28) || '_seq', c.data_type,
           i.seed, least(CASE WHEN i.increment > 0 THEN 1 ELSE m.low END, i.seed, i.last_value),
           greatest(CASE WHEN i.increment > 0 THEN m.high ELSE -1 END, i.seed, i.last_value),
           i.increment, 1, false, coalesce(i.last_value, i.seed), i.last_value IS NOT NULL, i.table_id, c.column_name, 'i'
      FROM pg_temp.mssql_identity i
      JOIN lakemover.inv_table t ON t.source = p_source AND t.table_id = i.table_id
      JOIN lakemover.inv_column c ON c.source = p_source AND c.table_id = i.table_id AND c.ordinal = i.ordinal AND c.identity <> ''
      JOIN (VALUES ('smallint', -32768::bigint, 32767::bigint), ('integer', -2147483648, 2147483647),
                   ('bigint', -9223372036854775808, 9223372036854775807)) m(type, low, high) ON m.type = c.data_type;

    INSERT INTO lakemover.inv_sequence (source, sequence_id, schema_name, sequence_name, data_type, start_value, min_value, max_value,
                                        increment_by, cache_size, cycles, last_value, is_called)
    SELECT p_source, q.sequence_id, s.name, q.name, m.type, q.start_value, q.min_value, q.max_value, q.increment, greatest(coalesce(q.cache_size, 1), 1),
           q.cycles = 1, coalesce(q.last_used, q.current_value),
           -- before 2017 a sequence that was never used looks like one that was used once: one number may be left out, none comes twice
           CASE WHEN q.knows_last_used = 1 THEN q.last_used IS NOT NULL ELSE true END
      FROM pg_temp.mssql_sequence q
      JOIN pg_temp.mssql_schema s USING (schema_id)
      JOIN (VALUES ('tinyint', 'smallint'), ('smallint', 'smallint'), ('int', 'integer'), ('bigint', 'bigint')) m(native, type)
           ON m.native = q.type_name
     WHERE p_scope IS NULL OR s.name = ANY (p_scope);
    PERFORM lakemover._analyze('inv_sequence');

    INSERT INTO lakemover.inv_object (source, kind, object_id, schema_name, object_name, definition)
    SELECT p_source, 'sequence', q.sequence_id, s.name, q.name, format('AS %s, current value %s', q.type_name, q.current_value)
      FROM pg_temp.mssql_sequence q JOIN pg_temp.mssql_schema s USING (schema_id)
     WHERE q.type_name NOT IN ('tinyint', 'smallint', 'int', 'bigint') AND (p_scope IS NULL OR s.name = ANY (p_scope));
END
$$;
COMMENT ON FUNCTION lakemover._transform_sqlserver_sequences(name, text[]) IS 'identities and sequences of a SQL Server source';

CREATE FUNCTION lakemover._transform_sqlserver_code(p_source name, p_scope text[])
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO lakemover.inv_routine (source, routine_id, schema_name, routine_name, kind, language, arguments, returns, definition)
    SELECT p_source, m.object_id, s.name, m.name, CASE WHEN btrim(m.type) IN ('P', 'PC') THEN 'p' WHEN btrim(m.type) = 'AF' THEN 'a' ELSE 'f' END,
           CASE WHEN btrim(m.type) IN ('PC', 'FS', 'FT', 'AF') THEN 'clr' ELSE 'tsql' END, '', NULL, m.definition
      FROM pg_temp.mssql_module m JOIN pg_temp.mssql_schema s USING (schema_id)
     WHERE btrim(m.type) IN ('P', 'PC', 'FN', 'IF', 'TF', 'FS', 'FT', 'AF') AND (p_scope IS NULL OR s.name = ANY (p_scope));

    INSERT INTO lakemover.inv_view (source, view_id, schema_name, view_name, kind, definition)
    SELECT p_source, m.object_id, s.name, m.name, 'v', m.definition
      FROM pg_temp.mssql_module m JOIN pg_temp.mssql_schema s USING (schema_id)
     WHERE btrim(m.type) = 'V' AND (p_scope IS NULL OR s.name = ANY (p_scope));

    INSERT INTO lakemover.inv_trigger (source, trigger_id, table_id, name, enabled, definition)
    SELECT p_source, m.object_id, m.parent_id, m.name, CASE WHEN t.disabled = 1 THEN 'D' ELSE 'O' END, coalesce(m.definition, '(encrypted)')
      FROM pg_temp.mssql_module m LEFT JOIN pg_temp.mssql_trigger t USING (object_id)
     WHERE btrim(m.type) IN ('TR', 'TA')
       AND EXISTS (SELECT FROM lakemover.inv_table x WHERE x.source = p_source AND x.table_id = m.parent_id);

    INSERT INTO lakemover.inv_object (source, kind, object_id, schema_name, object_name, definition)
    SELECT p_source, 'synonym', y.object_id, s.name, y.name, y.base_object
      FROM pg_temp.mssql_synonym y JOIN pg_temp.mssql_schema s USING (schema_id)
     WHERE p_scope IS NULL OR s.name = ANY (p_scope);
    INSERT INTO lakemover.inv_object (source, kind, object_id, schema_name, object_name, table_id, definition)
    SELECT p_source, 'temporal table', t.table_id, x.schema_name, x.table_name, t.table_id,
           CASE t.temporal_type WHEN 1 THEN 'history table' ELSE 'system-versioned table' END
      FROM pg_temp.mssql_table t JOIN lakemover.inv_table x ON x.source = p_source AND x.table_id = t.table_id
     WHERE t.temporal_type > 0;
    INSERT INTO lakemover.inv_object (source, kind, object_id, schema_name, object_name, table_id, definition)
    SELECT p_source, 'partitioned table', r.table_id, x.schema_name, x.table_name, r.table_id, format('%s partitions, one table on the target', r.partitions)
      FROM pg_temp.mssql_rows r JOIN lakemover.inv_table x ON x.source = p_source AND x.table_id = r.table_id
     WHERE r.partitions > 1;
END
$$;
COMMENT ON FUNCTION lakemover._transform_sqlserver_code(name, text[]) IS 'routines, views, triggers and synonyms of a SQL Server source: listed, not moved';

CREATE FUNCTION lakemover._read_sqlserver_sequence_values(p_source name)
RETURNS void
LANGUAGE plpgsql
SET client_min_messages = 'warning'
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    PERFORM lakemover._fetch_topic(p_source, 'mssql_identity');
    UPDATE lakemover.inv_sequence s SET last_value = coalesce(i.last_value, i.seed), is_called = i.last_value IS NOT NULL
      FROM pg_temp.mssql_identity i
      JOIN lakemover.inv_column c ON c.source = p_source AND c.table_id = i.table_id AND c.ordinal = i.ordinal
     WHERE s.source = p_source AND s.owner_kind = 'i' AND s.owner_table_id = i.table_id AND s.owner_column = c.column_name;
    PERFORM lakemover._fetch_topic(p_source, 'mssql_sequence');
    UPDATE lakemover.inv_sequence s
       SET last_value = coalesce(q.last_used, q.current_value), is_called = CASE WHEN q.knows_last_used = 1 THEN q.last_used IS NOT NULL ELSE true END
      FROM pg_temp.mssql_sequence q
     WHERE s.source = p_source AND s.owner_kind IS NULL AND s.sequence_id = q.sequence_id;
END
$$;
COMMENT ON FUNCTION lakemover._read_sqlserver_sequence_values(name) IS 'the current values of a SQL Server source''s identities and sequences';
