-- Fills the plan tables from the inventory. A column of a row that was edited by hand keeps its value; rows of objects
-- that are gone go, rows of new objects come.
CREATE FUNCTION lakemover.plan(p_source name, p_profile text DEFAULT NULL, p_naming text DEFAULT NULL, p_char_as text DEFAULT NULL,
                               p_on_nul text DEFAULT NULL, p_on_surrogate text DEFAULT NULL, p_on_seventh_digit text DEFAULT NULL,
                               p_privileges boolean DEFAULT NULL, p_ci text DEFAULT NULL, p_large_objects boolean DEFAULT NULL)
RETURNS TABLE(profile text, tables int, excluded int, columns int, constraints int, indexes int, sequences int, not_moved int)
LANGUAGE plpgsql
SET lakemover_plan.writing = 'on'
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
DECLARE
    v_engine  text;
    v_profile text;
    v_naming  text;
    v_policy  lakemover.plan;
BEGIN
    SELECT i.engine INTO v_engine FROM lakemover.source_info i WHERE i.source = p_source;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'source "%" has no inventory', p_source
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  HINT = format('Take it first: SELECT lakemover.inventory(%L).', p_source);
    END IF;
    -- A table without its columns would be planned as one, and edits of it be lost.
    IF EXISTS (SELECT FROM lakemover.inv_locked l WHERE l.source = p_source AND l.kind <> 'sequence') THEN
        RAISE EXCEPTION 'source "%" cannot be planned: % locked when its catalogs were read', p_source,
              (SELECT string_agg(format('%s %I.%I', l.kind, l.schema_name, l.object_name), ', ' ORDER BY l.item_no) FILTER (WHERE l.item_no <= 5)
                      || CASE WHEN count(*) > 1 THEN ' were' ELSE ' was' END FROM lakemover.inv_locked l WHERE l.source = p_source AND l.kind <> 'sequence')
            USING ERRCODE = 'lock_not_available',
                  DETAIL = (SELECT l.why FROM lakemover.inv_locked l WHERE l.source = p_source AND l.relation_id IS NOT NULL ORDER BY l.item_no LIMIT 1),
                  HINT = 'Wait until the ALTER TABLE, VACUUM FULL or the like is over, and take the inventory again.';
    END IF;
    SELECT coalesce(p_profile, (SELECT p.profile FROM lakemover.plan p WHERE p.source = p_source), 'native') INTO v_profile;
    IF v_profile NOT IN ('native', 'portable') THEN
        RAISE EXCEPTION 'unknown type profile "%"', v_profile
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Valid profiles are native and portable.';
    END IF;
    SELECT coalesce(p_naming, (SELECT p.naming FROM lakemover.plan p WHERE p.source = p_source), 'preserve') INTO v_naming;
    IF v_naming NOT IN ('preserve', 'lower', 'snake') THEN
        RAISE EXCEPTION 'unknown naming policy "%"', v_naming
            USING ERRCODE = 'invalid_parameter_value', HINT = 'Valid policies are preserve, lower and snake.';
    END IF;
    SELECT p.* INTO v_policy FROM lakemover.plan p WHERE p.source = p_source;
    v_policy.char_as := lakemover._plan_policy(p_source, v_engine, 'char_as', p_char_as, v_policy.char_as);
    v_policy.ci := lakemover._plan_policy(p_source, v_engine, 'ci', p_ci, v_policy.ci);
    v_policy.on_nul := lakemover._plan_policy(p_source, v_engine, 'on_nul', p_on_nul, v_policy.on_nul);
    v_policy.on_surrogate := lakemover._plan_policy(p_source, v_engine, 'on_surrogate', p_on_surrogate, v_policy.on_surrogate);
    v_policy.on_seventh_digit := lakemover._plan_policy(p_source, v_engine, 'on_seventh_digit', p_on_seventh_digit, v_policy.on_seventh_digit);
    INSERT INTO lakemover.plan AS p (source, profile, naming, char_as, ci, on_nul, on_surrogate, on_seventh_digit, privileges, large_objects, planned_at, fingerprint)
    VALUES (p_source, v_profile, v_naming, v_policy.char_as, v_policy.ci, v_policy.on_nul, v_policy.on_surrogate, v_policy.on_seventh_digit,
            coalesce(p_privileges, v_policy.privileges, true), coalesce(p_large_objects, v_policy.large_objects, true), clock_timestamp(), lakemover._schema_fingerprint(p_source))
    ON CONFLICT (source) DO UPDATE
       SET profile = excluded.profile, naming = excluded.naming, char_as = excluded.char_as, ci = excluded.ci, on_nul = excluded.on_nul,
           on_surrogate = excluded.on_surrogate, on_seventh_digit = excluded.on_seventh_digit, privileges = excluded.privileges,
           large_objects = excluded.large_objects,
           planned_at = excluded.planned_at, fingerprint = excluded.fingerprint;

    DELETE FROM lakemover.plan_table p
     WHERE p.source = p_source
       AND NOT EXISTS (SELECT FROM lakemover.inv_table i WHERE i.source = p.source AND i.table_id = p.table_id);
    INSERT INTO lakemover.plan_table AS p (source, table_id, source_schema, source_table, target_schema, target_table)
    SELECT i.source, i.table_id, i.schema_name, i.table_name, lakemover._target_schema(p_source, i.schema_name, v_naming),
           lakemover._target_name(i.table_name, v_naming)
      FROM lakemover.inv_table i WHERE i.source = p_source
    ON CONFLICT (source, table_id) DO UPDATE
       SET source_schema = excluded.source_schema,
           source_table = excluded.source_table,
           target_schema = CASE WHEN 'target_schema' = ANY (p.edited) THEN p.target_schema ELSE excluded.target_schema END,
           target_table = CASE WHEN 'target_table' = ANY (p.edited) THEN p.target_table ELSE excluded.target_table END;

    DELETE FROM lakemover.plan_column p
     WHERE p.source = p_source
       AND NOT EXISTS (SELECT FROM lakemover.inv_column i
                        WHERE i.source = p.source AND i.table_id = p.table_id AND i.ordinal = p.ordinal);
    WITH type AS MATERIALIZED (
        SELECT d.data_type, d.native_type,
               CASE WHEN d.native_type IS NULL THEN lakemover._profile_type(p_source, v_engine, v_profile, d.data_type)
                    ELSE coalesce(lakemover._sqlserver_target_type(v_profile, d.native_type, v_policy.char_as), d.native_type) END AS target_type,
               CASE WHEN lakemover._policy_applies('on_nul', d.native_type) THEN v_policy.on_nul END AS on_nul,
               CASE WHEN lakemover._policy_applies('on_surrogate', d.native_type) THEN v_policy.on_surrogate END AS on_surrogate,
               CASE WHEN lakemover._policy_applies('on_seventh_digit', d.native_type) THEN v_policy.on_seventh_digit END AS on_seventh_digit
          FROM (SELECT DISTINCT i.data_type, i.native_type FROM lakemover.inv_column i WHERE i.source = p_source) d
    )
    INSERT INTO lakemover.plan_column AS p (source, table_id, ordinal, source_column, target_column, target_type,
                                            on_nul, on_surrogate, on_seventh_digit)
    SELECT i.source, i.table_id, i.ordinal, i.column_name, lakemover._target_name(i.column_name, v_naming),
           CASE WHEN v_policy.ci = 'citext' AND i.native_collation ~* '_CI_' AND type.target_type ~ '^(text|character)' THEN lakemover._citext_type()
                ELSE type.target_type END,
           type.on_nul, type.on_surrogate, type.on_seventh_digit
      FROM lakemover.inv_column i JOIN type ON type.data_type = i.data_type AND type.native_type IS NOT DISTINCT FROM i.native_type
     WHERE i.source = p_source
    ON CONFLICT (source, table_id, ordinal) DO UPDATE
       SET source_column = excluded.source_column,
           target_column = CASE WHEN 'target_column' = ANY (p.edited) THEN p.target_column ELSE excluded.target_column END,
           target_type = CASE WHEN 'target_type' = ANY (p.edited) THEN p.target_type ELSE excluded.target_type END,
           -- the source's type may have changed to one that has the policy, or has it no more
           on_nul = CASE WHEN 'on_nul' = ANY (p.edited) AND excluded.on_nul IS NOT NULL THEN coalesce(p.on_nul, excluded.on_nul)
                         ELSE excluded.on_nul END,
           on_surrogate = CASE WHEN 'on_surrogate' = ANY (p.edited) AND excluded.on_surrogate IS NOT NULL
                               THEN coalesce(p.on_surrogate, excluded.on_surrogate) ELSE excluded.on_surrogate END,
           on_seventh_digit = CASE WHEN 'on_seventh_digit' = ANY (p.edited) AND excluded.on_seventh_digit IS NOT NULL
                                   THEN coalesce(p.on_seventh_digit, excluded.on_seventh_digit) ELSE excluded.on_seventh_digit END,
           exclude = CASE WHEN 'exclude' = ANY (p.edited) THEN p.exclude ELSE false END,
           pass = CASE WHEN 'pass' = ANY (p.edited) THEN p.pass ELSE 1 END;

    -- A foreign key of a partition comes with its parent's.
    DELETE FROM lakemover.plan_constraint p
     WHERE p.source = p_source
       AND NOT EXISTS (SELECT FROM lakemover.inv_constraint i
                        WHERE i.source = p.source AND i.constraint_id = p.constraint_id
                          AND NOT (i.kind = 'f' AND i.parent_id IS NOT NULL));
    INSERT INTO lakemover.plan_constraint AS p (source, constraint_id, table_id, kind, source_name, target_name)
    SELECT i.source, i.constraint_id, i.table_id, i.kind, i.name, lakemover._target_name(i.name, v_naming)
      FROM lakemover.inv_constraint i
     WHERE i.source = p_source AND NOT (i.kind = 'f' AND i.parent_id IS NOT NULL)
    ON CONFLICT (source, constraint_id) DO UPDATE
       SET table_id = excluded.table_id, kind = excluded.kind, source_name = excluded.source_name,
           target_name = CASE WHEN 'target_name' = ANY (p.edited) THEN p.target_name ELSE excluded.target_name END,
           exclude = CASE WHEN 'exclude' = ANY (p.edited) THEN p.exclude ELSE false END;

    DELETE FROM lakemover.plan_index p
     WHERE p.source = p_source
       AND NOT EXISTS (SELECT FROM lakemover.inv_index i
                        WHERE i.source = p.source AND i.index_id = p.index_id AND i.constraint_id IS NULL);
    INSERT INTO lakemover.plan_index AS p (source, index_id, table_id, source_name, target_name)
    SELECT i.source, i.index_id, i.table_id, i.name, lakemover._target_name(i.name, v_naming)
      FROM lakemover.inv_index i
     WHERE i.source = p_source AND i.constraint_id IS NULL
    ON CONFLICT (source, index_id) DO UPDATE
       SET table_id = excluded.table_id, source_name = excluded.source_name,
           target_name = CASE WHEN 'target_name' = ANY (p.edited) THEN p.target_name ELSE excluded.target_name END,
           exclude = CASE WHEN 'exclude' = ANY (p.edited) THEN p.exclude ELSE false END;

    DELETE FROM lakemover.plan_sequence p
     WHERE p.source = p_source
       AND NOT EXISTS (SELECT FROM lakemover.inv_sequence i WHERE i.source = p.source AND i.sequence_id = p.sequence_id);
    INSERT INTO lakemover.plan_sequence AS p (source, sequence_id, source_schema, source_name, target_schema, target_name)
    SELECT i.source, i.sequence_id, i.schema_name, i.sequence_name,
           lakemover._target_schema(p_source, i.schema_name, v_naming), lakemover._target_name(i.sequence_name, v_naming)
      FROM lakemover.inv_sequence i WHERE i.source = p_source
    ON CONFLICT (source, sequence_id) DO UPDATE
       SET source_schema = excluded.source_schema, source_name = excluded.source_name,
           target_schema = CASE WHEN 'target_schema' = ANY (p.edited) THEN p.target_schema ELSE excluded.target_schema END,
           target_name = CASE WHEN 'target_name' = ANY (p.edited) THEN p.target_name ELSE excluded.target_name END,
           exclude = CASE WHEN 'exclude' = ANY (p.edited) THEN p.exclude ELSE false END;

    PERFORM lakemover._plan_routines(p_source);
    -- everything that follows joins thousands of rows that the planner has never seen
    ANALYZE lakemover.plan_table, lakemover.plan_column, lakemover.plan_constraint, lakemover.plan_index, lakemover.plan_sequence, lakemover.plan_routine;
    PERFORM lakemover._plan_follow(p_source);
    PERFORM lakemover._unique_names(p_source);
    PERFORM lakemover._refresh_unmoved(p_source);
    UPDATE lakemover.plan_table p
       SET load_rank = o.load_rank
      FROM lakemover.load_order(p_source) o
     WHERE p.source = p_source AND p.table_id = o.table_id AND p.load_rank IS DISTINCT FROM o.load_rank;

    RETURN QUERY
    SELECT v_profile,
           (SELECT count(*)::int FROM lakemover.plan_table p WHERE p.source = p_source AND NOT p.exclude),
           (SELECT count(*)::int FROM lakemover.plan_table p WHERE p.source = p_source AND p.exclude),
           (SELECT count(*)::int FROM lakemover._planned_table t JOIN lakemover.plan_column c USING (source, table_id)
             WHERE t.source = p_source AND NOT c.exclude),
           (SELECT count(*)::int FROM lakemover._planned_table t JOIN lakemover.plan_constraint c USING (source, table_id)
             WHERE t.source = p_source AND NOT c.exclude),
           (SELECT count(*)::int FROM lakemover._planned_table t JOIN lakemover.plan_index c USING (source, table_id)
             WHERE t.source = p_source AND NOT c.exclude),
           (SELECT count(*)::int FROM lakemover.plan_sequence s WHERE s.source = p_source AND NOT s.exclude),
           (SELECT count(*)::int FROM lakemover.not_moved(p_source));
END
$$;
COMMENT ON FUNCTION lakemover.plan(name, text, text, text, text, text, text, boolean, text, boolean) IS 'makes the plan of a source from its inventory, or makes it anew and keeps what was edited; an argument that is null stays as planned, at first native, preserve, and for SQL Server char, none, strip, replace, truncate, and with privileges and large objects';
