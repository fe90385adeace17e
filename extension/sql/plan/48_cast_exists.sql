-- For built-in types staging's own catalog answers. Text can be made of everything, and everything of text.
CREATE FUNCTION lakemover._cast_exists(p_source name, p_from text, p_to text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_from record;
    v_to   record;
BEGIN
    SELECT * INTO v_from FROM lakemover._type_info(p_source, p_from);
    SELECT * INTO v_to FROM lakemover._type_info(p_source, p_to);
    IF v_from.base = v_to.base OR v_from.category = 'S' AND NOT v_from.is_array OR v_to.category = 'S' AND NOT v_to.is_array THEN
        RETURN true;
    END IF;
    IF v_from.is_array <> v_to.is_array THEN
        RETURN false;
    END IF;
    IF v_from.category = 'S' OR v_to.category = 'S' THEN
        RETURN true;        -- element by element, by their text
    END IF;
    RETURN EXISTS (SELECT FROM pg_cast c
                    WHERE c.castsource = to_regtype(lakemover._canonical_type(v_from.base))
                      AND c.casttarget = to_regtype(lakemover._canonical_type(v_to.base)));
END
$$;
COMMENT ON FUNCTION lakemover._cast_exists(name, text, text) IS 'whether the source can cast one type into another';
