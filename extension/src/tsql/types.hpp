// T-SQL types and their PostgreSQL counterparts. Zone: pure; throws nothing.
#pragma once
#include <string>

#include "tsql/ast.hpp"

namespace lakemover::tsql {

enum class Family {
    kUnknown,
    kBit,
    kInt,
    kDecimal,
    kMoney,
    kFloat,
    kString,
    kDate,
    kTime,
    kDatetime,
    kOffset,
    kBinary,
    kGuid,
    kXml,
    kOther
};

struct Type {
    Family family = Family::kUnknown;
    std::string pg;     // how PostgreSQL spells it; empty when not known
    int length = 0;     // of varchar(n) and char(n); 0 is without limit
    bool wide = false;  // nvarchar: two bytes per character for DATALENGTH
    bool known() const { return family != Family::kUnknown; }
};

// in_cast: varchar without a length is varchar(30) in CAST and varchar(1) in a declaration.
// kOther with an empty pg when there is no counterpart.
Type map_type(const TypeName& type, bool in_cast = false);
bool is_number(Family f);  // a bit is none
// What CASE, COALESCE and their like make of two types; unknown where that is not certain.
Type common_type(const Type& a, const Type& b);
// The wider of two numeric types.
Type wider_type(const Type& a, const Type& b);
// The same of a type as it is written: "nvarchar(50)".
Type type_of_text(std::string_view type);

}  // namespace lakemover::tsql
