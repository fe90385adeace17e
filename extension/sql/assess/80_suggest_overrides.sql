-- One name per object that blocks by its name, with a number behind it where the first proposal is taken: by another object
-- that moves, or by a proposal before it. Names are compared as unquoted ones would meet, in lower case.
CREATE FUNCTION lakemover.suggest_overrides(p_source name DEFAULT NULL)
RETURNS TABLE (kind text, schema_name text, object_name text, column_name text, target_name text, statement text)
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_source     name := lakemover._source(p_source);
    v_assessment bigint;
    v_taken      text[];
    v_bad        record;
    v_base       text;
    v_place      text;
    v_no         int;
BEGIN
    SELECT max(a.assessment_id) INTO v_assessment FROM lakemover.assessment a WHERE a.source = v_source;
    IF v_assessment IS NULL THEN
        RAISE EXCEPTION 'source "%" has not been assessed', v_source
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('Run SELECT lakemover.assess(%L) first.', v_source);
    ELSIF NOT EXISTS (SELECT FROM lakemover.plan p WHERE p.source = v_source) THEN
        RAISE EXCEPTION 'source "%" has no plan that could be changed', v_source
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = format('Run SELECT lakemover.plan(%L) first.', v_source);
    END IF;
    SELECT array_agg(n.space || '/' || lower(n.name)) INTO v_taken
      FROM (SELECT 'schema' AS space, t.target_schema AS name FROM lakemover.plan_table t WHERE t.source = v_source AND NOT t.exclude
            UNION SELECT 'relation ' || quote_ident(t.target_schema), t.target_table FROM lakemover.plan_table t WHERE t.source = v_source AND NOT t.exclude
            UNION SELECT 'relation ' || quote_ident(q.target_schema), q.target_name FROM lakemover.plan_sequence q WHERE q.source = v_source AND NOT q.exclude
            UNION SELECT 'relation ' || quote_ident(t.target_schema), x.target_name
                    FROM lakemover.plan_index x JOIN lakemover.plan_table t USING (source, table_id) WHERE x.source = v_source AND NOT x.exclude
            UNION SELECT 'relation ' || quote_ident(t.target_schema), k.target_name
                    FROM lakemover.plan_constraint k JOIN lakemover.plan_table t USING (source, table_id)
                   WHERE k.source = v_source AND NOT k.exclude AND k.kind IN ('p', 'u', 'x')
            UNION SELECT 'relation ' || quote_ident(y.schema_name), y.type_name FROM lakemover.inv_type y WHERE y.source = v_source
            UNION SELECT 'column ' || c.table_id, c.target_column FROM lakemover.plan_column c WHERE c.source = v_source AND NOT c.exclude) n;
    FOR v_bad IN
        SELECT DISTINCT ON (f.schema_name COLLATE "C", f.object_name COLLATE "C", f.column_name COLLATE "C")
               f.evidence ->> 'kind' AS kind, f.schema_name, f.object_name, f.column_name, f.evidence ->> 'name' AS name,
               t.table_id, t.target_schema
          FROM lakemover.finding f
          LEFT JOIN lakemover.plan_table t ON t.source = v_source AND t.source_schema = f.schema_name AND t.source_table = f.object_name
         WHERE f.assessment_id = v_assessment AND f.check_id IN ('naming', 'reserved') AND f.severity = 'BLOCKER'
         ORDER BY f.schema_name COLLATE "C", f.object_name COLLATE "C" NULLS FIRST, f.column_name COLLATE "C" NULLS FIRST, f.finding_no
    LOOP
        v_place := CASE v_bad.kind WHEN 'schema' THEN 'schema' WHEN 'table' THEN 'relation ' || quote_ident(v_bad.target_schema)
                                   ELSE 'column ' || v_bad.table_id END || '/';
        v_base := lakemover._suggest_name(v_bad.name, v_bad.kind);
        v_no := 1;
        LOOP
            -- short enough for a number behind it, in bytes
            target_name := CASE WHEN v_no = 1 THEN v_base ELSE v_base || '_' || v_no END;
            IF octet_length(target_name) > 63 THEN
                v_base := lakemover._name_with_hash(v_base, v_bad.name);
                v_base := left(v_base, 45) || right(v_base, 9);
                CONTINUE;
            END IF;
            EXIT WHEN NOT v_place || lower(target_name) = ANY (v_taken) AND lakemover._identifier_problem(target_name) IS NULL
                  AND NOT EXISTS (SELECT FROM lakemover.reserved_word w WHERE w.word = target_name);
            v_no := v_no + 1;
        END LOOP;
        v_taken := v_taken || (v_place || lower(target_name));
        kind := v_bad.kind;
        schema_name := v_bad.schema_name;
        object_name := v_bad.object_name;
        column_name := v_bad.column_name;
        statement := CASE v_bad.kind
            WHEN 'schema' THEN format('UPDATE lakemover.plan_table SET target_schema = %L WHERE source = %L AND source_schema = %L;', target_name, v_source, v_bad.schema_name)
            WHEN 'table' THEN format('UPDATE lakemover.plan_table SET target_table = %L WHERE source = %L AND source_schema = %L AND source_table = %L;',
                                     target_name, v_source, v_bad.schema_name, v_bad.object_name)
            ELSE format('UPDATE lakemover.plan_column SET target_column = %L WHERE source = %L AND table_id = %s AND source_column = %L;',
                        target_name, v_source, v_bad.table_id, v_bad.column_name) END;
        RETURN NEXT;
    END LOOP;
END
$$;
COMMENT ON FUNCTION lakemover.suggest_overrides(name) IS 'a free, plain name for each object whose name blocks, and the statement that puts it into the plan';
