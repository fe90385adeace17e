// Going on with a run that ended early: what is on the target decides, not what staging remembers. Throws Error;
// a refusal leaves everything as it is.
#pragma once
#include "loader/engine/phases.hpp"

namespace lakemover::loader {

Verdict resume_phases(RunContext& run, Pg& staging, const RunScope& scope);

}  // namespace lakemover::loader
