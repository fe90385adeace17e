// Values as the source engine itself writes them, in the canonical text of validation levels 3 and 4: what the
// target's canonical_text() yields for the planned type. T-SQL expressions, and the C++ that completes what comes
// back. Pure zone; throws source::Error.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "source/driver.hpp"
#include "source/odbc/encode.hpp"
#include "source/odbc/types.hpp"
#include "source/spec.hpp"

namespace lakemover::source::odbc {

// The expression that gives a value's text, as characters, or as UTF-16LE bytes where the column is read that way.
std::string canonical_expression(const SqlType& type, const std::string& column, std::string_view codec,
                                 bool raw_unicode);
// What came back, finished: policies for text, trimming, hex digits in lower case.
TextValue canonical_value(const SqlType& type, std::string_view codec, const Policy& policy, bool raw_unicode,
                          const TextValue& value);

// As the target shows a value to people: of a long one the beginning, its length and MD5; beside it in hex.
std::string shown_text(std::string_view codec, const std::string& canonical);
std::string shown_hex(std::string_view codec, const std::string& canonical);
// Hash in hex of the row's CSV: every value quoted, NULL empty.
std::string csv_hash(const std::vector<TextValue>& canonical, CsvHash hash);
std::string md5_hex(std::string_view bytes);

// The key value of a canonical text as the target's type reads it.
std::string key_text(std::string_view codec, const std::string& canonical);

// A bound of a chunk: text of the engine's own value, and the literal of the column's exact type and collation that
// is made of it again. Character keys travel as their UTF-16 units, or as text where the engine does not give those
// (raw_unicode): their bytes under a code page would be read under the database's, which need not be the column's.
std::string bound_expression(const SqlType& type, const std::string& column, bool raw_unicode);
std::string bound_literal(const SqlType& type, const std::string& collation, const std::string& bound);

}  // namespace lakemover::source::odbc
