-- The naming policy, one for identifiers of every kind. snake takes words apart where a capital begins one and makes
-- anything but letters and digits an underscore. PostgreSQL takes 63 bytes; the suffix of a longer name depends on the
-- source's name alone, so that planning again gives the same.
CREATE FUNCTION lakemover._target_name(p_name text, p_naming text) RETURNS text
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_name text := p_name;
BEGIN
    IF p_naming = 'lower' THEN
        v_name := lower(p_name);
    ELSIF p_naming = 'snake' THEN
        v_name := regexp_replace(p_name, '([[:lower:][:digit:]])([[:upper:]])', '\1_\2', 'g');
        v_name := regexp_replace(v_name, '([[:upper:]])([[:upper:]][[:lower:]])', '\1_\2', 'g');
        v_name := lower(regexp_replace(v_name, '[^[:alnum:]]+', '_', 'g'));
        -- a name that was nothing but signs keeps them; blanks and hyphens at an end are dropped, underscores are not
        v_name := regexp_replace(v_name, '^_(?=.)', CASE WHEN p_name ~ '^_' THEN '_' ELSE '' END);
        v_name := regexp_replace(v_name, '(?<=.)_$', CASE WHEN p_name ~ '_$' THEN '_' ELSE '' END);
        v_name := CASE WHEN v_name IN ('', '_') THEN p_name WHEN v_name ~ '^[[:digit:]]' THEN '_' || v_name ELSE v_name END;
    END IF;
    RETURN CASE WHEN octet_length(v_name) > 63 THEN lakemover._name_with_hash(v_name, p_name) ELSE v_name END;
END
$$;
COMMENT ON FUNCTION lakemover._target_name(text, text) IS 'a source''s identifier under a naming policy, at most 63 bytes';

CREATE FUNCTION lakemover._target_schema(p_source name, p_schema text, p_naming text) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT coalesce((SELECT m.target_schema FROM lakemover.schema_map m WHERE m.source = p_source AND m.source_schema = p_schema),
                lakemover._target_name(p_schema, p_naming))
$$;
COMMENT ON FUNCTION lakemover._target_schema(name, text, text) IS 'where a schema of the source goes: the schema map, else the naming policy';
