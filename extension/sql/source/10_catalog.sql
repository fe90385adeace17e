-- Runs one of the source's catalog queries in a read-only transaction of its own; the caller's
-- column definition list gives the types.
CREATE FUNCTION lakemover._catalog(p_source name, p_topic text)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_catalog';
COMMENT ON FUNCTION lakemover._catalog(name, text) IS 'rows of a catalog topic of a source, converted to the caller''s column definition list';

CREATE FUNCTION lakemover._run_catalog(p_run bigint, p_topic text)
RETURNS SETOF record
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_run_catalog';
COMMENT ON FUNCTION lakemover._run_catalog(bigint, text) IS 'as lakemover._catalog(), of a run''s source in the run''s snapshot';

-- The target is asked the same, so that both answers mean the same.
CREATE FUNCTION lakemover._catalog_text(p_topic text)
RETURNS text
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'lakemover_catalog_text';
COMMENT ON FUNCTION lakemover._catalog_text(text) IS 'the query of a catalog topic for PostgreSQL, to be run under an empty search_path; null: no such topic';
