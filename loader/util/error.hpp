// The loader's one error type: what happened, what to do, and the exit code that follows.
#pragma once
#include <stdexcept>
#include <string>
#include <utility>

namespace lakemover::loader {

// Documented in docs/cli.md; never renumbered.
enum class Exit : int {
    kSuccess = 0,
    kOther = 1,
    kUsage = 2,
    kBlockers = 3,
    kIncomplete = 4,
    kValidation = 5,
    kConnect = 6,
    kCancelled = 7,
};

struct Error : std::runtime_error {
    Error(Exit code, std::string msg, std::string det = {}, std::string h = {}, std::string state = {})
        : std::runtime_error(std::move(msg)), exit_code(code), detail(std::move(det)), hint(std::move(h)),
          sqlstate(std::move(state)) {}
    Exit exit_code;
    std::string detail;                     // the server's text, without secrets
    std::string hint;                       // what to do
    std::string sqlstate;                   // five characters, empty when no server was involved
    std::string peer;                       // who said it: target, staging, or source (through staging)
    std::string column;                     // that the server named, if any
    std::string schema, table, constraint;  // the same
    bool connection_lost = false;
    bool of_rows = false;     // the target raised it while it took a batch's rows
    bool resumable = false;   // the run stops here and lakemover resume goes on
    bool taken_over = false;  // another loader owns the run now: nothing may be written any more
};

}  // namespace lakemover::loader
