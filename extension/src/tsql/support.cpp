#include "tsql/support.hpp"

#include <algorithm>
#include <functional>

namespace lakemover::tsql {

const std::vector<SupportFunction>& support_functions() {
    // A body behind RETURN is bound when it is created: no search_path can change what it means, and it can be inlined.
    static const std::vector<SupportFunction> table = {
        {"to_integer", "text", "CAST of text to int: blanks and a lone sign are 0, as in T-SQL; other text is an error",
         R"((p_text text)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN btrim(p_text, ' ') IN ('', '+', '-') THEN 0 ELSE p_text::integer END;)",
         ""},
        {"to_bigint", "text",
         "CAST of text to bigint: blanks and a lone sign are 0, as in T-SQL; other text is an error",
         R"((p_text text)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN btrim(p_text, ' ') IN ('', '+', '-') THEN 0 ELSE p_text::bigint END;)",
         ""},
        {"try_integer", "text, integer",
         "TRY_CAST of text to an integer of so many bytes (1 is tinyint): NULL where CAST would fail",
         R"((p_text text, p_bytes integer)
RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN btrim(p_text, ' ') IN ('', '+', '-') THEN 0
    WHEN p_text !~ '^ *[+-]?[0-9]+ *$' THEN NULL
    WHEN p_text::numeric NOT BETWEEN CASE p_bytes WHEN 1 THEN 0 WHEN 2 THEN -32768 WHEN 4 THEN -2147483648 ELSE -9223372036854775808 END
         AND CASE p_bytes WHEN 1 THEN 255 WHEN 2 THEN 32767 WHEN 4 THEN 2147483647 ELSE 9223372036854775807 END THEN NULL
    ELSE p_text::numeric::bigint
END;)",
         ""},
        {"try_decimal", "text, integer, integer",
         "TRY_CAST of text to decimal(precision, scale): NULL where CAST would fail",
         R"((p_text text, p_precision integer, p_scale integer)
RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN p_text !~ '^ *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+) *$' THEN NULL
    WHEN abs(round(p_text::numeric, p_scale)) >= power(10::numeric, p_precision - p_scale) THEN NULL
    ELSE round(p_text::numeric, p_scale)
END;)",
         ""},
        {"try_float", "text", "TRY_CAST of text to float: NULL where CAST would fail, blanks are 0",
         R"((p_text text)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE
    WHEN btrim(p_text, ' ') = '' THEN 0
    WHEN p_text !~ '^ *[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})? *$' THEN NULL
    WHEN abs(p_text::numeric) > 1.79e308 THEN NULL
    WHEN abs(p_text::numeric) < 2.23e-308 THEN 0
    ELSE p_text::double precision
END;)",
         ""},
        {"try_uuid", "text", "TRY_CAST of text to uniqueidentifier: what stands behind its 36 characters is cut off",
         R"((p_text text)
RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_text ~* '^\{?[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}'
            THEN substring(ltrim(p_text, '{'), 1, 36)::uuid END;)",
         ""},
        {"try_bit", "text", "TRY_CAST of text to bit: true, false, and integers",
         R"((p_text text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE lower(btrim(p_text, ' ')) WHEN 'true' THEN true WHEN 'false' THEN false
            ELSE lakemover_tsql.try_integer(p_text, 8) <> 0 END;)",
         "try_integer"},
        {"try_datetime", "text",
         "TRY_CAST of text to a date or time, of the forms 20240131, 2024-01-31, 1/31/2024 (month first) with a time "
         "behind",
         R"((p_text text)
RETURNS timestamp LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $f$
DECLARE
    v_part text[];
BEGIN
    IF btrim(p_text, ' ') = '' THEN
        RETURN '1900-01-01';
    END IF;
    v_part := regexp_match(p_text, '^ *(\d{4})-?(\d\d)-?(\d\d)(?:[ T]+(\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?: *[AaPp][Mm])?))? *$');
    IF v_part IS NULL THEN
        v_part := regexp_match(p_text, '^ *(\d\d?)[/.-](\d\d?)[/.-](\d{4})(?: +(\d\d?:\d\d(?::\d\d(?:\.\d+)?)?(?: *[AaPp][Mm])?))? *$');
        v_part := ARRAY[v_part[3], v_part[1], v_part[2], v_part[4]];
    END IF;
    RETURN make_date(v_part[1]::integer, v_part[2]::integer, v_part[3]::integer) + coalesce(v_part[4], '00:00')::time;
EXCEPTION WHEN data_exception THEN
    RETURN NULL;
END $f$;)",
         ""},
        {"is_numeric", "text",
         "ISNUMERIC of numbers with a sign, thousands, decimals, an exponent or a currency in front; lone signs are "
         "none here",
         R"((p_text text)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_text ~ '^ *[+-]? *[$£€¥]? *([0-9][0-9,]*\.?[0-9]*|\.[0-9]+)([eEdD][+-]?[0-9]*)? *$' THEN 1 ELSE 0 END;)",
         ""},
        {"like_regex", "text, text", "the regular expression that means what a LIKE pattern of T-SQL with [ ] does",
         R"((p_pattern text, p_escape text DEFAULT NULL)
RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $f$
DECLARE
    v_regex text := '^';
    v_at integer := 1;
    v_end integer;
    v_char text;
BEGIN
    WHILE v_at <= length(p_pattern) LOOP
        v_char := substr(p_pattern, v_at, 1);
        IF v_char = p_escape AND v_at < length(p_pattern) THEN
            v_at := v_at + 1;
            v_regex := v_regex || regexp_replace(substr(p_pattern, v_at, 1), '([^[:alnum:]])', '\\\1');
        ELSIF v_char = '%' THEN
            v_regex := v_regex || '.*';
        ELSIF v_char = '_' THEN
            v_regex := v_regex || '.';
        ELSIF v_char = '[' THEN
            v_end := strpos(substr(p_pattern, v_at + 1), ']');
            IF v_end = 0 THEN
                RETURN '^[^\s\S]$';  -- never true
            END IF;
            v_char := substr(p_pattern, v_at + 1, v_end - 1);
            v_regex := v_regex || CASE WHEN left(v_char, 1) = '^' THEN '[^' ELSE '[' END
                       || regexp_replace(ltrim(v_char, '^'), '([][\\^])', '\\\1', 'g') || ']';
            v_at := v_at + v_end;
        ELSE
            v_regex := v_regex || regexp_replace(v_char, '([][\\.^$*+?(){}|])', '\\\1');
        END IF;
        v_at := v_at + 1;
    END LOOP;
    RETURN v_regex || '$';
END $f$;)",
         ""},
        {"like_pattern", "text, text", "LIKE with a computed pattern, in which [ ] are classes",
         R"((p_text text, p_pattern text)
RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN strpos(p_pattern, '[') = 0 THEN p_text LIKE p_pattern ESCAPE ''
            ELSE p_text ~ lakemover_tsql.like_regex(p_pattern) END;)",
         "like_regex"},
        {"patindex", "text, text", "PATINDEX: where a pattern occurs first, from 1; 0 for nowhere",
         R"((p_pattern text, p_text text)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_pattern LIKE '\%%'
            THEN regexp_instr(p_text, regexp_replace(regexp_replace(lakemover_tsql.like_regex(p_pattern), '^\^(\.\*)+', ''), '(\.\*)+\$$', ''))
            WHEN p_text ~ lakemover_tsql.like_regex(p_pattern) THEN 1
            WHEN p_text IS NULL OR p_pattern IS NULL THEN NULL ELSE 0 END;)",
         "like_regex"},
        {"charindex", "text, text, bigint", "CHARINDEX: an empty text is found nowhere",
         R"((p_find text, p_text text, p_start bigint DEFAULT 1)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_find = '' THEN 0
            WHEN p_start <= 1 THEN strpos(p_text, p_find)
            WHEN p_start > length(p_text) THEN 0
            WHEN strpos(substr(p_text, p_start::integer), p_find) = 0 THEN 0
            ELSE strpos(substr(p_text, p_start::integer), p_find) + p_start::integer - 1 END;)",
         ""},
        {"stuff", "text, integer, integer, text", "STUFF: NULL when the start is not in the text",
         R"((p_text text, p_start integer, p_length integer, p_new text)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_start >= 1 AND p_start <= length(p_text) AND p_length >= 0
            THEN left(p_text, p_start - 1) || coalesce(p_new, '') || substr(p_text, least(p_start::bigint + p_length, 2147483647)::integer) END;)",
         ""},
        {"replicate", "text, integer", "REPLICATE: NULL for a negative count",
         R"((p_text text, p_count integer)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_count >= 0 THEN repeat(p_text, p_count) END;)",
         ""},
        {"quotename", "text, text", "QUOTENAME: NULL for more than 128 characters",
         R"((p_name text, p_quote text DEFAULT '[')
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN length(p_name) > 128 THEN NULL
            WHEN p_quote IN ('[', ']') THEN '[' || replace(p_name, ']', ']]') || ']'
            WHEN p_quote IN ('''', '"', '`') THEN p_quote || replace(p_name, p_quote, p_quote || p_quote) || p_quote END;)",
         ""},
        {"parsename", "text, integer", "PARSENAME: a part of a dotted name, from the right; without quoted dots",
         R"((p_name text, p_part integer)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN p_part BETWEEN 1 AND 4 AND cardinality(string_to_array(p_name, '.')) <= 4
            THEN nullif(btrim((string_to_array(p_name, '.'))[cardinality(string_to_array(p_name, '.')) + 1 - p_part], '[]"'), '') END;)",
         ""},
        {"date_text", "timestamp, integer",
         "CONVERT of a datetime to text in a style that names months or hours of the day half",
         R"((p_at timestamp, p_style integer)
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE p_style
    WHEN 0 THEN to_char(p_at, 'Mon ') || lpad(extract(day FROM p_at)::text, 2) || to_char(p_at, ' YYYY ') || lpad(to_char(p_at, 'FMHH12'), 2) || to_char(p_at, ':MIAM')
    WHEN 9 THEN to_char(p_at, 'Mon ') || lpad(extract(day FROM p_at)::text, 2) || to_char(p_at, ' YYYY ') || lpad(to_char(p_at, 'FMHH12'), 2) || to_char(p_at, ':MI:SS:MSAM')
    WHEN 13 THEN to_char(p_at, 'DD Mon YYYY HH24:MI:SS:MS')
    WHEN 14 THEN to_char(p_at, 'HH24:MI:SS:MS')
    WHEN 22 THEN to_char(p_at, 'FMMM/FMDD/YY ') || lpad(to_char(p_at, 'FMHH12'), 2) || to_char(p_at, ':MI:SS AM')
    WHEN 126 THEN to_char(p_at, 'YYYY-MM-DD"T"HH24:MI:SS') || CASE WHEN extract(milliseconds FROM p_at)::integer % 1000 = 0 THEN '' ELSE to_char(p_at, '.MS') END
END;)",
         ""},
        {"week", "timestamp", "DATEPART(week): weeks begin on Sunday, and the first holds January 1",
         R"((p_at timestamp)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((extract(doy FROM p_at)::integer + extract(dow FROM date_trunc('year', p_at))::integer - 1) / 7) + 1;)",
         ""},
        {"reseed", "regclass, name",
         "after SET IDENTITY_INSERT: the next value of an identity is behind all that are there",
         R"((p_table regclass, p_column name)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $f$
DECLARE
    v_sequence regclass := pg_get_serial_sequence(p_table::text, p_column);
    v_highest bigint;
BEGIN
    EXECUTE format('SELECT max(%I) FROM %s', p_column, p_table) INTO v_highest;
    IF v_highest > coalesce(pg_sequence_last_value(v_sequence), 0) THEN
        PERFORM setval(v_sequence, v_highest);
    END IF;
END $f$;)",
         ""},
        {"json_value", "text, text[]",
         "JSON_VALUE in lax mode: NULL for what is missing, no scalar, or longer than 4000",
         R"((p_json text, p_path text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(p_json::json #> p_path) NOT IN ('object', 'array') AND length(p_json::json #>> p_path) <= 4000
            THEN p_json::json #>> p_path END;)",
         ""},
        {"json_query", "text, text[]", "JSON_QUERY in lax mode: NULL for what is missing or a scalar",
         R"((p_json text, p_path text[])
RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN json_typeof(p_json::json #> p_path) IN ('object', 'array') THEN (p_json::json #> p_path)::text END;)",
         ""},
        {"is_json", "text", "ISJSON: 1 for an object or an array",
         R"((p_text text)
RETURNS integer LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp AS $f$
BEGIN
    RETURN CASE WHEN p_text IS NULL THEN NULL WHEN json_typeof(p_text::json) IN ('object', 'array') THEN 1 ELSE 0 END;
EXCEPTION WHEN data_exception THEN
    RETURN 0;
END $f$;)",
         ""},
        {"json_rows", "text, text[]", "the rows of OPENJSON: the elements of an array, or one object",
         R"((p_json text, p_path text[])
RETURNS SETOF json LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.value FROM (SELECT p_json::json #> p_path AS root) r
     CROSS JOIN LATERAL json_array_elements(CASE json_typeof(r.root) WHEN 'array' THEN r.root WHEN 'object' THEN json_build_array(r.root) ELSE '[]' END) e;
END;)",
         ""},
        {"openjson", "text, text[]", "OPENJSON without WITH: key, value and type of each element or member",
         R"((p_json text, p_path text[])
RETURNS TABLE (key text, value text, type integer) LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT e.key, CASE WHEN json_typeof(e.value) IN ('object', 'array') THEN e.value::text ELSE e.value #>> '{}' END,
           CASE json_typeof(e.value) WHEN 'string' THEN 1 WHEN 'number' THEN 2 WHEN 'boolean' THEN 3 WHEN 'array' THEN 4 WHEN 'object' THEN 5 ELSE 0 END
      FROM (SELECT p_json::json #> p_path AS root) r
     CROSS JOIN LATERAL (
        SELECT (a.ordinality - 1)::text AS key, a.value FROM json_array_elements(CASE json_typeof(r.root) WHEN 'array' THEN r.root ELSE '[]' END) WITH ORDINALITY a
        UNION ALL
        SELECT o.key, o.value FROM json_each(CASE json_typeof(r.root) WHEN 'object' THEN r.root ELSE '{}' END) o) e;
END;)",
         ""}};
    return table;
}

std::string support_script(const std::set<std::string>& used) {
    if (used.empty()) return "";
    std::set<std::string_view> wanted(used.begin(), used.end());
    const std::vector<SupportFunction>& all = support_functions();
    for (const SupportFunction& f : all) {  // none needs more than one, and that one nothing
        if (wanted.count(f.name) > 0 && !f.needs.empty()) wanted.insert(f.needs);
    }
    std::string sql = "CREATE SCHEMA IF NOT EXISTS lakemover_tsql;\n";
    for (const bool needed : {true, false}) {
        for (const SupportFunction& f : all) {
            const bool first = f.needs.empty();
            if (wanted.count(f.name) == 0 || first != needed) continue;
            const std::string name = "lakemover_tsql." + std::string(f.name);
            std::string about;
            for (const char c : f.about) about += c == '\'' ? "''" : std::string(1, c);
            sql += "CREATE OR REPLACE FUNCTION " + name + std::string(f.sql) + "\nCOMMENT ON FUNCTION " + name + "(" +
                   std::string(f.arguments) + ") IS '" + about + "';\n";
        }
    }
    return sql;
}

}  // namespace lakemover::tsql
