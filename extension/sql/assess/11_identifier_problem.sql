-- Plain: ASCII letters, digits, _ and $, and letters of other scripts; no digit and no $ in front.
-- Beyond ASCII the server would accept anything unquoted; spaces, controls, symbols, private use and
-- emoji are refused here, since nobody can type or tell them apart.
CREATE FUNCTION lakemover._identifier_problem(p_name text)
RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT CASE
        WHEN p_name = '' THEN 'is empty'
        WHEN octet_length(p_name) > 63 THEN 'is longer than 63 bytes'
        WHEN bad.c IN (' ', U&'\00A0') THEN 'contains a space'
        WHEN bad.c = '-' THEN 'contains a hyphen'
        WHEN bad.c ~ '^[!-~]$' THEN format('contains the character %s', bad.c)
        WHEN bad.c IS NOT NULL THEN format('contains the character U+%s', upper(CASE WHEN ascii(bad.c) < 65536 THEN lpad(to_hex(ascii(bad.c)), 4, '0') ELSE to_hex(ascii(bad.c)) END))
        WHEN p_name ~ '^[0-9]' THEN 'starts with a digit'
        WHEN p_name ~ '^[$]' THEN 'starts with $' END
      FROM (SELECT substring(p_name FROM '[^A-Za-z0-9_$\u00AA\u00B5\u00BA\u00C0-\u00D6\u00D8-\u00F6\u00F8-\u1FFF\u2C00-\u2DFF\u3005-\u3007\u3021-\uD7FF\uF900-\uFDFF\uFE70-\uFEFC\uFF10-\uFFDC\U00010000-\U0001EFFF\U00020000-\U0003FFFF]')) AS bad(c)
$$;
COMMENT ON FUNCTION lakemover._identifier_problem(text) IS 'why a name is no plain identifier, or null when it is one; upper case alone is no problem';
