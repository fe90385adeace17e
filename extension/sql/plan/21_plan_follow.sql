-- What cannot differ follows: columns of a partition or of an inheriting table follow the parent's, partitions are
-- excluded with their parent, a key of a partition with the parent's key, an owned sequence stays in its table's schema.
CREATE FUNCTION lakemover._plan_follow(p_source name) RETURNS void
LANGUAGE plpgsql
SET lakemover_plan.writing = 'on'
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    LOOP    -- one level of partitions at a time
        UPDATE lakemover.plan_table c
           SET exclude = p.exclude
          FROM lakemover.inv_table i
          JOIN lakemover.plan_table p ON p.source = i.source AND p.table_id = i.parent_id
         WHERE i.source = p_source AND c.source = i.source AND c.table_id = i.table_id
           AND c.exclude <> p.exclude AND NOT 'exclude' = ANY (c.edited);
        EXIT WHEN NOT FOUND;
    END LOOP;
    LOOP
        UPDATE lakemover.plan_column c
           SET target_column = f.target_column,
               target_type = f.target_type,
               exclude = f.exclude,
               pass = f.pass,
               edited = ARRAY(SELECT e FROM unnest(c.edited) e WHERE e NOT IN ('target_column', 'target_type', 'exclude', 'pass') ORDER BY e)
          FROM (SELECT DISTINCT ON (c2.table_id, c2.ordinal) c2.table_id, c2.ordinal, p.target_column, p.target_type, p.exclude, p.pass
                  FROM lakemover.inv_table i
                 CROSS JOIN LATERAL unnest(i.parent_id || coalesce(i.inherits, '{}')) WITH ORDINALITY u(parent_id, no)
                  JOIN lakemover.plan_column c2 ON c2.source = i.source AND c2.table_id = i.table_id
                  JOIN lakemover.plan_column p ON p.source = i.source AND p.table_id = u.parent_id
                       AND p.source_column = c2.source_column
                  JOIN lakemover.plan_table pt ON pt.source = i.source AND pt.table_id = u.parent_id AND NOT pt.exclude
                 WHERE i.source = p_source AND (i.parent_id IS NOT NULL OR i.inherits <> '{}')
                 ORDER BY c2.table_id, c2.ordinal, u.no) f
         WHERE c.source = p_source AND c.table_id = f.table_id AND c.ordinal = f.ordinal
           AND (c.target_column, c.target_type, c.exclude, c.pass) IS DISTINCT FROM (f.target_column, f.target_type, f.exclude, f.pass);
        EXIT WHEN NOT FOUND;
    END LOOP;
    LOOP
        UPDATE lakemover.plan_constraint c
           SET exclude = p.exclude
          FROM lakemover.inv_constraint i
          JOIN lakemover.plan_constraint p ON p.source = i.source AND p.constraint_id = i.parent_id
         WHERE i.source = p_source AND c.source = i.source AND c.constraint_id = i.constraint_id
           AND c.exclude <> p.exclude;
        EXIT WHEN NOT FOUND;
    END LOOP;
    LOOP
        UPDATE lakemover.plan_index c
           SET exclude = p.exclude
          FROM lakemover.inv_index i
          JOIN lakemover.plan_index p ON p.source = i.source AND p.index_id = i.parent_id
         WHERE i.source = p_source AND c.source = i.source AND c.index_id = i.index_id
           AND c.exclude <> p.exclude;
        EXIT WHEN NOT FOUND;
    END LOOP;
    UPDATE lakemover.plan_sequence s
       SET target_schema = CASE WHEN 'target_schema' = ANY (s.edited) THEN s.target_schema ELSE t.target_schema END,
           exclude = CASE WHEN 'exclude' = ANY (s.edited) THEN s.exclude ELSE t.exclude OR coalesce(c.exclude, false) END
      FROM lakemover.inv_sequence i
      JOIN lakemover.plan_table t ON t.source = i.source AND t.table_id = i.owner_table_id
      LEFT JOIN lakemover.plan_column c ON c.source = i.source AND c.table_id = i.owner_table_id
           AND c.source_column = i.owner_column
     WHERE i.source = p_source AND s.source = i.source AND s.sequence_id = i.sequence_id
       AND (s.target_schema, s.exclude) IS DISTINCT FROM
           (CASE WHEN 'target_schema' = ANY (s.edited) THEN s.target_schema ELSE t.target_schema END,
            CASE WHEN 'exclude' = ANY (s.edited) THEN s.exclude ELSE t.exclude OR coalesce(c.exclude, false) END);
END
$$;
COMMENT ON FUNCTION lakemover._plan_follow(name) IS 'brings plan rows in line that cannot differ from another row: partitions and their parents, owned sequences and their tables';

CREATE FUNCTION lakemover._follow_edits() RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('lakemover_plan.writing', true) IS DISTINCT FROM 'on' THEN
        PERFORM lakemover._plan_follow(s.source), lakemover._refresh_unmoved(s.source) FROM (SELECT DISTINCT c.source FROM changed c) s;
    END IF;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION lakemover._follow_edits() IS 'after an edit of the plan: lets dependent rows follow';

CREATE TRIGGER follow_edits AFTER UPDATE ON lakemover.plan_table REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lakemover._follow_edits();
CREATE TRIGGER follow_edits AFTER UPDATE ON lakemover.plan_column REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lakemover._follow_edits();
CREATE TRIGGER follow_edits AFTER UPDATE ON lakemover.plan_constraint REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lakemover._follow_edits();
CREATE TRIGGER follow_edits AFTER UPDATE ON lakemover.plan_index REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lakemover._follow_edits();
CREATE TRIGGER follow_edits AFTER UPDATE ON lakemover.plan_sequence REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lakemover._follow_edits();
CREATE TRIGGER follow_edits AFTER UPDATE ON lakemover.plan_routine REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION lakemover._follow_edits();
