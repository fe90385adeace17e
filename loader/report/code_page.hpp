// The page that shows a source's code beside what became of it. Throws Error.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lakemover::loader {

// document: {"of": what it is of, "at": when, "objects": [{"kind", "source_name", "target_name", "class", "score", "verified", "reason",
// "outcome", "why", "notes": [{"line", "construct", "why", "todo", "severity"}], "source_sql", "first_line" of it
// when it is a part of something, "sql"}]}.
std::string render_code_html(const nlohmann::json& document);

}  // namespace lakemover::loader
