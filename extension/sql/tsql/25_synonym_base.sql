-- [schema].[name] or [name] of this database; no row for anything else: another database, another server.
CREATE FUNCTION lakemover._synonym_base(p_base text)
RETURNS TABLE (name text)
LANGUAGE sql IMMUTABLE
SET search_path = pg_catalog, pg_temp
AS $$
SELECT lower(CASE WHEN count(*) = 1 THEN 'dbo.' ELSE '' END || string_agg(replace(p.part, ']]', ']'), '.' ORDER BY m.no))
  FROM regexp_matches(p_base, '\[((?:[^]]|\]\])*)\]|([^.\[\]]+)', 'g') WITH ORDINALITY m(found, no)
 CROSS JOIN LATERAL (SELECT coalesce(m.found[1], m.found[2])) p(part)
HAVING count(*) BETWEEN 1 AND 2
$$;
COMMENT ON FUNCTION lakemover._synonym_base(text) IS 'what a synonym of SQL Server stands for, in lower case with its schema, when that is in the same database';
