CREATE FUNCTION lakemover._local_checksum(p_relation regclass, p_hash text)
RETURNS text
LANGUAGE c STABLE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_relation_checksum';
COMMENT ON FUNCTION lakemover._local_checksum(regclass, text) IS 'the checksum of a relation, computed here';

CREATE FUNCTION lakemover._source_checksum(p_relation regclass, p_hash text)
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_source_relation_checksum';
COMMENT ON FUNCTION lakemover._source_checksum(regclass, text) IS 'the checksum of the relation behind a foreign table, computed by a source that speaks PostgreSQL''s SQL; null for any other relation';

-- The settings are those that a value's own text form follows; sessions at sources have the same.
CREATE FUNCTION lakemover.checksum(p_relation regclass, p_hash text DEFAULT 'md5', OUT rows bigint, OUT checksum text, OUT hash text, OUT computed text)
LANGUAGE plpgsql VOLATILE STRICT PARALLEL UNSAFE
SET datestyle = 'ISO, YMD'
SET intervalstyle = 'postgres'
SET extra_float_digits = 3
SET bytea_output = 'hex'
SET timezone = 'UTC'
SET xmlbinary = 'base64'
SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    hash := p_hash;
    checksum := lakemover._source_checksum(p_relation, p_hash);
    computed := CASE WHEN checksum IS NULL THEN 'here' ELSE 'on the source' END;
    checksum := coalesce(checksum, lakemover._local_checksum(p_relation, p_hash));
    rows := split_part(checksum, ':', 1)::bigint;
END
$$;
COMMENT ON FUNCTION lakemover.checksum(regclass, text) IS 'checksum of all rows of a table, view or foreign table, of any order: "rows:sum:sum...", the sums of the 64-bit pieces of each row''s MD5 or SHA-256 over its canonical CSV; a PostgreSQL source behind a foreign table computes it itself. Equal rows in columns of the same order give the same on every server';
