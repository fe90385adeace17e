// Large objects as if they were a table of pieces: (loid, position, data), with (loid, position) as the key. An empty object
// has one empty piece. Everything that reads or compares a planned table then reads and compares them. Pure zone.
#pragma once
#include <string>

#include "source/spec.hpp"

namespace lakemover::source::postgres {

// FROM's query for the pieces. Of the source: those of the range, which the server reads no further than it must. Of the
// target: those of spec.large_objects. Throws source::Error for bounds that are none.
std::string large_object_pieces(const TableSpec& spec, bool on_target, const ChunkRange& range);

// Where a batch's pieces wait on the target, in the batch's own transaction, to be written into their objects.
std::string large_object_waiting_room();

// What stands for a column of the pieces in a query over them as t; none: the column itself.
std::optional<std::string> large_object_column(const std::string& name);

}  // namespace lakemover::source::postgres
