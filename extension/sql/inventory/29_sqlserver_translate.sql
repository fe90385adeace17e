-- Checks, filters, computed columns, and the defaults that _sqlserver_default() does not know, in PostgreSQL's words. Each is
-- tried on an empty table of the same columns: only what PostgreSQL takes is believed, and it is kept as PostgreSQL writes it.
CREATE FUNCTION lakemover._translate_sqlserver(p_source name)
RETURNS void
LANGUAGE plpgsql
SET client_min_messages = 'warning'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table record;
    v_done  jsonb;
BEGIN
    DROP TABLE IF EXISTS pg_temp.mssql_expression;
    DROP TABLE IF EXISTS pg_temp.mssql_translated;
    -- sql: as translated, then as PostgreSQL writes it; columns: those that it uses
    CREATE TEMPORARY TABLE mssql_translated (kind text, table_id bigint, object_id bigint, ordinal int, sql text, columns text[], problem text) ON COMMIT DROP;
    CREATE TEMPORARY TABLE mssql_expression ON COMMIT DROP AS
    SELECT 'check' AS kind, k.table_id, k.constraint_id AS object_id, 0 AS ordinal, NULL::text AS "column", k.definition FROM pg_temp.mssql_check k
    UNION ALL
    SELECT 'filter', i.table_id, i.index_no, 0, NULL, i.filter FROM pg_temp.mssql_index i WHERE i.filter IS NOT NULL AND i.hypothetical = 0
    UNION ALL
    SELECT CASE WHEN c.native_computed IS NULL THEN 'default' ELSE 'computed' END, c.table_id, c.table_id, c.ordinal, c.column_name,
           coalesce(c.native_computed, c.native_default)
      FROM lakemover.inv_column c
     WHERE c.source = p_source AND coalesce(c.native_computed, c.native_default) IS NOT NULL AND c.default_expr IS NULL AND c.identity = '';
    ANALYZE pg_temp.mssql_expression;

    FOR v_table IN
        SELECT e.table_id, e.expressions, c.columns, c.declared
          FROM (SELECT x.table_id, jsonb_agg(to_jsonb(x)) AS expressions, lower(string_agg(x.definition, ' ')) AS names,
                       array_agg(x.ordinal) AS ordinals   -- a small table is made faster than a wide one
                  FROM pg_temp.mssql_expression x WHERE x.definition IS NOT NULL GROUP BY x.table_id) e
          JOIN LATERAL (SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('name', i.column_name, 'type', i.native_type, 'collation', i.native_collation))) AS columns,
                               string_agg(format('%I %s', i.column_name, i.data_type), ', ' ORDER BY i.ordinal) FILTER (WHERE i.type_schema <> 'unknown' AND (strpos(e.names, lower(replace(i.column_name, ']', ']]'))) > 0
                                   OR i.ordinal = ANY (e.ordinals))) AS declared
                          FROM lakemover.inv_column i WHERE i.source = p_source AND i.table_id = e.table_id) c ON c.columns IS NOT NULL
    LOOP
        v_done := lakemover._try_expressions(v_table.declared, v_table.columns, v_table.expressions);
        INSERT INTO pg_temp.mssql_translated
        SELECT r.kind, r.table_id, r.object_id, r.ordinal, r.sql, r.columns, r.problem
          FROM jsonb_to_recordset(v_done) AS r(kind text, table_id bigint, object_id bigint, ordinal int, sql text, columns text[], problem text);
    END LOOP;
    INSERT INTO pg_temp.mssql_translated
    SELECT e.kind, e.table_id, e.object_id, e.ordinal, NULL, NULL, 'its definition cannot be read' FROM pg_temp.mssql_expression e WHERE e.definition IS NULL;
    ANALYZE pg_temp.mssql_translated;
    UPDATE lakemover.inv_column c SET default_expr = t.sql
      FROM pg_temp.mssql_translated t
     WHERE c.source = p_source AND t.kind = 'default' AND c.table_id = t.table_id AND c.ordinal = t.ordinal AND t.sql IS NOT NULL;
END
$$;
COMMENT ON FUNCTION lakemover._translate_sqlserver(name) IS 'translates the expressions of a SQL Server source into the temporary table mssql_translated';

-- p_expressions: [{"kind", "definition", "ordinal", …}]; the same comes back with "sql" and "columns", or "problem".
-- The table that is made for it is rolled back, and its locks with it: a source may have thousands.
CREATE FUNCTION lakemover._try_expressions(p_declared text, p_columns jsonb, p_expressions jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SET client_min_messages = 'error'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_one     jsonb;
    v_sql     text;
    v_problem text;
    v_column  text;
    v_type    text;
    v_columns text[];
    v_name    text[];
    v_try     text;
    v_out     jsonb := '[]'::jsonb;
BEGIN
    BEGIN
        EXECUTE format('CREATE TEMPORARY TABLE mssql_probe (%s)', coalesce(p_declared, ''));
        FOR v_one IN SELECT e.item FROM jsonb_array_elements(p_expressions) e(item) LOOP
            v_columns := NULL;
            SELECT t.sql, t.problem INTO v_sql, v_problem FROM lakemover._tsql_expression(v_one ->> 'definition', p_columns) t;
            IF v_sql ~ '^nextval\(' AND v_one ->> 'kind' = 'default' THEN
                v_name := parse_ident(replace(substring(v_sql FROM '^nextval\(''(.*)''::regclass\)$'), '''''', ''''));
                v_sql := format('nextval(%L::regclass)', format('%I.%I', v_name[1], v_name[2]));
                IF NOT EXISTS (SELECT FROM pg_temp.mssql_sequence q JOIN pg_temp.mssql_schema s USING (schema_id)
                                WHERE s.name = v_name[1] AND q.name = v_name[2]) THEN
                    v_problem := format('its sequence %I.%I is not known', v_name[1], v_name[2]);
                END IF;
            ELSIF v_problem IS NULL AND v_one ->> 'kind' = 'default' THEN
                SELECT a.attname, format_type(a.atttypid, a.atttypmod) INTO v_column, v_type
                  FROM pg_attribute a
                 WHERE a.attrelid = 'pg_temp.mssql_probe'::regclass AND a.attname = v_one ->> 'column';
                v_problem := CASE WHEN NOT FOUND THEN 'the column''s type is not known' END;
                FOREACH v_try IN ARRAY ARRAY[v_sql, format('(%s)::%s', v_sql, v_type)] LOOP
                    EXIT WHEN v_column IS NULL;
                    BEGIN
                        EXECUTE format('ALTER TABLE pg_temp.mssql_probe ALTER COLUMN %I SET DEFAULT %s', v_column, v_try);
                        SELECT pg_get_expr(d.adbin, d.adrelid) INTO v_sql
                          FROM pg_attrdef d JOIN pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
                         WHERE d.adrelid = 'pg_temp.mssql_probe'::regclass AND a.attname = v_column;
                        v_problem := NULL;
                        EXIT;
                    EXCEPTION WHEN OTHERS THEN
                        v_problem := format('PostgreSQL does not take %s: %s', v_sql, SQLERRM);
                    END;
                END LOOP;
            ELSIF v_problem IS NULL THEN
                BEGIN
                    IF v_one ->> 'kind' = 'check' THEN
                        EXECUTE format('ALTER TABLE pg_temp.mssql_probe ADD CONSTRAINT probe CHECK (%s)', v_sql);
                        SELECT pg_get_constraintdef(k.oid),
                               ARRAY(SELECT a.attname::text FROM unnest(k.conkey) WITH ORDINALITY n(no, place)
                                       JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.no ORDER BY n.place)
                          INTO v_sql, v_columns
                          FROM pg_constraint k WHERE k.conrelid = 'pg_temp.mssql_probe'::regclass AND k.conname = 'probe';
                        ALTER TABLE pg_temp.mssql_probe DROP CONSTRAINT probe;
                    ELSIF v_one ->> 'kind' = 'filter' THEN
                        EXECUTE format('CREATE INDEX probe ON pg_temp.mssql_probe ((1)) WHERE %s', v_sql);
                        SELECT pg_get_expr(i.indpred, i.indrelid) INTO v_sql FROM pg_index i WHERE i.indexrelid = 'pg_temp.probe'::regclass;
                        DROP INDEX pg_temp.probe;
                    END IF;
                EXCEPTION WHEN OTHERS THEN
                    v_problem := format('PostgreSQL does not take %s: %s', v_sql, SQLERRM);
                END;
            END IF;
            v_out := v_out || jsonb_build_array(v_one || jsonb_build_object('sql', CASE WHEN v_problem IS NULL THEN v_sql END, 'columns', v_columns, 'problem', v_problem));
        END LOOP;
        RAISE EXCEPTION USING ERRCODE = 'LM000', MESSAGE = 'the probe is not kept';
    EXCEPTION WHEN SQLSTATE 'LM000' THEN
        NULL;
    END;
    RETURN v_out;
END
$$;
COMMENT ON FUNCTION lakemover._try_expressions(text, jsonb, jsonb) IS 'translates expressions of one table and has PostgreSQL take each';
