-- A lexer for what pg_get_expr() and its relatives print: no comments, no dollar quotes, bare identifiers are ASCII.
-- ARE alternation takes the longest match, so E'..' wins over the word E.
CREATE FUNCTION lakemover._sql_tokens(p_sql text)
RETURNS TABLE(token_no int, kind text, token text, name text)
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
    SELECT t.ordinality::int,
           k.kind,
           t.m[1],
           CASE k.kind
               WHEN 'quoted' THEN replace(substr(t.m[1], 2, length(t.m[1]) - 2), '""', '"')
               WHEN 'word' THEN lower(t.m[1] COLLATE "C")
               WHEN 'string' THEN CASE WHEN t.m[1] LIKE '''%' THEN replace(substr(t.m[1], 2, length(t.m[1]) - 2), '''''', '''') END
           END
      FROM regexp_matches(p_sql,
               $re$(\s+|"(?:[^"]|"")*"|[eE]'(?:[^'\\]|\\.|'')*'|[bBxX]?'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_$]*|\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|::|[-+*/<>=~!@#%^&|`?]+|.)$re$,
               'g') WITH ORDINALITY AS t(m, ordinality)
     CROSS JOIN LATERAL (SELECT CASE
               WHEN t.m[1] ~ '^\s' THEN 'space'
               WHEN t.m[1] ~ '^".*"$' THEN 'quoted'
               WHEN t.m[1] ~ '^[eEbBxX]?''.*''$' THEN 'string'
               WHEN t.m[1] ~ '^[A-Za-z_]' THEN 'word'
               WHEN t.m[1] ~ '^\d' THEN 'number'
               WHEN t.m[1] ~ '^[-+*/<>=~!@#%^&|`?]' THEN 'operator'
               ELSE 'punctuation'
           END) AS k(kind)
     ORDER BY t.ordinality;
END
$$;
COMMENT ON FUNCTION lakemover._sql_tokens(text) IS 'the tokens of an SQL expression as the source''s catalog functions print it, white space included; name is the identifier without quotes, or the value of a plain string';
