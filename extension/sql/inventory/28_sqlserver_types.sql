-- A column's type as T-SQL declares it, from what sys.columns says. max_length counts bytes.
CREATE FUNCTION lakemover._sqlserver_type(p_base text, p_max_length int, p_precision int, p_scale int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT CASE
    WHEN p_base IN ('varchar', 'nvarchar', 'varbinary') AND p_max_length = -1 THEN p_base || '(max)'
    WHEN p_base IN ('char', 'varchar', 'binary', 'varbinary') THEN format('%s(%s)', p_base, p_max_length)
    WHEN p_base IN ('nchar', 'nvarchar') THEN format('%s(%s)', p_base, p_max_length / 2)
    WHEN p_base IN ('decimal', 'numeric') THEN format('decimal(%s,%s)', p_precision, p_scale)
    WHEN p_base IN ('time', 'datetime2', 'datetimeoffset') THEN format('%s(%s)', p_base, p_scale)
    WHEN p_base = 'float' AND p_precision <= 24 THEN 'real'
    WHEN p_base = 'timestamp' THEN 'rowversion'
    WHEN p_base = 'sysname' THEN 'nvarchar(128)'
    ELSE p_base END
$$;
COMMENT ON FUNCTION lakemover._sqlserver_type(text, int, int, int) IS 'a SQL Server type as T-SQL declares it';

-- The target type that type_map gives: n, p and s in its text stand for length, precision and scale; PostgreSQL keeps six
-- digits of a second. Null when there is no row for the type. p_char_as = 'varchar': what the map makes char(n) of a char or
-- nchar is varchar(n).
CREATE FUNCTION lakemover._sqlserver_target_type(p_profile text, p_native text, p_char_as text DEFAULT 'char') RETURNS text
LANGUAGE plpgsql STABLE STRICT
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    v_base   text := lower(regexp_replace(p_native, '\s*\(.*$', ''));
    v_inside text := substring(p_native FROM '\(([^()]*)\)');
    v_target text;
BEGIN
    SELECT m.target_type INTO v_target FROM lakemover.type_map m
     WHERE m.engine = 'sqlserver' AND m.profile = p_profile
       AND m.source_type IN (p_native, CASE WHEN v_inside = 'max' THEN v_base || '(max)' ELSE v_base END)
     ORDER BY m.source_type <> p_native LIMIT 1;
    IF p_char_as = 'varchar' AND v_base IN ('char', 'nchar') THEN
        v_target := regexp_replace(v_target, '^(character|char)\(', 'character varying(');
    END IF;
    IF v_target IS NULL OR v_inside IS NULL OR v_inside = 'max' THEN
        RETURN v_target;
    END IF;
    v_target := replace(v_target, '(n)', CASE WHEN v_base IN ('time', 'datetime2', 'datetimeoffset')
                                              THEN format('(%s)', least(v_inside::int, 6)) ELSE format('(%s)', v_inside) END);
    RETURN replace(v_target, '(p,s)', format('(%s)', v_inside));
END
$$;
COMMENT ON FUNCTION lakemover._sqlserver_target_type(text, text, text) IS 'the target type of a SQL Server type in a profile, as format_type() spells it; null: unknown';
