// CAST and CONVERT of the test server.
#pragma once
#include <string>

#include "engine/types.hpp"

namespace tds {

constexpr int kNoStyle = -1;

// Truncates and pads as CAST does. Throws SqlError: 245, 8114, 8115, 241, 529 (not allowed), 281 (style).
Value convert(const Value& value, const Type& from, const Type& to, int style = kNoStyle);
// As an INSERT does: what is too long is an error (2628), but for blanks.
Value assigned(const Value& value, const Type& from, const Type& to, const std::string& column);
// < 0, 0, > 0; both of the type, neither NULL. GUIDs by their groups, text by its collation.
int compare(const Value& a, const Value& b, const Type& type);

}  // namespace tds
