-- A catalog view of SQL Server as a temporary table. What a version does not have or a user may not read (207, 208, 229)
-- is noted and taken for empty, unless nothing can be done without it.
CREATE FUNCTION lakemover._fetch_topic(p_source name, p_topic text, p_columns text, p_indispensable boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_message text;
    v_detail  text;
BEGIN
    EXECUTE format('DROP TABLE IF EXISTS pg_temp.%I', p_topic);
    EXECUTE format('CREATE TEMPORARY TABLE %I (%s) ON COMMIT DROP', p_topic, p_columns);
    BEGIN
        EXECUTE format('INSERT INTO pg_temp.%I SELECT * FROM lakemover._catalog(%L, %L) AS c(%s)', p_topic, p_source, p_topic, p_columns);
    -- The class of a statement that the server refuses: missing or forbidden objects and columns, syntax it does not know.
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR feature_not_supported THEN
        IF p_indispensable THEN
            RAISE;
        END IF;
        GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL;
        INSERT INTO lakemover.inv_unreadable (source, topic, error) VALUES (p_source, p_topic, coalesce(nullif(v_detail, ''), v_message));
    END;
    EXECUTE format('ANALYZE pg_temp.%I', p_topic);
END
$$;
COMMENT ON FUNCTION lakemover._fetch_topic(name, text, text, boolean) IS 'reads one catalog view of a SQL Server source into a temporary table of the topic''s name';
