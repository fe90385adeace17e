CREATE FUNCTION lakemover._same_key_text(p_source name, p_from text, p_to text) RETURNS boolean
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_from record;
    v_to   record;
BEGIN
    SELECT * INTO v_from FROM lakemover._type_info(p_source, p_from);
    SELECT * INTO v_to FROM lakemover._type_info(p_source, p_to);
    RETURN coalesce(v_from.codec = v_to.codec AND v_from.codec <> 'numeric'
                    OR (v_from.codec, v_to.codec) IN (
                        ('int2', 'int4'), ('int2', 'int8'), ('int4', 'int8'), ('int2', 'numeric'), ('int4', 'numeric'), ('int8', 'numeric'),
                        ('varchar', 'text'), ('text', 'varchar'), ('timestamptz', 'timestamp')), false);
END
$$;
COMMENT ON FUNCTION lakemover._same_key_text(name, text, text) IS 'whether the text of a key value means the same value in both types (source sessions run in UTC)';
