// Canonical text of PostgreSQL values (validation, levels 3 and 4) as SQL expressions. Pure zone, no throw
// but bad_alloc. Independent of session settings where a type's own text form follows them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "source/spec.hpp"

namespace lakemover::source::postgres {

// The canonical text of expression, whose type is codec (pg_type.typname, domains resolved).
std::string canonical_text(const std::string& expression, std::string_view codec);
// The canonical text for people: of a long value the beginning, its length and MD5.
std::string shown_text(const std::string& expression, std::string_view codec);
// Beside it the bytes in lower-case hex: of a bytea itself, else of the UTF-8 canonical text; as short.
std::string shown_hex(const std::string& expression, std::string_view codec);
// One CSV field of a canonical text: quoted; NULL is empty.
std::string csv_field(const std::string& text);
// Hash of the row's CSV bytes in UTF-8, in hex.
std::string csv_hash(const std::vector<std::string>& canonical, CsvHash hash);
// (checksum): of rows that have a column h of such hashes, "rows:sum:sum...", the sums of the hashes' 64-bit pieces as
// signed integers. No order matters, equal rows do not cancel.
std::string checksum_of(const std::string& rows, CsvHash hash);

}  // namespace lakemover::source::postgres
