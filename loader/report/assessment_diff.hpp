// Two assessments of one source, one beside the other: what was resolved, what is new, what changed. Pure.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lakemover::loader {

// Of two documents of lakemover.assess_json(). BLOCKERs and WARNINGs count; notes say how something was resolved.
// Throws Error when one is no assessment, or they are of different databases.
nlohmann::json compare_assessments(const nlohmann::json& before, const nlohmann::json& after);

// The same for people, without colours.
std::string comparison_text(const nlohmann::json& comparison);

}  // namespace lakemover::loader
