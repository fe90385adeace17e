// Validation of a run's tables and the verdict over it: the success criteria, each with its
// evidence. Throws Error.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "loader/engine/context.hpp"
#include "loader/validate/validate.hpp"

namespace lakemover::loader {

struct Verdict {
    Exit exit_code = Exit::kOther;
    std::string text;
    std::string error;                                  // why it is not SUCCESS
    nlohmann::json criteria = nlohmann::json::array();  // {name, holds, evidence}
};

// Levels 0 to 4 of every loaded table, several tables at a time. source_reads: the run's snapshot is
// held, so that levels 3 and 4 can read the source; without it they keep what they said before.
// reads: what was read of the target already.
void validate_run(RunContext& run, Pg& staging, bool source_reads, const TargetReads* reads = nullptr,
                  bool locates = true);

// A comparison is EQUAL only when every criterion holds, and VALIDATION FAILED where a row or an object differs. A run is
// SUCCESS only when every criterion holds; accepted blockers make it "COMPLETED WITH ACCEPTED BLOCKERS".
Verdict judge(RunContext& run, Pg& staging);

}  // namespace lakemover::loader
