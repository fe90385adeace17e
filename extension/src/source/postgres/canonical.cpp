// See canonical.hpp.
#include "source/postgres/canonical.hpp"

#include <algorithm>
#include <array>

namespace lakemover::source::postgres {

namespace {

constexpr int kMostShown = 2048;  // characters, or bytes of a bytea

// to_char() cannot express infinity and drops BC: those keep their own text form.
std::string moment(const std::string& e, const char* first, const char* format) {
    return "CASE WHEN isfinite(" + e + ") AND " + e + " >= " + first + " THEN to_char(" + e + ", '" + format +
           "') ELSE (" + e + ")::text END";
}

// Types whose canonical text is short whatever the value.
bool bounded(std::string_view codec) {
    static constexpr std::array<std::string_view, 17> kBounded{
        "bool", "int2",   "int4",      "int8",        "float4",   "float8", "money", "oid",    "date",
        "time", "timetz", "timestamp", "timestamptz", "interval", "uuid",   "inet",  "macaddr"};
    return std::find(kBounded.begin(), kBounded.end(), codec) != kBounded.end();
}

// A value for people to look at: its beginning, and behind a long one its length and MD5, so that equal
// forms still mean equal values. Rows of a gigabyte must not cross three processes as text.
// OFFSET 0 keeps the planner from computing the value more than once.
std::string cut(const std::string& expression, std::string_view codec, bool hex) {
    const std::string most = std::to_string(kMostShown);
    const bool bytes = codec == "bytea";
    const std::string length = bytes ? "octet_length(x)" : "length(x)";
    const auto form = [&](const std::string& value) {
        if (bytes) return "encode(" + value + ", 'hex')";
        return hex ? "encode(convert_to(" + value + ", 'UTF8'), 'hex')" : value;
    };
    const std::string begin = bytes ? "substr(x, 1, " + most + ")" : "left(x, " + most + ")";
    return "(SELECT CASE WHEN " + length + " > " + most + " THEN " + form(begin) + " || '... (' || " + length +
           (bytes ? " || ' bytes" : " || ' characters") + ", MD5 ' || md5(" + (bytes ? "x" : "convert_to(x, 'UTF8')") +
           ") || ')' ELSE " + form("x") + " END FROM (SELECT " +
           (bytes ? expression : canonical_text(expression, codec)) + " AS x OFFSET 0) long_value)";
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

std::string shown_text(const std::string& expression, std::string_view codec) {
    return bounded(codec) ? canonical_text(expression, codec) : cut(expression, codec, false);
}

std::string shown_hex(const std::string& expression, std::string_view codec) {
    return bounded(codec) ? "encode(convert_to(" + canonical_text(expression, codec) + ", 'UTF8'), 'hex')"
                          : cut(expression, codec, true);
}

std::string csv_field(const std::string& text) {
    // NULL in, NULL through ||, so the text is evaluated once; a row of NULLs is not NULL as text.
    // COLLATE: replace() refuses columns with nondeterministic collations.
    return "coalesce('\"' || replace((" + text + ") COLLATE \"C\", '\"', '\"\"') || '\"', '')";
}

std::string csv_hash(const std::vector<std::string>& canonical, CsvHash hash) {
    std::string fields;
    for (const std::string& text : canonical) {
        fields += (fields.empty() ? "" : ", ") + csv_field(text);
    }
    // An array, not a function's arguments: those end at 100.
    const std::string bytes = "convert_to(array_to_string(ARRAY[" + fields + "]::text[], ','), 'UTF8')";
    return hash == CsvHash::kSha256 ? "encode(sha256(" + bytes + "), 'hex')" : "md5(" + bytes + ")";
}

std::string checksum_of(const std::string& rows, CsvHash hash) {
    std::string sums;
    for (int lane = 0; lane < (hash == CsvHash::kSha256 ? 4 : 2); ++lane) {
        sums += " || ':' || coalesce(sum(('x' || substr(h, " + std::to_string(16 * lane + 1) +
                ", 16))::bit(64)::bigint), 0)";
    }
    return "SELECT count(*)" + sums + " AS checksum FROM (" + rows + ") AS hashed";
}

}  // namespace lakemover::source::postgres
