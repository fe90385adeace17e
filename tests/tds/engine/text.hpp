// Comparison of characters as the test server's collations have it: case by ASCII and Latin-1 only, trailing blanks
// ignored. The code pages are declared in value.hpp.
#pragma once
#include <string>

#include "value.hpp"

namespace tds {

bool is_utf8_collation(const std::string& collation);
bool is_binary_collation(const std::string& collation);
bool is_case_sensitive(const std::string& collation);
int compare_text(const std::u16string& a, const std::u16string& b, const std::string& collation);
char16_t folded(char16_t c);
// Names are compared without case.
bool same_name(const std::string& a, const std::string& b);
std::string lower_name(const std::string& name);

}  // namespace tds
