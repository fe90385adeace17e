// Collations as the wire tells them: five bytes for a name.
#pragma once
#include <array>
#include <string>
#include <string_view>

namespace tds {

using CollationBytes = std::array<char, 5>;

// An empty name is SQL_Latin1_General_CP1_CI_AS.
CollationBytes collation_bytes(std::string_view name);
// A name of the same code page, for to_code_page(); empty for 1252.
std::string collation_of_page(const CollationBytes& bytes);

}  // namespace tds
