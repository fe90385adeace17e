// Values whose fields are known beforehand, one of each type: read over a new connection they show whether this
// driver and this engine deliver what the encoders expect, before a row of the user is read. Pure zone; throws
// source::Error.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "source/odbc/connection.hpp"
#include "source/spec.hpp"

namespace lakemover::source::odbc {

struct KnownAnswer {
    std::string type;     // SQL Server's
    std::string codec;    // on the target
    std::string literal;  // in T-SQL, of exactly that type, whatever the session's settings are
    std::string field;    // the payload that COPY BINARY must have
    std::string text;     // its canonical text
};

// Those that are bound, or those that are read in pieces: a row of either sort takes another way through the driver.
enum class Reading { kBound, kPieces };
std::vector<KnownAnswer> known_answers(Reading reading);

// As a table whose columns are the literals, for the stream that reads tables.
TableSpec known_answer_table(const std::vector<KnownAnswer>& answers);
std::string known_answer_query(const std::vector<KnownAnswer>& answers, bool raw_unicode);
// The canonical texts instead of the values, for canonical_value().
std::string known_text_query(const std::vector<KnownAnswer>& answers, bool raw_unicode);

// What differs, one line a type: "datetime2(7): 00... instead of ff...". tuple is one row of COPY BINARY.
std::vector<std::string> wrong_fields(const std::vector<KnownAnswer>& answers, std::string_view tuple);
std::vector<std::string> wrong_texts(const std::vector<KnownAnswer>& answers, const TextRow& row, bool raw_unicode);

// Asks the connection all of it. Empty when everything is as it should be. Where the engine refuses the query as a
// whole, each type is asked alone.
std::vector<std::string> ask_known_answers(OdbcConnection& connection);
// Throws 0A000 when the table has a column of a type whose answers were wrong.
void require_known_types(OdbcConnection& connection, const TableSpec& spec);

}  // namespace lakemover::source::odbc
