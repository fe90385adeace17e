-- A run may read in one pass what was planned for two.
CREATE FUNCTION lakemover._as_planned(p_spec jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE WHEN NOT p_spec @? '$.columns[*].planned_pass' THEN p_spec
                ELSE jsonb_set(p_spec, '{columns}', (SELECT jsonb_agg(CASE WHEN c.item ? 'planned_pass' THEN c.item - 'planned_pass' || jsonb_build_object('pass', c.item -> 'planned_pass') ELSE c.item END ORDER BY c.no)
                                                       FROM jsonb_array_elements(p_spec -> 'columns') WITH ORDINALITY c(item, no))) END
$$;
COMMENT ON FUNCTION lakemover._as_planned(jsonb) IS 'a frozen plan as it was frozen, with the second pass that lakemover._in_one_pass() took away';

-- From the run's frozen copy: what the run does, whatever the plan has become since. Large objects are no part of the plan.
CREATE FUNCTION lakemover._run_plan_text(p_run bigint) RETURNS text
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
WITH large_objects AS (
    SELECT t.table_id FROM lakemover.run_table t WHERE t.run_id = p_run AND t.spec->>'kind' = 'large objects'
)
SELECT concat_ws(E'\n',
           (SELECT 'profile ' || r.profile FROM lakemover.run r WHERE r.run_id = p_run),
           (SELECT string_agg((lakemover._as_planned(t.spec) - '{est_rows,est_bytes,pages,checksum,hash,read_by}'::text[] || jsonb_build_object('priority', t.priority))::text,
                              E'\n' ORDER BY t.table_id)
              FROM lakemover.run_table t WHERE t.run_id = p_run AND t.table_id NOT IN (SELECT l.table_id FROM large_objects l)),
           (SELECT string_agg(jsonb_build_array(d.stage, d.table_id, d.kind, d.object, d.sql)::text, E'\n'
                              ORDER BY d.stage COLLATE "C", d.kind COLLATE "C", d.object COLLATE "C", d.sql COLLATE "C")
              FROM lakemover.run_statement d WHERE d.run_id = p_run AND d.stage NOT IN ('sequence_value', 'privilege') AND d.code_no IS NULL
               AND (d.table_id IS NULL OR d.table_id NOT IN (SELECT l.table_id FROM large_objects l))))
$$;
COMMENT ON FUNCTION lakemover._run_plan_text(bigint) IS 'the text whose SHA-256 is the run''s plan hash, as plan_hash() makes it: specs and statements, one a line';
