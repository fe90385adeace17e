// How fast the target takes rows and gives them back, as facts for the assessment. Throws Error only when the connection is lost.
#pragma once
#include <nlohmann/json.hpp>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

// A temporary table in a transaction that is rolled back: a few megabytes, and a few seconds at most. Gives the facts
// probe_write_bytes, probe_write_seconds, probe_read_bytes and probe_read_seconds, or probe_error where the target refuses.
nlohmann::json measure_target(Pg& target);

}  // namespace lakemover::loader
