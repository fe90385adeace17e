// The type table. Zone: pure.
#include "tsql/types.hpp"

#include <algorithm>
#include <cstdlib>
#include <map>

#include "tsql/parser.hpp"

namespace lakemover::tsql {

Type map_type(const TypeName& type, bool in_cast) {
    static const std::map<std::string, Type, std::less<>> simple = {
        {"BIT", {Family::kBit, "boolean"}},
        {"TINYINT", {Family::kInt, "smallint"}},
        {"SMALLINT", {Family::kInt, "smallint"}},
        {"INT", {Family::kInt, "integer"}},
        {"INTEGER", {Family::kInt, "integer"}},
        {"BIGINT", {Family::kInt, "bigint"}},
        {"MONEY", {Family::kMoney, "numeric(19,4)"}},
        {"SMALLMONEY", {Family::kMoney, "numeric(10,4)"}},
        {"FLOAT", {Family::kFloat, "double precision"}},
        {"REAL", {Family::kFloat, "real"}},
        {"DATE", {Family::kDate, "date"}},
        {"TIME", {Family::kTime, "time"}},
        {"DATETIME", {Family::kDatetime, "timestamp(3)"}},
        {"SMALLDATETIME", {Family::kDatetime, "timestamp(0)"}},
        {"DATETIME2", {Family::kDatetime, "timestamp(6)"}},
        {"DATETIMEOFFSET", {Family::kOffset, "timestamptz"}},
        {"UNIQUEIDENTIFIER", {Family::kGuid, "uuid"}},
        {"XML", {Family::kXml, "xml"}},
        {"TEXT", {Family::kString, "text"}},
        {"NTEXT", {Family::kString, "text", 0, true}},
        {"SYSNAME", {Family::kString, "varchar(128)", 128, true}},
        {"IMAGE", {Family::kBinary, "bytea"}},
        {"BINARY", {Family::kBinary, "bytea"}},
        {"VARBINARY", {Family::kBinary, "bytea"}},
        {"ROWVERSION", {Family::kOther, "bytea"}},  // known by this family: its values change by themselves
        {"TIMESTAMP", {Family::kOther, "bytea"}},
    };
    if (type.user) return {Family::kOther, ""};
    if (type.name == "DECIMAL" || type.name == "NUMERIC" || type.name == "DEC") {
        const std::string precision = type.args.empty() ? "18" : type.args[0];
        const std::string scale = type.args.size() < 2 ? "0" : type.args[1];
        return {Family::kDecimal, "numeric(" + precision + "," + scale + ")"};
    }
    if (type.name == "VARCHAR" || type.name == "NVARCHAR" || type.name == "CHAR" || type.name == "NCHAR" ||
        type.name == "CHARACTER") {
        const bool wide = type.name[0] == 'N';
        if (!type.args.empty() && type.args[0] == "MAX") return {Family::kString, "text", 0, wide};
        const std::string length = !type.args.empty() ? type.args[0] : in_cast ? "30" : "1";
        const bool fixed = type.name.find("VAR") == std::string::npos;
        return {Family::kString, (fixed ? "char(" : "varchar(") + length + ")", std::atoi(length.c_str()), wide};
    }
    if (type.name == "FLOAT" && !type.args.empty() && std::atoi(type.args[0].c_str()) <= 24)
        return {Family::kFloat, "real"};
    if ((type.name == "DATETIME2" || type.name == "TIME") && !type.args.empty()) {
        const int digits = std::min(std::atoi(type.args[0].c_str()), 6);
        const bool time = type.name == "TIME";
        return {time ? Family::kTime : Family::kDatetime,
                (time ? "time(" : "timestamp(") + std::to_string(digits) + ")"};
    }
    const auto found = simple.find(type.name);
    return found == simple.end() ? Type{Family::kOther, ""} : found->second;
}

Type wider_type(const Type& a, const Type& b) {
    static constexpr Family kOrder[] = {Family::kFloat, Family::kDecimal, Family::kMoney, Family::kInt};
    for (const Family f : kOrder) {
        if (a.family == f && b.family == f) {
            if (f == Family::kDecimal) return {f, "numeric"};
            return a.pg == "bigint" || b.pg != "bigint" ? (a.pg == "smallint" ? b : a) : b;
        }
        if (a.family == f || b.family == f) return f == Family::kDecimal ? Type{f, "numeric"} : a.family == f ? a : b;
    }
    return {};
}

bool is_number(Family f) {
    return f == Family::kInt || f == Family::kDecimal || f == Family::kMoney || f == Family::kFloat;
}

Type common_type(const Type& a, const Type& b) {
    const auto number = [](const Type& t) { return is_number(t.family); };
    if (!a.known() || !b.known()) return {};
    if (a.family == Family::kString && b.family == Family::kString) {
        if (a.pg == b.pg) return a;
        return {Family::kString, "text"};
    }
    if (a.pg == b.pg) return a;
    if (number(a) && number(b)) return wider_type(a, b);
    if (a.family == Family::kBit && number(b)) return b;  // a bit is the narrowest of numbers
    if (b.family == Family::kBit && number(a)) return a;
    if (a.family == Family::kDate && b.family == Family::kDatetime) return b;
    if (b.family == Family::kDate && a.family == Family::kDatetime) return a;
    return {};
}

Type type_of_text(std::string_view type) {
    const Lexed lexed = lex(type);
    try {
        return map_type(Parser(lexed.tokens, type).lone_type());
    } catch (const ParseError&) {
        return {Family::kOther, ""};
    }
}

}  // namespace lakemover::tsql
