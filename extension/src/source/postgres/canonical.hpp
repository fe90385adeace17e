// Canonical text of PostgreSQL values (validation, levels 3 and 4) as SQL expressions. Pure zone, no throw
// but bad_alloc. Independent of session settings where a type's own text form follows them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace lakemover::source::postgres {

// The canonical text of expression, whose type is codec (pg_type.typname, domains resolved).
std::string canonical_text(const std::string& expression, std::string_view codec);
// The canonical text for people: of a long value the beginning, its length and MD5.
std::string shown_text(const std::string& expression, std::string_view codec);
// Beside it the bytes in lower-case hex: of a bytea itself, else of the UTF-8 canonical text; as short.
std::string shown_hex(const std::string& expression, std::string_view codec);
// One CSV field of a canonical text: quoted; NULL is empty.
std::string csv_field(const std::string& text);
// MD5 of the row's CSV bytes in UTF-8.
std::string csv_md5(const std::vector<std::string>& canonical);

}  // namespace lakemover::source::postgres
