// Assessments as the loader takes them: in staging, and as files of the audit directory. Throws Error.
#pragma once
#include <cstdint>
#include <string>

#include "loader/audit/audit_dir.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

// Writes the assessment's reports (pdf: as PDF, too); returns the number of blockers. text and document: as people and
// programs read it.
std::int64_t store_assessment(Pg& staging, const std::string& source, AuditDir& audit, bool pdf, std::string* text,
                              std::string* document);

// The newest assessment's blockers, one a line: a refused run must say what is in its way.
std::string blocker_list(Pg& staging, const std::string& source);

}  // namespace lakemover::loader
