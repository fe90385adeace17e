-- Code of a SQL Server source in a run: what was converted, what of it is created, and how that went.

-- p_code: an array of {no, kind, object_id, source_name, target_name, schema, class, score, verified, absent, reason, notes, source_sql, sql,
-- needs, table_ids, left_out, pieces: [{kind, object, sql}]}
CREATE FUNCTION lakemover._keep_run_code(p_run bigint, p_code jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    INSERT INTO lakemover.run_code (run_id, no, kind, object_id, source_name, target_name, class, score, verified, absent, reason, notes, source_sql, sql, needs,
                                    table_ids, left_out)
    SELECT p_run, c.no, c.kind, c.object_id, c.source_name, c.target_name, c.class, c.score, c.verified, c.absent, NULLIF(c.reason, ''), c.notes, c.source_sql,
           NULLIF(c.sql, ''), c.needs, c.table_ids, NULLIF(c.left_out, '')
      FROM jsonb_to_recordset(p_code) AS c(no int, kind text, object_id bigint, source_name text, target_name text, class text, score numeric, verified boolean,
                                           absent boolean, reason text, notes jsonb, source_sql text, sql text, needs int[], table_ids bigint[], left_out text);
    -- A schema that has no table of the plan.
    INSERT INTO lakemover.run_statement (run_id, ordinal, stage, kind, object, sql, code_no)
    SELECT p_run, (SELECT coalesce(max(s.ordinal), 0) FROM lakemover.run_statement s WHERE s.run_id = p_run) + row_number() OVER (ORDER BY n.name COLLATE "C"),
           'schema', 'schema', quote_ident(n.name), format('CREATE SCHEMA IF NOT EXISTS %I', n.name), 0
      FROM (SELECT DISTINCT c.schema AS name FROM jsonb_to_recordset(p_code) AS c(schema text, pieces jsonb) WHERE jsonb_array_length(c.pieces) > 0) n
     WHERE n.name <> 'public'
       AND NOT EXISTS (SELECT FROM lakemover.run_statement s WHERE s.run_id = p_run AND s.kind = 'schema' AND s.object = quote_ident(n.name));
    INSERT INTO lakemover.run_statement (run_id, ordinal, stage, kind, object, sql, code_no)
    SELECT p_run, (SELECT coalesce(max(s.ordinal), 0) FROM lakemover.run_statement s WHERE s.run_id = p_run) + row_number() OVER (ORDER BY c.no, x.no),
           'converted', x.piece ->> 'kind', x.piece ->> 'object', x.piece ->> 'sql', c.no
      FROM jsonb_to_recordset(p_code) AS c(no int, pieces jsonb)
     CROSS JOIN LATERAL jsonb_array_elements(c.pieces) WITH ORDINALITY x(piece, no);
END
$$;
COMMENT ON FUNCTION lakemover._keep_run_code(bigint, jsonb) IS 'stores the converted code of a run, and its statements behind those of the plan';

-- How each object of a run's code ended: created, failed, left out (by the class, or for what it needs), or still pending.
CREATE FUNCTION lakemover._run_code(p_run bigint)
RETURNS TABLE (no int, kind text, source_name text, target_name text, class text, score numeric, verified boolean, absent boolean, outcome text, why text)
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT c.no, c.kind, c.source_name, c.target_name, c.class, c.score, c.verified, c.absent,
       CASE WHEN c.left_out IS NOT NULL THEN 'left out'
            WHEN s.failed IS NOT NULL THEN 'failed' WHEN s.skipped IS NOT NULL THEN 'left out'
            WHEN s.pending THEN 'pending' ELSE 'created' END,
       coalesce(c.left_out, s.failed, s.skipped)
  FROM lakemover.run_code c
  LEFT JOIN (SELECT x.code_no, min(x.error) FILTER (WHERE x.state = 'failed') AS failed, min(x.error) FILTER (WHERE x.state = 'skipped') AS skipped,
                    bool_or(x.state = 'pending') AS pending
               FROM lakemover.run_statement x WHERE x.run_id = p_run AND x.code_no IS NOT NULL GROUP BY x.code_no) s ON s.code_no = c.no
 WHERE c.run_id = p_run
$$;
COMMENT ON FUNCTION lakemover._run_code(bigint) IS 'code of a run with its outcome on the target';

CREATE FUNCTION lakemover._code_blocked(p_run bigint, p_ordinal int)
RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH me AS (
    SELECT c.*, s.ordinal FROM lakemover.run_statement s JOIN lakemover.run_code c ON c.run_id = s.run_id AND c.no = s.code_no
     WHERE s.run_id = p_run AND s.ordinal = p_ordinal
)
SELECT format('it needs the table %I.%I, which was not loaded', t.spec ->> 'target_schema', t.spec ->> 'target_table')
  FROM me JOIN lakemover.run_table t ON t.run_id = p_run AND t.table_id = ANY (me.table_ids) AND t.state IN ('failed', 'blocked')
UNION ALL
SELECT format('it needs %s %s, which was not created', x.kind, x.object)
  FROM me JOIN lakemover.run_statement x ON x.run_id = p_run AND x.state IN ('failed', 'skipped')
       AND (x.code_no = ANY (me.needs) OR x.code_no = me.no AND x.ordinal < me.ordinal)
 LIMIT 1
$$;
COMMENT ON FUNCTION lakemover._code_blocked(bigint, int) IS 'why a statement of converted code must not be executed: what it needs is not there; null: it may';
