// The code of a SQL Server source as a whole: converted, checked beside the planned tables, in the order of what it needs.
// Throws Error only when staging itself fails.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "loader/convert/check.hpp"

namespace lakemover::loader {

struct SourceObject {
    nlohmann::json script;  // of lakemover._convert_context(): name, kind, object_id, source_name, target, definition …
    ConvertedObject made;              // kind is the converter's: view for a synonym
    std::vector<std::size_t> needs;    // places of others in the list
    std::vector<std::int64_t> tables;  // of the source, that it reads or writes
};

// context: lakemover._convert_context(). What is needed comes before what needs it, unless they need each other; triggers
// come last.
std::vector<SourceObject> convert_source_code(const Staging& staging, Pg& pg, const nlohmann::json& context,
                                              bool exact_strings);

// The first thing that somebody must look at, and how many more there are; why it was not verified where there is none.
std::string first_note(const ConvertedObject& object);

}  // namespace lakemover::loader
