// The catalog queries of the ODBC driver: one per raw topic; staging joins what they give
// (extension/sql/inventory/*sqlserver*). Pure zone; throws only std::bad_alloc.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lakemover::source::odbc {

std::optional<std::string> catalog_query(std::string_view topic, int version_num);
std::vector<std::string_view> catalog_topics();

}  // namespace lakemover::source::odbc
