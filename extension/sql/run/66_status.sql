CREATE FUNCTION lakemover.run_status(p_run bigint)
RETURNS jsonb
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT jsonb_build_object('run', to_jsonb(r) - 'hash_key', 'progress', to_jsonb(p), 'figures', lakemover.run_figures(p_run),
                              'stages', lakemover._stages_json(p_run), 'loaders', lakemover._run_loaders(p_run))
      FROM lakemover.run r JOIN lakemover.progress p ON p.run_id = r.run_id
     WHERE r.run_id = p_run
$$;
COMMENT ON FUNCTION lakemover.run_status(bigint) IS 'what lakemover status makes its document of: the run, its progress, figures and stages';
