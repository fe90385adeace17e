// What a run is to do and what became of it, as files of its audit directory. Throws Error.
#pragma once
#include <string>

#include "loader/audit/audit_dir.hpp"
#include "loader/config/settings.hpp"
#include "loader/engine/context.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

// plan.txt, whose SHA-256 is the plan's hash; plan.json, the same for people; names.json: which name became which.
// Nothing for a run that ended before its plan was made final.
void write_plan_files(AuditDir& audit, Pg& staging, const std::string& run_id);

// settings.json: where from, where to, and how. No secret, and of a secret's command nothing at all.
void write_settings_file(AuditDir& audit, const Settings& settings, const RunOptions& options);

// ledger.jsonl, one line per committed batch, and validation.json: what the report's figures are made of.
void write_result_files(AuditDir& audit, Pg& staging, const std::string& run_id);

// What validation says now, as lines after those that said it then.
void note_validations(AuditDir& audit, Pg& staging, const std::string& run_id);

}  // namespace lakemover::loader
