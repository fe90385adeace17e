// What is asked of staging about one table of a run. Throws Error.
#pragma once
#include <string>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

// Its name on the target, quoted where SQL quotes it; otherwise for a table that the run does not have.
std::string table_name(Pg& staging, const std::string& run_id, std::int64_t table_id,
                       const std::string& otherwise = "?");

}  // namespace lakemover::loader
