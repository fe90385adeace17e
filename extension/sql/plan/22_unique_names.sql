-- Tables, sequences, indexes and keys share one name space per schema. When two source schemas become one, names of
-- indexes, keys and sequences may meet: all but one get a suffix that depends on the object alone. Table names are
-- never changed here, and neither is a name that was edited; those meet in _plan_problems().
CREATE FUNCTION lakemover._unique_names(p_source name) RETURNS void
LANGUAGE plpgsql
SET lakemover_plan.writing = 'on'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_clash record;
BEGIN
    FOR v_clash IN
        WITH relation AS (
            SELECT 't' AS class, t.table_id AS id, t.target_schema, t.target_table AS target_name,
                   0 AS precedence, t.source_schema, t.source_table AS source_name, NULL::text AS of_table
              FROM lakemover.plan_table t
             WHERE t.source = p_source AND NOT t.exclude
            UNION ALL
            SELECT 's', s.sequence_id, s.target_schema, s.target_name,
                   CASE WHEN s.edited && '{target_name,target_schema}' THEN 1 ELSE 2 END, s.source_schema, s.source_name, NULL
              FROM lakemover.plan_sequence s
             WHERE s.source = p_source AND NOT s.exclude
            UNION ALL
            SELECT 'c', c.constraint_id, t.target_schema, c.target_name,
                   CASE WHEN 'target_name' = ANY (c.edited) THEN 1 ELSE 3 END, t.source_schema, c.source_name, NULL
              FROM lakemover.plan_constraint c
              JOIN lakemover.plan_table t USING (source, table_id)
             WHERE c.source = p_source AND NOT c.exclude AND NOT t.exclude AND c.kind IN ('p', 'u', 'x')
            UNION ALL
            SELECT 'i', i.index_id, t.target_schema, i.target_name,
                   CASE WHEN 'target_name' = ANY (i.edited) THEN 1 ELSE 4 END, t.source_schema, i.source_name,
                   -- an index's name is one of its schema's on PostgreSQL, and one of its table's elsewhere
                   CASE WHEN lakemover._source_engine(p_source) <> 'postgres' THEN t.source_table END
              FROM lakemover.plan_index i
              JOIN lakemover.plan_table t USING (source, table_id)
             WHERE i.source = p_source AND NOT i.exclude AND NOT t.exclude
        )
        SELECT r.*
          FROM (SELECT relation.*, row_number() OVER (PARTITION BY target_schema, target_name
                                                      ORDER BY precedence, source_schema, source_name, class, of_table, id) AS place
                  FROM relation) r
         WHERE r.place > 1 AND r.precedence > 1
    LOOP
        CASE v_clash.class
            WHEN 's' THEN
                UPDATE lakemover.plan_sequence s
                   SET target_name = lakemover._name_with_hash(s.target_name, concat_ws('.', 's', s.source_schema, s.source_name))
                 WHERE s.source = p_source AND s.sequence_id = v_clash.id;
            WHEN 'c' THEN
                UPDATE lakemover.plan_constraint c
                   SET target_name = lakemover._name_with_hash(c.target_name, concat_ws('.', 'c', v_clash.source_schema, c.source_name))
                 WHERE c.source = p_source AND c.constraint_id = v_clash.id;
            ELSE
                UPDATE lakemover.plan_index i
                   SET target_name = lakemover._name_with_hash(i.target_name, concat_ws('.', 'i', v_clash.source_schema, v_clash.of_table, i.source_name))
                 WHERE i.source = p_source AND i.index_id = v_clash.id;
        END CASE;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lakemover._unique_names(name) IS 'gives indexes, keys and sequences whose target names meet a deterministic suffix';
