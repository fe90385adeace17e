CREATE FUNCTION lakemover._type_change(p_source name, p_from text, p_to text) RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_from record;
    v_to   record;
BEGIN
    SELECT * INTO v_from FROM lakemover._type_info(p_source, p_from);
    SELECT * INTO v_to FROM lakemover._type_info(p_source, p_to);
    RETURN CASE WHEN v_from.is_array <> v_to.is_array OR v_from.category IS DISTINCT FROM v_to.category THEN 'kind'
                WHEN v_from.category = 'D' AND v_from.codec <> v_to.codec THEN 'zone' END;
END
$$;
COMMENT ON FUNCTION lakemover._type_change(name, text, text) IS 'kind when an expression over one type can mean something else over the other, zone between dates and times, null when only the width changes';
