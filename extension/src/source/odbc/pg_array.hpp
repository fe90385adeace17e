// Arrays of text as PostgreSQL writes them. Pure zone; no throw but bad_alloc.
#pragma once
#include <string>
#include <vector>

#include "source/driver.hpp"

namespace lakemover::source::odbc {

// {"a","b",NULL}
std::string pg_text_array(const std::vector<TextValue>& elements);

}  // namespace lakemover::source::odbc
