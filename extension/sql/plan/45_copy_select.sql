-- What the source must select so that its binary form is the target type's. Null: the column as it is.
-- A cast to a shorter string would cut silently, so strings are cast without their length: the target refuses what is too long.
CREATE FUNCTION lakemover._copy_select(p_source name, p_column text, p_source_type text, p_target_type text, p_transform text)
RETURNS text
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_from record;
    v_to   record;
    v_type text := p_target_type;
    v_name text := quote_ident(p_column);
BEGIN
    IF p_transform IS NULL AND p_target_type = p_source_type THEN
        RETURN NULL;
    END IF;
    SELECT * INTO v_from FROM lakemover._type_info(p_source, p_source_type);
    SELECT * INTO v_to FROM lakemover._type_info(p_source, p_target_type);
    IF v_to.codec IN ('varchar', 'bpchar', 'varbit', '_varchar', '_bpchar', '_varbit') AND v_to.origin = 'builtin' THEN
        v_type := CASE ltrim(v_to.codec, '_') WHEN 'varchar' THEN 'character varying' WHEN 'bpchar' THEN 'bpchar' ELSE 'bit varying' END
                  || CASE WHEN v_to.is_array THEN '[]' ELSE '' END;
    END IF;
    IF p_transform IS NOT NULL THEN
        -- the line break ends a comment at the transform's end
        RETURN format(E'CAST((%s\n) AS %s)', p_transform, v_type);
    END IF;
    IF v_from.codec = v_to.codec THEN
        IF v_to.codec IN ('varchar', 'bpchar', 'varbit', 'bit', 'text', 'enum') AND v_to.origin = 'builtin' THEN
            RETURN NULL;        -- only the length differs
        END IF;
        IF v_to.codec = 'numeric'
           AND coalesce(substring(v_to.base FROM ',(-?\d+)\)')::int, 2000) >= coalesce(substring(v_from.base FROM ',(-?\d+)\)')::int, 2000) THEN
            RETURN NULL;        -- no digit behind the point is lost, and one too many before it is refused
        END IF;
    END IF;
    -- instants are wall-clock times in UTC; an array follows the session's time zone, which is UTC on every source session
    IF v_from.codec = 'timestamptz' AND v_to.codec IN ('timestamp', 'date', 'time')
       OR v_from.codec = 'timestamp' AND v_to.codec IN ('timestamptz', 'timetz') THEN
        v_name := format('(%s AT TIME ZONE ''UTC'')', v_name);
        IF v_to.codec IN ('timestamp', 'timestamptz') AND (v_to.base !~ '\(' OR substring(v_to.base FROM '\(\d\)') = substring(v_from.base FROM '\(\d\)')) THEN
            RETURN v_name;
        END IF;
    END IF;
    RETURN format('%s::%s', v_name, v_type);
END
$$;
COMMENT ON FUNCTION lakemover._copy_select(name, text, text, text, text) IS 'the expression on the source that yields a column in its target type; null for the column itself';
