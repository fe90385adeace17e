// What is read of a table in its own snapshot once its rows are there. Throws Error.
#pragma once
#include <cstdint>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

// What must be read of a table in its own snapshot when its last chunk is in: samples for validation, exact count.
// numbered: its batches may be ranges of row numbers, which are checked first.
void count_loaded_table(RunContext& run, Pg& staging, std::int64_t table_id, bool numbered = true);
// The same for those that were loaded whole at a point that is still held, and not yet counted there: their loader died.
void count_loaded_tables(RunContext& run, Pg& staging);

}  // namespace lakemover::loader
