// Values as text, TRY_CAST and FORMAT. Zone: pure; throws Unconvertible.
#include <cstdlib>

#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

const Type kText{Family::kString, "text"};

}  // namespace

// The text that T-SQL makes of a value without a style; what has no such form here is left as it is, with a doubt.
Out Emitter::as_text(const Out& value, const Position& at) {
    const std::string& v = value.sql;
    switch (value.type.family) {
        case Family::kBit: return {"(" + v + ")::integer::text", kText};
        case Family::kGuid: return {"upper((" + v + ")::text)", kText};
        case Family::kMoney: return {"round(" + v + ", 2)::text", kText};
        case Family::kDatetime:
            if (!library() || (value.type.pg != "timestamp(3)" && value.type.pg != "timestamp(0)")) break;
            doubt(at, "date as text",  // datetime2(3) looks otherwise
                  "a datetime2 is written as 2024-01-31 10:00:00, a datetime as Jan 31 2024 10:00AM",
                  "use CONVERT with a style");
            return {"lakemover_tsql.date_text(" + v + ", 0)", kText};
        default: break;
    }
    if (v != "NULL") written_as_text(at, "conversion to a string", value.type);
    return value;
}

Out Emitter::try_cast(const Expr& e, const Type& type) {
    if (!library() || e.text == "PARSE" || e.args.size() > (e.text == "TRY_PARSE" ? 2U : 1U))
        refuse(e.at, e.text, "PostgreSQL has no such cast", "check the text before, or catch the error");
    if (e.text == "TRY_PARSE")
        doubt(e.at, e.text, "it reads numbers and dates as the culture writes them; here as CAST reads them",
              "check that there are no thousands separators and other dates");
    const Out value = expr(*e.args[0]);
    const bool text = value.type.family == Family::kString;
    if (!value.type.known() && value.sql != "NULL")
        doubt(e.at, e.text, "the type of the value is not known", "it is taken for text here");
    const std::string given = "(" + value.sql + ")::text";
    const bool counts = value.type.family == Family::kInt || value.type.family == Family::kDecimal;
    if (!text && value.type.known() && type.family != Family::kString && !(counts && type.family == Family::kInt)) {
        if (value.type.family == type.family ||
            (value.type.family == Family::kDate && type.family == Family::kDatetime))
            return to_type(value, type, e.at, true);
        refuse(e.at, e.text, "whether this conversion can fail is not known", "use CAST");
    }
    const std::string argument = text ? value.sql : given;
    switch (type.family) {
        case Family::kInt: {
            const std::string bytes = e.type.name == "TINYINT" ? "1"
                                      : type.pg == "smallint"  ? "2"
                                      : type.pg == "bigint"    ? "8"
                                                               : "4";
            const std::string number = counts ? "trunc(" + value.sql + ")::text" : argument;
            const std::string sql = "lakemover_tsql.try_integer(" + number + ", " + bytes + ")";
            return {type.pg == "bigint" ? sql : sql + "::" + type.pg, type};
        }
        case Family::kDecimal: {
            const std::string digits = type.pg.substr(8, type.pg.size() - 9);
            return {"lakemover_tsql.try_decimal(" + argument + ", " + digits.substr(0, digits.find(',')) + ", " +
                        digits.substr(digits.find(',') + 1) + ")",
                    type};
        }
        case Family::kFloat: return {"lakemover_tsql.try_float(" + argument + ")::" + type.pg, type};
        case Family::kGuid: return {"lakemover_tsql.try_uuid(" + argument + ")", type};
        case Family::kBit: return {"lakemover_tsql.try_bit(" + argument + ")", type};
        case Family::kDate:
        case Family::kDatetime:
            doubt(e.at, e.text + " of a date",
                  "T-SQL reads more forms, by the session's language; here ISO, and month first", "check the texts");
            return {"lakemover_tsql.try_datetime(" + argument + ")::" + type.pg, type};
        case Family::kString: return to_type(value, type, e.at, true);
        default: refuse(e.at, e.text, "this type has no rule", "check the text before, or catch the error");
    }
}

// FORMAT with a constant pattern of digits, or of a date's parts.
Out Emitter::format(const Expr& e) {
    const auto unknown = [&](const char* why) { refuse(e.at, "FORMAT()", why, "use to_char()"); };
    if (e.args.size() < 2 || e.args[1]->kind != Ex::kString) unknown("its pattern is computed");
    if (e.args.size() > 2 && (e.args[2]->kind != Ex::kString || lower_ascii(e.args[2]->text) != "en-us"))
        unknown("its culture has no rule");
    const std::string& pattern = e.args[1]->text;
    const Out value = expr(*e.args[0]);
    if (value.type.family == Family::kDate || value.type.family == Family::kDatetime) {
        static const std::vector<std::pair<std::string_view, std::string_view>> parts = {
            {"yyyy", "YYYY"}, {"yy", "YY"},      {"MMMM", "FMMonth"}, {"MMM", "Mon"},  {"MM", "MM"},
            {"M", "FMMM"},    {"dddd", "FMDay"}, {"ddd", "Dy"},       {"dd", "DD"},    {"d", "FMDD"},
            {"HH", "HH24"},   {"H", "FMHH24"},   {"hh", "HH12"},      {"h", "FMHH12"}, {"mm", "MI"},
            {"m", "FMMI"},    {"ss", "SS"},      {"s", "FMSS"},       {"fff", "MS"},   {"tt", "AM"}};
        std::string sql;
        if (pattern.size() < 2) unknown("a standard format depends on the culture");
        for (std::size_t i = 0; i < pattern.size();) {
            std::size_t run = 1;
            while (i + run < pattern.size() && pattern[i + run] == pattern[i]) ++run;
            const std::string_view word = std::string_view(pattern).substr(i, run);
            std::string_view found;
            for (const auto& [from, to] : parts) {
                if (word == from) found = to;
            }
            const char c = pattern[i];
            const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
            if (found.empty() && (letter || c == '\'' || c == '"' || c == '\\' || c == '%'))
                unknown("a part of its pattern has no rule");
            sql += found.empty() ? word : found;
            i += run;
        }
        if (pattern.find("MMM") != std::string::npos || pattern.find("ddd") != std::string::npos)
            doubt(e.at, "FORMAT", "names depend on the session's language", "here they are English");
        return {"to_char(" + value.sql + ", " + literal(sql) + ")", kText};
    }
    const Family f = value.type.family;
    if (f != Family::kInt && f != Family::kDecimal && f != Family::kMoney) unknown("the type of its value has no rule");
    const std::string upper = upper_ascii(pattern);
    std::string digits;
    int decimals = 0;
    if (!upper.empty() && (upper[0] == 'N' || upper[0] == 'D' || upper[0] == 'F') &&
        upper.find_first_not_of("0123456789", 1) == std::string::npos) {
        const int given = upper.size() > 1 ? std::atoi(upper.c_str() + 1) : upper[0] == 'D' ? 1 : 2;
        if (given > 18 || (upper[0] == 'D' && f != Family::kInt)) unknown("its pattern has no rule");
        if (upper[0] == 'D') {
            digits = std::string(static_cast<std::size_t>(std::max(20 - given, 0)), '9') +
                     std::string(static_cast<std::size_t>(given), '0');
        } else {
            decimals = given;
            digits = upper[0] == 'N' ? "999,999,999,999,999,999,999,990" : "99999999999999999999990";
        }
    } else {
        const std::size_t dot = pattern.find('.');
        const std::string whole = pattern.substr(0, dot);
        const std::string rest = dot == std::string::npos ? "" : pattern.substr(dot + 1);
        if (whole.find_first_not_of("0") != std::string::npos && whole != "#,##0" && whole != "#,0" && whole != "##0" &&
            whole != "#0")
            unknown("its pattern has no rule");
        if (whole.empty() || rest.find_first_not_of("0") != std::string::npos || rest.size() > 18 || whole.size() > 20)
            unknown("its pattern has no rule");
        decimals = static_cast<int>(rest.size());
        const bool zeros = whole.find('#') == std::string::npos;
        digits = whole.find(',') != std::string::npos ? "999,999,999,999,999,999,999,990"
                 : zeros                              ? std::string(24 - whole.size(), '9') + whole
                                                      : "99999999999999999999990";
    }
    if (decimals > 0) digits += "." + std::string(static_cast<std::size_t>(decimals), '0');
    // .NET rounds half away from zero, as round() does; a negative zero has no sign.
    return {"to_char(round(" + value.sql + ", " + std::to_string(decimals) + "), " + literal("FM" + digits) + ")",
            kText};
}

}  // namespace lakemover::tsql
