// lakemover accept: a table of a run, or an assessment.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <nlohmann/json.hpp>

#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/engine/accept.hpp"
#include "loader/staging/process.hpp"

namespace lakemover::loader {

namespace {

bool blank(const std::string& text) {
    return std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isspace(c) != 0; });
}

}  // namespace

Exit command_accept(const Settings& settings, const AcceptOptions& options) {
    if (options.table.empty() == options.assessment.empty())
        throw Error(Exit::kUsage, "accept wants either --table SCHEMA.TABLE or --assessment ID");
    if (!options.assessment.empty() && !options.run.empty())
        throw Error(Exit::kUsage, "an assessment belongs to a source, not to run " + options.run);
    if (blank(options.reason)) throw Error(Exit::kUsage, "accept wants --reason TEXT", {}, "it is signed and reported");
    const Acceptance acceptance{options.table.empty() ? options.assessment : options.table, options.reason,
                                blank(options.by) ? current_user().name + "@" + host_name() : options.by};
    Staging staging = Staging::open(settings);
    staging.lock_for_work();
    Pg pg = staging.connect();
    AcceptOutcome outcome;
    if (options.table.empty()) {
        outcome = accept_assessment(settings, pg, acceptance);
    } else {
        const std::string id = newest_run(pg, options.run, "state <> 'queued'");
        outcome = accept_table(settings, staging, pg, id, acceptance);
    }
    if (settings.json) {
        fmt::print("{}\n", nlohmann::json{{"accepted", outcome.object},
                                          {"by", acceptance.by},
                                          {"verdict", outcome.verdict},
                                          {"run_exit_code", static_cast<int>(outcome.exit_code)},
                                          {"audit_dir", outcome.audit_dir},
                                          {"note", outcome.note}}
                               .dump());
    } else {
        fmt::print("{} accepted by {}\n", outcome.object, acceptance.by);
        if (!outcome.verdict.empty()) fmt::print("the run's verdict is {}\n", outcome.verdict);
        if (!outcome.note.empty()) fmt::print("NOTE: {}\n", outcome.note);
        fmt::print("signed in {}\n", outcome.audit_dir);
    }
    return Exit::kSuccess;
}

}  // namespace lakemover::loader
