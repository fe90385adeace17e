CREATE FUNCTION lakemover._in_transaction_block()
RETURNS boolean
LANGUAGE c VOLATILE STRICT
AS 'MODULE_PATHNAME', 'lakemover_in_transaction_block';
COMMENT ON FUNCTION lakemover._in_transaction_block() IS 'true inside BEGIN ... COMMIT, where a procedure cannot COMMIT';
