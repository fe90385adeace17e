// SQL Server's types: parsing their names, what to SELECT for a column, and how to bind it. Pure zone;
// throws source::Error.
#pragma once
#include <sql.h>
#include <sqlext.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace lakemover::source::odbc {

enum class TypeKind {
    kBit,
    kTinyint,
    kSmallint,
    kInt,
    kBigint,
    kReal,
    kFloat,
    kDecimal,  // numeric, too
    kMoney,
    kSmallmoney,
    kDate,
    kTime,
    kDatetime,
    kSmalldatetime,
    kDatetime2,
    kDatetimeoffset,
    kChar,  // text in the code page of its collation
    kVarchar,
    kNchar,
    kNvarchar,
    kBinary,
    kVarbinary,
    kUniqueidentifier,
    kRowversion,
    kXml,
    kVariant,
    kHierarchyid,
    kSpatial,
};

struct SqlType {
    TypeKind kind = TypeKind::kInt;
    int length = 0;     // characters or bytes as declared; -1 unbounded
    int precision = 0;  // of decimal
    int scale = 0;      // of decimal, and the fraction's digits of time, datetime2, datetimeoffset
    std::string name;   // as it was parsed

    // Whether it arrives as characters, or as bytes, and may then come in pieces.
    bool is_character() const {
        return (kind >= TypeKind::kChar && kind <= TypeKind::kNvarchar) || kind >= TypeKind::kXml;
    }
    bool is_binary() const {
        return kind == TypeKind::kBinary || kind == TypeKind::kVarbinary || kind == TypeKind::kRowversion;
    }
    bool is_padded() const { return kind == TypeKind::kChar || kind == TypeKind::kNchar; }
};

// "nvarchar(50)", "decimal(18, 4)", "datetime2(7)", "varchar(max)", "rowversion": as the inventory writes them.
// Throws 0A000 for a type that is not known.
SqlType parse_sql_type(std::string_view name);

// What stands in the SELECT list for a column. raw_unicode: the source gives UTF-16LE for
// CAST(nvarchar AS varbinary), so that no character set conversion of the driver comes between.
std::string select_expression(const SqlType& type, const std::string& column, bool raw_unicode);

struct Binding {
    SQLSMALLINT c_type = SQL_C_WCHAR;
    std::size_t element_bytes = 0;  // of a bound element; 0 where the value is read in pieces
    bool is_long() const { return element_bytes == 0; }
};
Binding binding_of(const SqlType& type, bool raw_unicode);

}  // namespace lakemover::source::odbc
