#include "loader/engine/phases.hpp"

#include <utility>
#include <vector>

#include "loader/engine/accept.hpp"
#include "loader/engine/assess.hpp"
#include "loader/engine/code.hpp"
#include "loader/engine/count_tables.hpp"
#include "loader/engine/existing.hpp"
#include "loader/engine/helpers.hpp"
#include "loader/engine/index_builder.hpp"
#include "loader/engine/load.hpp"
#include "loader/engine/reconcile.hpp"
#include "loader/engine/rejects.hpp"
#include "loader/engine/run_files.hpp"
#include "loader/engine/runner.hpp"
#include "loader/engine/second_pass.hpp"
#include "loader/engine/statements.hpp"

namespace lakemover::loader {

using Clock = std::chrono::steady_clock;

Phase::Phase(RunContext& run, Pg& staging, const std::string& name) : run_(run), name_(name), start_(Clock::now()) {
    run.cancel.check_draining();
    staging.query("UPDATE lakemover.run SET phase = $2 WHERE run_id = $1 AND loader_id = $3",
                  {run.id(), name, run.loader_id});
    run.events.emit(Level::kInfo, "phase_start", name, {{"phase", name}});
}

void Phase::end(const std::string& message) {
    const double seconds = std::chrono::duration<double>(Clock::now() - start_).count();
    run_.events.emit(Level::kInfo, "phase_end", message.empty() ? name_ : name_ + ": " + message,
                     {{"phase", name_}, {"seconds", seconds}});
}

void over_outages(RunContext& run, const std::function<void()>& f) {
    OutageWait outage(run);
    for (;;) {
        run.cancel.check();
        try {
            f();
            outage.over();
            return;
        } catch (const Error& e) {
            run.cancel.check();
            if (!outage.after(e)) throw;
        }
    }
}

void TargetSession::use(const std::function<void(Pg& target)>& f) {
    over_outages(run_, [&] {
        try {
            if (!target_) {
                target_.emplace(run_.target.connect());
                registered_ = std::make_unique<Cancellable>(run_.cancel, *target_);
                if (run_.ledger) run_.ledger->name_session(*target_);
            }
            f(*target_);
        } catch (...) {
            close();
            throw;
        }
    });
}

void TargetSession::close() {
    registered_.reset();
    target_.reset();
}

void with_target(RunContext& run, const std::function<void(Pg& target)>& f) { TargetSession(run).use(f); }

std::optional<bool> schema_fits_plan(Pg& staging, const std::string& source) {
    const Result r = staging.query(
        "SELECT fingerprint = lakemover._schema_fingerprint(source) FROM lakemover.plan WHERE source = $1", {source});
    return r.rows() == 0 ? std::nullopt : std::optional(r.boolean(0, 0));
}

namespace {

void plan_or_check(RunContext& run, Pg& staging, const Settings& settings, const RunScope& scope) {
    if (scope.replan) {
        make_plan(staging, run.source, settings);
        return;
    }
    const std::optional<bool> fits = schema_fits_plan(staging, run.source);
    if (!fits)
        throw Error(Exit::kUsage, "there is no plan for source \"" + run.source + "\"", {},
                    "make one: lakemover plan, or SELECT lakemover.plan()");
    if (!*fits)
        throw Error(Exit::kUsage, "the source's schema has changed since the plan was made", {},
                    "plan again: lakemover plan keeps your edits and shows the difference");
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

}  // namespace

void cut_tables(RunContext& run, Pg& staging) {
    const Result r = staging.query("SELECT refused::text, in_one_pass::text FROM lakemover._cut_tables($1, $2, $3, $4)",
                                   {run.id(), std::to_string(run.options.jobs), std::to_string(run.options.memory_mb),
                                    std::to_string(run.options.max_batch_rows)});
    tell_refused(run, staging, r.value(0, 0));
    const Value names = staging.scalar(
        "SELECT pg_catalog.string_agg(pg_catalog.format('%I.%I', spec->>'target_schema', spec->>'target_table'), ', ' "
        "ORDER BY table_id) FROM lakemover.run_table WHERE run_id = $1 AND table_id = ANY ($2::bigint[])",
        {run.id(), r.value(0, 1)});
    if (names)
        run.events.emit(Level::kWarning, "no_second_pass",
                        *names +
                            ": all columns are loaded in one pass, though the plan leaves some to a second one; "
                            "this source shows each table at a point in time of its own, to one reading only");
}

namespace {

// Bounds that need the source are read by a session at the point; the rest is left to who comes after.
void cut_at_point(RunContext& run, SharedPoint& point, Pg& staging) {
    try {
        cut_tables(run, point.session(staging));
    } catch (const Error& e) {
        run.cancel.check();
        if (e.taken_over) throw;
        point.give_up(staging, e.what());
    }
}

}  // namespace

RunScope RunScope::of(const std::string& kind) {
    RunScope scope;
    scope.repair = kind == "repair";
    scope.compare = scope.repair || kind == "comparison";
    return scope;
}

void begin_run(RunContext& run, Pg& staging) {
    {
        Phase phase(run, staging, "preflight");
        Pg target = run.target.connect();
        const Cancellable registered(run.cancel, target);
        run.target.preflight(target);
        store_target_facts(run.target, target, staging);
        staging.query("UPDATE lakemover.run SET target_identity = $2 WHERE run_id = $1",
                      {run.id(), run.target.identity(target)});
        settle_workers(run, staging, target);
        phase.end();
    }
    // Before the snapshot: what would it be held for meanwhile?
    run.gate->wait(run, staging, Gate::Heed::kPauseAndWindow);
    {
        Phase phase(run, staging, "snapshot");
        // Before it: what is written between the two counts as a change rather than not at all.
        staging.query("SELECT lakemover._note_activity($1, 'snapshot')", {run.id()});
        staging.query("SELECT lakemover.keeper_start($1)", {run.id()});
        phase.end("held by a background worker in staging");
    }
}

void freeze_plan(RunContext& run, Pg& staging, const RunScope& scope) {
    plan_or_check(run, staging, run.settings, scope);
    staging.query("SELECT lakemover._freeze_run($1)", {run.id()});
    // The second pass could not tell a row that was set aside from one that was lost.
    if (run.options.reject_bad_rows)
        if (const Value columns = staging.scalar(
                "SELECT pg_catalog.string_agg(pg_catalog.format('%s.%s', t.spec->>'target_table', c), ', ' ORDER BY "
                "t.table_id) FROM lakemover.run_table t, pg_catalog.jsonb_array_elements_text("
                "lakemover._second_pass_columns(t.spec)) c WHERE t.run_id = $1",
                {run.id()}))
            throw Error(Exit::kUsage, "rows cannot be set aside (--on-bad-row=reject) in tables with a second pass",
                        *columns, "set plan_column.pass of these columns to 1, or leave --on-bad-row at fail");
    staging.query("SELECT lakemover._freeze_large_objects($1)", {run.id()});
    tell_refused(run, staging,
                 staging.scalar("SELECT pg_catalog.array_agg(table_id)::text FROM lakemover.run_table WHERE run_id = "
                                "$1 AND state = 'failed'",
                                {run.id()}));
    write_plan_files(run.events.audit(), staging, run.id());
}

Verdict run_phases(RunContext& run, Pg& staging, const RunScope& scope) {
    begin_run(run, staging);
    {
        Phase phase(run, staging, "assess");
        // What the plan leaves out is no blocker.
        if (scope.replan && !run.settings.large_objects.empty()) {
            staging.query("SELECT lakemover.inventory($1)", {run.source});
            make_plan(staging, run.source, run.settings);
        }
        const StoredAssessment stored =
            store_assessment(staging, run.staging, run.source, run.events.audit(), run.settings);
        const std::int64_t blockers = stored.blockers;
        tell_assessment(run.settings, stored.document, run.events.audit().path().string(), run.id());
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
        check_signoff(run, staging);
        if (blockers > 0)
            run.events.emit(Level::kWarning, "blockers_accepted",
                            std::to_string(blockers) + " blockers accepted with --force");
        phase.end();
    }
    {
        Phase phase(run, staging, "plan");
        freeze_plan(run, staging, scope);
        phase.end();
    }
    convert_run_code(run, staging);
    Ledger ledger(run.run_uuid, 1);
    {
        Phase phase(run, staging, "schema");
        Pg target = run.target.connect();
        const Cancellable registered(run.cancel, target);
        handle_existing_objects(run, staging, target);
        ledger.open(
            target,
            staging.scalar("SELECT source_identity FROM lakemover.run WHERE run_id = $1", {run.id()}).value_or("?"));
        run.ledger = &ledger;
        create_schema(run, staging, target);
        phase.end();
    }
    return load_to_verdict(run, staging);
}

Verdict load_to_verdict(RunContext& run, Pg& staging) {
    std::optional<IndexBuilder> indexes;
    std::optional<SharedPoint> point;  // kept for the second pass
    {
        Phase phase(run, staging, "load");
        run.gate->wait(run, staging, Gate::Heed::kPauseAndWindow);
        point.emplace(run, staging);
        if (point->shared()) cut_at_point(run, *point, staging);
        over_outages(run, [&] { cut_tables(run, staging); });
        // The workers' connections are as many as may be.
        staging.query("SELECT lakemover._stream_release()", {});
        with_target(run, [&](Pg& target) { indexes.emplace(run, target); });
        do {
            Helpers helpers(run, staging);
            load_tables(run, *point);
            // One that was lost may have loaded the last batch of a table without counting it.
            if (helpers.dismiss(staging)) count_loaded_tables(run, staging);
        } while (load_lost_chunks_again(run, staging));
        with_target(run, [&](Pg& target) { undo_failed_tables(run, staging, target); });
        phase.end();
    }
    if (has_second_pass(run, staging)) {
        Phase phase(run, staging, "second pass");
        run.gate->wait(run, staging, Gate::Heed::kPauseAndWindow);
        indexes->finish(staging);
        indexes.reset();
        make_keys(run, staging);
        second_pass(run, staging, *point);
        with_target(run, [&](Pg& target) { undo_failed_tables(run, staging, target); });
        phase.end();
    }
    point.reset();
    {
        Phase phase(run, staging, "finish");
        run.gate->wait(run, staging, Gate::Heed::kPause);
        run.ahead->look(run, staging);
        // A source in use has drawn from its sequences since the plan was frozen.
        over_outages(run, [&] { staging.query("SELECT lakemover._refresh_sequences($1)", {run.id()}); });
        if (indexes) indexes->finish(staging);
        indexes.reset();
        finish_schema(run, staging);
        with_target(run, [&](Pg& target) {
            check_ledger(run, staging, target);
            sync_rejects(run, staging, target);
        });
        phase.end();
    }
    {
        Phase phase(run, staging, "validate");
        run.gate->wait(run, staging, Gate::Heed::kPause);
        run.ahead->look(run, staging);
        validate_run(run, staging, true);
        phase.end();
    }
    return end_run(run, staging);
}

namespace {

// Whether the source was written to since: no matter of success, but the report must say it.
void tell_source_changes(RunContext& run, Pg& staging) {
    const Value text = staging.scalar("SELECT lakemover._keep_source_changes($1)::text", {run.id()});
    if (!text) return;
    const auto changes = nlohmann::json::parse(*text);
    const std::string verdict = changes.value("verdict", "");
    std::string tables;  // none where counts only say that somebody wrote
    for (const auto& name : changes.value("tables", nlohmann::json::array()))
        tables += (tables.empty() ? ": " : ", ") + name.get<std::string>();
    run.events.emit(Level::kInfo, "source_since_snapshot",
                    (verdict == "unchanged" ? "the source has not changed since the snapshot"
                     : verdict == "changed" ? "the source was written to since the snapshot" + tables
                                            : "whether the source has changed since the snapshot cannot be known") +
                        " (" + changes.value("compared", "") + ")",
                    changes);
}

}  // namespace

Verdict judge_at_the_end(RunContext& run, Pg& staging) {
    tell_source_changes(run, staging);
    staging.query("SELECT lakemover.keeper_stop($1)", {run.id()});
    staging.query(
        "UPDATE lakemover.run_table SET state = 'done', ended_at = pg_catalog.clock_timestamp() WHERE run_id = $1 AND "
        "state = 'loaded'",
        {run.id()});
    Verdict verdict = judge(run, staging);
    // Resuming finds by this phase that the ledger went with a run that had come to its end.
    staging.query("UPDATE lakemover.run SET phase = 'ending' WHERE run_id = $1 AND loader_id = $2",
                  {run.id(), run.loader_id});
    return verdict;
}

Verdict end_run(RunContext& run, Pg& staging) {
    Verdict verdict = judge_at_the_end(run, staging);
    RejectPlace audited;
    with_target(run, [&](Pg& target) {
        if (!Ledger::exists(target)) return;
        audit_rejects(run, target, audited);
        // When every table was undone, the ledger tells nothing any more.
        const bool nothing_there = target.scalar(
                                       "SELECT NOT EXISTS (SELECT FROM lakemover_ledger.object WHERE run_uuid = $1 AND "
                                       "kind IN ('table', 'partitioned table', 'partition', 'large objects'))",
                                       {run.run_uuid}) == "t";
        if (!run.options.keep_ledger && (verdict.exit_code == Exit::kSuccess || nothing_there))
            run.ledger->drop(target);
    });
    return verdict;
}

}  // namespace lakemover::loader
