// T-SQL through staging's converter: what goes in, what comes out before it is checked. Throws Error.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "loader/convert/check.hpp"

namespace lakemover::loader {

// What staging knows of a source's names, columns, tables and code (lakemover._convert_context()).
nlohmann::json convert_context(Pg& staging, const std::string& source);
// Its tables and sequences, for a check beside them.
Prelude prelude_of(const nlohmann::json& context);
// What of the context the converter itself takes; its scripts are still empty.
nlohmann::json converter_input(const nlohmann::json& context, bool exact_strings);
// The objects of all scripts, in their order. Input that is not UTF-8 is an error of usage.
std::vector<ConvertedObject> convert_scripts(Pg& staging, const nlohmann::json& input);

}  // namespace lakemover::loader
