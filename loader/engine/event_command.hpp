// --on-event: a command of the operator's that is told what happened, as JSON on its standard input. It may fail or hang
// without harm: its time is limited, and its failure is a message. Throws nothing but std::bad_alloc.
#pragma once
#include <chrono>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace lakemover::loader {

class EventCommand {
public:
    // An empty command does nothing.
    explicit EventCommand(std::string command, std::chrono::milliseconds timeout = std::chrono::seconds(30))
        : command_(std::move(command)), timeout_(timeout) {}

    // event: assessment_ready, run_paused, run_done, run_failed. Returns what went wrong, and says it on standard error.
    std::string tell(const std::string& event, nlohmann::json facts) const;

private:
    std::string command_;
    std::chrono::milliseconds timeout_;
};

// Of variables as NAME=VALUE, those that hold no secret.
std::vector<std::string> without_secrets(const char* const* environment);

}  // namespace lakemover::loader
