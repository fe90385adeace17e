// lakemover report: a run's or an assessment's reports again from staging, and two assessments compared.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

#include "loader/cli/commands.hpp"
#include "loader/cli/runs.hpp"
#include "loader/engine/assess.hpp"
#include "loader/engine/run_end.hpp"
#include "loader/report/assessment_diff.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

bool is_number(const std::string& text) {
    return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

// The given assessment when there is one, else the newest.
std::string newest_assessment(Pg& pg, const std::string& given) {
    const Value id = pg.scalar(
        "SELECT max(assessment_id)::text FROM lakemover.assessment WHERE $1 = '' OR assessment_id::text = $1", {given});
    if (id) return *id;
    throw Error(Exit::kUsage, given.empty() ? "there is no assessment" : "there is no assessment " + given, {},
                "SELECT assessment_id, source, taken_at FROM lakemover.assessment; lakemover --assess-only makes one");
}

// assessment.json, or the directory that holds it.
json read_assessment(const std::string& name) {
    std::filesystem::path path(name);
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) path /= "assessment.json";
    std::ifstream file(path);
    if (!file)
        throw Error(Exit::kUsage, "cannot read " + path.string(), {},
                    "give the number of an assessment, its audit directory, or its assessment.json");
    json document = json::parse(std::string(std::istreambuf_iterator<char>(file), {}), nullptr, false);
    if (document.is_discarded()) throw Error(Exit::kUsage, path.string() + " is not JSON");
    return document;
}

}  // namespace

Exit command_report(const Settings& settings, const std::string& run) {
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    const std::string id = newest_run(pg, run, "true");
    const SigningKey key = SigningKey::open(settings.home, settings.signing_key);
    const json before =
        earlier_directory(pg.scalar("SELECT audit_dir FROM lakemover.run WHERE run_id = $1", {id}).value_or(""));
    AuditDir audit = AuditDir::create(settings.audit_dir, "report-" + id, settings.home + "/audit-beside");
    audit.set_run(id);
    seal_run(audit, pg, id, {}, "report", key, settings.pdf == "yes", before);
    fmt::print("{}/reconciliation.html\n", audit.path().string());
    return Exit::kSuccess;
}

Exit command_report_assessment(const Settings& settings, const std::string& assessment) {
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    const std::string id = newest_assessment(pg, assessment);
    fmt::print("{}/assessment.html\n", write_stored_assessment(pg, id, settings).dir);
    return Exit::kSuccess;
}

Exit command_report_diff(const Settings& settings, const std::vector<std::string>& assessments) {
    if (assessments.size() != 2)
        throw Error(Exit::kUsage, "--diff compares two assessments", {}, "lakemover report --diff BEFORE AFTER");
    json documents[2];
    std::optional<Staging> staging;  // files need none
    for (int i = 0; i < 2; ++i) {
        if (!is_number(assessments[static_cast<std::size_t>(i)])) {
            documents[i] = read_assessment(assessments[static_cast<std::size_t>(i)]);
            continue;
        }
        if (!staging) staging.emplace(Staging::open(settings));
        Pg pg = staging->connect();
        documents[i] = stored_assessment(pg, newest_assessment(pg, assessments[static_cast<std::size_t>(i)]), "");
    }
    const json comparison = compare_assessments(documents[0], documents[1]);
    if (settings.json)
        fmt::print("{}\n", comparison.dump());
    else
        fmt::print("{}", comparison_text(comparison));
    return Exit::kSuccess;
}

}  // namespace lakemover::loader
