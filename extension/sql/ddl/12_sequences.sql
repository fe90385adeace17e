-- NO MINVALUE and NO MAXVALUE where the bound is the type's own: then an identity column may get a wider type.
CREATE FUNCTION lakemover._sequence_options(p_sequence lakemover.inv_sequence) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT format('INCREMENT BY %s %s %s START WITH %s CACHE %s %s',
              p_sequence.increment_by,
              CASE WHEN p_sequence.min_value = CASE WHEN p_sequence.increment_by > 0 THEN 1 ELSE b.least END
                   THEN 'NO MINVALUE' ELSE format('MINVALUE %s', p_sequence.min_value) END,
              CASE WHEN p_sequence.max_value = CASE WHEN p_sequence.increment_by > 0 THEN b.greatest ELSE -1 END
                   THEN 'NO MAXVALUE' ELSE format('MAXVALUE %s', p_sequence.max_value) END,
              p_sequence.start_value, p_sequence.cache_size,
              CASE WHEN p_sequence.cycles THEN 'CYCLE' ELSE 'NO CYCLE' END)
  FROM (SELECT CASE p_sequence.data_type WHEN 'smallint' THEN -32768 WHEN 'integer' THEN -2147483648
                    ELSE -9223372036854775808 END AS least,
               CASE p_sequence.data_type WHEN 'smallint' THEN 32767 WHEN 'integer' THEN 2147483647
                    ELSE 9223372036854775807 END AS greatest) b
$$;
COMMENT ON FUNCTION lakemover._sequence_options(lakemover.inv_sequence) IS 'the options of CREATE SEQUENCE that make a sequence like the source''s';

CREATE FUNCTION lakemover._ddl_sequences(p_source name) RETURNS TABLE(table_id bigint, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT i.owner_table_id, 'sequence', n.object,
       format('CREATE SEQUENCE %s AS %s %s', n.object, i.data_type, lakemover._sequence_options(i))
  FROM lakemover.plan_sequence s
  JOIN lakemover.inv_sequence i USING (source, sequence_id)
 CROSS JOIN LATERAL (SELECT format('%I.%I', s.target_schema, s.target_name) AS object) n
 WHERE s.source = p_source AND NOT s.exclude AND i.owner_kind IS DISTINCT FROM 'i'
 ORDER BY n.object COLLATE "C"
$$;
COMMENT ON FUNCTION lakemover._ddl_sequences(name) IS 'statements that create sequences, except those of identity columns';
