-- The foreign data wrapper: sources are foreign servers, credentials are user mappings.

CREATE FUNCTION lakemover.lakemover_fdw_handler() RETURNS pg_catalog.fdw_handler
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'lakemover_fdw_handler';
COMMENT ON FUNCTION lakemover.lakemover_fdw_handler() IS 'callbacks of lakemover_fdw';

CREATE FUNCTION lakemover.lakemover_fdw_validator(p_options text[], p_catalog oid) RETURNS void
    LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'lakemover_fdw_validator';
COMMENT ON FUNCTION lakemover.lakemover_fdw_validator(text[], oid) IS 'checks options of servers, user mappings, foreign tables and columns';

CREATE FOREIGN DATA WRAPPER lakemover_fdw
    HANDLER lakemover.lakemover_fdw_handler VALIDATOR lakemover.lakemover_fdw_validator;
COMMENT ON FOREIGN DATA WRAPPER lakemover_fdw IS 'read-only foreign tables over a migration source';
