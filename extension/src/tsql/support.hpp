// Functions that converted code calls on the target, in schema lakemover_tsql: what PostgreSQL has no exact counterpart
// for. Only those that are used are made; DROP SCHEMA lakemover_tsql CASCADE removes them. Zone: pure; plain data.
#pragma once
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace lakemover::tsql {

struct SupportFunction {
    std::string_view name;
    std::string_view arguments;  // their types, as COMMENT ON FUNCTION wants them
    std::string_view about;      // what it does, and where it differs
    std::string_view sql;        // what follows CREATE OR REPLACE FUNCTION lakemover_tsql.name
    std::string_view needs;      // another one that it calls
};

const std::vector<SupportFunction>& support_functions();
// Statements that create the schema and these functions, each behind what it needs; empty for none.
std::string support_script(const std::set<std::string>& used);

}  // namespace lakemover::tsql
