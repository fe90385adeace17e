-- 63 bytes, not characters: a multibyte name is cut at a character.
CREATE FUNCTION lakemover._name_with_hash(p_name text, p_seed text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT (SELECT left(p_name, n)
          FROM generate_series(0, length(p_name)) n
         WHERE octet_length(left(p_name, n)) <= 54
         ORDER BY n DESC LIMIT 1)
       || '_' || substr(encode(sha256(convert_to(p_seed, 'UTF8')), 'hex'), 1, 8)
$$;
COMMENT ON FUNCTION lakemover._name_with_hash(text, text) IS 'a name of at most 63 bytes with a suffix that depends on the seed alone';
