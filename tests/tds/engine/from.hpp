// FROM: tables, views, derived tables and joins as relations in memory.
#pragma once
#include <string>

#include "engine/context.hpp"

namespace tds {

Relation from_relation(Context& context, const ts::From& from, const std::string& source, const Scope* outer,
                       const Frame* frame);

// The SELECT of CREATE VIEW, parsed; the text that its positions point into.
struct ViewDefinition {
    std::string source;
    ts::Script script;
    const ts::Query& query() const { return *script.statements.at(0)->query; }
};
ViewDefinition view_definition(const StoredModule& view);

}  // namespace tds
