// Runs as commands name them. Throws Error.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "loader/config/settings.hpp"
#include "loader/engine/cancel.hpp"
#include "loader/staging/staging.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

// The source of this invocation, defined in staging and in scope.
std::string prepare_source(Staging& staging, Pg& pg, const Settings& settings);

// The options that a run is queued with, of these settings.
nlohmann::json run_options(const Settings& settings);

// The given run when there is such a one, else the newest that meets the condition.
std::string newest_run(Pg& pg, const std::string& given, const std::string& condition);

// The same among runs that loaded something; a comparison is refused.
std::string newest_migration(Pg& pg, const std::string& given, const std::string& condition);

// Whether a loader of the run lives, which takes seconds to find out. In embedded staging the work lock knows at once.
bool loader_lives(Pg& pg, const std::string& id, CancelToken& cancel);

// Returns when no loader of the run lives; an Error when one does.
void wait_for_silence(Pg& pg, const std::string& id, CancelToken& cancel);

}  // namespace lakemover::loader
