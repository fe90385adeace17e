CREATE FUNCTION lakemover.source_identity(p_source name)
RETURNS TABLE (engine text, version text, version_num int, dbname text, username text, encoding text, identity text,
               tls boolean, lsn text, in_recovery boolean)
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE ROWS 1
AS 'MODULE_PATHNAME', 'lakemover_source_identity';
COMMENT ON FUNCTION lakemover.source_identity(name) IS 'connects to a source and says what is there: engine, version, database, user, encoding, identity, TLS, WAL position';
