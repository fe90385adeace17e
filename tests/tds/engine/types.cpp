// See types.hpp.
#include "engine/types.hpp"

#include <algorithm>
#include <array>
#include <map>

#include "engine/numbers.hpp"
#include "engine/store.hpp"
#include "engine/text.hpp"
#include "tsql/lexer.hpp"

namespace tds {

namespace {

int precedence(const Type& type) {
    static constexpr std::array kOrder = {Kind::kBinary,
                                          Kind::kVarbinary,
                                          Kind::kChar,
                                          Kind::kVarchar,
                                          Kind::kNchar,
                                          Kind::kNvarchar,
                                          Kind::kUniqueidentifier,
                                          Kind::kImage,
                                          Kind::kText,
                                          Kind::kNtext,
                                          Kind::kBit,
                                          Kind::kTinyint,
                                          Kind::kSmallint,
                                          Kind::kInt,
                                          Kind::kBigint,
                                          Kind::kSmallmoney,
                                          Kind::kMoney,
                                          Kind::kDecimal,
                                          Kind::kReal,
                                          Kind::kFloat,
                                          Kind::kTime,
                                          Kind::kDate,
                                          Kind::kSmalldatetime,
                                          Kind::kDatetime,
                                          Kind::kDatetime2,
                                          Kind::kDatetimeoffset,
                                          Kind::kXml,
                                          Kind::kVariant};
    for (std::size_t i = 0; i < kOrder.size(); ++i) {
        if (kOrder[i] == type.kind) {
            return static_cast<int>(i);
        }
    }
    return 0;
}

}  // namespace

Type as_decimal(const Type& type) {
    switch (type.kind) {
        case Kind::kBit: return {Kind::kDecimal, 0, 1, 0};
        case Kind::kTinyint: return {Kind::kDecimal, 0, 3, 0};
        case Kind::kSmallint: return {Kind::kDecimal, 0, 5, 0};
        case Kind::kInt: return {Kind::kDecimal, 0, 10, 0};
        case Kind::kBigint: return {Kind::kDecimal, 0, 19, 0};
        case Kind::kMoney: return {Kind::kDecimal, 0, 19, 4};
        case Kind::kSmallmoney: return {Kind::kDecimal, 0, 10, 4};
        default: return type;
    }
}

SqlError overflow(const Type& to) {
    return {8115, 16, "Arithmetic overflow error converting expression to data type " + base_name(to) + "."};
}

const std::string& collation_of(const Type& type) {
    static const std::string database = kDatabaseCollation;
    return type.collation.empty() ? database : type.collation;
}

Type common_type(const Type& a, const Type& b) {
    const Type& higher = precedence(a) >= precedence(b) ? a : b;
    const Type& lower = &higher == &a ? b : a;
    Type type = higher;
    if (type.kind == Kind::kDecimal && (lower.kind == Kind::kDecimal || lower.is_integer() || lower.is_money())) {
        const Type x = as_decimal(a);
        const Type y = as_decimal(b);
        const int scale = std::max(x.scale, y.scale);
        return decimal_type(std::max(x.precision - x.scale, y.precision - y.scale) + scale, scale);
    }
    if (type.is_character() && (lower.is_character() || lower.is_binary())) {
        type.length = a.length == kMaxLength || b.length == kMaxLength ? kMaxLength : std::max(a.length, b.length);
        if (type.kind == Kind::kChar && lower.length != type.length) type.kind = Kind::kVarchar;
        if (type.kind == Kind::kNchar) type.kind = Kind::kNvarchar;
        if (type.collation.empty()) type.collation = lower.collation;
    }
    if (type.is_binary() && lower.is_binary()) {
        type.length = a.length == kMaxLength || b.length == kMaxLength ? kMaxLength : std::max(a.length, b.length);
        type.kind = Kind::kVarbinary;
    }
    if (type.is_moment() && lower.is_moment()) {
        type.scale = std::max(a.scale, b.scale);
    }
    return type;
}

std::string base_name(const Type& type) {
    static constexpr std::array<const char*, 28> kNames = {"bit",       "tinyint",
                                                           "smallint",  "int",
                                                           "bigint",    "real",
                                                           "float",     "decimal",
                                                           "money",     "smallmoney",
                                                           "date",      "time",
                                                           "datetime",  "smalldatetime",
                                                           "datetime2", "datetimeoffset",
                                                           "char",      "varchar",
                                                           "text",      "nchar",
                                                           "nvarchar",  "ntext",
                                                           "binary",    "varbinary",
                                                           "image",     "uniqueidentifier",
                                                           "xml",       "sql_variant"};
    return type.rowversion ? "timestamp" : kNames.at(static_cast<std::size_t>(type.kind));
}

std::string type_name(const Type& type) {
    const std::string base = base_name(type);
    if (type.kind == Kind::kDecimal) {
        return base + "(" + std::to_string(type.precision) + "," + std::to_string(type.scale) + ")";
    }
    if (type.kind == Kind::kTime || type.kind == Kind::kDatetime2 || type.kind == Kind::kDatetimeoffset) {
        return base + "(" + std::to_string(type.scale) + ")";
    }
    if ((type.is_character() || type.is_binary()) && !type.rowversion) {
        return base + "(" + (type.length == kMaxLength ? "max" : std::to_string(type.length)) + ")";
    }
    return base;
}

int storage_bytes(const Type& type) {
    switch (type.kind) {
        case Kind::kBit:
        case Kind::kTinyint: return 1;
        case Kind::kSmallint: return 2;
        case Kind::kInt:
        case Kind::kReal:
        case Kind::kSmallmoney:
        case Kind::kSmalldatetime: return 4;
        case Kind::kDecimal: return type.precision <= 9 ? 5 : type.precision <= 19 ? 9 : type.precision <= 28 ? 13 : 17;
        case Kind::kDate: return 3;
        case Kind::kTime: return type.scale <= 2 ? 3 : type.scale <= 4 ? 4 : 5;
        case Kind::kDatetime2: return type.scale <= 2 ? 6 : type.scale <= 4 ? 7 : 8;
        case Kind::kDatetimeoffset: return type.scale <= 2 ? 8 : type.scale <= 4 ? 9 : 10;
        case Kind::kText:
        case Kind::kNtext:
        case Kind::kImage:
        case Kind::kUniqueidentifier: return 16;
        case Kind::kXml: return -1;
        case Kind::kVariant: return 8016;
        default: break;
    }
    if (type.is_character() || type.is_binary()) {
        return type.length == kMaxLength ? -1 : type.is_wide() ? 2 * type.length : type.length;
    }
    return 8;
}

Type type_of(const Database& database, const std::vector<std::string>& name, const std::vector<std::string>& args,
             int default_length) {
    static const std::map<std::string, Type, std::less<>> kTypes = {
        {"BIT", {Kind::kBit}},
        {"TINYINT", {Kind::kTinyint}},
        {"SMALLINT", {Kind::kSmallint}},
        {"INT", {Kind::kInt}},
        {"INTEGER", {Kind::kInt}},
        {"BIGINT", {Kind::kBigint}},
        {"REAL", {Kind::kReal}},
        {"FLOAT", {Kind::kFloat}},
        {"DECIMAL", {Kind::kDecimal, 0, 18, 0}},
        {"NUMERIC", {Kind::kDecimal, 0, 18, 0}},
        {"MONEY", {Kind::kMoney}},
        {"SMALLMONEY", {Kind::kSmallmoney}},
        {"DATE", {Kind::kDate}},
        {"TIME", {Kind::kTime, 0, 0, 7}},
        {"DATETIME", {Kind::kDatetime}},
        {"SMALLDATETIME", {Kind::kSmalldatetime}},
        {"DATETIME2", {Kind::kDatetime2, 0, 0, 7}},
        {"DATETIMEOFFSET", {Kind::kDatetimeoffset, 0, 0, 7}},
        {"CHAR", {Kind::kChar}},
        {"CHARACTER", {Kind::kChar}},
        {"VARCHAR", {Kind::kVarchar}},
        {"TEXT", {Kind::kText, kMaxLength}},
        {"NCHAR", {Kind::kNchar}},
        {"NVARCHAR", {Kind::kNvarchar}},
        {"SYSNAME", {Kind::kNvarchar, 128}},
        {"NTEXT", {Kind::kNtext, kMaxLength}},
        {"BINARY", {Kind::kBinary}},
        {"VARBINARY", {Kind::kVarbinary}},
        {"IMAGE", {Kind::kImage, kMaxLength}},
        {"UNIQUEIDENTIFIER", {Kind::kUniqueidentifier}},
        // Held as the text that their methods give; only those read them.
        {"HIERARCHYID", {Kind::kNvarchar, 4000}},
        {"GEOGRAPHY", {Kind::kNvarchar, kMaxLength}},
        {"GEOMETRY", {Kind::kNvarchar, kMaxLength}},
        {"XML", {Kind::kXml, kMaxLength}},
        {"SQL_VARIANT", {Kind::kVariant}},
        {"ROWVERSION", {Kind::kBinary, 8, 0, 0, {}, true}},
        {"TIMESTAMP", {Kind::kBinary, 8, 0, 0, {}, true}},
    };
    const AliasType* alias = database.alias_type(name.size() > 1 ? name[name.size() - 2] : "", name.back());
    if (alias != nullptr) {
        return alias->type;
    }
    const auto found = kTypes.find(lakemover::tsql::upper_ascii(name.back()));
    if (found == kTypes.end()) {
        throw SqlError(2715, 16, "Cannot find data type " + name.back() + ".");
    }
    Type type = found->second;
    const int number = args.empty() || args[0] == "MAX" ? 0 : std::stoi(args[0]);
    const bool sized = (type.is_character() || type.is_binary()) && type.length == 0;
    if (sized) {
        type.length = args.empty() ? default_length : args[0] == "MAX" ? kMaxLength : number;
    } else if (type.kind == Kind::kDecimal && !args.empty()) {
        type.precision = number;
        type.scale = args.size() > 1 ? std::stoi(args[1]) : 0;
    } else if ((type.kind == Kind::kTime || type.kind == Kind::kDatetime2 || type.kind == Kind::kDatetimeoffset) &&
               !args.empty()) {
        type.scale = number;
    } else if (type.kind == Kind::kFloat && !args.empty() && number <= 24) {
        type.kind = Kind::kReal;
    }
    if (type.is_character() && !is_utf8_collation(database.collation)) {
        return type;
    }
    if (type.is_narrow()) {
        type.collation = database.collation;
    }
    return type;
}

}  // namespace tds
