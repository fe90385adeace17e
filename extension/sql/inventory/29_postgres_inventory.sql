-- Column lists below are those of the catalog queries (extension/src/source/postgres/catalog_queries.hpp).
CREATE FUNCTION lakemover._inventory_postgres(p_source name, p_scope text[])
RETURNS boolean
LANGUAGE plpgsql
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_missing text;
    v_shape   text := (SELECT c.shape FROM lakemover._catalog(p_source, 'shape') AS c(shape text));
    v_same    boolean;
BEGIN
    -- What somebody has locked is left out by all that follows, and named.
    INSERT INTO lakemover.inv_locked (source, item_no, relation_id, kind, schema_name, object_name, why)
    SELECT p_source, row_number() OVER (ORDER BY c.kind, c.schema_name COLLATE "C", c.object_name COLLATE "C"), c.*
      FROM lakemover._catalog(p_source, 'lock') AS c(relation_id bigint, kind text, schema_name text, object_name text, why text);
    PERFORM set_config('lakemover_catalog.locked',
                       (SELECT coalesce(array_agg(l.relation_id), '{}')::text FROM lakemover.inv_locked l WHERE l.source = p_source AND l.relation_id IS NOT NULL), true);

    INSERT INTO lakemover.source_info (source, engine, identity, version, version_num, dbname, encoding, "collation", size_bytes, settings)
    SELECT p_source, 'postgres', c.*
      FROM lakemover._catalog(p_source, 'source_info')
           AS c(identity text, version text, version_num int, dbname text, encoding text, coll text, size_bytes bigint, settings jsonb);

    INSERT INTO lakemover.inv_schema (source, schema_name, owner, can_use, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'schema')
           AS c(schema_name text, owner text, can_use boolean, comment text);
    SELECT string_agg(quote_ident(x.name), ', ' ORDER BY x.name) INTO v_missing
      FROM unnest(p_scope) AS x(name)
     WHERE NOT EXISTS (SELECT FROM lakemover.inv_schema s WHERE s.source = p_source AND s.schema_name = x.name);
    IF v_missing IS NOT NULL THEN
        RAISE EXCEPTION 'source "%" has no schema %', p_source, v_missing
            USING ERRCODE = 'invalid_schema_name', HINT = 'Correct SOURCE_SCHEMAS or lakemover.source_scope.';
    END IF;

    INSERT INTO lakemover.inv_table (source, table_id, schema_name, table_name, kind, parent_id, partition_key, partition_bound,
                                     persistence, inherits, row_estimate, pages, table_bytes, row_security,
                                     rls_applies, can_select, is_empty, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'table')
           AS c(table_id bigint, schema_name text, table_name text, kind text, parent_id bigint, partition_key text,
                partition_bound text, persistence text, inherits bigint[], row_estimate bigint, pages bigint, table_bytes bigint,
                row_security boolean, rls_applies boolean, can_select boolean, is_empty boolean, comment text)
     WHERE p_scope IS NULL OR c.schema_name = ANY (p_scope);
    PERFORM lakemover._analyze('inv_table');

    -- A partitioned table is empty when all its partitions are.
    UPDATE lakemover.inv_table t SET is_empty = e.is_empty
      FROM (SELECT r.holder, CASE WHEN bool_and(p.is_empty) THEN true WHEN bool_or(NOT p.is_empty) THEN false END AS is_empty
              FROM (WITH RECURSIVE tree AS (
                        SELECT a.table_id AS holder, a.table_id, a.kind FROM lakemover.inv_table a
                         WHERE a.source = p_source AND a.kind = 'p'
                        UNION ALL
                        SELECT tree.holder, a.table_id, a.kind
                          FROM tree JOIN lakemover.inv_table a ON a.source = p_source AND a.parent_id = tree.table_id)
                    SELECT tree.holder, tree.table_id FROM tree WHERE tree.kind <> 'p') r
              JOIN lakemover.inv_table p ON p.source = p_source AND p.table_id = r.table_id
             GROUP BY r.holder) e
     WHERE t.source = p_source AND t.table_id = e.holder;
    UPDATE lakemover.inv_table t SET is_empty = true
     WHERE t.source = p_source AND t.kind = 'p'
       AND NOT EXISTS (SELECT FROM lakemover.inv_table p WHERE p.source = p_source AND p.parent_id = t.table_id);

    INSERT INTO lakemover.inv_column (source, table_id, ordinal, column_name, data_type, base_type, type_id, type_kind, type_schema,
                                      codec, not_null, default_expr, identity, generated, "collation", binary_ok, type_extension,
                                      is_local, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'column')
           AS c(table_id bigint, ordinal int, column_name text, data_type text, base_type text, type_id bigint, type_kind text,
                type_schema text, codec text, not_null boolean, default_expr text, identity text, generated text, coll text,
                binary_ok boolean, type_extension text, is_local boolean, comment text)
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = c.table_id);
    PERFORM lakemover._analyze('inv_column');

    INSERT INTO lakemover.inv_constraint (source, constraint_id, table_id, name, kind, columns, ref_table_id, ref_columns, on_update,
                                          on_delete, is_deferrable, is_deferred, is_validated, index_id, parent_id, is_local,
                                          definition, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'constraint')
           AS c(constraint_id bigint, table_id bigint, name text, kind text, columns text[], ref_table_id bigint, ref_columns text[],
                on_update text, on_delete text, is_deferrable boolean, is_deferred boolean, is_validated boolean, index_id bigint,
                parent_id bigint, is_local boolean, definition text, comment text)
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = c.table_id);
    PERFORM lakemover._analyze('inv_constraint');

    INSERT INTO lakemover.inv_index (source, index_id, table_id, name, method, is_unique, is_primary, is_valid, key_columns,
                                     include_columns, has_expressions, predicate, constraint_id, parent_id, bytes, definition, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'index')
           AS c(index_id bigint, table_id bigint, name text, method text, is_unique boolean, is_primary boolean, is_valid boolean,
                key_columns text[], include_columns text[], has_expressions boolean, predicate text, constraint_id bigint,
                parent_id bigint, bytes bigint, definition text, comment text)
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = c.table_id);
    PERFORM lakemover._analyze('inv_index');

    UPDATE lakemover.inv_table t SET index_bytes = i.bytes
      FROM (SELECT x.table_id, sum(x.bytes) AS bytes FROM lakemover.inv_index x WHERE x.source = p_source GROUP BY x.table_id) i
     WHERE t.source = p_source AND t.table_id = i.table_id;

    -- A sequence goes with the table that owns it, wherever it is.
    INSERT INTO lakemover.inv_sequence (source, sequence_id, schema_name, sequence_name, data_type, start_value, min_value, max_value,
                                        increment_by, cache_size, cycles, owner_table_id, owner_column, owner_kind, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'sequence')
           AS c(sequence_id bigint, schema_name text, sequence_name text, data_type text, start_value bigint, min_value bigint,
                max_value bigint, increment_by bigint, cache_size bigint, cycles boolean, owner_table_id bigint, owner_column text,
                owner_kind text, comment text)
     WHERE p_scope IS NULL OR c.schema_name = ANY (p_scope)
        OR EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = c.owner_table_id);
    PERFORM lakemover._analyze('inv_sequence');
    PERFORM lakemover._read_sequence_values(p_source);

    INSERT INTO lakemover.inv_type (source, type_id, schema_name, type_name, kind, ordinal, uses, definition, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'type')
           AS c(type_id bigint, schema_name text, type_name text, kind text, ordinal int, uses bigint[], definition jsonb, comment text);
    IF p_scope IS NOT NULL THEN
        -- Kept: the types of the schemas in scope, those of their columns, and the types inside those.
        DELETE FROM lakemover.inv_type t
         WHERE t.source = p_source
           AND t.type_id NOT IN (
               SELECT x.id
                 FROM (SELECT u.type_id, u.uses FROM lakemover.inv_type u
                        WHERE u.source = p_source
                          AND (u.schema_name = ANY (p_scope)
                               OR format('%I.%I', u.schema_name, u.type_name) IN
                                  (SELECT regexp_replace(c.base_type, '(\[\])+$', '') FROM lakemover.inv_column c
                                    WHERE c.source = p_source))) k
                CROSS JOIN LATERAL unnest(k.uses || k.type_id) AS x(id));
    END IF;

    INSERT INTO lakemover.inv_routine (source, routine_id, schema_name, routine_name, kind, language, arguments, returns, definition, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'routine')
           AS c(routine_id bigint, schema_name text, routine_name text, kind text, language text, arguments text, returns text,
                definition text, comment text)
     WHERE p_scope IS NULL OR c.schema_name = ANY (p_scope);

    INSERT INTO lakemover.inv_view (source, view_id, schema_name, view_name, kind, definition, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'view')
           AS c(view_id bigint, schema_name text, view_name text, kind text, definition text, comment text)
     WHERE p_scope IS NULL OR c.schema_name = ANY (p_scope);

    INSERT INTO lakemover.inv_trigger (source, trigger_id, table_id, name, enabled, definition, comment)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'trigger')
           AS c(trigger_id bigint, table_id bigint, name text, enabled text, definition text, comment text)
     WHERE EXISTS (SELECT FROM lakemover.inv_table t WHERE t.source = p_source AND t.table_id = c.table_id)
        OR EXISTS (SELECT FROM lakemover.inv_view v WHERE v.source = p_source AND v.view_id = c.table_id);

    INSERT INTO lakemover.inv_extension (source, extension_name, version, schema_name)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'extension') AS c(extension_name text, version text, schema_name text);

    INSERT INTO lakemover.inv_object (source, kind, object_id, schema_name, object_name, table_id, definition)
    SELECT p_source, c.* FROM lakemover._catalog(p_source, 'object')
           AS c(kind text, object_id bigint, schema_name text, object_name text, table_id bigint, definition text)
     WHERE p_scope IS NULL OR c.schema_name IS NULL OR c.schema_name = ANY (p_scope);

    INSERT INTO lakemover.inv_outside (source, kind, item_no, name, detail)
    SELECT p_source, c.kind, row_number() OVER (PARTITION BY c.kind ORDER BY c.name COLLATE "C", c.detail COLLATE "C"), c.name, c.detail
      FROM lakemover._catalog(p_source, 'outside') AS c(kind text, name text, detail text);
    PERFORM lakemover._read_code(p_source, p_scope);

    IF p_scope IS NOT NULL THEN
        DELETE FROM lakemover.inv_schema s
         WHERE s.source = p_source AND s.schema_name <> ALL (p_scope)
           AND NOT EXISTS (SELECT FROM lakemover.inv_type t WHERE t.source = p_source AND t.schema_name = s.schema_name)
           AND NOT EXISTS (SELECT FROM lakemover.inv_sequence q WHERE q.source = p_source AND q.schema_name = s.schema_name);
    END IF;

    UPDATE lakemover.inv_table t SET is_locked = true
      FROM lakemover.inv_locked l WHERE l.source = p_source AND t.source = p_source AND t.table_id = l.relation_id;
    IF p_scope IS NOT NULL THEN
        DELETE FROM lakemover.inv_locked l WHERE l.source = p_source AND l.schema_name <> ALL (p_scope);
    END IF;
    DELETE FROM lakemover.inv_locked l WHERE l.source = p_source AND l.kind = 'other';
    PERFORM set_config('lakemover_catalog.locked', '', true);

    SELECT c.shape = v_shape INTO v_same FROM lakemover._catalog(p_source, 'shape') AS c(shape text);
    IF NOT v_same THEN
        -- What was dropped between two topics has lost its columns only here.
        DELETE FROM lakemover.inv_table t
         WHERE t.source = p_source AND NOT t.is_locked AND NOT EXISTS (SELECT FROM lakemover.inv_column c WHERE c.source = p_source AND c.table_id = t.table_id);
        UPDATE lakemover.source_info i SET settings = i.settings || '{"schema_changed": true}' WHERE i.source = p_source;
    END IF;
    RETURN v_same;
END
$$;
COMMENT ON FUNCTION lakemover._inventory_postgres(name, text[]) IS 'the part of lakemover.inventory() that reads the catalogs of a PostgreSQL source; false: relations came or went meanwhile';
