// What each command does. Returns the exit code; throws Error.
#pragma once
#include <string>
#include <vector>

#include "loader/config/settings.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {

struct StatusOptions {
    bool watch = false;
    std::string run;  // empty: the newest
};

Exit command_assess(const Settings& settings);
Exit command_run(const Settings& settings, bool replan);
Exit command_resume(const Settings& settings, const std::string& run, bool consistent);
Exit command_rollback(const Settings& settings, const std::string& run, bool yes);
Exit command_plan(const Settings& settings);
Exit command_validate(const Settings& settings, const std::string& run);
Exit command_report(const Settings& settings, const std::string& run);
Exit command_status(const Settings& settings, const StatusOptions& options);
Exit command_cancel(const Settings& settings, const std::string& run);
Exit command_daemon(const Settings& settings);
Exit command_convert(const Settings& settings, const std::vector<std::string>& files);
Exit command_pause(const Settings& settings, const std::string& run);
Exit command_psql(const Settings& settings, const std::vector<std::string>& arguments);

}  // namespace lakemover::loader
