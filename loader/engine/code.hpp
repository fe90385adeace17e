// Code of a SQL Server source in a run: converted and checked when the plan is final, created on the target after the data.
// Throws Error.
#pragma once
#include <string>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

class AuditDir;

// Converts what the source has and stores it in the run with the statements that create what --apply-routines asks for.
// That it cannot be converted is a warning: the rows do not need it.
void convert_run_code(RunContext& run, Pg& staging);

// code-NAME.sql for each object, code-index.json with how each ended, and code.html; nothing in a run without code.
void write_code_files(AuditDir& audit, Pg& staging, const std::string& run_id);

}  // namespace lakemover::loader
