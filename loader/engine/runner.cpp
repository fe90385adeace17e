#include "loader/engine/runner.hpp"

#include <unistd.h>

#include <future>
#include <optional>
#include <vector>

#include "loader/config/byte_rate.hpp"
#include "loader/engine/assess.hpp"
#include "loader/engine/compare.hpp"
#include "loader/engine/event_command.hpp"
#include "loader/engine/rejects.hpp"
#include "loader/engine/resume.hpp"
#include "loader/engine/run_end.hpp"
#include "loader/engine/run_files.hpp"
#include "loader/engine/verdict.hpp"
#include "loader/engine/watch.hpp"
#include "loader/engine/workers.hpp"
#include "loader/target/speed.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

namespace {

using nlohmann::json;

// How to treat the source; a number or a text, as CALL lakemover.migrate() may have them.
void gentle_options(const Settings& s, const json& queued, RunOptions& o) {
    const auto text = [&queued](const char* key, const std::string& otherwise) {
        const json value = queued.value(key, json(otherwise));
        return value.is_string() ? value.get<std::string>() : value.dump();
    };
    if (const std::string rate = text("max_rate", s.max_rate); !rate.empty())
        o.max_rate = parse_byte_rate("--max-rate", rate);
    o.max_source_connections = queued.value("max_source_connections", s.max_source_connections);
    if (o.max_source_connections < 2)
        throw Error(Exit::kUsage,
                    "invalid value for --max-source-connections: " + std::to_string(o.max_source_connections), {},
                    "give at least 2: one holds the snapshot, one reads");
    o.slowdown_factor = queued.value("slowdown_factor", s.slowdown_factor);
    if (const std::string window = text("window", s.window); !window.empty()) o.window = Window::parse(window);
    if (const std::string at = text("deadline", s.deadline); !at.empty())
        o.deadline = parse_deadline(at, std::time(nullptr));
}

}  // namespace

RunOptions options_of(const Settings& s, const nlohmann::json& queued) {
    RunOptions o;
    o.jobs = queued.value("jobs", s.jobs);
    o.memory_mb = queued.value("memory_mb", s.memory_target_mb);
    o.max_batch_rows = queued.value("max_batch_rows", s.max_batch_rows);
    o.attempts = queued.value("attempts", s.attempts);
    o.sample_rows = queued.value("sample_rows", s.sample_rows);
    o.checksum = queued.value("checksum", s.checksum);
    o.checksum_hash = queued.value("checksum_hash", s.checksum_hash);
    o.outage_timeout_s = queued.value("outage_timeout", s.outage_timeout_s);
    o.on_existing = queued.value("on_existing", s.on_existing);
    o.on_table_failure = queued.value("on_table_failure", s.on_table_failure);
    o.reject_bad_rows = queued.value("on_bad_row", s.on_bad_row) == "reject";
    o.max_bad_rows = queued.value("max_bad_rows", s.max_bad_rows);
    o.force = queued.value("force", s.force);
    o.keep_ledger = queued.value("keep_ledger", s.keep_ledger);
    gentle_options(s, queued, o);
    o.require_signoff = queued.value("require_signoff", s.require_signoff);
    o.rehearse = queued.value("rehearse", 0.0);
    return o;
}

namespace {

std::string describe(const Error& e) {
    return std::string(e.what()) + (e.detail.empty() ? "" : "\n" + e.detail) +
           (e.hint.empty() ? "" : "\nHINT: " + e.hint);
}

// A comparison has nothing to go on from.
Error compared_again(const Error& e) {
    Error again = e;
    again.hint = "compare again: lakemover validate --two-sided";
    return again;
}

const char* state_of(Exit code, bool resumable) {
    if (resumable) return "interrupted";
    switch (code) {
        case Exit::kSuccess: return "done";
        case Exit::kIncomplete:
        case Exit::kValidation: return "incomplete";
        case Exit::kCancelled: return "cancelled";
        default: return "failed";
    }
}

// Makes the run ours: a queued one, or with resume one that ended early.
bool claim_run(Pg& pg, const Staging& staging, const std::string& id, const std::string& loader_id,
               const std::string& audit_dir, const RunScope& scope, const Settings& settings) {
    if (scope.resume)
        return pg.scalar("SELECT lakemover._take_over($1, $2, $3, $4, $5, $6)",
                         {id, loader_id, audit_dir, staging.embedded() ? "t" : "f",
                          settings.source.quiesced ? "t" : "f", scope.daemon ? "t" : "f"}) == "t";
    return pg.query(
                 "UPDATE lakemover.run SET state = 'running', started_at = pg_catalog.clock_timestamp(), heartbeat = "
                 "pg_catalog.clock_timestamp(), loader_id = $2, audit_dir = $3, epoch = 1 WHERE run_id = $1 AND state "
                 "= 'queued' AND coalesce(loader_id, $2) = $2",
                 {id, loader_id, audit_dir})
               .affected() == 1;
}

// A run that ended INCOMPLETE, before it is resumed: what is said of it stays when resuming it is refused.
struct EndedIncomplete {
    std::string error;
};

std::optional<EndedIncomplete> ended_incomplete(Pg& pg, const std::string& id) {
    const Result r = pg.query(
        "SELECT coalesce(error, '') FROM lakemover.run WHERE run_id = $1 AND lakemover._ended_incomplete(run_id)",
        {id});
    return r.rows() == 1 ? std::optional(EndedIncomplete{r.text(0, 0)}) : std::nullopt;
}

// Of a directory without a report.
json bare_facts(const std::string& id, const std::string& verdict, Exit code) {
    return {{"kind", "run"}, {"run", {{"id", id}}}, {"verdict", verdict}, {"exit_code", static_cast<int>(code)}};
}

// The run's last event, its report and the seal. Returns what went wrong; a success is then taken back in the directory,
// too, as far as that can be written.
std::string end_and_sign(Events& events, const Staging& staging, const std::string& id, const std::string& kind,
                         const RunEnd& end, const SigningKey& key, const Settings& settings, const json& previous) {
    try {
        events.emit(end.exit_code == Exit::kSuccess ? Level::kInfo : Level::kError, "run_ended",
                    end.verdict + (end.error.empty() ? "" : ": " + end.error),
                    {{"exit_code", static_cast<int>(end.exit_code)}, {"criteria", end.criteria}});
        Pg pg = staging.connect();
        seal_run(events.audit(), pg, id, end, kind, key, settings.pdf == "yes", previous);
        return {};
    } catch (const std::exception& e) {
        std::string problem = std::string("the run's report could not be written and signed: ") + e.what();
        if (events.audit().sealed()) return problem;
        try {
            const bool success = end.exit_code == Exit::kSuccess;
            const int code = static_cast<int>(success ? Exit::kOther : end.exit_code);
            events.emit(Level::kError, "run_ended", (success ? "FAILED: " : end.verdict + ": ") + problem,
                        {{"exit_code", code}});
            // Without the report: events and statements are worth a signature all the same.
            for (const char* name : {"reconciliation.json", "reconciliation.html", "reconciliation.pdf"})
                events.audit().remove(name);
            events.audit().seal(
                key, bare_facts(id, success ? "FAILED" : end.verdict, success ? Exit::kOther : end.exit_code));
        } catch (const std::exception&) {
            // A directory that cannot be written any more: the message above says it.
        }
        return problem;
    }
}

}  // namespace

void make_plan(Pg& staging, const std::string& source, const Settings& settings) {
    const auto given = [](const std::string& text) { return text.empty() ? std::nullopt : Value(text); };
    staging.query("SELECT * FROM lakemover.plan($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
                  {source, given(settings.profile), given(settings.naming), given(settings.char_as),
                   given(settings.on_nul), given(settings.on_surrogate), given(settings.on_seventh_digit),
                   given(settings.privileges), given(settings.ci), given(settings.large_objects)});
}

void settle_workers(RunContext& run, Pg& staging, Pg& target) {
    const WorkerChoice choice = choose_workers({run.options.jobs, sysconf(_SC_NPROCESSORS_ONLN),
                                                free_connections(target), run.options.max_source_connections});
    run.options.jobs = choice.workers;
    run.gate->set_up(run);
    staging.query("UPDATE lakemover.run SET workers = $2 WHERE run_id = $1",
                  {run.id(), std::to_string(choice.workers)});
    run.events.emit(Level::kInfo, "workers", choice.reason, {{"workers", choice.workers}});
}

void store_target_facts(const Target& target, Pg& target_connection, Pg& staging, bool measure) {
    json facts = target.facts(target_connection);
    if (measure) facts.update(measure_target(target_connection));
    staging.query(
        "WITH gone AS (DELETE FROM lakemover.target_fact WHERE name NOT IN (SELECT "
        "pg_catalog.jsonb_object_keys($1::jsonb)) AND ($2 OR NOT pg_catalog.starts_with(name, 'probe_') OR EXISTS "
        "(SELECT "
        "FROM lakemover.target_fact h WHERE h.name IN ('host', 'database') AND h.value <> $1::jsonb ->> h.name))) "
        "INSERT INTO lakemover.target_fact (name, value) SELECT key, value FROM pg_catalog.jsonb_each_text($1::jsonb) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value, checked_at = pg_catalog.clock_timestamp()",
        {facts.dump(), measure ? "t" : "f"});
    // The target's own list beats the one that came with the extension.
    const Value words = target_connection.scalar(
        "SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object('word', word, 'category', catdesc))::text "
        "FROM pg_catalog.pg_get_keywords() WHERE catcode IN ('R', 'T')");
    staging.query(
        "INSERT INTO lakemover.reserved_word (word, category) SELECT word, category FROM "
        "pg_catalog.jsonb_to_recordset($1::jsonb) AS w(word text, category text) ON CONFLICT (word) DO NOTHING",
        {words.value_or("[]")});
}

RunOutcome execute_run(const Settings& settings, const Staging& staging, std::int64_t run_id,
                       const std::string& loader_id, CancelToken& cancel, const RunScope& scope,
                       const Events::Listener& listener) {
    RunOutcome outcome;
    const Target target(settings.target, scope.compare && !scope.repair);
    std::optional<AuditDir> audit;
    std::optional<Events> events;
    std::optional<RunContext> run;
    std::optional<Watch> watch;  // until the end is recorded: a run without a heartbeat is anybody's
    Outages outages;
    Verdict verdict;
    bool resumable = false;
    std::optional<SigningKey> key;
    json previous;
    std::optional<EndedIncomplete> before;
    const auto untouched = [&] { return before && (!run || run->untouched); };
    const std::string id = std::to_string(run_id);
    const EventCommand command(settings.on_event);
    std::vector<std::future<void>> notices;  // of --on-event, under way
    try {
        Pg pg = staging.connect();
        const Cancellable registered(cancel, pg);
        // Before anything else: what cannot be signed need not begin.
        key.emplace(SigningKey::open(settings.home, settings.signing_key));
        if (scope.resume) {
            previous = earlier_directory(
                pg.scalar("SELECT audit_dir FROM lakemover.run WHERE run_id = $1", {id}).value_or(""));
            before = ended_incomplete(pg, id);
        }
        audit.emplace(AuditDir::create(settings.audit_dir,
                                       (scope.repair    ? "repair-"
                                        : scope.compare ? "compare-"
                                                        : "run-") +
                                           id,
                                       settings.home + "/audit-beside"));
        outcome.audit_dir = audit->path().string();
        events.emplace(staging.connect(false), *audit);
        events->set_run(run_id);
        events->listen([&](Level level, const std::string& kind, const std::string& message, const json& data) {
            if (listener) listener(level, kind, message, data);
            // Aside: nobody waits for a command of the operator's while batches are under way.
            if (kind == "paused" || kind == "outage")
                notices.push_back(std::async(std::launch::async, [&command, id, message] {
                    command.tell("run_paused", {{"run", std::stoll(id)}, {"reason", message}});
                }));
        });
        if (!claim_run(pg, staging, id, loader_id, outcome.audit_dir, scope, settings)) {
            // Another loader was faster, or somebody cancelled it: the run is not ours to end.
            outcome.exit_code = Exit::kOther;
            outcome.verdict = "NOT STARTED";
            outcome.error = "run " + id + (scope.resume ? " has another loader" : " is not queued any more");
            audit->seal(*key, bare_facts(id, outcome.verdict, outcome.exit_code));
            return outcome;
        }
        const Result r = pg.query(
            "SELECT run_uuid, source, pg_catalog.encode(hash_key, 'hex'), options FROM lakemover.run WHERE run_id = $1",
            {id});
        run.emplace(RunContext{settings, staging, target, *events, cancel, run_id, r.text(0, 0), r.text(0, 1),
                               loader_id, codec::parse_hash_key(r.get(0, 2)),
                               options_of(settings, json::parse(r.get(0, 3))), outages});
        run->signer = key->fingerprint();
        run->compares = scope.compare;
        run->repairs = scope.repair;
        run->tries_again = run->untouched = before.has_value();
        write_settings_file(*audit, settings, run->options);
        events->emit(
            Level::kInfo, scope.resume ? "run_resumed" : "run_started",
            std::string(scope.noun()) + " " + id + (scope.resume ? " resumed, of source \"" : " of source \"") +
                run->source + "\"",
            {{"loader", loader_id}, {"version", LAKEMOVER_VERSION}, {"signer", run->signer}, {"previous", previous}});
        watch.emplace(staging, cancel, leader_beat(run_id, loader_id, cancel));
        verdict = scope.compare  ? compare_phases(*run, pg, scope)
                  : scope.resume ? resume_phases(*run, pg, scope)
                                 : run_phases(*run, pg, scope);
    } catch (const Error& e) {
        // A connection that a cancel cut reports its own death; the cancel is the reason.
        const bool told = cancel.raised() || e.exit_code == Exit::kCancelled;
        // Once the ledger is open, a server out of reach is no reason to begin again, nor is a daemon that is stopped.
        const bool begun = run && run->ledger;
        resumable = !scope.compare &&
                    (told ? begun && cancel.later() : e.resumable || (begun && e.exit_code == Exit::kConnect)) &&
                    !untouched();
        verdict.exit_code = told ? Exit::kCancelled : e.exit_code;
        verdict.text = untouched() ? "INCOMPLETE" : resumable ? "INTERRUPTED" : told ? "CANCELLED" : "FAILED";
        outcome.error = !told       ? describe(scope.compare && e.resumable ? compared_again(e) : e)
                        : resumable ? "stopped: " + cancel.why() + "; lakemover resume " + id + " goes on"
                                    : "cancelled: " + cancel.why();
    } catch (const std::exception& e) {
        verdict.exit_code = Exit::kOther;
        verdict.text = untouched() ? "INCOMPLETE" : "FAILED";
        outcome.error = e.what();
    }
    if (outcome.error.empty()) outcome.error = verdict.error;
    outcome.exit_code = verdict.exit_code;
    outcome.verdict = verdict.text;
    // Who asked hears why nothing was done; the run is what it was.
    std::string of_run = outcome.error;
    if (untouched()) {
        verdict.exit_code = Exit::kIncomplete;
        of_run = before->error;
    }
    // Signed first: until then nobody may take the run for a success.
    if (events && key) {
        const RunEnd end{state_of(verdict.exit_code, resumable), verdict.text, verdict.exit_code, outcome.error,
                         verdict.criteria};
        const std::string problem = end_and_sign(*events, staging, id, scope.noun(), end, *key, settings, previous);
        if (!problem.empty()) {
            outcome.error += (outcome.error.empty() ? "" : "\n") + problem;
            if (verdict.exit_code == Exit::kSuccess) {
                verdict.exit_code = Exit::kOther;
                verdict.text = "FAILED";
                outcome.exit_code = verdict.exit_code;
                outcome.verdict = verdict.text;
            }
            if (!untouched()) of_run = outcome.error;
        }
    } else if (audit && key) {
        try {
            audit->seal(*key, bare_facts(id, verdict.text, verdict.exit_code));
        } catch (const std::exception& e) {
            outcome.error += std::string("\nthe audit directory could not be signed: ") + e.what();
        }
    }
    // The end is recorded on a connection of its own: the others may have been cut.
    try {
        watch.reset();
        Pg pg = staging.connect();
        const Result ended = pg.query(
            "UPDATE lakemover.run SET state = $2, phase = CASE $2 WHEN 'interrupted' THEN phase ELSE 'ended' END, "
            "verdict = $3, exit_code = $4, error = nullif($5, ''), pause_reason = NULL, ended_at = "
            "pg_catalog.clock_timestamp() WHERE run_id = $1 AND state IN ('queued', 'running', 'paused') AND "
            "coalesce(loader_id, $6) = $6",
            {id, state_of(verdict.exit_code, resumable), verdict.text,
             std::to_string(static_cast<int>(verdict.exit_code)), of_run, loader_id});
        // The point in time of a run that can be resumed is kept, and so is that of a run that another loader has.
        const bool active = pg.scalar(
                                "SELECT state IN ('running', 'paused', 'interrupted') FROM lakemover.run WHERE "
                                "run_id = $1",
                                {id}) == "t";
        if (!active) pg.query("SELECT lakemover.keeper_stop($1)", {id});
        // So are the samples of one that may be resumed, at another point too.
        const bool whole = verdict.exit_code == Exit::kSuccess || verdict.exit_code == Exit::kValidation ||
                           (verdict.exit_code == Exit::kIncomplete && verdict.text != "INCOMPLETE");
        if (ended.affected() == 1 && whole) pg.query("DELETE FROM lakemover.run_sample WHERE run_id = $1", {id});
    } catch (const std::exception& e) {
        if (outcome.error.empty()) outcome.error = std::string("the run's end could not be recorded: ") + e.what();
        // What staging does not know cannot be called a success; resuming the run records it.
        if (outcome.exit_code == Exit::kSuccess) {
            outcome.exit_code = Exit::kOther;
            outcome.verdict = "FAILED";
        }
    }
    notices.clear();
    command.tell(outcome.exit_code == Exit::kSuccess ? "run_done" : "run_failed",
                 {{"run", run_id},
                  {"kind", scope.kind()},
                  {"source", run ? json(run->source) : json()},
                  {"verdict", outcome.verdict},
                  {"exit_code", static_cast<int>(outcome.exit_code)},
                  {"error", outcome.error},
                  {"audit_dir", outcome.audit_dir}});
    return outcome;
}

RunOutcome execute_validation(const Settings& settings, const Staging& staging, const std::string& id,
                              CancelToken& cancel) {
    Pg pg = staging.connect();
    const Cancellable registered(cancel, pg);
    const Result r = pg.query(
        "SELECT run_uuid, source, pg_catalog.encode(hash_key, 'hex'), options, target_identity, state FROM "
        "lakemover.run WHERE run_id = $1",
        {id});
    if (r.get(0, 5) != "done" && r.get(0, 5) != "incomplete")
        throw Error(Exit::kUsage, "run " + id + " cannot be validated: it is " + r.text(0, 5), {},
                    "only a run that loaded its tables can be validated again");
    const Target target(settings.target);
    int target_connections = 0;
    {
        Pg probe = target.connect();
        target_connections = free_connections(probe);
        target.require_same(probe, id, r.text(0, 4));
    }
    const SigningKey key = SigningKey::open(settings.home, settings.signing_key);
    AuditDir audit = AuditDir::create(settings.audit_dir, "validate-" + id, settings.home + "/audit-beside");
    Events events(staging.connect(), audit);
    events.set_run(std::stoll(id));
    Outages outages;
    RunContext run{settings,
                   staging,
                   target,
                   events,
                   cancel,
                   std::stoll(id),
                   r.text(0, 0),
                   r.text(0, 1),
                   make_loader_id(),
                   codec::parse_hash_key(r.get(0, 2)),
                   options_of(settings, json::parse(r.get(0, 3))),
                   outages};
    run.options.waits = false;
    run.options.jobs = choose_workers({run.options.jobs, sysconf(_SC_NPROCESSORS_ONLN), target_connections,
                                       run.options.max_source_connections})
                           .workers;
    run.signer = key.fingerprint();
    write_settings_file(audit, settings, run.options);
    with_target(run, [&](Pg& connection) { sync_rejects(run, pg, connection); });
    validate_run(run, pg, false);
    const Verdict verdict = judge(run, pg);
    events.emit(verdict.exit_code == Exit::kSuccess ? Level::kInfo : Level::kError, "validation_ended",
                verdict.text + (verdict.error.empty() ? "" : ": " + verdict.error),
                {{"exit_code", static_cast<int>(verdict.exit_code)}, {"criteria", verdict.criteria}});
    const RunEnd end{r.text(0, 5), verdict.text, verdict.exit_code, verdict.error, verdict.criteria};
    const json before =
        earlier_directory(pg.scalar("SELECT audit_dir FROM lakemover.run WHERE run_id = $1", {id}).value_or(""));
    seal_run(audit, pg, id, end, "validation", key, settings.pdf == "yes", before);
    pg.query(
        "UPDATE lakemover.run SET verdict = $2, exit_code = $3::int, error = nullif($4, ''), state = CASE $3::int WHEN "
        "0 THEN 'done' ELSE state END WHERE run_id = $1",
        {id, verdict.text, std::to_string(static_cast<int>(verdict.exit_code)), verdict.error});
    return {verdict.exit_code, verdict.text, verdict.error, audit.path().string()};
}

AssessOutcome execute_assessment(const Settings& settings, const Staging& staging, const std::string& source,
                                 CancelToken& cancel) {
    AssessOutcome outcome;
    const SigningKey key = SigningKey::open(settings.home, settings.signing_key);
    AuditDir audit = AuditDir::create(settings.audit_dir, "assessment", settings.home + "/audit-beside");
    outcome.audit_dir = audit.path().string();
    Pg pg = staging.connect();
    const Cancellable registered(cancel, pg);
    // Without a target the checks that need it say "not checked".
    if (settings.target.given()) {
        const Target target(settings.target);
        Pg connection = target.connect();
        // What a run would refuse is a finding here.
        store_target_facts(target, connection, pg, true);
    }
    const StoredAssessment stored = store_assessment(pg, staging, source, audit, settings);
    outcome.text = stored.text;
    outcome.json = stored.document.dump();
    outcome.signoff = stored.document.value("/assessment/signoff"_json_pointer, "");
    outcome.exit_code = stored.blockers > 0 ? Exit::kBlockers : Exit::kSuccess;
    audit.event({{"level", "INFO"},
                 {"kind", "assessed"},
                 {"message", "assessment of source \"" + source + "\""},
                 {"data", {{"blockers", stored.blockers}, {"signoff", outcome.signoff}}}},
                AuditDir::Sync::kCommit);
    audit.seal(key, {{"kind", "assessment"},
                     {"source", source},
                     {"signoff", outcome.signoff},
                     {"exit_code", static_cast<int>(outcome.exit_code)}});
    tell_assessment(settings, stored.document, outcome.audit_dir, {});
    return outcome;
}

}  // namespace lakemover::loader
