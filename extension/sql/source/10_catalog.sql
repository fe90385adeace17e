-- Runs one of the source's catalog queries in a read-only transaction of its own; the caller's
-- column definition list gives the types.
CREATE FUNCTION lakemover._catalog(p_source name, p_topic text)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_catalog';
COMMENT ON FUNCTION lakemover._catalog(name, text) IS 'rows of a catalog topic of a source, converted to the caller''s column definition list';
