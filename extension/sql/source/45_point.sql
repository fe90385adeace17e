-- A point in time that sessions share because nothing happened on the source while they were opened.
CREATE FUNCTION lakemover._point_open(p_run bigint)
RETURNS text
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_point_open';
COMMENT ON FUNCTION lakemover._point_open(bigint) IS 'opens this session''s transaction on a run''s source at its present point in time and fixes it; returns how the source numbers it and which transactions had not ended, as JSON';

CREATE FUNCTION lakemover._point_held(p_run bigint)
RETURNS boolean
LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE
AS 'MODULE_PATHNAME', 'lakemover_point_held';
COMMENT ON FUNCTION lakemover._point_held(bigint) IS 'whether this session still has its transaction of lakemover._point_open';
