CREATE FUNCTION lakemover._status_text(p_status text, p_blockers int, p_warnings int)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE p_status
        WHEN 'rework' THEN format('rework: %s BLOCKERs must be resolved before a run', p_blockers)
        WHEN 'blocked' THEN format('blocked: %s BLOCKER%s must be resolved before a run', p_blockers, CASE WHEN p_blockers > 1 THEN 's' ELSE '' END)
        WHEN 'review' THEN format('review: can be migrated, go through the %s WARNINGs first', p_warnings)
        WHEN 'ready' THEN CASE WHEN p_warnings = 0 THEN 'ready: nothing stands in the way'
                               ELSE format('ready: can be migrated, with %s WARNING%s', p_warnings, CASE WHEN p_warnings > 1 THEN 's' ELSE '' END) END
        ELSE p_status END
$$;
COMMENT ON FUNCTION lakemover._status_text(text, int, int) IS 'the status of an assessment as a sentence';
