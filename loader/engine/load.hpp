// The load phase: workers that claim chunks from staging until no table is left. Throws Error for
// what ends the run; a table's own failure is recorded and the others go on.
#pragma once
#include "loader/engine/context.hpp"
#include "loader/engine/point.hpp"

namespace lakemover::loader {

void load_tables(RunContext& run, SharedPoint& point);

}  // namespace lakemover::loader
