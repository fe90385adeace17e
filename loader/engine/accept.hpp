// Acceptances: a person takes a table of a run as it is, or an assessment before anything moves. Recorded in staging and
// in a signed audit directory. Throws Error.
#pragma once
#include <string>

#include "loader/engine/runner.hpp"

namespace lakemover::loader {

struct Acceptance {
    std::string object;  // a table, or the first digits of an assessment's id
    std::string reason;
    std::string by;
};

struct AcceptOutcome {
    std::string object;     // in full
    std::string audit_dir;  // where it is signed
    std::string note;       // why that is not the run's own directory; empty: it is
    std::string verdict;    // of the run, with this acceptance; empty for an assessment
    Exit exit_code = Exit::kSuccess;
};

// Judges the run again with the acceptance and seals its audit directory anew. A directory that is gone, altered or
// signed with another key is left alone: a new one refers to it.
AcceptOutcome accept_table(const Settings& settings, const Staging& staging, Pg& pg, const std::string& run_id,
                           const Acceptance& acceptance);

// The current assessment of a source only.
AcceptOutcome accept_assessment(const Settings& settings, Pg& pg, const Acceptance& acceptance);

// With --require-signoff: Error (kBlockers) until the run's assessment was accepted. Tells of the acceptance.
void check_signoff(RunContext& run, Pg& staging);

}  // namespace lakemover::loader
