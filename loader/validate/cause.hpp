// Puts a difference between two values into words: truncated at 10, trailing blanks, time zone +02:00, ...
// Pure; throws nothing but bad_alloc.
#pragma once
#include <optional>
#include <string>

#include "codec/canonical.hpp"

namespace lakemover::loader {

using Shown = std::optional<std::string>;  // the readable form of a value; nullopt is NULL

// What happened on the way from source to target. The two are known to differ.
std::string cause_of(codec::Kind kind, const Shown& source, const Shown& target);

// Unicode normalisation and case beyond ASCII need a database: whether a better answer is to be had by asking one.
bool worth_normalising(const std::string& cause, const Shown& source, const Shown& target);

}  // namespace lakemover::loader
