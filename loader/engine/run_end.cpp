#include "loader/engine/run_end.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

#include "loader/audit/chained_log.hpp"
#include "loader/audit/manifest.hpp"
#include "loader/audit/posix_file.hpp"
#include "loader/audit/utc_time.hpp"
#include "loader/engine/code.hpp"
#include "loader/engine/forecast_watch.hpp"
#include "loader/engine/run_files.hpp"
#include "loader/report/assessment_report.hpp"
#include "loader/report/pdf.hpp"
#include "loader/report/run_report.hpp"
#include "loader/staging/process.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

json performed_by() { return {{"user", current_user().name}, {"host", host_name()}}; }

// Host, database, version and system identifier of both ends, as far as the servers say them.
json identities(Pg& staging, const json& document) {
    json both;
    const Result r = staging.query(
        "SELECT o.option_name, o.option_value FROM lakemover.run r JOIN pg_catalog.pg_foreign_server s ON s.srvname = "
        "r.source, pg_catalog.pg_options_to_table(s.srvoptions) o WHERE r.run_id = $1 AND o.option_name IN ('host', "
        "'port', 'engine')",
        {document.value("/run/run_id"_json_pointer, json()).dump()});
    for (int i = 0; i < r.rows(); ++i) both["source"][r.text(i, 0)] = r.text(i, 1);
    both["source"]["database"] = document.value("/source/dbname"_json_pointer, json());
    both["source"]["version"] = document.value("/source/version"_json_pointer, json());
    both["source"]["identity"] = document.value("/run/source_identity"_json_pointer, json());
    both["target"]["host"] = document.value("/target/host"_json_pointer, json());
    both["target"]["database"] = document.value("/target/database"_json_pointer, json());
    both["target"]["version"] = document.value("/target/server_version"_json_pointer, json());
    both["target"]["identity"] = document.value("/run/target_identity"_json_pointer, json());
    return both;
}

// A report without its PDF is none the worse, but somebody will look for it.
void note_pdf(AuditDir& audit, const Pdf& made) {
    if (!made.problem.empty())
        audit.event(
            {{"level", "WARNING"}, {"kind", "pdf_not_made"}, {"message", made.problem}, {"data", json::object()}},
            AuditDir::Sync::kCommit);
}

}  // namespace

nlohmann::json signed_criterion(const std::string& fingerprint) {
    const bool can_sign = !fingerprint.empty();
    return {
        {"name", "The reconciliation report is signed"},
        {"holds", can_sign},
        {"evidence", can_sign ? "manifest.sig beside this report, Ed25519, key " + fingerprint +
                                    "; lakemover verify checks it. Without a signature that fits, nothing here counts"
                              : "there is no key to sign with"}};
}

nlohmann::json reconciliation_document(Pg& staging, const std::string& run_id, const RunEnd& end,
                                       const SigningKey& key) {
    json document = json::parse(staging.scalar("SELECT lakemover.run_json($1)::text", {run_id}).value_or("{}"));
    if (end.criteria.is_null()) document["forecast"] = active_forecast(staging, run_id);
    if (!end.criteria.is_null()) {
        document["criteria"] = end.criteria;
        const std::string now = utc_timestamp();
        for (const char* part : {"run", "totals"}) {
            json& row = document[part];
            if (!row.is_object()) continue;
            row["state"] = end.state;
            row["phase"] = "ended";
            row["verdict"] = end.verdict;
            row["exit_code"] = static_cast<int>(end.exit_code);
            row["error"] = end.error.empty() ? json() : json(end.error);
            if (!row.contains("ended_at") || row["ended_at"].is_null()) {
                row["ended_at"] = now;
                const Value seconds = staging.scalar(
                    "SELECT extract(epoch FROM $2::timestamptz - started_at)::text FROM lakemover.run WHERE run_id = "
                    "$1",
                    {run_id, now});
                row["seconds"] = seconds ? json(std::stod(*seconds)) : json();
            }
        }
    }
    document["tool"] = {{"name", "lakemover"}, {"version", LAKEMOVER_VERSION}};
    document["performed_by"] = performed_by();
    document["identities"] = identities(staging, document);
    document["signed_with"] = {
        {"algorithm", "Ed25519"}, {"fingerprint", key.fingerprint()}, {"public_key", key.public_key().pem()}};
    return document;
}

void write_reconciliation(AuditDir& audit, const nlohmann::json& document, bool pdf) {
    // A number of its own in the page says which document it was made from.
    const std::string text = document.dump(2, ' ', false, json::error_handler_t::replace);
    json page = document;
    page["document_sha256"] = sha256_hex(text);
    audit.write("reconciliation.json", text);
    Pdf made;
    const std::string html = render_run_html(page);
    if (pdf) made = html_to_pdf(html);
    // The page says so where there is none to be found beside it.
    page["pdf_problem"] = made.problem;
    audit.write("reconciliation.html", made.problem.empty() ? html : render_run_html(page));
    if (!made.bytes.empty()) audit.write("reconciliation.pdf", made.bytes);
    note_pdf(audit, made);
}

void write_assessment(AuditDir& audit, const nlohmann::json& assessment, bool pdf) {
    const std::string html = render_assessment_html(assessment);
    audit.write("assessment.json", assessment.dump(2));
    audit.write("assessment.html", html);
    if (!pdf) return;
    const Pdf made = html_to_pdf(html);
    if (!made.bytes.empty()) audit.write("assessment.pdf", made.bytes);
    note_pdf(audit, made);
}

nlohmann::json manifest_facts(const std::string& kind, const nlohmann::json& document) {
    const auto at = [&](const char* place) { return document.value(json::json_pointer(place), json()); };
    return {{"kind", kind},
            {"run",
             {{"id", at("/run/run_id")},
              {"uuid", at("/run/run_uuid")},
              {"source", at("/run/source")},
              {"plan_hash", at("/run/plan_hash")}}},
            {"verdict", at("/run/verdict")},
            {"exit_code", at("/run/exit_code")}};
}

nlohmann::json earlier_directory(const std::string& dir) {
    if (dir.empty()) return {};
    json earlier{{"directory", dir}, {"manifest_sha256", nullptr}};
    const FileDescriptor fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!fd.valid()) return earlier;
    try {
        const MappedFile manifest(fd.get(), dir, kManifestFile);
        earlier["manifest_sha256"] = sha256_hex(manifest.bytes());
    } catch (const Error&) {
        // A loader that was killed has not sealed its directory.
    }
    return earlier;
}

void seal_run(AuditDir& audit, Pg& staging, const std::string& run_id, const RunEnd& end, const std::string& kind,
              const SigningKey& key, bool pdf, const nlohmann::json& previous) {
    if (!audit.has("plan.txt")) write_plan_files(audit, staging, run_id);
    write_result_files(audit, staging, run_id);
    if (kind == "run") write_code_files(audit, staging, run_id);
    // A run that goes on elsewhere than where it was assessed.
    if (!audit.has("assessment.json"))
        if (const Value assessment = staging.scalar("SELECT CASE WHEN assessment_id IS NOT NULL THEN "
                                                    "lakemover._assessment_json(assessment_id) END::text FROM "
                                                    "lakemover.run WHERE run_id = $1",
                                                    {run_id}))
            write_assessment(audit, json::parse(*assessment), false);
    json document = reconciliation_document(staging, run_id, end, key);
    if (!previous.is_null()) document["previous"] = previous;
    write_reconciliation(audit, document, pdf);
    json facts = manifest_facts(kind, document);
    if (!previous.is_null()) facts["previous"] = previous;
    audit.seal(key, facts);
}

}  // namespace lakemover::loader
