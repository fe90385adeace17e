// Where the time of a run went: phases, stages, the bottleneck in words. Pure; also for lakemover status.
#pragma once
#include <string>

#include "loader/report/run_tables.hpp"

namespace lakemover::loader::report {

// What held up the load most, from its stages: [{"stage", "seconds", "bytes"}]. Empty when nothing was measured.
std::string bottleneck(const json& stages);

void add_timings(Node& data, const json& document, const Tables& tables);
// The stages of the whole run, and of the tables that took longest.
void add_stages(Node& data, const json& document, const Tables& tables);

}  // namespace lakemover::loader::report
