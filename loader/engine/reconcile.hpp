// Staging's chunks against the ledger on the target, which is the truth. Throws Error.
#pragma once
#include "loader/engine/context.hpp"

namespace lakemover::loader {

struct Reconciled {
    std::int64_t found = 0;  // chunks that were committed and not recorded in staging
    std::int64_t lost = 0;   // chunks that staging calls done and the ledger does not have
};

// Only while no worker loads: makes staging say what the ledger says.
Reconciled reconcile_chunks(RunContext& run, Pg& staging, Pg& target);

// After the load: a target that went down hard may have lost the last commits, since chunks do not wait for its disk.
// True when there is something to load again.
bool load_lost_chunks_again(RunContext& run, Pg& staging);

// The last look, after the finish: the ledger must say what staging says.
void check_ledger(RunContext& run, Pg& staging, Pg& target);

}  // namespace lakemover::loader
