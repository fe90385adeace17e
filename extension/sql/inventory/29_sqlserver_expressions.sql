-- A default's definition in PostgreSQL's words; null where its meaning is not certain. SQL Server keeps definitions in its own
-- spelling: constants in one or two pairs of parentheses, names in brackets.
CREATE FUNCTION lakemover._sqlserver_default(p_definition text, p_target_type text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_text text := btrim(p_definition);
    v_call text;
BEGIN
    WHILE v_text ~ '^\(.*\)$' AND v_text !~ '^\([^()]*\).*\(' LOOP
        v_text := btrim(substr(v_text, 2, length(v_text) - 2));
    END LOOP;
    IF v_text ~ '^\(.*\)$' AND v_text ~ '^\([a-zA-Z_]+\(\)\)$' THEN
        v_text := btrim(substr(v_text, 2, length(v_text) - 2));
    END IF;
    IF v_text ~* '^null$' THEN
        RETURN 'NULL';
    END IF;
    IF v_text ~ '^[+-]?\d+(\.\d*)?$' THEN
        IF p_target_type = 'boolean' THEN
            RETURN CASE WHEN v_text::numeric = 0 THEN 'false' ELSE 'true' END;
        END IF;
        IF p_target_type ~ '^(smallint|integer|bigint|numeric|real|double precision)' THEN
            RETURN CASE WHEN v_text ~ '^-' THEN format('(%s)', v_text) ELSE ltrim(v_text, '+') END;
        END IF;
        IF p_target_type ~ '^(character|text)' THEN
            RETURN quote_literal(v_text);
        END IF;
        RETURN NULL;
    END IF;
    IF v_text ~ '^N?''([^'']|'''')*''$' THEN
        v_text := replace(substring(v_text FROM '^N?''(.*)''$'), '''''', '''');
        IF p_target_type ~ '^(character|text)' THEN
            RETURN quote_literal(v_text);
        END IF;
        IF p_target_type ~ '^(date|timestamp)' AND v_text ~ '^\d{4}-?\d{2}-?\d{2}( \d{2}:\d{2}:\d{2}(\.\d{1,6})?)?$' THEN
            RETURN quote_literal(v_text);
        END IF;
        IF p_target_type = 'uuid' AND v_text ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' THEN
            RETURN quote_literal(lower(v_text));
        END IF;
        RETURN NULL;
    END IF;
    v_call := lower(replace(v_text, ' ', ''));
    RETURN CASE
        WHEN v_call IN ('getdate()', 'sysdatetime()', 'current_timestamp') AND p_target_type ~ '^(timestamp|date)' THEN
            'clock_timestamp()' || CASE WHEN p_target_type ~ 'with time zone' THEN '' ELSE '::timestamp without time zone' END
        WHEN v_call IN ('getutcdate()', 'sysutcdatetime()') AND p_target_type ~ '^(timestamp|date)' THEN
            CASE WHEN p_target_type ~ 'with time zone' THEN 'clock_timestamp()' ELSE '(clock_timestamp() AT TIME ZONE ''UTC'')' END
        WHEN v_call = 'sysdatetimeoffset()' AND p_target_type ~ '^timestamp.*with time zone' THEN 'clock_timestamp()'
        WHEN v_call IN ('newid()', 'newsequentialid()') AND p_target_type = 'uuid' THEN 'gen_random_uuid()'
        WHEN v_call IN ('suser_sname()', 'original_login()', 'system_user') AND p_target_type ~ '^(character|text)' THEN 'SESSION_USER'
        WHEN v_call IN ('user_name()', 'current_user', 'user') AND p_target_type ~ '^(character|text)' THEN 'CURRENT_USER'
    END;
END
$$;
COMMENT ON FUNCTION lakemover._sqlserver_default(text, text) IS 'the default of a SQL Server column for a target type; null: not translated';
