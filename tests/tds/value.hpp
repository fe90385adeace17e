// Types and values of SQL Server as the test server holds them. Plain data.
#pragma once
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace tds {

enum class Kind {
    kBit,
    kTinyint,
    kSmallint,
    kInt,
    kBigint,
    kReal,
    kFloat,
    kDecimal,
    kMoney,
    kSmallmoney,
    kDate,
    kTime,
    kDatetime,
    kSmalldatetime,
    kDatetime2,
    kDatetimeoffset,
    kChar,
    kVarchar,
    kText,
    kNchar,
    kNvarchar,
    kNtext,
    kBinary,
    kVarbinary,
    kImage,
    kUniqueidentifier,
    kXml,
    kVariant
};

constexpr int kMaxLength = -1;  // (max)

struct Type {
    Kind kind = Kind::kInt;
    int length = 0;              // characters of n(var)char, bytes of (var)char and (var)binary; kMaxLength; else 0
    int precision = 0;           // of a decimal
    int scale = 0;               // of a decimal, time, datetime2, datetimeoffset
    std::string collation = {};  // of characters; empty: the database's
    bool rowversion = false;     // a binary(8) that the server calls timestamp

    bool is_wide() const { return kind == Kind::kNchar || kind == Kind::kNvarchar || kind == Kind::kNtext; }
    bool is_narrow() const { return kind == Kind::kChar || kind == Kind::kVarchar || kind == Kind::kText; }
    bool is_character() const { return is_wide() || is_narrow(); }
    bool is_binary() const { return kind == Kind::kBinary || kind == Kind::kVarbinary || kind == Kind::kImage; }
    bool is_integer() const { return kind <= Kind::kBigint; }
    bool is_moment() const { return kind >= Kind::kDate && kind <= Kind::kDatetimeoffset; }
    bool is_money() const { return kind == Kind::kMoney || kind == Kind::kSmallmoney; }
};

// A moment: days from 0001-01-01, ticks of 100 ns from midnight, both local to the offset; a datetime is held as
// its 1/300 s ticks times 1e7/300, rounded to the tick.
struct Moment {
    std::int32_t days = 0;
    std::int64_t ticks = 0;
    std::int16_t offset = 0;  // minutes
    auto operator<=>(const Moment&) const = default;
};

struct Variant;

// bit to bigint: int64; money: int64 in ten-thousandths; decimal: __int128, scaled by the type's scale; real and
// float: double; characters of either kind: UTF-16; binary: bytes; uniqueidentifier: 16 bytes as on the wire;
// xml: UTF-16. What a value is is told by the type that stands beside it.
using Int128 = __int128;
using Value = std::variant<std::monostate, std::int64_t, Int128, double, Moment, std::u16string, std::string,
                           std::vector<Variant>>;  // of one element: a sql_variant's own

struct Variant {
    Type type;
    Value value;
    bool operator==(const Variant& other) const { return value == other.value; }
};

inline bool is_null(const Value& value) { return value.index() == 0; }

// An error as SQL Server tells it.
struct SqlError : std::runtime_error {
    SqlError(int error_number, int error_severity, const std::string& text, int error_state = 1)
        : std::runtime_error(text), number(error_number), severity(error_severity), state(error_state) {}
    int number;
    int severity;
    int state;
};

// Of a code page (1252, or 65001 for UTF-8), by the collation's name. What the page lacks becomes "?".
std::string to_code_page(const std::u16string& text, const std::string& collation);
std::u16string from_code_page(const std::string& bytes, const std::string& collation);
std::u16string utf16(const std::string& utf8);
std::string utf8(const std::u16string& text);  // a lone surrogate becomes U+FFFD

}  // namespace tds
