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

struct PlanOptions {
    bool ddl = false;   // print the script of the schema
    bool diff = false;  // print what of it the target lacks or has differently
};

struct VerifyOptions {
    std::string dir;
    std::string public_key;   // file
    std::string fingerprint;  // neither: the key in the directory
};

struct AcceptOptions {
    std::string table;       // as named on the target or on the source
    std::string assessment;  // its id, or the first digits of it
    std::string reason;
    std::string by;  // empty: the user of this machine
    std::string run;
};

Exit command_assess(const Settings& settings);
Exit command_run(const Settings& settings, bool replan);
Exit command_rehearse(const Settings& settings);
Exit command_resume(const Settings& settings, const std::string& run, bool consistent);
Exit command_rollback(const Settings& settings, const std::string& run, bool yes);
Exit command_retry_rejects(const Settings& settings, const std::string& run);
Exit command_plan(const Settings& settings, const PlanOptions& options);
// two_sided, or without any finished run: source and target are compared as they are now. repair: and the target's rows made equal.
Exit command_validate(const Settings& settings, const std::string& run, bool two_sided, bool repair);
// lakemover migrate --refresh: as validate --repair, of the plan as it is.
Exit command_refresh(const Settings& settings);
Exit command_report(const Settings& settings, const std::string& run);
// The newest assessment when none is named.
Exit command_report_assessment(const Settings& settings, const std::string& assessment);
// Two of them: numbers, audit directories or files.
Exit command_report_diff(const Settings& settings, const std::vector<std::string>& assessments);
Exit command_status(const Settings& settings, const StatusOptions& options);
Exit command_cancel(const Settings& settings, const std::string& run);
Exit command_daemon(const Settings& settings);
// html: file for a page; empty: none.
Exit command_convert(const Settings& settings, const std::vector<std::string>& files, const std::string& html);
Exit command_pause(const Settings& settings, const std::string& run);
Exit command_accept(const Settings& settings, const AcceptOptions& options);
Exit command_verify(const VerifyOptions& options, bool json);
Exit command_psql(const Settings& settings, const std::vector<std::string>& arguments);

}  // namespace lakemover::loader
