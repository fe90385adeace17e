// CAST and CONVERT of the test server.
#pragma once
#include <string>

#include "value.hpp"

namespace tds {

constexpr int kNoStyle = -1;
inline constexpr const char* kDatabaseCollation = "SQL_Latin1_General_CP1_CI_AS";

const std::string& collation_of(const Type& type);  // the database's where the type names none
// Truncates and pads as CAST does. Throws SqlError: 245, 8114, 8115, 241, 529 (not allowed), 281 (style).
Value convert(const Value& value, const Type& from, const Type& to, int style = kNoStyle);
// As an INSERT does: what is too long is an error (2628), but for blanks.
Value assigned(const Value& value, const Type& from, const Type& to, const std::string& column);
// < 0, 0, > 0; both of the type, neither NULL. GUIDs by their groups, text by its collation.
int compare(const Value& a, const Value& b, const Type& type);
// The type that both are converted to before they are compared or added.
Type common_type(const Type& a, const Type& b);
std::string type_name(const Type& type);  // "decimal(18,4)", "nvarchar(max)", …
std::string base_name(const Type& type);  // "decimal"
int storage_bytes(const Type& type);      // sys.columns.max_length

}  // namespace tds
