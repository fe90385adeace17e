-- One chunk's rows, as blocks for the loader. Takes a planned chunk, never SQL text.
CREATE FUNCTION lakemover.stream(p_run bigint, p_chunk bigint)
RETURNS SETOF bytea
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_stream';
COMMENT ON FUNCTION lakemover.stream(bigint, bigint) IS 'rows of a chunk as COPY payload: blocks that start with D, then one that starts with E and holds {"rows","bytes","connect_us","wait_us","work_us"}; only in the target list';

CREATE FUNCTION lakemover._stream_table(p_run bigint, p_table bigint)
RETURNS SETOF bytea
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_stream_table';
COMMENT ON FUNCTION lakemover._stream_table(bigint, bigint) IS 'as lakemover.stream(), of the whole table in one pass, whatever its chunks';

CREATE FUNCTION lakemover._stream_digest(p_run bigint, p_chunk bigint)
RETURNS SETOF bytea
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_stream_digest';
COMMENT ON FUNCTION lakemover._stream_digest(bigint, bigint) IS 'reads a chunk as lakemover.stream() does and keeps its rows here: blocks of H and a number of bytes, then one that starts with E and also holds {"hash_us","digested","lane1","lane2","columns"}, the digest of the rows with the run''s key';

CREATE FUNCTION lakemover._stream_release()
RETURNS boolean
LANGUAGE c VOLATILE PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_stream_release';
COMMENT ON FUNCTION lakemover._stream_release() IS 'closes the source connection that this session keeps for a run; true when there was one';
