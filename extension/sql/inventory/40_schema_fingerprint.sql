CREATE FUNCTION lakemover._schema_fingerprint(p_source name)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    -- Ids are part of it: a table that was dropped and made again is another one. Sizes, statistics,
    -- comments and sequence values are not.
    SELECT encode(sha256(convert_to(concat_ws(E'\n',
        (SELECT i.identity || ' ' || coalesce(i.encoding, '') FROM lakemover.source_info i WHERE i.source = p_source),
        (SELECT string_agg(s.schema_name, E'\n' ORDER BY s.schema_name COLLATE "C")
           FROM lakemover.inv_schema s WHERE s.source = p_source),
        (SELECT string_agg(ROW (t.table_id, t.schema_name, t.table_name, t.kind, t.parent_id, t.partition_key, t.partition_bound,
                                t.persistence, t.inherits)::text, E'\n' ORDER BY t.table_id)
           FROM lakemover.inv_table t WHERE t.source = p_source),
        (SELECT string_agg(ROW (c.table_id, c.ordinal, c.column_name, c.data_type, c.type_id, c.codec, c.not_null, c.default_expr,
                                c.identity, c.generated, c."collation", c.binary_ok)::text, E'\n' ORDER BY c.table_id, c.ordinal)
           FROM lakemover.inv_column c WHERE c.source = p_source),
        (SELECT string_agg(ROW (c.constraint_id, c.table_id, c.name, c.kind, c.definition, c.is_validated)::text, E'\n'
                           ORDER BY c.constraint_id)
           FROM lakemover.inv_constraint c WHERE c.source = p_source),
        (SELECT string_agg(ROW (i.index_id, i.name, i.definition, i.is_valid)::text, E'\n' ORDER BY i.index_id)
           FROM lakemover.inv_index i WHERE i.source = p_source),
        (SELECT string_agg(ROW (s.sequence_id, s.schema_name, s.sequence_name, s.data_type, s.start_value, s.min_value, s.max_value,
                                s.increment_by, s.cycles, s.owner_table_id, s.owner_column, s.owner_kind)::text, E'\n'
                           ORDER BY s.sequence_id)
           FROM lakemover.inv_sequence s WHERE s.source = p_source),
        (SELECT string_agg(ROW (t.type_id, t.schema_name, t.type_name, t.kind, t.definition)::text, E'\n' ORDER BY t.type_id)
           FROM lakemover.inv_type t WHERE t.source = p_source),
        (SELECT string_agg(ROW (c.kind, c.object_id, c.schema_name, c.object_name, c.table_id, c.facts, c.definition)::text, E'\n'
                           ORDER BY c.kind COLLATE "C", c.object_id)
           FROM lakemover.inv_code c WHERE c.source = p_source)), 'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION lakemover._schema_fingerprint(name) IS 'SHA-256 over the inventory that a plan is made from: another value means that the source''s schema changed';
