// The assessment as one self-contained HTML file, from the JSON of lakemover.assess_json() (docs/assessment.md).
// Pure. Throws loader::Error when the document is not an assessment.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lakemover::loader {

std::string render_assessment_html(const nlohmann::json& assessment);

}  // namespace lakemover::loader
