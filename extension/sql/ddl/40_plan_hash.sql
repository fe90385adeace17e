-- Everything that decides what a run does: statements and specs. Not what changes while the plan stays the same: sequence
-- values, sizes and estimates; nor privileges and owners, which depend on the roles that the target has meanwhile.
CREATE FUNCTION lakemover.plan_hash(p_source name) RETURNS text
LANGUAGE sql STABLE
SET jit = off
SET search_path = pg_catalog, pg_temp
AS $$
SELECT encode(sha256(convert_to(concat_ws(E'\n',
           (SELECT 'profile ' || p.profile FROM lakemover.plan p WHERE p.source = p_source),
           (SELECT string_agg((lakemover._table_spec(p_source, t.table_id) - '{est_rows,est_bytes,pages}'::text[]
                               || jsonb_build_object('priority', t.priority))::text, E'\n' ORDER BY t.table_id)
              FROM lakemover.plan_table t WHERE t.source = p_source AND NOT t.exclude),
           (SELECT string_agg(jsonb_build_array(d.stage, d.table_id, d.kind, d.object, d.sql)::text, E'\n'
                              ORDER BY d.stage COLLATE "C", d.kind COLLATE "C", d.object COLLATE "C", d.sql COLLATE "C")
              FROM lakemover._ddl(p_source) d WHERE d.stage NOT IN ('sequence_value', 'privilege'))), 'UTF8')), 'hex')
$$;
COMMENT ON FUNCTION lakemover.plan_hash(name) IS 'SHA-256 over the plan: two plans with the same hash do the same';
