CREATE FUNCTION lakemover.create_run(p_source name, p_options jsonb DEFAULT '{}', p_kind text DEFAULT 'migration')
RETURNS bigint
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_run     bigint;
    v_active  bigint;
    v_unknown text;
    v_option  record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
                    WHERE s.srvname = p_source AND w.fdwname = 'lakemover_fdw') THEN
        RAISE EXCEPTION 'source "%" does not exist', p_source
            USING ERRCODE = 'undefined_object',
                  HINT = 'A source is a foreign server: CREATE SERVER ... FOREIGN DATA WRAPPER lakemover_fdw.';
    END IF;
    SELECT string_agg(o.key, ', ' ORDER BY o.key) INTO v_unknown
      FROM jsonb_object_keys(p_options) AS o(key)
     WHERE o.key NOT IN ('on_existing', 'on_table_failure', 'force', 'jobs', 'memory_mb', 'max_batch_rows', 'snapshot_hold',
                         'keep_ledger', 'sample_rows', 'attempts', 'outage_timeout', 'source_quiesced', 'accept_inconsistent',
                         'max_rate', 'max_source_connections', 'slowdown_factor', 'window', 'deadline', 'require_signoff',
                         'on_bad_row', 'max_bad_rows', 'rehearse', 'checksum', 'checksum_hash', 'apply_routines', 'exact_strings');
    IF v_unknown IS NOT NULL THEN
        RAISE EXCEPTION 'unknown migration option: %', v_unknown
            USING ERRCODE = 'invalid_parameter_value', HINT = 'docs/options.md lists the options.';
    END IF;
    FOR v_option IN
        SELECT o.name, o.valid
          FROM (VALUES ('on_existing', 'refuse and drop'), ('on_table_failure', 'undo and keep'), ('on_bad_row', 'fail and reject'),
                       ('checksum', 'sample and full'), ('checksum_hash', 'md5 and sha256'),
                       ('apply_routines', 'none, equivalent and review')) o(name, valid)
         WHERE p_options->>o.name <> ALL (regexp_split_to_array(o.valid, ', | and '))
    LOOP
        RAISE EXCEPTION 'invalid value for %: "%"', v_option.name, p_options->>v_option.name
            USING ERRCODE = 'invalid_parameter_value', HINT = format('Valid values are %s.', v_option.valid);
    END LOOP;

    -- One run per source at a time; the lock keeps two callers from both seeing none.
    LOCK TABLE lakemover.run IN SHARE ROW EXCLUSIVE MODE;
    PERFORM lakemover._end_orphans();
    SELECT r.run_id INTO v_active FROM lakemover.run r
     WHERE r.source = p_source AND r.state IN ('queued', 'running', 'paused') ORDER BY 1 LIMIT 1;
    IF v_active IS NOT NULL THEN
        RAISE EXCEPTION 'run % of source "%" is still active', v_active, p_source
            USING ERRCODE = 'object_in_use',
                  HINT = format('Wait for it, or stop it with: SELECT lakemover.request_cancel(%s).', v_active);
    END IF;

    -- What it would load again when it is resumed would be there twice.
    SELECT max(r.run_id) INTO v_active FROM lakemover.run r WHERE r.source = p_source AND r.state = 'interrupted' AND r.kind = 'migration' AND NOT r.options ? 'rehearse'
       AND NOT EXISTS (SELECT FROM lakemover.run n WHERE n.source = p_source AND n.kind = 'migration' AND n.run_id > r.run_id AND n.state IN ('done', 'incomplete') AND NOT n.options ? 'rehearse');
    IF p_kind = 'repair' AND v_active IS NOT NULL THEN
        RAISE EXCEPTION 'run % of source "%" was interrupted and can be resumed', v_active, p_source
            USING ERRCODE = 'object_in_use', HINT = format('First go on with it (lakemover resume %s), or undo it (lakemover rollback %s).', v_active, v_active);
    END IF;

    INSERT INTO lakemover.run (source, kind, options, hash_key)
    VALUES (p_source, p_kind, p_options,
            substring(sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) FOR 16))
    RETURNING run_id INTO v_run;
    INSERT INTO lakemover.event (run_id, level, kind, message)
    VALUES (v_run, 'INFO', 'run_queued', format('run %s of source "%s" queued by %s', v_run, p_source, session_user));
    RETURN v_run;
END
$$;
COMMENT ON FUNCTION lakemover.create_run(name, jsonb, text) IS 'queues a run, or a comparison of the source with the target, and returns its number; refuses while another run of the same source is active';
