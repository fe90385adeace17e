// A run as one self-contained HTML file, from the JSON of lakemover.run_json() with the loader's "criteria" added.
// Pure. Throws loader::Error when the document is not a run.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lakemover::loader {

std::string render_run_html(const nlohmann::json& run);

}  // namespace lakemover::loader
