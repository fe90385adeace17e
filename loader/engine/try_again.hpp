// lakemover resume of a run that ended INCOMPLETE: tables and statements that failed are to be done once more. Throws Error.
#pragma once
#include <cstdint>
#include <string>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

// What failed becomes pending again, and is said. A failed table that the target has by now from somebody else stays out,
// and so do all of them when the source's schema has changed.
void try_again(RunContext& run, Pg& staging, Pg& target);

// A table that was to be tried again and cannot: it is failed as before, with this reason.
void leave_out(RunContext& run, Pg& staging, std::int64_t table_id, const std::string& why);

// Objects of the run that are still on the target, into a ledger that was made anew there.
void restore_register(RunContext& run, Pg& staging, Pg& target);

}  // namespace lakemover::loader
