-- All large objects of a source are one table of a run (run_table.spec ->> 'kind' = 'large objects'), whose rows are their pieces
-- (extension/src/source/postgres/large_objects.hpp). Its number is that of pg_largeobject on every server; tables of users
-- have higher ones.
CREATE FUNCTION lakemover._large_objects_table() RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT 2613::bigint $$;
COMMENT ON FUNCTION lakemover._large_objects_table() IS 'the table_id of a run''s large objects';

-- 131072 is kLargeObjectPiece of extension/src/source/spec.hpp. An empty object has one empty piece.
CREATE FUNCTION lakemover._large_object_pieces(p_bytes bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$ SELECT greatest((coalesce(p_bytes, 0) + 131071) / 131072, 1) $$;
COMMENT ON FUNCTION lakemover._large_object_pieces(bigint) IS 'rows that a large object of so many bytes is in a run';

CREATE FUNCTION lakemover._list_large_objects(p_run bigint)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_objects bigint;
BEGIN
    DELETE FROM lakemover.run_large_object l WHERE l.run_id = p_run;
    INSERT INTO lakemover.run_large_object (run_id, loid, bytes, owner, is_home, grants, comment)
    SELECT p_run, c.*
      FROM lakemover._run_catalog(p_run, 'large_object')
           AS c(loid bigint, bytes bigint, owner text, is_home boolean, grants jsonb, comment text);
    GET DIAGNOSTICS v_objects = ROW_COUNT;
    PERFORM lakemover._analyze('run_large_object');
    UPDATE lakemover.run_table t
       SET est_bytes = s.bytes, spec = t.spec || jsonb_build_object('est_bytes', s.bytes, 'est_rows', s.pieces)
      FROM (SELECT coalesce(sum(l.bytes), 0)::bigint AS bytes, coalesce(sum(lakemover._large_object_pieces(l.bytes)), 0)::bigint AS pieces
              FROM lakemover.run_large_object l WHERE l.run_id = p_run) s
     WHERE t.run_id = p_run AND t.table_id = lakemover._large_objects_table();
    RETURN v_objects;
END
$$;
COMMENT ON FUNCTION lakemover._list_large_objects(bigint) IS 'lists the large objects of a run''s source, as they are in the run''s snapshot; returns how many';

-- What is done with them behind the load. Grants take lists, so that thousands of objects of one application are few statements.
CREATE FUNCTION lakemover._large_object_statements(p_run bigint, p_source name)
RETURNS TABLE(stage text, kind text, object text, sql text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH object AS MATERIALIZED (
    SELECT l.* FROM lakemover.run_large_object l WHERE l.run_id = p_run
), grantee AS MATERIALIZED (
    SELECT g.name AS source_role, t.name, t.problem
      FROM (SELECT DISTINCT e.value ->> 'grantee' AS name FROM object o CROSS JOIN LATERAL jsonb_array_elements(o.grants) e) g
     CROSS JOIN LATERAL lakemover._target_role(p_source, g.name) t
     WHERE g.name IS NOT NULL
), owner AS MATERIALIZED (
    SELECT w.owner AS source_role, t.name
      FROM (SELECT DISTINCT o.owner, o.is_home FROM object o WHERE o.owner IS NOT NULL) w
     CROSS JOIN LATERAL lakemover._target_owner(p_source, w.owner, w.is_home) t
     WHERE t.name IS NOT NULL
), granted AS (
    SELECT o.loid, e.value -> 'privileges' AS privileges, (e.value ->> 'grantable')::boolean AS grantable,
           CASE WHEN e.value ->> 'grantee' IS NULL THEN 'PUBLIC' ELSE quote_ident(r.name) END AS grantee,
           (row_number() OVER (PARTITION BY e.value ORDER BY o.loid) - 1) / 500 AS part
      FROM object o CROSS JOIN LATERAL jsonb_array_elements(o.grants) e
      LEFT JOIN grantee r ON r.source_role = e.value ->> 'grantee'
     WHERE e.value ->> 'grantee' IS NULL OR r.name IS NOT NULL
)
SELECT 'comment', 'comment', 'LARGE OBJECT ' || o.loid, format('COMMENT ON LARGE OBJECT %s IS %L', o.loid, o.comment)
  FROM object o WHERE o.comment IS NOT NULL
UNION ALL
SELECT 'privilege', 'privilege', format('%s large objects from %s', count(*), min(g.loid)),
       format('GRANT %s ON LARGE OBJECT %s TO %s%s', (SELECT string_agg(x.name, ', ') FROM jsonb_array_elements_text(g.privileges) x(name)),
              string_agg(g.loid::text, ', ' ORDER BY g.loid), g.grantee, CASE WHEN g.grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM granted g JOIN lakemover.plan p ON p.source = p_source AND p.privileges
 GROUP BY g.privileges, g.grantable, g.grantee, g.part
UNION ALL
SELECT 'privilege', 'owner', 'LARGE OBJECT ' || o.loid, format('ALTER LARGE OBJECT %s OWNER TO %I', o.loid, w.name)
  FROM object o JOIN owner w ON w.source_role = o.owner JOIN lakemover.plan p ON p.source = p_source AND p.privileges
$$;
COMMENT ON FUNCTION lakemover._large_object_statements(bigint, name) IS 'COMMENT, GRANT and ALTER ... OWNER TO statements of a run''s large objects';

CREATE FUNCTION lakemover._plan_large_objects(p_run bigint)
RETURNS boolean
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_table  bigint := lakemover._large_objects_table();
    v_closed bigint;
    v_first  text;
BEGIN
    DELETE FROM lakemover.run_statement s WHERE s.run_id = p_run AND s.table_id = v_table;
    INSERT INTO lakemover.run_statement (run_id, ordinal, stage, table_id, kind, object, sql, state)
    SELECT p_run, (SELECT coalesce(max(o.ordinal), 0) FROM lakemover.run_statement o WHERE o.run_id = p_run)
                  + row_number() OVER (ORDER BY s.stage COLLATE "C", s.kind = 'owner', s.object COLLATE "C", s.sql COLLATE "C"),
           s.stage, v_table, s.kind, s.object, s.sql, CASE r.kind WHEN 'migration' THEN 'pending' ELSE 'skipped' END
      FROM lakemover.run r CROSS JOIN LATERAL lakemover._large_object_statements(p_run, r.source) s
     WHERE r.run_id = p_run;
    SELECT count(*), string_agg(l.loid::text, ', ' ORDER BY l.loid) FILTER (WHERE l.no <= 10) INTO v_closed, v_first
      FROM (SELECT o.loid, row_number() OVER (ORDER BY o.loid) AS no FROM lakemover.run_large_object o WHERE o.run_id = p_run AND o.bytes IS NULL) l;
    IF v_closed > 0 THEN
        PERFORM lakemover._fail_table(p_run, v_table, format('the source''s user may not read %s large objects, the first of them: %s', v_closed, v_first));
    END IF;
    RETURN v_closed = 0;
END
$$;
COMMENT ON FUNCTION lakemover._plan_large_objects(bigint) IS 'adds what is done with a run''s large objects to its statements, anew after they were listed again; false when some cannot be read, then they have failed';

-- In the run's snapshot, since an application makes and removes them all the time: what the inventory counted is long gone.
CREATE FUNCTION lakemover._freeze_large_objects(p_run bigint)
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_run     lakemover.run;
    v_objects bigint;
BEGIN
    SELECT r.* INTO STRICT v_run FROM lakemover.run r WHERE r.run_id = p_run;
    IF v_run.options ? 'rehearse' OR lakemover._source_engine(v_run.source) <> 'postgres'
       OR NOT (SELECT p.large_objects FROM lakemover.plan p WHERE p.source = v_run.source) THEN
        RETURN 0;
    END IF;
    INSERT INTO lakemover.run_table (run_id, table_id, spec, load_rank)
    SELECT p_run, lakemover._large_objects_table(),
           jsonb_build_object('table_id', lakemover._large_objects_table(), 'source_schema', 'pg_catalog', 'source_table', 'pg_largeobject',
               'target_schema', 'pg_catalog', 'target_table', 'pg_largeobject', 'kind', 'large objects', 'format', 'binary',
               'chunking', 'keyset', 'pages', 0, 'copies_rows', true, 'key', '["loid", "position"]'::jsonb,
               'checksum', coalesce(v_run.options->>'checksum', 'sample'), 'hash', coalesce(v_run.options->>'checksum_hash', 'md5'),
               'columns', (SELECT jsonb_agg(jsonb_build_object('name', c.name, 'target_name', c.name, 'source_type', c.type, 'target_type', c.type,
                                                               'codec', c.codec, 'target_codec', c.codec, 'not_null', true, 'select', NULL, 'scale', NULL) ORDER BY c.no)
                             FROM (VALUES (1, 'loid', 'bigint', 'int8'), (2, 'position', 'bigint', 'int8'), (3, 'data', 'bytea', 'bytea')) c(no, name, type, codec))),
           0;
    v_objects := lakemover._list_large_objects(p_run);
    IF v_objects = 0 THEN
        DELETE FROM lakemover.run_table t WHERE t.run_id = p_run AND t.table_id = lakemover._large_objects_table();
        RETURN 0;
    END IF;
    PERFORM lakemover._plan_large_objects(p_run);
    RETURN v_objects;
END
$$;
COMMENT ON FUNCTION lakemover._freeze_large_objects(bigint) IS 'adds the large objects of a run''s source to what the run moves or compares, unless the plan leaves them out; returns how many there are';
