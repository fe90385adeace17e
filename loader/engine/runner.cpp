#include "loader/engine/runner.hpp"

#include <chrono>
#include <optional>

#include "loader/engine/load.hpp"
#include "loader/engine/statements.hpp"
#include "loader/engine/verdict.hpp"
#include "loader/engine/watch.hpp"
#include "loader/report/assessment_report.hpp"
#include "loader/report/run_report.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

namespace {

using Clock = std::chrono::steady_clock;
using nlohmann::json;

RunOptions options_of(const Settings& s, const json& queued) {
    RunOptions o;
    o.jobs = queued.value("jobs", s.jobs);
    o.memory_mb = queued.value("memory_mb", s.memory_target_mb);
    o.max_batch_rows = queued.value("max_batch_rows", s.max_batch_rows);
    o.attempts = queued.value("attempts", s.attempts);
    o.sample_rows = queued.value("sample_rows", s.sample_rows);
    o.on_existing = queued.value("on_existing", s.on_existing);
    o.on_table_failure = queued.value("on_table_failure", s.on_table_failure);
    o.force = queued.value("force", s.force);
    o.keep_ledger = queued.value("keep_ledger", s.keep_ledger);
    return o;
}

// A phase shows in run.phase, and its duration in the events.
class Phase {
public:
    Phase(RunContext& run, Pg& staging, const std::string& name) : run_(run), name_(name), start_(Clock::now()) {
        run.cancel.check();
        staging.query("UPDATE lakemover.run SET phase = $2 WHERE run_id = $1", {run.id(), name});
        run.events.emit(Level::kInfo, "phase_start", name, {{"phase", name}});
    }
    void end(const std::string& message = {}) {
        const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
        run_.events.emit(Level::kInfo, "phase_end", message.empty() ? name_ : name_ + ": " + message,
                         {{"phase", name_}, {"seconds", seconds}});
    }

private:
    RunContext& run_;
    std::string name_;
    Clock::time_point start_;
};

std::string assess_text(Pg& staging, const std::string& source) {
    const Result r = staging.query("SELECT line FROM lakemover.assess($1) AS line", {source});
    std::string text;
    for (int i = 0; i < r.rows(); ++i) text += r.text(i, 0) + "\n";
    return text;
}

// Every assessment replaces the whole inventory. Embedded staging is up for a command only, too short for
// autovacuum to come round, and each one would read past the rows of all before it.
void vacuum_inventory(Pg& staging) {
    const Value tables = staging.scalar(
        "SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', schemaname, relname), ', ') FROM "
        "pg_catalog.pg_stat_user_tables s WHERE schemaname = 'lakemover' AND n_dead_tup > 100 + n_live_tup / 4 "
        "AND pg_catalog.pg_has_role((SELECT relowner FROM pg_catalog.pg_class c WHERE c.oid = s.relid), 'USAGE')");
    if (tables) staging.exec("VACUUM (TRUNCATE false, SKIP_LOCKED) " + *tables);
}

// Writes the assessment's reports; returns the number of blockers.
std::int64_t store_assessment(Pg& staging, const std::string& source, AuditDir& audit, std::string* text,
                              std::string* document) {
    vacuum_inventory(staging);
    const std::string lines = assess_text(staging, source);
    const json assessment =
        json::parse(staging.scalar("SELECT lakemover.assess_json($1)::text", {source}).value_or("{}"));
    audit.write("assessment.txt", lines);
    audit.write("assessment.json", assessment.dump(2));
    audit.write("assessment.html", render_assessment_html(assessment));
    const Value blockers = staging.scalar(
        "SELECT blockers::text FROM lakemover.assessment WHERE source = $1 ORDER BY assessment_id DESC LIMIT 1",
        {source});
    if (text) *text = lines;
    if (document) *document = assessment.dump();
    return blockers ? std::stoll(*blockers) : 0;
}

// The newest assessment's blockers, one a line: a refused run must say what is in its way.
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

void plan_or_check(RunContext& run, Pg& staging, const Settings& settings, const RunScope& scope) {
    if (scope.replan) {
        make_plan(staging, run.source, settings);
        return;
    }
    const Result r = staging.query(
        "SELECT fingerprint = lakemover._schema_fingerprint(source) FROM lakemover.plan WHERE source = $1",
        {run.source});
    if (r.rows() == 0)
        throw Error(Exit::kUsage, "there is no plan for source \"" + run.source + "\"", {},
                    "make one: lakemover plan, or SELECT lakemover.plan()");
    if (!r.boolean(0, 0))
        throw Error(Exit::kUsage, "the source's schema has changed since the plan was made", {},
                    "plan again: lakemover plan keeps your edits and shows the difference");
}

// After the last durable commit: the ledger on the target must say what staging says.
void check_ledger(RunContext& run, Pg& staging, Pg& target) {
    // Waits for the log of every earlier asynchronous commit as well.
    target.query("UPDATE lakemover_ledger.run SET epoch = epoch WHERE run_uuid = $1", {run.run_uuid});
    const std::vector<ChunkRecord> ledger = run.ledger->chunks(target);
    const Result r = staging.query(
        "SELECT table_id, chunk_no, rows_copied, digest[1]::text, digest[2]::text FROM lakemover.run_chunk "
        "WHERE run_id = $1 AND state = 'done' AND table_id IN (SELECT table_id FROM lakemover.run_table "
        "WHERE run_id = $1 AND state NOT IN ('failed', 'blocked')) ORDER BY 1, 2",
        {run.id()});
    // Both are in the same order; the ledger may hold more: what was committed of a table that failed and is kept.
    std::size_t k = 0;
    for (int i = 0; i < r.rows(); ++i) {
        const std::pair wanted{r.integer(i, 0), static_cast<int>(r.integer(i, 1))};
        while (k < ledger.size() && std::pair{ledger[k].table_id, ledger[k].chunk_no} < wanted) ++k;
        const bool same = k < ledger.size() && std::pair{ledger[k].table_id, ledger[k].chunk_no} == wanted &&
                          ledger[k].rows == r.integer(i, 2) && ledger[k].lane1 == r.get(i, 3) &&
                          ledger[k].lane2 == r.get(i, 4);
        if (!same)
            throw Error(Exit::kIncomplete, "the ledger on the target does not hold what was committed",
                        "table " + r.text(i, 0) + " chunk " + r.text(i, 1),
                        "the target lost commits (a restart or failover without durable storage); load again");
    }
}

// Tells of the tables that failed before anything of them was read.
void tell_refused(RunContext& run, Pg& staging, const Value& ids) {
    const Result refused = staging.query(
        "SELECT table_id, pg_catalog.format('%I.%I', spec->>'target_schema', spec->>'target_table'), error FROM "
        "lakemover.run_table WHERE run_id = $1 AND table_id = ANY ($2::bigint[]) ORDER BY load_rank, table_id",
        {run.id(), ids});
    for (int i = 0; i < refused.rows(); ++i)
        run.events.emit(Level::kError, "table_refused", refused.text(i, 1) + ": " + refused.text(i, 2), {},
                        refused.integer(i, 0));
}

void cut_tables(RunContext& run, Pg& staging) {
    const Value ids = staging.scalar("SELECT refused::text FROM lakemover._cut_tables($1, $2, $3, $4)",
                                     {run.id(), std::to_string(run.options.jobs), std::to_string(run.options.memory_mb),
                                      std::to_string(run.options.max_batch_rows)});
    tell_refused(run, staging, ids);
}

std::string describe(const Error& e) {
    return std::string(e.what()) + (e.detail.empty() ? "" : "\n" + e.detail) +
           (e.hint.empty() ? "" : "\nHINT: " + e.hint);
}

// The phases in order. Throws Error for what ends the run early.
Verdict run_phases(RunContext& run, Pg& staging, const Settings& settings, const RunScope& scope) {
    {
        Phase phase(run, staging, "preflight");
        Pg target = run.target.connect();
        const Cancellable registered(run.cancel, target);
        run.target.preflight(target);
        store_target_facts(run.target, target, staging);
        staging.query("UPDATE lakemover.run SET target_identity = $2 WHERE run_id = $1",
                      {run.id(), run.target.identity(target)});
        phase.end();
    }
    {
        Phase phase(run, staging, "snapshot");
        staging.query("SELECT lakemover.keeper_start($1)", {run.id()});
        phase.end("held by a background worker in staging");
    }
    {
        Phase phase(run, staging, "assess");
        const std::int64_t blockers = store_assessment(staging, run.source, run.events.audit(), nullptr, nullptr);
        staging.query(
            "UPDATE lakemover.run SET assessment_id = (SELECT max(assessment_id) FROM lakemover.assessment WHERE "
            "source = $2) "
            "WHERE run_id = $1",
            {run.id(), run.source});
        if (blockers > 0 && !run.options.force)
            throw Error(
                Exit::kBlockers,
                "the assessment found " + std::to_string(blockers) + (blockers == 1 ? " blocker" : " blockers"),
                blocker_list(staging, run.source),
                "see assessment.html in " + run.events.audit().path().string() +
                    "; resolve them in lakemover.plan_table and plan_column, or go on in spite of them with --force");
        if (blockers > 0)
            run.events.emit(Level::kWarning, "blockers_accepted",
                            std::to_string(blockers) + " blockers accepted with --force");
        phase.end();
    }
    {
        Phase phase(run, staging, "plan");
        plan_or_check(run, staging, settings, scope);
        staging.query("SELECT lakemover._freeze_run($1)", {run.id()});
        tell_refused(run, staging,
                     staging.scalar("SELECT pg_catalog.array_agg(table_id)::text FROM lakemover.run_table WHERE run_id "
                                    "= $1 AND state = 'failed'",
                                    {run.id()}));
        run.events.audit().write(
            "plan.json",
            staging
                .scalar("SELECT pg_catalog.jsonb_pretty(pg_catalog.jsonb_agg(spec ORDER BY load_rank, table_id)) "
                        "FROM lakemover.run_table WHERE run_id = $1",
                        {run.id()})
                .value_or("[]"));
        phase.end();
    }
    Pg target = run.target.connect();
    const Cancellable registered(run.cancel, target);
    Ledger ledger(run.run_uuid, 1);
    {
        Phase phase(run, staging, "schema");
        handle_existing_tables(run, staging, target);
        ledger.open(
            target,
            staging.scalar("SELECT source_identity FROM lakemover.run WHERE run_id = $1", {run.id()}).value_or("?"));
        run.ledger = &ledger;
        create_schema(run, staging, target);
        phase.end();
    }
    {
        Phase phase(run, staging, "load");
        cut_tables(run, staging);
        load_tables(run);
        undo_failed_tables(run, staging, target);
        phase.end();
    }
    {
        Phase phase(run, staging, "finish");
        finish_schema(run, staging);
        check_ledger(run, staging, target);
        phase.end();
    }
    {
        Phase phase(run, staging, "validate");
        validate_run(run, staging, true);
        phase.end();
    }
    staging.query("SELECT lakemover.keeper_stop($1)", {run.id()});
    staging.query(
        "UPDATE lakemover.run_table SET state = 'done', ended_at = pg_catalog.clock_timestamp() WHERE run_id = $1 AND "
        "state = 'loaded'",
        {run.id()});
    Verdict verdict = judge(run, staging);
    // When every table was undone, the ledger tells nothing any more.
    const bool nothing_there =
        target.scalar("SELECT NOT EXISTS (SELECT FROM lakemover_ledger.object WHERE run_uuid = $1 AND kind = 'table')",
                      {run.run_uuid}) == "t";
    if (!run.options.keep_ledger && (verdict.exit_code == Exit::kSuccess || nothing_there)) ledger.drop(target);
    return verdict;
}

void write_run_report(RunContext& run, Pg& staging, const json& criteria) {
    json document = json::parse(staging.scalar("SELECT lakemover.run_json($1)::text", {run.id()}).value_or("{}"));
    document["criteria"] = criteria;
    run.events.audit().write("reconciliation.json", document.dump(2));
    run.events.audit().write("reconciliation.html", render_run_html(document));
}

const char* state_of(Exit code) {
    switch (code) {
        case Exit::kSuccess: return "done";
        case Exit::kIncomplete:
        case Exit::kValidation: return "incomplete";
        case Exit::kCancelled: return "cancelled";
        default: return "failed";
    }
}

}  // namespace

void make_plan(Pg& staging, const std::string& source, const Settings& settings) {
    const auto given = [](const std::string& text) { return text.empty() ? std::nullopt : Value(text); };
    staging.query("SELECT * FROM lakemover.plan($1, $2, $3, $4, $5, $6, $7)",
                  {source, given(settings.profile), given(settings.naming), given(settings.char_as),
                   given(settings.on_nul), given(settings.on_surrogate), given(settings.on_seventh_digit)});
}

void store_target_facts(const Target& target, Pg& target_connection, Pg& staging) {
    staging.query(
        "WITH gone AS (DELETE FROM lakemover.target_fact WHERE name NOT IN (SELECT "
        "pg_catalog.jsonb_object_keys($1::jsonb))) "
        "INSERT INTO lakemover.target_fact (name, value) SELECT key, value FROM pg_catalog.jsonb_each_text($1::jsonb) "
        "ON CONFLICT (name) DO UPDATE SET value = excluded.value, checked_at = pg_catalog.clock_timestamp()",
        {target.facts(target_connection).dump()});
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
    const Target target(settings.target);
    std::optional<AuditDir> audit;
    std::optional<Events> events;
    std::optional<RunContext> run;
    Verdict verdict;
    const std::string id = std::to_string(run_id);
    try {
        Pg pg = staging.connect();
        const Cancellable registered(cancel, pg);
        audit.emplace(AuditDir::create(settings.audit_dir, "run-" + id));
        outcome.audit_dir = audit->path().string();
        events.emplace(staging.connect(), *audit);
        events->set_run(run_id);
        events->listen(listener);
        const Result r = pg.query(
            "UPDATE lakemover.run SET state = 'running', started_at = pg_catalog.clock_timestamp(), heartbeat = "
            "pg_catalog.clock_timestamp(), loader_id = $2, audit_dir = $3, epoch = 1 WHERE run_id = $1 AND state = "
            "'queued' "
            "AND coalesce(loader_id, $2) = $2 "
            "RETURNING run_uuid, source, pg_catalog.encode(hash_key, 'hex'), options",
            {id, loader_id, outcome.audit_dir});
        if (r.rows() != 1) {
            // Another loader was faster, or somebody cancelled it: the run is not ours to end.
            outcome.exit_code = Exit::kOther;
            outcome.verdict = "NOT STARTED";
            outcome.error = "run " + id + " is not queued any more";
            return outcome;
        }
        run.emplace(RunContext{staging, target, *events, cancel, run_id, r.text(0, 0), r.text(0, 1), loader_id,
                               parse_hash_key(r.get(0, 2)), options_of(settings, json::parse(r.get(0, 3))), nullptr});
        events->emit(
            Level::kInfo, "run_started",
            "run " + id + " of source \"" + run->source + "\", " + std::to_string(run->options.jobs) + " workers",
            {{"loader", loader_id}, {"version", LAKEMOVER_VERSION}});
        const Watch watch(staging, run_id, loader_id, cancel);
        verdict = run_phases(*run, pg, settings, scope);
    } catch (const Error& e) {
        // A connection that a cancel cut reports its own death; the cancel is the reason.
        verdict.exit_code = cancel.raised() ? Exit::kCancelled : e.exit_code;
        verdict.text = cancel.raised() ? "CANCELLED" : "FAILED";
        outcome.error = cancel.raised() ? "cancelled: " + cancel.why() : describe(e);
    } catch (const std::exception& e) {
        verdict.exit_code = Exit::kOther;
        verdict.text = "FAILED";
        outcome.error = e.what();
    }
    if (outcome.error.empty()) outcome.error = verdict.error;
    outcome.exit_code = verdict.exit_code;
    outcome.verdict = verdict.text;
    // The end is recorded on connections of its own: the others may have been cut.
    try {
        Pg pg = staging.connect();
        pg.query(
            "UPDATE lakemover.run SET state = $2, phase = 'ended', verdict = $3, exit_code = $4, error = nullif($5, "
            "''), "
            "ended_at = pg_catalog.clock_timestamp() WHERE run_id = $1 AND state IN ('queued', 'running', 'paused')",
            {id, state_of(verdict.exit_code), verdict.text, std::to_string(static_cast<int>(verdict.exit_code)),
             outcome.error});
        pg.query("SELECT lakemover.keeper_stop($1)", {id});
        pg.query("DELETE FROM lakemover.run_sample WHERE run_id = $1", {id});
        if (events) {
            events->emit(verdict.exit_code == Exit::kSuccess ? Level::kInfo : Level::kError, "run_ended",
                         verdict.text + (outcome.error.empty() ? "" : ": " + outcome.error),
                         {{"exit_code", static_cast<int>(verdict.exit_code)}, {"criteria", verdict.criteria}});
            if (run) write_run_report(*run, pg, verdict.criteria);
            audit->sync();
        }
    } catch (const std::exception& e) {
        if (outcome.error.empty()) outcome.error = std::string("the run's end could not be recorded: ") + e.what();
        // No report, no success: staging must not say otherwise than we do.
        if (outcome.exit_code == Exit::kSuccess) {
            outcome.exit_code = Exit::kOther;
            outcome.verdict = "FAILED";
            try {
                staging.connect().query(
                    "UPDATE lakemover.run SET state = 'failed', verdict = 'FAILED', exit_code = 1, error = $2 WHERE "
                    "run_id = $1",
                    {id, outcome.error});
            } catch (const std::exception&) {
                // Staging is gone: the exit code and the message say what happened.
            }
        }
    }
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
    {
        Pg probe = target.connect();
        const std::string now = target.identity(probe);
        if (now != r.get(0, 4))
            throw Error(Exit::kUsage, "run " + id + " went to another target",
                        "then: " + r.text(0, 4) + ", now: " + now, "set LAKEBASE_* to the target of that run");
    }
    AuditDir audit = AuditDir::create(settings.audit_dir, "validate-" + id);
    Events events(staging.connect(), audit);
    events.set_run(std::stoll(id));
    RunContext run{staging,
                   target,
                   events,
                   cancel,
                   std::stoll(id),
                   r.text(0, 0),
                   r.text(0, 1),
                   make_loader_id(),
                   parse_hash_key(r.get(0, 2)),
                   options_of(settings, json::parse(r.get(0, 3))),
                   nullptr};
    validate_run(run, pg, false);
    const Verdict verdict = judge(run, pg);
    pg.query("UPDATE lakemover.run SET verdict = $2, exit_code = $3, error = nullif($4, '') WHERE run_id = $1",
             {id, verdict.text, std::to_string(static_cast<int>(verdict.exit_code)), verdict.error});
    write_run_report(run, pg, verdict.criteria);
    audit.sync();
    return {verdict.exit_code, verdict.text, verdict.error, audit.path().string()};
}

AssessOutcome execute_assessment(const Settings& settings, const Staging& staging, const std::string& source,
                                 CancelToken& cancel) {
    AssessOutcome outcome;
    AuditDir audit = AuditDir::create(settings.audit_dir, "assessment");
    outcome.audit_dir = audit.path().string();
    Pg pg = staging.connect();
    const Cancellable registered(cancel, pg);
    // Without a target the checks that need it say "not checked".
    if (settings.target.given()) {
        const Target target(settings.target);
        Pg connection = target.connect();
        target.preflight(connection);
        store_target_facts(target, connection, pg);
    }
    const std::int64_t blockers = store_assessment(pg, source, audit, &outcome.text, &outcome.json);
    outcome.exit_code = blockers > 0 ? Exit::kBlockers : Exit::kSuccess;
    audit.event({{"level", "INFO"},
                 {"kind", "assessed"},
                 {"message", "assessment of source \"" + source + "\""},
                 {"data", {{"blockers", blockers}}}},
                AuditDir::Sync::kCommit);
    return outcome;
}

}  // namespace lakemover::loader
