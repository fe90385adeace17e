// One run from queued to its verdict: preflight, snapshot, assess, plan, schema, load, finish,
// validate, report. The CLI and the daemon share it. Throws nothing for a run that ended badly:
// the outcome says how, and it is recorded in staging and in the audit directory.
#pragma once
#include <string>

#include "loader/engine/context.hpp"
#include "loader/engine/phases.hpp"

namespace lakemover::loader {

struct RunOutcome {
    Exit exit_code = Exit::kSuccess;
    std::string verdict;
    std::string error;  // message, detail and hint of what ended the run
    std::string audit_dir;
};

// The settings' defaults, overridden by what the run was queued with.
RunOptions options_of(const Settings& settings, const nlohmann::json& queued);

RunOutcome execute_run(const Settings& settings, const Staging& staging, std::int64_t run_id,
                       const std::string& loader_id, CancelToken& cancel, const RunScope& scope,
                       const Events::Listener& listener);

// Validates a run that ended, again: what was loaded against what the target holds now. Throws Error.
RunOutcome execute_validation(const Settings& settings, const Staging& staging, const std::string& run_id,
                              CancelToken& cancel);

// Assessment with its HTML report, without a run: lakemover --assess-only. Returns the exit code.
struct AssessOutcome {
    Exit exit_code = Exit::kSuccess;
    std::string text;     // the readable report
    std::string json;     // the same for programs
    std::string signoff;  // its id, for lakemover accept --assessment
    std::string audit_dir;
};
AssessOutcome execute_assessment(const Settings& settings, const Staging& staging, const std::string& source,
                                 CancelToken& cancel);

// Plans the source as the settings say; what they leave open stays as planned.
void make_plan(Pg& staging, const std::string& source, const Settings& settings);

// Chooses the number of workers, says why, and sets the run's gate up for them.
void settle_workers(RunContext& run, Pg& staging, Pg& target);

// What assess and plan ask of the target; also refreshes the reserved words. measure: how fast it is, too; what was measured
// before of the same database stays otherwise.
void store_target_facts(const Target& target, Pg& target_connection, Pg& staging, bool measure = false);

}  // namespace lakemover::loader
