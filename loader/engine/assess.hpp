// Assessments as the loader takes them: in staging, and as files of the audit directory. Throws Error.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "loader/audit/audit_dir.hpp"
#include "loader/config/settings.hpp"
#include "loader/staging/staging.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

// Takes an assessment as the settings say and gives it as text. report_dir: where its reports will be; empty: there are none.
std::string assess(Pg& staging, const std::string& source, const Settings& settings,
                   const std::string& report_dir = {});

// An assessment of staging as a document. finding_limit: of each check and severity; empty: all.
nlohmann::json stored_assessment(Pg& staging, const std::string& id, const std::string& finding_limit);

struct StoredAssessment {
    std::int64_t blockers = 0;
    std::string text;         // as people read it
    nlohmann::json document;  // as programs do
};

// Takes an assessment and writes its reports, as PDF, too, if wanted.
StoredAssessment store_assessment(Pg& staging, const Staging& server, const std::string& source, AuditDir& audit,
                                  const Settings& settings);

struct WrittenAssessment {
    std::string dir;
    nlohmann::json document;
};

// Writes the reports of an assessment that staging holds into a signed directory of their own.
WrittenAssessment write_stored_assessment(Pg& staging, const std::string& id, const Settings& settings);

// Tells --on-event that an assessment and its reports are there. run: empty without one.
void tell_assessment(const Settings& settings, const nlohmann::json& assessment, const std::string& audit_dir,
                     const std::string& run);

// The newest assessment's blockers, one a line: a refused run must say what is in its way.
std::string blocker_list(Pg& staging, const std::string& source);

}  // namespace lakemover::loader
