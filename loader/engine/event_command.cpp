#include "loader/engine/event_command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "loader/audit/utc_time.hpp"
#include "loader/util/child.hpp"

namespace lakemover::loader {

namespace {

// What a name of a variable says of its value. LAKEMOVER_STAGING is a conninfo, which may hold a password.
constexpr std::array kSecretWords = {"PASSWORD",   "PASSWD", "PASSPHRASE", "SECRET",           "TOKEN",
                                     "CREDENTIAL", "_KEY",   "PGPASSFILE", "LAKEMOVER_STAGING"};

bool names_secret(std::string name) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return std::any_of(kSecretWords.begin(), kSecretWords.end(),
                       [&](const char* word) { return name.find(word) != std::string::npos; });
}

}  // namespace

std::vector<std::string> without_secrets(const char* const* environment) {
    std::vector<std::string> kept;
    for (; environment != nullptr && *environment != nullptr; ++environment) {
        const std::string variable = *environment;
        if (!names_secret(variable.substr(0, variable.find('=')))) kept.push_back(variable);
    }
    return kept;
}

std::string EventCommand::tell(const std::string& event, nlohmann::json facts) const {
    if (command_.empty()) return {};
    facts["event"] = event;
    facts["time"] = utc_timestamp();
    facts["lakemover"] = LAKEMOVER_VERSION;
    const ChildResult done = run_child({"/bin/sh", "-c", command_}, without_secrets(environ),
                                       facts.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n",
                                       timeout_, ChildOutput::kPassedOn);
    if (done.status == 0) return {};
    // Without the command itself: it may hold what is not for everybody.
    std::string problem = "the command of --on-event, told of " + event + ", ";
    if (done.status == -1)
        problem += fmt::format("was ended after {:.0f} s", std::chrono::duration<double>(timeout_).count());
    else if (done.status == -2)
        problem += "was not started: " + done.errors;
    else
        problem += "failed with status " + std::to_string(done.status);
    fmt::print(stderr, "lakemover: {}\n", problem);
    return problem;
}

}  // namespace lakemover::loader
