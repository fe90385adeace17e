CREATE FUNCTION lakemover._redacted(p_value text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT format('sha256:%s (%s characters)', left(encode(sha256(convert_to(p_value, 'UTF8')), 'hex'), 12), length(p_value))
$$;
COMMENT ON FUNCTION lakemover._redacted(text) IS 'a value of the source as evidence that does not show it: the beginning of its SHA-256, and its length';
