// A run that loads nothing: source and target are read whole, at the same time, and compared. Whoever loaded the target,
// no ledger is asked, and nothing is written to it but the rows of a repair. Throws Error for what ends it early.
#pragma once
#include "loader/engine/phases.hpp"

namespace lakemover::loader {

Verdict compare_phases(RunContext& run, Pg& staging, const RunScope& scope);

}  // namespace lakemover::loader
