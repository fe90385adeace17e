// Whether converted T-SQL can be created beside its tables, and what plpgsql_check says of it. Throws Error.
#pragma once
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "loader/staging/staging.hpp"

namespace lakemover::loader {

// One object as lakemover._convert_scripts() gives it, and what the check adds.
struct ConvertedObject {
    std::size_t script = 0;
    std::string name, kind, sql, result, score;  // result: equivalent, review or manual
    nlohmann::json notes, details;
    bool verified = false;
    std::string reason;    // why it was not verified
    bool absent = false;   // because something that it uses is in no script
    bool created = false;  // in the scratch database
    std::vector<std::string>
        signatures;  // of its functions, in the order of its text; qualified where the check's path is empty
};

// Objects of a plan that are there already, as statements.
using Prelude = std::vector<std::string>;

// Makes all objects in a scratch database, checks them and drops it. An object without any doubt stays "equivalent" only
// when it could be created and nothing was found; a fault makes it "manual" and becomes a FIXME in its text.
void check_converted(const Staging& staging, const Prelude& prelude, std::vector<ConvertedObject>& objects);

}  // namespace lakemover::loader
