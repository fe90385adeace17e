-- The target type that type_map gives a column: arrays follow their element, domains over a mapped type become
-- the mapped type, a precision moves along between timestamps.
CREATE FUNCTION lakemover._profile_type(p_source name, p_engine text, p_profile text, p_data_type text) RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_info   record;
    v_target text;
    v_precision text;
BEGIN
    IF NOT EXISTS (SELECT FROM lakemover.type_map m WHERE m.engine = p_engine AND m.profile = p_profile) THEN
        RETURN p_data_type;
    END IF;
    SELECT * INTO v_info FROM lakemover._type_info(p_source, p_data_type);
    v_precision := substring(v_info.base FROM '\(\d+\)');
    SELECT m.target_type
      INTO v_target
      FROM lakemover.type_map m
     WHERE m.engine = p_engine AND m.profile = p_profile
       AND m.source_type = regexp_replace(v_info.base, '\s*\([^()]*\)', '');
    IF v_target IS NULL OR v_target = regexp_replace(v_info.base, '\s*\([^()]*\)', '') THEN
        RETURN p_data_type;
    END IF;
    IF v_precision IS NOT NULL AND v_target LIKE 'timestamp with%' THEN
        v_target := regexp_replace(v_target, '^timestamp', 'timestamp' || v_precision);
    END IF;
    RETURN v_target || CASE WHEN v_info.is_array THEN '[]' ELSE '' END;
END
$$;
COMMENT ON FUNCTION lakemover._profile_type(name, text, text, text) IS 'the target type of a source type in a profile; the type itself where type_map has no row';
