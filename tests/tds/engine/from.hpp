// FROM: tables, views, derived tables and joins as relations in memory.
#pragma once
#include <string>

#include "engine/context.hpp"

namespace tds {

Relation from_relation(Context& context, const ts::From& from, const std::string& source, const Scope* outer,
                       const Frame* frame);

}  // namespace tds
