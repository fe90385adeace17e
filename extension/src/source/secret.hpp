// Secrets that are named rather than written down: a file, an environment variable, a command.
// Pure zone: throws source::Error, and whatever the waiter throws. Privileges are checked before, in pg.
#pragma once
#include <string>

#include "source/driver.hpp"

namespace lakemover::source {

// All of them drop one trailing line break and refuse an empty secret; no message shows the secret.
std::string read_secret_file(const std::string& path);
std::string read_secret_env(const std::string& name);
// Runs the command with /bin/sh and returns what it printed; killed with its children on timeout or cancel.
std::string run_secret_command(const std::string& command, Waiter& waiter, int timeout_s);

}  // namespace lakemover::source
