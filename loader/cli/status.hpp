// lakemover status: how far a run is, how fast, what holds it up, how long it will take. Pure but for the command.
#pragma once
#include <ctime>
#include <nlohmann/json.hpp>
#include <string>

namespace lakemover::loader {

// The document of lakemover status --json (docs/performance.md), of what lakemover.run_status() says.
nlohmann::json status_document(const nlohmann::json& raw, std::time_t now);

// The lines below the bar: time left, what holds it up, what it waits for. Empty when there is nothing to say.
std::string status_text(const nlohmann::json& document);

}  // namespace lakemover::loader
