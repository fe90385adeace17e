// The load phase: workers that claim chunks from staging until no table is left. Throws Error for
// what ends the run; a table's own failure is recorded and the others go on.
#pragma once
#include "loader/engine/context.hpp"
#include "loader/engine/point.hpp"

namespace lakemover::loader {

void load_tables(RunContext& run, SharedPoint& point);

// What must be read of a table in its own snapshot when its last chunk is in: samples for validation, exact count.
// numbered: its batches may be ranges of row numbers, which are checked first.
void count_loaded_table(RunContext& run, Pg& staging, std::int64_t table_id, bool numbered = true);
// The same for those that were loaded whole at a point that is still held, and not yet counted there: their loader died.
void count_loaded_tables(RunContext& run, Pg& staging);

}  // namespace lakemover::loader
