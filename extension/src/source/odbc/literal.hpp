// Forms that T-SQL and texts for people have in common: quoted names and strings, bytes in hex. Pure zone.
#pragma once
#include <string>
#include <string_view>

namespace lakemover::source::odbc {

std::string quote_name(std::string_view name);     // [name], with ] doubled
std::string quote_unicode(std::string_view text);  // N'text'
std::string hex(std::string_view bytes);           // in lower case, without a prefix

}  // namespace lakemover::source::odbc
