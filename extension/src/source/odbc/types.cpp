// See types.hpp.
#include "source/odbc/types.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

#include "source/error.hpp"

namespace lakemover::source::odbc {

namespace {

struct KnownType {
    std::string_view name;
    TypeKind kind;
    int length;  // when none is given
    int scale;
};

constexpr int kMax = -1;
constexpr std::array kKnown = {
    KnownType{"bit", TypeKind::kBit, 0, 0},
    KnownType{"tinyint", TypeKind::kTinyint, 0, 0},
    KnownType{"smallint", TypeKind::kSmallint, 0, 0},
    KnownType{"int", TypeKind::kInt, 0, 0},
    KnownType{"bigint", TypeKind::kBigint, 0, 0},
    KnownType{"real", TypeKind::kReal, 0, 0},
    KnownType{"float", TypeKind::kFloat, 53, 0},
    KnownType{"decimal", TypeKind::kDecimal, 0, 0},
    KnownType{"numeric", TypeKind::kDecimal, 0, 0},
    KnownType{"money", TypeKind::kMoney, 0, 4},
    KnownType{"smallmoney", TypeKind::kSmallmoney, 0, 4},
    KnownType{"date", TypeKind::kDate, 0, 0},
    KnownType{"time", TypeKind::kTime, 0, 7},
    KnownType{"datetime", TypeKind::kDatetime, 0, 3},
    KnownType{"smalldatetime", TypeKind::kSmalldatetime, 0, 0},
    KnownType{"datetime2", TypeKind::kDatetime2, 0, 7},
    KnownType{"datetimeoffset", TypeKind::kDatetimeoffset, 0, 7},
    KnownType{"char", TypeKind::kChar, 1, 0},
    KnownType{"varchar", TypeKind::kVarchar, 1, 0},
    KnownType{"text", TypeKind::kVarchar, kMax, 0},
    KnownType{"nchar", TypeKind::kNchar, 1, 0},
    KnownType{"nvarchar", TypeKind::kNvarchar, 1, 0},
    KnownType{"sysname", TypeKind::kNvarchar, 128, 0},
    KnownType{"ntext", TypeKind::kNvarchar, kMax, 0},
    KnownType{"binary", TypeKind::kBinary, 1, 0},
    KnownType{"varbinary", TypeKind::kVarbinary, 1, 0},
    KnownType{"image", TypeKind::kVarbinary, kMax, 0},
    KnownType{"uniqueidentifier", TypeKind::kUniqueidentifier, 0, 0},
    KnownType{"rowversion", TypeKind::kRowversion, 8, 0},
    KnownType{"timestamp", TypeKind::kRowversion, 8, 0},
    KnownType{"xml", TypeKind::kXml, kMax, 0},
    KnownType{"sql_variant", TypeKind::kVariant, kMax, 0},
    KnownType{"hierarchyid", TypeKind::kHierarchyid, kMax, 0},
    KnownType{"geography", TypeKind::kSpatial, kMax, 0},
    KnownType{"geometry", TypeKind::kSpatial, kMax, 0},
};

Error unknown(std::string_view name) {
    return {ErrorKind::kUnsupported,
            "0A000",
            "the type \"" + std::string(name) + "\" of SQL Server is not known",
            {},
            "exclude the column in the plan"};
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && text.front() == ' ') {
        text.remove_prefix(1);
    }
    while (!text.empty() && text.back() == ' ') {
        text.remove_suffix(1);
    }
    return text;
}

int number(std::string_view text, std::string_view name) {
    text = trimmed(text);
    int value = 0;
    const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (code != std::errc() || end != text.data() + text.size() || value < 0) {
        throw unknown(name);
    }
    return value;
}

// The base type is asked for, since a style of CONVERT would follow the variant: money and datetime have not the
// same ones, and floats need one to keep all their digits. Binary as 0x...
std::string variant_text(const std::string& c) {
    const auto as = [&c](const char* type, const char* style) {
        return "CONVERT(nvarchar(max), CAST(" + c + " AS " + type + "), " + style + ")";
    };
    const auto when = [](const char* name, const std::string& then) {
        return std::string(" WHEN N'") + name + "' THEN " + then;
    };
    const std::string money = "CAST(CAST(CAST(" + c + " AS money) AS decimal(19,4)) AS nvarchar(max))";
    return "CASE CAST(SQL_VARIANT_PROPERTY(" + c + ", 'BaseType') AS nvarchar(128))" +
           when("binary", as("varbinary(8000)", "1")) + when("varbinary", as("varbinary(8000)", "1")) +
           when("float", as("float", "3")) + when("real", as("real", "3")) + when("money", money) +
           when("smallmoney", money) + when("date", as("date", "23")) + when("datetime", as("datetime", "121")) +
           when("smalldatetime", as("smalldatetime", "120")) + when("datetime2", as("datetime2(7)", "121")) +
           when("datetimeoffset", as("datetimeoffset(7)", "121")) + when("time", as("time(7)", "121")) + " ELSE CAST(" +
           c + " AS nvarchar(max)) END";
}

}  // namespace

SqlType parse_sql_type(std::string_view name) {
    const std::size_t open = name.find('(');
    std::string base(trimmed(name.substr(0, open)));
    std::transform(base.begin(), base.end(), base.begin(), [](unsigned char c) { return std::tolower(c); });
    const auto known = std::find_if(kKnown.begin(), kKnown.end(), [&](const KnownType& k) { return k.name == base; });
    if (known == kKnown.end()) {
        throw unknown(name);
    }
    SqlType type{known->kind, known->length, 0, known->scale, std::string(name)};
    if (type.kind == TypeKind::kDecimal) {
        type.precision = 18;
    }
    if (open != std::string_view::npos) {
        const std::size_t close = name.find(')', open);
        if (close == std::string_view::npos) {
            throw unknown(name);
        }
        const std::string_view inside = trimmed(name.substr(open + 1, close - open - 1));
        const std::size_t comma = inside.find(',');
        if (inside == "max" || inside == "MAX") {
            type.length = kMax;
        } else if (type.kind == TypeKind::kDecimal) {
            type.precision = number(inside.substr(0, comma), name);
            type.scale = comma == std::string_view::npos ? 0 : number(inside.substr(comma + 1), name);
        } else if (type.kind == TypeKind::kTime || type.kind == TypeKind::kDatetime2 ||
                   type.kind == TypeKind::kDatetimeoffset) {
            type.scale = number(inside, name);
        } else {
            type.length = number(inside, name);
        }
    }
    const bool sized = type.is_character() || type.is_binary();
    const int most = type.kind == TypeKind::kNchar || type.kind == TypeKind::kNvarchar ? 4000 : 8000;
    if (type.scale > (type.kind == TypeKind::kDecimal ? type.precision : 7) || type.precision > 38 ||
        (sized && (type.length == 0 || type.length > most))) {
        throw unknown(name);
    }
    if (type.kind == TypeKind::kFloat && type.length <= 24) {
        type.kind = TypeKind::kReal;
    }
    return type;
}

std::string select_expression(const SqlType& type, const std::string& column, bool raw_unicode) {
    switch (type.kind) {
        // Drivers cut money to two decimals in text; as a decimal it is exact.
        case TypeKind::kMoney: return "CAST(" + column + " AS decimal(19,4))";
        case TypeKind::kSmallmoney: return "CAST(" + column + " AS decimal(10,4))";
        case TypeKind::kDatetimeoffset: return "CAST(SWITCHOFFSET(" + column + ", '+00:00') AS datetime2(7))";
        case TypeKind::kXml: return "CAST(" + column + " AS nvarchar(max))";
        case TypeKind::kHierarchyid: return column + ".ToString()";
        case TypeKind::kSpatial: return column + ".AsTextZM()";
        case TypeKind::kVariant: return variant_text(column);
        case TypeKind::kNchar:
        case TypeKind::kNvarchar:
            if (raw_unicode) {
                // ntext has no conversion to varbinary.
                return "CAST(" + (type.name.starts_with("ntext") ? "CAST(" + column + " AS nvarchar(max))" : column) +
                       " AS varbinary(" + (type.length < 0 ? std::string("max") : std::to_string(2 * type.length)) +
                       "))";
            }
            return column;
        default: return column;
    }
}

Binding binding_of(const SqlType& type, bool raw_unicode) {
    switch (type.kind) {
        case TypeKind::kBit: return {SQL_C_BIT, 1};
        case TypeKind::kTinyint: return {SQL_C_UTINYINT, 1};
        case TypeKind::kSmallint: return {SQL_C_SSHORT, 2};
        case TypeKind::kInt: return {SQL_C_SLONG, 4};
        case TypeKind::kBigint: return {SQL_C_SBIGINT, 8};
        case TypeKind::kReal: return {SQL_C_FLOAT, 4};
        case TypeKind::kFloat: return {SQL_C_DOUBLE, 8};
        case TypeKind::kDecimal:
        case TypeKind::kMoney:
        case TypeKind::kSmallmoney: return {SQL_C_CHAR, 48};
        case TypeKind::kDate: return {SQL_C_TYPE_DATE, sizeof(SQL_DATE_STRUCT)};
        // A time bound as SQL_C_TYPE_TIME loses its fraction without a word.
        case TypeKind::kTime:
        case TypeKind::kDatetime:
        case TypeKind::kSmalldatetime:
        case TypeKind::kDatetime2:
        case TypeKind::kDatetimeoffset: return {SQL_C_TYPE_TIMESTAMP, sizeof(SQL_TIMESTAMP_STRUCT)};
        case TypeKind::kUniqueidentifier: return {SQL_C_GUID, sizeof(SQLGUID)};
        case TypeKind::kBinary:
        case TypeKind::kVarbinary:
        case TypeKind::kRowversion: return {SQL_C_BINARY, type.length < 0 ? 0 : static_cast<std::size_t>(type.length)};
        case TypeKind::kNchar:
        case TypeKind::kNvarchar:
            if (raw_unicode) {
                return {SQL_C_BINARY, type.length < 0 ? 0 : 2 * static_cast<std::size_t>(type.length)};
            }
            [[fallthrough]];
        case TypeKind::kChar:
        case TypeKind::kVarchar:
            return {SQL_C_WCHAR, type.length < 0 ? 0 : 2 * (static_cast<std::size_t>(type.length) + 1)};
        default: return {SQL_C_WCHAR, 0};
    }
}

}  // namespace lakemover::source::odbc
