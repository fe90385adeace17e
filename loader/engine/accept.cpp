#include "loader/engine/accept.hpp"

#include <nlohmann/json.hpp>

#include "loader/audit/verify.hpp"
#include "loader/engine/run_end.hpp"
#include "loader/engine/run_files.hpp"
#include "loader/engine/verdict.hpp"
#include "loader/engine/watch.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

constexpr std::size_t kFewestDigits = 12;

struct RunRow {
    std::string uuid, source, state, verdict, error, audit_dir;
    Exit exit_code = Exit::kOther;
};

RunRow read_run(Pg& pg, const std::string& id) {
    const Result r = pg.query(
        "SELECT run_uuid, source, state, coalesce(verdict, ''), coalesce(error, ''), coalesce(audit_dir, ''), "
        "coalesce(exit_code, 1) FROM lakemover.run WHERE run_id = $1 FOR UPDATE",
        {id});
    RunRow run{r.text(0, 0), r.text(0, 1), r.text(0, 2), r.text(0, 3), r.text(0, 4), r.text(0, 5), Exit::kOther};
    run.exit_code = static_cast<Exit>(r.integer(0, 6));
    if (run.state == "queued" || run.state == "running" || run.state == "paused")
        throw Error(Exit::kUsage, "run " + id + " has not ended yet", {}, "wait for it: lakemover status --watch");
    if (run.verdict == "ROLLED BACK")
        throw Error(Exit::kUsage, "run " + id + " was rolled back: there is nothing of it to accept");
    return run;
}

struct TableRow {
    std::string id, name;
};

TableRow find_table(Pg& pg, const std::string& run_id, const std::string& given) {
    const Result r = pg.query(
        "SELECT table_id, pg_catalog.format('%I.%I', spec->>'target_schema', spec->>'target_table') FROM "
        "lakemover.run_table WHERE run_id = $1 AND $2 IN (pg_catalog.format('%I.%I', spec->>'target_schema', "
        "spec->>'target_table'), pg_catalog.concat(spec->>'target_schema', '.', spec->>'target_table'), "
        "pg_catalog.format('%I.%I', spec->>'source_schema', spec->>'source_table'), "
        "pg_catalog.concat(spec->>'source_schema', '.', spec->>'source_table'))",
        {run_id, given});
    if (r.rows() == 0)
        throw Error(Exit::kUsage, "run " + run_id + " has no table " + given, {},
                    "name it as SCHEMA.TABLE, as the report does");
    if (r.rows() > 1)
        throw Error(Exit::kUsage, "run " + run_id + " has several tables that are called " + given, {},
                    "name it as it is called on the target, quoted where SQL would quote it");
    return {r.text(0, 0), r.text(0, 1)};
}

// The verdict with all acceptances. One that no judge has spoken (failed, cancelled) stays.
RunEnd judged(const Settings& settings, const Staging& staging, Pg& pg, Events& events, CancelToken& cancel,
              const std::string& id, const RunRow& run, const SigningKey& key) {
    RunEnd end{run.state, run.verdict, run.exit_code, run.error, {}};
    if (run.state != "done" && run.state != "incomplete") return end;
    const Target target(settings.target);
    Outages outages;
    RunContext context{settings, staging,    target,           events,           cancel,       std::stoll(id),
                       run.uuid, run.source, make_loader_id(), codec::HashKey{}, RunOptions{}, outages};
    context.signer = key.fingerprint();
    const Verdict verdict = judge(context, pg);
    return {run.state, verdict.text, verdict.exit_code, verdict.error, verdict.criteria};
}

// Empty: the directory can be sealed again.
std::string why_not_again(const std::string& dir, const SigningKey& key) {
    if (dir.empty()) return "the run has no audit directory";
    TrustedSigner signer;
    signer.fingerprint = key.fingerprint();
    try {
        const Verification found = verify_directory(dir, signer);
        if (found.alterations.empty()) return {};
        const Alteration& first = found.alterations.front();
        return "the run's audit directory " + dir + " is left as it is: " + first.file +
               (first.line > 0 ? " line " + std::to_string(first.line) : "") + ": " + first.what;
    } catch (const Error& e) {
        return std::string(e.what()) + (e.detail.empty() ? "" : ": " + e.detail);
    }
}

}  // namespace

AcceptOutcome accept_table(const Settings& settings, const Staging& staging, Pg& pg, const std::string& run_id,
                           const Acceptance& acceptance) {
    const SigningKey key = SigningKey::open(settings.home, settings.signing_key);
    AcceptOutcome outcome;
    CancelToken cancel;
    // One transaction with the new verdict, which stands only once the directory is sealed. The run's row is locked
    // throughout: its directory is nobody else's meanwhile.
    pg.exec("BEGIN");
    try {
        const RunRow run = read_run(pg, run_id);
        const TableRow table = find_table(pg, run_id, acceptance.object);
        outcome.object = table.name;
        outcome.note = why_not_again(run.audit_dir, key);
        const bool again = outcome.note.empty();
        const std::string beside = settings.home + "/audit-beside";
        AuditDir audit = again ? AuditDir::reopen(run.audit_dir, beside)
                               : AuditDir::create(settings.audit_dir, "accept-" + run_id, beside);
        outcome.audit_dir = audit.path().string();
        audit.set_run(run_id);
        Events events(staging.connect(), audit);
        pg.query(
            "INSERT INTO lakemover.acceptance (run_id, table_id, object, reason, accepted_by, fingerprint) VALUES ($1, "
            "$2, $3, $4, $5, $6)",
            {run_id, table.id, table.name, acceptance.reason, acceptance.by, key.fingerprint()});
        const RunEnd end = judged(settings, staging, pg, events, cancel, run_id, run, key);
        outcome.verdict = end.verdict;
        outcome.exit_code = end.exit_code;
        pg.query("UPDATE lakemover.run SET verdict = $2, exit_code = $3, error = nullif($4, '') WHERE run_id = $1",
                 {run_id, end.verdict, std::to_string(static_cast<int>(end.exit_code)), end.error});
        json data{{"table", table.name},
                  {"by", acceptance.by},
                  {"reason", acceptance.reason},
                  {"verdict", end.verdict},
                  {"exit_code", static_cast<int>(end.exit_code)}};
        if (!end.criteria.is_null()) data["criteria"] = end.criteria;
        const std::string message = table.name + " accepted by " + acceptance.by + ": " + acceptance.reason;
        // Each to its place by itself: staging must not tell of it before it is committed.
        audit.event({{"level", "WARNING"}, {"kind", "accepted"}, {"message", message}, {"data", data}},
                    AuditDir::Sync::kCommit);
        if (again) note_validations(audit, pg, run_id);
        seal_run(audit, pg, run_id, end, again ? "run" : "acceptance", key, settings.pdf == "yes",
                 again ? json() : earlier_directory(run.audit_dir));
        pg.query(
            "INSERT INTO lakemover.event (run_id, level, kind, table_id, message, data) VALUES ($1, 'WARNING', "
            "'accepted', $2, $3, $4)",
            {run_id, table.id, message, data.dump(-1, ' ', false, json::error_handler_t::replace)});
        pg.exec("COMMIT");
    } catch (...) {
        if (pg.alive()) pg.exec("ROLLBACK");
        throw;
    }
    return outcome;
}

AcceptOutcome accept_assessment(const Settings& settings, Pg& pg, const Acceptance& acceptance) {
    const SigningKey key = SigningKey::open(settings.home, settings.signing_key);
    if (acceptance.object.size() < kFewestDigits)
        throw Error(Exit::kUsage, "\"" + acceptance.object + "\" is too short for the id of an assessment", {},
                    "lakemover --assess-only prints it; its first 12 digits are enough");
    const Result r = pg.query(
        "SELECT assessment_id, source, lakemover._signoff(assessment_id) FROM lakemover.assessment WHERE "
        "assessment_id IN (SELECT max(assessment_id) FROM lakemover.assessment GROUP BY source) AND "
        "pg_catalog.starts_with(lakemover._signoff(assessment_id), $1)",
        {acceptance.object});
    if (r.rows() != 1)
        throw Error(Exit::kUsage, "no source's current assessment has the id " + acceptance.object, {},
                    "assess again (lakemover --assess-only): what it finds now has another id");
    AcceptOutcome outcome;
    outcome.object = r.text(0, 2);
    AuditDir audit = AuditDir::create(settings.audit_dir, "accept-assessment", settings.home + "/audit-beside");
    outcome.audit_dir = audit.path().string();
    const json data{
        {"source", r.text(0, 1)}, {"signoff", outcome.object}, {"by", acceptance.by}, {"reason", acceptance.reason}};
    audit.event({{"level", "WARNING"},
                 {"kind", "assessment_accepted"},
                 {"message", "assessment of source \"" + r.text(0, 1) + "\" accepted by " + acceptance.by + ": " +
                                 acceptance.reason},
                 {"data", data}},
                AuditDir::Sync::kCommit);
    const json assessment =
        json::parse(pg.scalar("SELECT lakemover._assessment_json($1)::text", {r.text(0, 0)}).value_or("{}"));
    write_assessment(audit, assessment, settings.pdf == "yes");
    audit.seal(key, {{"kind", "acceptance"}, {"accepted", data}, {"exit_code", 0}});
    pg.query(
        "INSERT INTO lakemover.acceptance (signoff, object, reason, accepted_by, fingerprint) VALUES ($1, $2, $3, $4, "
        "$5)",
        {outcome.object, r.text(0, 1), acceptance.reason, acceptance.by, key.fingerprint()});
    return outcome;
}

void check_signoff(RunContext& run, Pg& staging) {
    const std::string id =
        staging.scalar("SELECT lakemover._signoff(assessment_id) FROM lakemover.run WHERE run_id = $1", {run.id()})
            .value_or("");
    const Result r = staging.query(
        "SELECT accepted_by, reason, accepted_at, fingerprint FROM lakemover.acceptance WHERE signoff = $1 ORDER BY "
        "acceptance_id DESC LIMIT 1",
        {id});
    if (r.rows() == 1) {
        run.events.emit(Level::kInfo, "assessment_accepted",
                        "the assessment was accepted by " + r.text(0, 0) + ": " + r.text(0, 1),
                        {{"signoff", id}, {"at", r.text(0, 2)}, {"signer", r.text(0, 3)}});
        return;
    }
    if (!run.options.require_signoff) return;
    throw Error(Exit::kBlockers, "the assessment has not been accepted", "its id is " + id,
                "read assessment.html in " + run.events.audit().path().string() +
                    ", then: lakemover accept --assessment " + id.substr(0, kFewestDigits) + " --reason TEXT");
}

}  // namespace lakemover::loader
