// Tables without a key that were read in batches by row numbers (chunking row_number). No engine promises to number
// rows alike in two statements, so it is proven afterwards.
#pragma once
#include "loader/engine/context.hpp"

namespace lakemover::loader {

// Reads such a table once more, in one pass, and compares its digest with that of its batches: true when every row came
// exactly once, and of tables that were read in another way. When not, the table has failed. Throws Error.
bool numbered_alike(RunContext& run, Pg& staging, std::int64_t table_id);

}  // namespace lakemover::loader
