-- PostgreSQL 17's key words that cannot be table or column names without quotes, from its
-- pg_get_keywords(): catcode R and T. The loader replaces them by the target's own.
INSERT INTO lakemover.reserved_word (word, category)
SELECT word, 'reserved' FROM unnest('{
    all, analyse, analyze, and, any, array, as, asc, asymmetric, both, case, cast, check, collate,
    column, constraint, create, current_catalog, current_date, current_role, current_time,
    current_timestamp, current_user, default, deferrable, desc, distinct, do, else, end, except, false,
    fetch, for, foreign, from, grant, group, having, in, initially, intersect, into, lateral, leading,
    limit, localtime, localtimestamp, not, "null", offset, on, only, or, order, placing, primary,
    references, returning, select, session_user, some, symmetric, system_user, table, then, to,
    trailing, true, union, unique, user, using, variadic, when, where, window, with
}'::text[]) AS word;
INSERT INTO lakemover.reserved_word (word, category)
SELECT word, 'reserved (can be function or type)' FROM unnest('{
    authorization, binary, collation, concurrently, cross, current_schema, freeze, full, ilike, inner,
    is, isnull, join, left, like, natural, notnull, outer, overlaps, right, similar, tablesample,
    verbose
}'::text[]) AS word;
