// lakemover pause, and its end by lakemover resume. Throws Error.
#pragma once
#include <string>

#include "loader/config/settings.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

// Lets a run go on that lakemover pause holds: the given one, or the newest. False when there is none whose loader lives:
// what a killed loader left is to be resumed.
bool lift_pause(const Settings& settings, Staging& staging, const std::string& run);

}  // namespace lakemover::loader
