-- format_type()'s spelling of a built-in type written by hand (varchar(20) -> character varying(20)). Null when the text
-- is not the name of a built-in type; and then it is not one type name only, so that it must not reach any SQL text.
CREATE FUNCTION lakemover._canonical_type(p_type text) RETURNS text
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_oid     oid;
    v_element oid;
    v_base    text;
    v_modifier text;
BEGIN
    BEGIN
        v_oid := to_regtype(p_type);
    EXCEPTION WHEN OTHERS THEN      -- before 16 a malformed name is an error, not a null
        RETURN NULL;
    END;
    IF v_oid IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT CASE WHEN t.typcategory = 'A' AND t.typelem <> 0 THEN t.typelem ELSE t.oid END
      INTO v_element
      FROM pg_type t
     WHERE t.oid = v_oid AND t.typnamespace = 'pg_catalog'::regnamespace AND t.typtype <> 'p';
    IF NOT FOUND THEN
        RETURN NULL;
    END IF;
    -- format_type() without a modifier drops it, so it is taken from the text
    v_modifier := regexp_replace(substring(p_type FROM '\(([^()]*)\)'), '\s', '', 'g');
    v_base := format_type(v_element, -1);
    IF v_base = 'bpchar' THEN
        IF p_type !~* 'bpchar' THEN
            v_base := format('character(%s)', coalesce(v_modifier, '1'));
        ELSIF v_modifier IS NOT NULL THEN
            v_base := format('character(%s)', v_modifier);
        END IF;
    ELSIF v_element = 'bit'::regtype AND p_type !~ '"bit"' THEN
        v_base := format('bit(%s)', coalesce(v_modifier, '1'));
    ELSIF v_element = 'interval'::regtype THEN
        v_base := coalesce(lower(substring(p_type FROM '(?i)interval\s+(?:year|month|day|hour|minute|second)(?:\s+to\s+(?:month|hour|minute|second))?')),
                           'interval') || coalesce('(' || v_modifier || ')', '');
    ELSIF v_modifier IS NOT NULL THEN
        IF v_element = 'numeric'::regtype AND v_modifier !~ ',' THEN
            v_modifier := v_modifier || ',0';
        END IF;
        v_base := CASE WHEN v_base ~ '^time'
                       THEN regexp_replace(v_base, '^(time|timestamp)\M', format('\1(%s)', v_modifier))
                       ELSE format('%s(%s)', v_base, v_modifier) END;
    END IF;
    RETURN v_base || CASE WHEN v_element <> v_oid THEN '[]' ELSE '' END;
END
$$;
COMMENT ON FUNCTION lakemover._canonical_type(text) IS 'a built-in type as format_type() spells it; null for anything else';
