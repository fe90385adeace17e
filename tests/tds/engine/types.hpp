// What the test server knows of types: their names, sizes, and which of two an expression has.
#pragma once
#include <string>
#include <vector>

#include "value.hpp"

namespace tds {

struct Database;

inline constexpr const char* kDatabaseCollation = "SQL_Latin1_General_CP1_CI_AS";

const std::string& collation_of(const Type& type);  // the database's where the type names none
// The type that both are converted to before they are compared or added.
Type common_type(const Type& a, const Type& b);
Type as_decimal(const Type& type);        // of an integer or money; others stay
std::string type_name(const Type& type);  // "decimal(18,4)", "nvarchar(max)", …
std::string base_name(const Type& type);  // "decimal"
int storage_bytes(const Type& type);      // sys.columns.max_length
SqlError overflow(const Type& to);        // 8115
// A type as it is written, with its alias types. args as in "10", "MAX"; default_length: of CAST (30) or a column (1).
Type type_of(const Database& database, const std::vector<std::string>& name, const std::vector<std::string>& args,
             int default_length);

}  // namespace tds
