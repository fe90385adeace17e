// See canonical.hpp.
#include "source/postgres/canonical.hpp"

namespace lakemover::source::postgres {

namespace {

// to_char() cannot express infinity and drops BC: those keep their own text form.
std::string moment(const std::string& e, const char* first, const char* format) {
    return "CASE WHEN isfinite(" + e + ") AND " + e + " >= " + first + " THEN to_char(" + e + ", '" + format +
           "') ELSE (" + e + ")::text END";
}

}  // namespace

std::string canonical_text(const std::string& expression, std::string_view codec) {
    const std::string e = "(" + expression + ")";
    if (codec == "bool") {
        return "left(" + e + "::text, 1)";
    }
    if (codec == "bytea") {
        return "encode(" + e + ", 'hex')";
    }
    if (codec == "float4") {
        return "encode(float4send(" + e + "), 'hex')";
    }
    if (codec == "float8") {
        return "encode(float8send(" + e + "), 'hex')";
    }
    if (codec == "money") {
        return e + "::numeric::text";
    }
    if (codec == "date") {
        // to_char() goes through timestamp, which ends 5.6 million years earlier.
        return "CASE WHEN " + e + " <= '294276-12-31'::date THEN " + moment(e, "'0001-01-01'::date", "YYYY-MM-DD") +
               " ELSE (" + e + ")::text END";
    }
    if (codec == "timestamp") {
        return moment(e, "'0001-01-01'::timestamp", "YYYY-MM-DD HH24:MI:SS.US");
    }
    if (codec == "timestamptz") {
        // The instant, in UTC: two servers need not share a time zone.
        return moment("(" + e + " AT TIME ZONE 'UTC')", "'0001-01-01'::timestamp", "YYYY-MM-DD HH24:MI:SS.US");
    }
    if (codec == "time") {
        return "to_char(" + e + "::interval, 'HH24:MI:SS.US')";
    }
    if (codec == "bpchar") {
        // The server pads again whatever is sent: trailing blanks are no data here.
        return "rtrim(" + e + "::text, ' ')";
    }
    return e + "::text";
}

std::string canonical_hex(const std::string& expression, std::string_view codec) {
    if (codec == "bytea") {
        return "encode((" + expression + "), 'hex')";
    }
    return "encode(convert_to(" + canonical_text(expression, codec) + ", 'UTF8'), 'hex')";
}

std::string csv_field(const std::string& text) {
    // NULL in, NULL through ||, so the text is evaluated once; a row of NULLs is not NULL as text.
    // COLLATE: replace() refuses columns with nondeterministic collations.
    return "coalesce('\"' || replace((" + text + ") COLLATE \"C\", '\"', '\"\"') || '\"', '')";
}

std::string csv_md5(const std::vector<std::string>& canonical) {
    std::string fields;
    for (const std::string& text : canonical) {
        fields += (fields.empty() ? "" : ", ") + csv_field(text);
    }
    // An array, not a function's arguments: those end at 100.
    return "md5(convert_to(array_to_string(ARRAY[" + fields + "]::text[], ','), 'UTF8'))";
}

}  // namespace lakemover::source::postgres
