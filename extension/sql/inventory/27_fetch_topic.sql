CREATE FUNCTION lakemover._create_topic(p_topic text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_columns text;
BEGIN
    -- @plpgsql_check_options: security_warnings = off
    SELECT t.columns INTO STRICT v_columns FROM lakemover._sqlserver_topics() t WHERE t.topic = p_topic;
    EXECUTE format('DROP TABLE IF EXISTS pg_temp.%I', p_topic);
    EXECUTE format('CREATE TEMPORARY TABLE %I (%s) ON COMMIT DROP', p_topic, v_columns);
END
$$;
COMMENT ON FUNCTION lakemover._create_topic(text) IS 'makes the empty temporary table of one catalog view of SQL Server sources';

-- A catalog view of SQL Server as a temporary table. What a version does not have or a user may not read (207, 208, 229)
-- is noted and taken for empty, unless nothing can be done without it.
CREATE FUNCTION lakemover._fetch_topic(p_source name, p_topic text)
RETURNS void
LANGUAGE plpgsql
SET client_min_messages = 'warning'
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_topic   record;
    v_message text;
    v_detail  text;
BEGIN
    -- @plpgsql_check_options: security_warnings = off
    SELECT t.columns, t.indispensable INTO STRICT v_topic FROM lakemover._sqlserver_topics() t WHERE t.topic = p_topic;
    PERFORM lakemover._create_topic(p_topic);
    BEGIN
        EXECUTE format('INSERT INTO pg_temp.%I SELECT * FROM lakemover._catalog(%L, %L) AS c(%s)', p_topic, p_source, p_topic, v_topic.columns);
    -- The class of a statement that the server refuses: missing or forbidden objects and columns, syntax it does not know.
    EXCEPTION WHEN syntax_error_or_access_rule_violation OR feature_not_supported THEN
        IF v_topic.indispensable THEN
            RAISE;
        END IF;
        GET STACKED DIAGNOSTICS v_message = MESSAGE_TEXT, v_detail = PG_EXCEPTION_DETAIL;
        INSERT INTO lakemover.inv_unreadable (source, topic, error) VALUES (p_source, p_topic, coalesce(nullif(v_detail, ''), v_message));
    END;
    EXECUTE format('ANALYZE pg_temp.%I', p_topic);
END
$$;
COMMENT ON FUNCTION lakemover._fetch_topic(name, text) IS 'reads one catalog view of a SQL Server source into a temporary table of the topic''s name';
