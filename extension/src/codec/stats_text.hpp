// The form in which sums per column travel from staging and are kept in run_chunk.stats. Pure zone.
#pragma once
#include <string>
#include <vector>

#include "codec/digest.hpp"

namespace lakemover::codec {

// JSON: [[non_null, "hash_sum", bytes], ...] in plan order. Hash sums are texts: JSON's numbers do not hold 64 bits
// everywhere.
std::string column_stats_text(const std::vector<ColumnStats>& stats);

}  // namespace lakemover::codec
