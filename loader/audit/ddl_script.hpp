// Scripts of a schema for psql; in ddl.sql with the outcome of each statement beside it. Pure; throws nothing of its own.
#pragma once
#include <string>
#include <string_view>

#include "loader/audit/audit_dir.hpp"

namespace lakemover::loader {

// Each line of the text with -- in front and an end of line behind.
std::string sql_comment(std::string_view text);
std::string ddl_script_header(std::string_view about);
std::string ddl_script_statement(std::string_view sql);
std::string ddl_script_entry(std::string_view sql, const DdlOutcome& outcome, std::string_view at);

}  // namespace lakemover::loader
