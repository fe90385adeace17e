// The end of a run in its audit directory: the files that say what became of it, the reconciliation report, the seal.
// Throws Error.
#pragma once
#include <nlohmann/json.hpp>
#include <string>

#include "loader/audit/audit_dir.hpp"
#include "loader/audit/signing.hpp"
#include "loader/config/settings.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

// How a run ended, before staging says so: the verdict stands there only once it is signed.
struct RunEnd {
    std::string state;
    std::string verdict;
    Exit exit_code = Exit::kOther;
    std::string error;
    nlohmann::json criteria;  // null: those of staging, and no other end than it has there
};

// The success criterion that the seal makes true.
nlohmann::json signed_criterion(const std::string& fingerprint);

// Everything that the report shows, as one document.
nlohmann::json reconciliation_document(Pg& staging, const std::string& run_id, const RunEnd& end,
                                       const SigningKey& key);

// reconciliation.json, .html and, unless the settings forbid it, .pdf; an event says why there is none.
void write_reconciliation(AuditDir& audit, const nlohmann::json& document, bool pdf);

// What the manifest says of the directory as a whole. kind: run, validation, report, acceptance, assessment.
nlohmann::json manifest_facts(const std::string& kind, const nlohmann::json& document);

// The assessment's files, with the PDF in the same way.
void write_assessment(AuditDir& audit, const nlohmann::json& assessment, bool pdf);

// All of it, in order: the run's files, the report, the seal. previous: the directory of the same run before this one.
void seal_run(AuditDir& audit, Pg& staging, const std::string& run_id, const RunEnd& end, const std::string& kind,
              const SigningKey& key, bool pdf, const nlohmann::json& previous = {});

// Name of a run's earlier directory and the SHA-256 of its manifest, as far as there is one; null without a directory.
nlohmann::json earlier_directory(const std::string& dir);

}  // namespace lakemover::loader
