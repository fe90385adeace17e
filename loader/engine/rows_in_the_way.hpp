// Which rows keep a key, an index, a check or a foreign key from being made.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

// The columns or expressions of "Key (a, lower(b))=(1, x) is duplicated.", as SQL: what is between the first parentheses.
// Quoted names may hold any of these characters. Absent when the text is another one.
std::optional<std::string> key_of_detail(std::string_view detail);

// The part of an index's definition behind its WHERE, which a string or a quoted name may hold, too. Empty without one.
std::string predicate_of_index(std::string_view sql);

// For people: up to ten keys, with the number of rows of each, or rows by their primary key; empty where there are none
// to tell. Reads the whole table, for a minute at most, and never fails: the statement's own error is what counts.
std::string rows_in_the_way(Pg& target, const std::string& sql, const Error& error);

}  // namespace lakemover::loader
