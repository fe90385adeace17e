#include "loader/engine/assess.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "loader/convert/convert_scripts.hpp"
#include "loader/convert/source_code.hpp"
#include "loader/engine/event_command.hpp"
#include "loader/engine/run_end.hpp"

namespace lakemover::loader {

using nlohmann::json;

namespace {

// Every assessment replaces the whole inventory. Embedded staging is up for a command only, too short for
// autovacuum to come round, and each one would read past the rows of all before it.
void vacuum_inventory(Pg& staging) {
    const Value tables = staging.scalar(
        "SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', schemaname, relname), ', ') FROM "
        "pg_catalog.pg_stat_user_tables s WHERE schemaname = 'lakemover' AND n_dead_tup > 100 + n_live_tup / 4 "
        "AND pg_catalog.pg_has_role((SELECT relowner FROM pg_catalog.pg_class c WHERE c.oid = s.relid), 'USAGE')");
    if (tables) staging.exec("VACUUM (TRUNCATE false, SKIP_LOCKED) " + *tables);
}

std::string lines_of(const Result& r) {
    std::string text;
    for (int i = 0; i < r.rows(); ++i) text += r.text(i, 0) + "\n";
    return text;
}

}  // namespace

json stored_assessment(Pg& staging, const std::string& id, const std::string& finding_limit) {
    return json::parse(
        staging.scalar("SELECT lakemover._assessment_json($1, nullif($2, '')::int)::text", {id, finding_limit})
            .value_or("{}"));
}

std::string assess(Pg& staging, const std::string& source, const Settings& settings, const std::string& report_dir) {
    const Value seconds =
        settings.data_check_seconds < 0 ? Value() : Value(fmt::format("{}", settings.data_check_seconds));
    const Result r = staging.query("SELECT line FROM lakemover.assess($1, $2, $3, $4, $5, $6) AS line",
                                   {source, settings.data_checks, std::to_string(settings.data_check_rows), seconds,
                                    settings.redact_values ? "t" : "f", report_dir});
    return lines_of(r);
}

namespace {

// assess() can only say what the conversion would give; here the code is checked beside its tables. False where there is
// none, or that cannot be done: then the assessment says that nothing was verified.
bool check_assessed_code(Pg& staging, const Staging& server, const std::string& source, bool exact_strings) {
    const Value id = staging.scalar(
        "SELECT max(assessment_id) FILTER (WHERE summary -> 'code' <> 'null' AND assessment_id = newest) FROM (SELECT "
        "assessment_id, summary, max(assessment_id) OVER () AS newest FROM lakemover.assessment WHERE source = $1) a",
        {source});
    if (!id) return false;
    json code = json::array();
    std::string reason;
    std::vector<SourceObject> objects;
    try {
        objects = convert_source_code(server, staging, convert_context(staging, source), exact_strings);
    } catch (const Error& e) {
        if (e.connection_lost) throw;
        return false;  // as it is stored: not verified
    }
    for (const SourceObject& o : objects) {
        const std::string first = first_note(o.made);
        const bool unchecked = !o.made.verified && !o.made.absent && o.made.result == "review";
        if (unchecked && reason.empty()) reason = "not all of it: " + o.made.reason;
        code.push_back({{"kind", o.script["kind"]},
                        {"source_name", o.script["source_name"]},
                        {"class", o.made.result},
                        {"score", json::parse(o.made.score)},
                        {"absent", o.made.absent},
                        {"reason", first.empty() ? json() : json(first)}});
    }
    staging.query("SELECT lakemover._note_code_check($1, $2, true, nullif($3, ''))", {*id, code.dump(), reason});
    return true;
}

}  // namespace

StoredAssessment store_assessment(Pg& staging, const Staging& server, const std::string& source, AuditDir& audit,
                                  const Settings& settings) {
    StoredAssessment stored;
    vacuum_inventory(staging);
    stored.text = assess(staging, source, settings, audit.path().string());
    if (check_assessed_code(staging, server, source, settings.exact_strings))
        stored.text = lines_of(staging.query(
            "SELECT line FROM lakemover._assessment_report((SELECT max(assessment_id) FROM lakemover.assessment WHERE "
            "source = $1)) AS line",
            {source}));
    stored.document = json::parse(staging.scalar("SELECT lakemover.assess_json($1)::text", {source}).value_or("{}"));
    audit.write("assessment.txt", stored.text);
    write_assessment(audit, stored.document, settings.pdf == "yes");
    const Value blockers = staging.scalar(
        "SELECT blockers::text FROM lakemover.assessment WHERE source = $1 ORDER BY assessment_id DESC LIMIT 1",
        {source});
    stored.blockers = blockers ? std::stoll(*blockers) : 0;
    return stored;
}

WrittenAssessment write_stored_assessment(Pg& staging, const std::string& id, const Settings& settings) {
    const SigningKey key = SigningKey::open(settings.home, settings.signing_key);
    WrittenAssessment written;
    written.document = stored_assessment(staging, id, "200");
    AuditDir audit = AuditDir::create(settings.audit_dir, "report-assessment-" + id, settings.home + "/audit-beside");
    written.dir = audit.path().string();
    audit.write("assessment.txt",
                lines_of(staging.query("SELECT line FROM lakemover._assessment_report($1) AS line", {id})));
    write_assessment(audit, written.document, settings.pdf == "yes");
    audit.seal(key, {{"kind", "assessment"},
                     {"source", written.document.value("/assessment/source"_json_pointer, "")},
                     {"signoff", written.document.value("/assessment/signoff"_json_pointer, "")}});
    return written;
}

void tell_assessment(const Settings& settings, const json& assessment, const std::string& audit_dir,
                     const std::string& run) {
    const json about = assessment.value("assessment", json::object());
    json facts{{"audit_dir", audit_dir}, {"run", run.empty() ? json() : json(std::stoll(run))}};
    for (const char* key : {"id", "signoff", "source", "score", "status", "status_text", "counts"})
        facts[std::string(key) == "id" ? "assessment" : key] = about.value(key, json());
    EventCommand(settings.on_event).tell("assessment_ready", std::move(facts));
}

std::string blocker_list(Pg& staging, const std::string& source) {
    constexpr int kShown = 10;
    const Result r = staging.query(
        "SELECT concat_ws(': ', nullif(concat_ws('.', quote_ident(f.schema_name), quote_ident(f.object_name), "
        "quote_ident(f.column_name)), ''), f.message) "
        "FROM lakemover.finding f WHERE f.severity = 'BLOCKER' AND f.assessment_id = "
        "(SELECT max(assessment_id) FROM lakemover.assessment WHERE source = $1) ORDER BY f.finding_no",
        {source});
    std::string list;
    for (int i = 0; i < r.rows() && i < kShown; ++i) list += (i ? "\n" : "") + r.text(i, 0);
    if (r.rows() > kShown) list += "\nand " + std::to_string(r.rows() - kShown) + " more";
    return list;
}

}  // namespace lakemover::loader
