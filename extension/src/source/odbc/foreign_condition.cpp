// Conditions of foreign tables in T-SQL: the same truth for PostgreSQL's values, or at least all rows that
// PostgreSQL would keep. What is neither is not written. Pure zone.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "source/odbc/canonical.hpp"
#include "source/odbc/dialect.hpp"
#include "source/odbc/foreign.hpp"
#include "source/odbc/handles.hpp"

namespace lakemover::source::odbc {

namespace {

using Kind = ForeignCondition::Kind;
using Literal = std::optional<std::string>;

constexpr std::size_t kMostValues = 1000;  // of an IN list: the engine's planner has its limits
constexpr std::size_t kMostUnits = 4000;   // of a string, in UTF-16
constexpr std::size_t kMostDigits = 38;    // of a decimal
// How far the engine may read a literal away from its value, and more; below the second number all is zero's
// neighbourhood. A real's text need not be the nearest one to its value as a double.
struct FloatSlack {
    double relative;
    double small;
};
constexpr FloatSlack kDoubleSlack{1e-12, 1e-280};
constexpr FloatSlack kRealSlack{1e-6, 1e-37};
constexpr double kLargestFloat = 1.7e308;

enum class Family { kNone, kBit, kNumber, kFloat, kGuid, kDate, kMoment, kTime, kText };

bool one_of(std::string_view word, std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), word) != words.end();
}

// How a column compares when its declared type stores what the source has; kNone where a comparison there is none here.
Family family_of(const SqlType& type, const ForeignColumn& column) {
    const std::string& codec = column.codec;
    const auto when = [&codec](std::initializer_list<std::string_view> codecs, Family family) {
        return one_of(codec, codecs) ? family : Family::kNone;
    };
    switch (type.kind) {
        case TypeKind::kBit: return when({"bool"}, Family::kBit);
        case TypeKind::kTinyint:
        case TypeKind::kSmallint:
        case TypeKind::kInt:
        case TypeKind::kBigint:
            if (codec == "numeric" && column.codec_digits.value_or(0) < 0) {
                return Family::kNone;  // rounded to tens
            }
            return when({"int2", "int4", "int8", "numeric"}, Family::kNumber);
        case TypeKind::kDecimal:
        case TypeKind::kMoney:
        case TypeKind::kSmallmoney:
            if (column.codec_digits.value_or(type.scale) < type.scale) {
                return Family::kNone;  // rounded
            }
            return when({"numeric"}, Family::kNumber);
        case TypeKind::kReal: return when({"float4"}, Family::kFloat);
        case TypeKind::kFloat: return when({"float8"}, Family::kFloat);
        case TypeKind::kUniqueidentifier: return when({"uuid"}, Family::kGuid);
        case TypeKind::kDate: return when({"date"}, Family::kDate);
        case TypeKind::kDatetime:
        case TypeKind::kSmalldatetime:
        case TypeKind::kDatetime2: return when({"timestamp"}, Family::kMoment);
        case TypeKind::kDatetimeoffset: return when({"timestamp", "timestamptz"}, Family::kMoment);
        case TypeKind::kTime: return when({"time"}, Family::kTime);
        case TypeKind::kChar:
        case TypeKind::kVarchar:
        case TypeKind::kNchar:
        case TypeKind::kNvarchar:
            // text and ntext know no comparison at all.
            return type.name.find("text") == std::string::npos ? when({"text", "varchar", "bpchar"}, Family::kText)
                                                               : Family::kNone;
        default: return Family::kNone;
    }
}

struct Decimal {
    bool negative = false;
    std::string whole;     // without leading zeros
    std::string fraction;  // without trailing ones

    std::string text() const {
        const std::string digits = (whole.empty() ? "0" : whole) + (fraction.empty() ? "" : "." + fraction);
        return (negative && digits != "0" ? "-" : "") + digits;
    }
};

std::optional<Decimal> parse_decimal(std::string_view text) {
    Decimal number;
    if (text.starts_with('-')) {
        number.negative = true;
        text.remove_prefix(1);
    }
    const std::size_t dot = text.find('.');
    const std::string_view whole = text.substr(0, dot);
    const std::string_view fraction = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
    const auto digits = [](std::string_view part) { return part.find_first_not_of("0123456789") == part.npos; };
    if (whole.empty() || !digits(whole) || !digits(fraction)) {
        return std::nullopt;  // NaN, Infinity
    }
    number.whole = whole.substr(std::min(whole.find_first_not_of('0'), whole.size()));
    number.fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
    return number;
}

// Digits before and behind the point that the type has room for in any case.
std::pair<std::size_t, std::size_t> room_of(const SqlType& type) {
    switch (type.kind) {
        case TypeKind::kTinyint: return {2, 0};
        case TypeKind::kSmallint: return {4, 0};
        case TypeKind::kInt: return {9, 0};
        case TypeKind::kBigint: return {18, 0};
        case TypeKind::kMoney: return {14, 4};
        case TypeKind::kSmallmoney: return {5, 4};
        default: return {static_cast<std::size_t>(type.precision - type.scale), static_cast<std::size_t>(type.scale)};
    }
}

bool is_integer(const SqlType& type) { return type.kind >= TypeKind::kTinyint && type.kind <= TypeKind::kBigint; }

// Of the column's own type where the value fits, so that its index can be used; else one that neither side is rounded
// for: a common type of more than 38 digits would cut the fraction.
Literal number_literal(const SqlType& type, const std::string& value) {
    const std::optional<Decimal> number = parse_decimal(value);
    if (!number) {
        return std::nullopt;
    }
    const std::string text = number->text();
    const auto [whole, fraction] = room_of(type);
    const bool negative_tinyint = type.kind == TypeKind::kTinyint && text.starts_with('-');
    if (number->whole.size() <= whole && number->fraction.size() <= fraction && !negative_tinyint) {
        return bound_literal(type, {}, text);
    }
    std::int64_t integer = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), integer);
    if (is_integer(type) && code == std::errc() && end == text.data() + text.size()) {
        const bool fits = (type.kind == TypeKind::kTinyint && integer >= 0 && integer <= 255) ||
                          (type.kind == TypeKind::kSmallint && integer >= INT16_MIN && integer <= INT16_MAX) ||
                          (type.kind == TypeKind::kInt && integer >= INT32_MIN && integer <= INT32_MAX);
        return bound_literal(fits ? type : parse_sql_type("bigint"), {}, text);
    }
    const std::size_t own = std::max<std::size_t>(number->whole.size(), 1);
    // One digit more of the column than room_of() is sure of.
    if (std::max(own, whole + 1) + std::max(number->fraction.size(), fraction) > kMostDigits) {
        return std::nullopt;
    }
    return bound_literal(parse_sql_type("decimal(" + std::to_string(own + number->fraction.size()) + "," +
                                        std::to_string(number->fraction.size()) + ")"),
                         {}, text);
}

Literal guid_literal(const SqlType& type, const std::string& value) {
    const bool plain = value.size() == 36 && value.find_first_not_of("0123456789abcdef-") == std::string::npos;
    return plain ? Literal(bound_literal(type, {}, value)) : std::nullopt;
}

Literal date_literal(const SqlType& type, const std::string& value) {
    const bool plain = value.size() == 10 && value[4] == '-' &&
                       value.find_first_not_of("0123456789-") == std::string::npos;  // no infinity, BC, year 10000
    return plain ? Literal(bound_literal(type, {}, value)) : std::nullopt;
}

// Every row with exactly this text is found: the collation may find more of them.
Literal text_literal(const SqlType& type, const ForeignColumn& column, std::string value) {
    if (column.codec == "bpchar") {
        value.resize(value.find_last_not_of(' ') + 1);
    }
    // A backslash before a line break is taken out of a T-SQL literal; U+FFFD stands for what could not be converted.
    const bool control = std::any_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x20; });
    if (control || value.find("\xEF\xBF\xBD") != std::string::npos || to_wide(value).size() - 1 > kMostUnits) {
        return std::nullopt;
    }
    const bool narrow = type.kind == TypeKind::kChar || type.kind == TypeKind::kVarchar;
    // What a driver puts for a byte that the code page does not know.
    if (narrow && value.find('?') != std::string::npos) {
        return std::nullopt;
    }
    const bool ascii = std::all_of(value.begin(), value.end(), [](unsigned char c) { return c < 0x80; });
    // Several characters of a code page may stand for one of Unicode, so that is where these are compared.
    const SqlType wide = parse_sql_type("nvarchar(" + std::to_string(kMostUnits) + ")");
    return bound_literal(narrow && !ascii ? wide : type, column.collation, "=" + value);
}

Literal literal(Family family, const SqlType& type, const ForeignColumn& column, const std::string& value) {
    switch (family) {
        case Family::kBit: return bound_literal(type, {}, value == "t" ? "1" : "0");
        case Family::kNumber: return number_literal(type, value);
        case Family::kGuid: return guid_literal(type, value);
        case Family::kDate: return date_literal(type, value);
        case Family::kText: return text_literal(type, column, value);
        default: return std::nullopt;
    }
}

using Seconds = std::chrono::sys_seconds;

// Seconds and whether a fraction follows, from "2024-02-29 23:59:59.123+00" or "23:59:59".
std::optional<std::pair<Seconds, bool>> parse_moment(const std::string& text, bool time_only) {
    int year = 1970;
    unsigned month = 1;
    unsigned day = 1;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int end = 0;
    const bool parsed = time_only ? std::sscanf(text.c_str(), "%2d:%2d:%2d%n", &hour, &minute, &second, &end) == 3
                                  : std::sscanf(text.c_str(), "%4d-%2u-%2u %2d:%2d:%2d%n", &year, &month, &day, &hour,
                                                &minute, &second, &end) == 6;
    std::string rest = parsed ? text.substr(static_cast<std::size_t>(end)) : "?";
    const bool fraction = rest.starts_with('.');
    if (fraction) {
        rest.erase(0, std::min(rest.find_first_not_of("0123456789", 1), rest.size()));
    }
    if (!rest.empty() && rest != "+00") {
        return std::nullopt;  // infinity, BC, a year of five digits
    }
    const std::chrono::sys_days date = std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day);
    return std::pair(
        Seconds(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second),
        fraction);
}

Seconds moment(int year, unsigned month, unsigned day) {
    return std::chrono::sys_days(std::chrono::year(year) / std::chrono::month(month) / std::chrono::day(day));
}

// The first and the last second of a type.
std::pair<Seconds, Seconds> range_of(const SqlType& type) {
    constexpr std::chrono::seconds kDay(86399);
    switch (type.kind) {
        case TypeKind::kTime: return {moment(1970, 1, 1), moment(1970, 1, 1) + kDay};
        case TypeKind::kDatetime: return {moment(1753, 1, 1), moment(9999, 12, 31) + kDay};
        case TypeKind::kSmalldatetime:
            return {moment(1900, 1, 1), moment(2079, 6, 6) + kDay - std::chrono::seconds(59)};
        default: return {moment(1, 1, 1), moment(9999, 12, 31) + kDay};
    }
}

std::string moment_literal(const SqlType& type, Seconds at) {
    const auto days = std::chrono::floor<std::chrono::days>(at);
    const std::chrono::year_month_day date(days);
    const std::chrono::hh_mm_ss clock(at - days);
    std::array<char, 64> text{};
    if (type.kind == TypeKind::kTime) {
        std::snprintf(text.data(), text.size(), "%02d:%02d:%02d", static_cast<int>(clock.hours().count()),
                      static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    } else {
        std::snprintf(text.data(), text.size(), "%04d-%02u-%02u %02d:%02d:%02d%s", static_cast<int>(date.year()),
                      static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                      static_cast<int>(clock.hours().count()), static_cast<int>(clock.minutes().count()),
                      static_cast<int>(clock.seconds().count()),
                      type.kind == TypeKind::kDatetimeoffset ? " +00:00" : "");
    }
    return bound_literal(type, {}, text.data());
}

// What lies between two literals, either of which may be missing.
Literal between(const std::string& column, const std::string& op, const Literal& low, const Literal& high) {
    std::string sql;
    if (op == "=" || op == ">" || op == ">=") {
        sql = low ? column + " >= " + *low : "";
    }
    if ((op == "=" || op == "<" || op == "<=") && high) {
        sql += (sql.empty() ? "" : " AND ") + column + " <= " + *high;
    }
    return sql.empty() ? std::nullopt : Literal("(" + sql + ")");
}

// A fraction's digits are cut on the way here and may be rounded by the declared type, so the source looks a second
// around; a smalldatetime is a minute.
Literal moment_sql(Family family, const SqlType& type, const std::string& column, const std::string& op,
                   const std::string& value) {
    const auto parsed = parse_moment(value, family == Family::kTime);
    if (!parsed || op == "<>") {
        return std::nullopt;
    }
    const std::chrono::seconds unit(type.kind == TypeKind::kSmalldatetime ? 60 : 1);
    Seconds low = parsed->first - unit;
    Seconds high = parsed->first + unit + std::chrono::seconds(parsed->second ? 1 : 0);
    if (type.kind == TypeKind::kSmalldatetime) {
        low = std::chrono::floor<std::chrono::minutes>(low);
        high = std::chrono::ceil<std::chrono::minutes>(high);
    }
    const auto [first, last] = range_of(type);
    // A bound beyond the type's range either bounds nothing, or leaves nothing that would be worth a query's risk.
    if (high < first || low > last) {
        return std::nullopt;
    }
    return between(column, op, low < first ? std::nullopt : Literal(moment_literal(type, low)),
                   high > last ? std::nullopt : Literal(moment_literal(type, high)));
}

std::string float_literal(double number) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "CAST(%.16E AS float)", number);
    return text.data();
}

Literal float_sql(const SqlType& type, const std::string& column, const std::string& op, const std::string& value) {
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (value.empty() || end != value.c_str() + value.size() || !std::isfinite(number) || op == "<>") {
        return std::nullopt;
    }
    const FloatSlack slack = type.kind == TypeKind::kReal ? kRealSlack : kDoubleSlack;
    const double reach = std::fabs(number) < slack.small ? slack.small : std::fabs(number) * slack.relative;
    const double low = number - reach;
    const double high = number + reach;
    return between(column, op, low < -kLargestFloat ? std::nullopt : Literal(float_literal(low)),
                   high > kLargestFloat ? std::nullopt : Literal(float_literal(high)));
}

bool may_compare(Family family, const std::string& op) {
    switch (family) {
        case Family::kText:
        case Family::kBit: return op == "=";
        case Family::kGuid: return op == "=" || op == "<>";  // the engines order them differently
        default: return true;
    }
}

std::optional<CheckedCondition> compare(const ForeignCondition& condition) {
    const SqlType type = parse_sql_type(condition.column.type);
    const Family family = family_of(type, condition.column);
    const std::string column = "t." + quote_name(condition.column.name);
    const std::string& value = condition.values.at(0);
    const auto with = [](const Literal& sql, Checked checked) {
        return sql ? std::optional(CheckedCondition{*sql, checked}) : std::nullopt;
    };
    if (family == Family::kMoment || family == Family::kTime) {
        return with(moment_sql(family, type, column, condition.op, value), Checked::kLoosely);
    }
    if (family == Family::kFloat) {
        return with(float_sql(type, column, condition.op, value), Checked::kLoosely);
    }
    const Literal right =
        may_compare(family, condition.op) ? literal(family, type, condition.column, value) : std::nullopt;
    if (!right) {
        return std::nullopt;
    }
    return CheckedCondition{column + " " + condition.op + " " + *right,
                            family == Family::kText ? Checked::kLoosely : Checked::kExactly};
}

std::optional<CheckedCondition> in_list(const ForeignCondition& condition) {
    const SqlType type = parse_sql_type(condition.column.type);
    const Family family = family_of(type, condition.column);
    const bool none = condition.kind == Kind::kNone;
    if (condition.values.empty() || condition.values.size() > kMostValues || (none && family == Family::kText)) {
        return std::nullopt;
    }
    std::string list;
    for (const std::string& value : condition.values) {
        const Literal one = literal(family, type, condition.column, value);
        if (!one) {
            return std::nullopt;
        }
        list += (list.empty() ? "" : ", ") + *one;
    }
    return CheckedCondition{"t." + quote_name(condition.column.name) + (none ? " NOT IN (" : " IN (") + list + ")",
                            family == Family::kText ? Checked::kLoosely : Checked::kExactly};
}

// Of a conjunction the source checks what it can; of a disjunction all or nothing.
std::optional<CheckedCondition> junction(const ForeignCondition& condition) {
    const bool all = condition.kind == Kind::kAnd;
    CheckedCondition whole;
    for (const ForeignCondition& part : condition.parts) {
        const std::optional<CheckedCondition> one = condition_sql(part);
        if (!one && !all) {
            return std::nullopt;
        }
        if (!one || one->checked == Checked::kLoosely) {
            whole.checked = Checked::kLoosely;
        }
        if (one) {
            whole.sql += (whole.sql.empty() ? "" : all ? " AND " : " OR ") + one->sql;
        }
    }
    if (whole.sql.empty()) {
        return std::nullopt;
    }
    whole.sql = "(" + whole.sql + ")";
    return whole;
}

}  // namespace

std::optional<CheckedCondition> condition_sql(const ForeignCondition& condition) {
    switch (condition.kind) {
        case Kind::kAnd:
        case Kind::kOr: return junction(condition);
        default: break;
    }
    try {
        switch (condition.kind) {
            case Kind::kIsNull:
            case Kind::kIsNotNull:
                (void)parse_sql_type(condition.column.type);
                return CheckedCondition{"t." + quote_name(condition.column.name) +
                                            (condition.kind == Kind::kIsNull ? " IS NULL" : " IS NOT NULL"),
                                        Checked::kExactly};
            case Kind::kCompare: return compare(condition);
            default: return in_list(condition);
        }
    } catch (const Error&) {
        return std::nullopt;  // a type that is not known
    }
}

}  // namespace lakemover::source::odbc
