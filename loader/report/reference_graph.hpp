// The foreign key graph of an assessment as a drawing: a band per load rank, cycles marked. Pure.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

namespace lakemover::loader::report {

struct ReferenceGraph {
    std::string svg;      // empty: no table references another one
    std::string caption;  // what is drawn, and what is left out
};

// Of load_order and references of the document. It fits onto one page, whatever the number of tables.
ReferenceGraph draw_references(const nlohmann::json& document);

}  // namespace lakemover::loader::report
