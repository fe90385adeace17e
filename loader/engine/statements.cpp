#include "loader/engine/statements.hpp"

#include "loader/engine/large_objects.hpp"
#include "loader/engine/phases.hpp"
#include "loader/engine/statement_runner.hpp"
#include "loader/target/objects.hpp"

#include <chrono>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <thread>

namespace lakemover::loader {

namespace {

using Clock = std::chrono::steady_clock;

std::vector<Statement> pending_statements(Pg& staging, const RunContext& run, const std::string& stage) {
    // A failed or blocked table gets nothing more: its statements are skipped with the reason.
    staging.query(
        "UPDATE lakemover.run_statement s SET state = 'skipped', error = 'its table was not loaded' FROM "
        "lakemover.run_table t "
        "WHERE s.run_id = $1 AND s.stage = $2 AND s.state = 'pending' AND t.run_id = s.run_id AND t.table_id = "
        "s.table_id "
        "AND t.state IN ('failed', 'blocked')",
        {run.id(), stage});
    const Result r = staging.query(
        "SELECT ordinal, stage, coalesce(table_id, 0), kind, object, sql FROM lakemover.run_statement "
        "WHERE run_id = $1 AND stage = $2 AND state = 'pending' ORDER BY ordinal",
        {run.id(), stage});
    return statements_of(r);
}

// A type or sequence that an earlier run left; --on-existing=drop covers them, level 0 compares them with the plan.
// Never a table: they were dropped, and one that is there again is somebody else's.
bool left_over(const Statement& s, const Error& e) {
    return s.stage != "table" &&
           (e.sqlstate == "42P07" || e.sqlstate == "42710" || e.sqlstate == "42P06" || e.sqlstate == "42723");
}

// Of converted code: what needs something that is not there would be made all the same, and fail when it is called.
bool leave_out_blocked(RunContext& run, Pg& staging, const Statement& s) {
    const Value why = staging.scalar("SELECT lakemover._code_blocked($1, $2)", {run.id(), std::to_string(s.ordinal)});
    if (!why) return false;
    staging.query("UPDATE lakemover.run_statement SET state = 'skipped', error = $3 WHERE run_id = $1 AND ordinal = $2",
                  {run.id(), std::to_string(s.ordinal), *why});
    run.events.audit().ddl(s.sql, {DdlOutcome::State::kSkipped, std::nullopt, *why, s.stage, s.object});
    run.events.emit(Level::kWarning, "code_left_out", s.kind + " " + s.object + ": " + *why);
    return true;
}

// One stage: independent statements, on as many connections as there are jobs.
void run_stage(RunContext& run, Pg& staging, const std::string& stage, int jobs) {
    std::vector<Statement> statements = pending_statements(staging, run, stage);
    if (statements.empty()) return;
    std::deque<Statement> queue(statements.begin(), statements.end());
    std::mutex mutex;
    std::exception_ptr first;
    const auto work = [&] {
        StatementRunner runner(run);
        for (;;) {
            Statement s;
            {
                const std::lock_guard lock(mutex);
                if (queue.empty() || first || run.cancel.ends()) return;
                run.gate->wait(run, staging, Gate::Heed::kPause);
                s = std::move(queue.front());
                queue.pop_front();
            }
            if (s.stage == "converted" && leave_out_blocked(run, staging, s)) continue;
            const std::optional<StatementOutcome> outcome = runner.execute(s);
            if (!outcome) return;
            const std::lock_guard lock(mutex);
            record_statement(run, staging, s, *outcome);
        }
    };
    const auto guarded = [&] {
        try {
            work();
        } catch (...) {
            const std::lock_guard lock(mutex);
            if (!first && !run.cancel.raised()) first = std::current_exception();
        }
    };
    std::vector<std::thread> threads;
    const int n = std::min<int>(jobs, static_cast<int>(statements.size()));
    for (int i = 0; i < n; ++i) threads.emplace_back(guarded);
    for (std::thread& t : threads) t.join();
    if (first) std::rethrow_exception(first);
    run.cancel.check_draining();
}

}  // namespace

namespace {

// The ledger goes when the run has succeeded; rolling it back needs to know what it made.
void copy_register(RunContext& run, Pg& staging, Pg& target) {
    const Value objects = target.scalar(
        "SELECT coalesce(pg_catalog.jsonb_agg(pg_catalog.to_jsonb(o)), '[]')::text FROM lakemover_ledger.object o "
        "WHERE run_uuid = $1",
        {run.run_uuid});
    staging.query(
        "INSERT INTO lakemover.run_object (run_id, kind, name, table_id, class_id, object_id) SELECT $1, kind, name, "
        "table_id, class_id, object_id FROM pg_catalog.jsonb_to_recordset($2::jsonb) AS o(kind text, name text, "
        "table_id bigint, class_id oid, object_id oid) ON CONFLICT (run_id, kind, name) DO UPDATE SET class_id = "
        "excluded.class_id, object_id = excluded.object_id",
        {run.id(), objects});
}

}  // namespace

void create_schema(RunContext& run, Pg& staging, Pg& target) {
    target.exec("BEGIN");
    run.ledger->fence(target);
    std::vector<std::pair<Statement, StatementOutcome>> outcomes;
    const bool replace = run.options.on_existing == "drop";
    target.exec("SET LOCAL check_function_bodies = off");
    for (const std::string stage : {"schema", "type", "sequence", "table", "setting", "code"}) {
        // What these need may come later: the finish tries again, and only then it is a failure.
        const bool early = stage == "setting" || stage == "code";
        for (const Statement& s : pending_statements(staging, run, stage)) {
            run.cancel.check();
            const auto start = Clock::now();
            StatementOutcome outcome;
            try {
                // CREATE ... IF NOT EXISTS: what was there before is not ours.
                const bool there = (s.kind == "schema" || s.kind == "extension") &&
                                   !find_object(target, s.kind, s.object).object_id.empty();
                // In one round trip: a schema may have thousands of tables.
                target.exec("SAVEPOINT statement;\n" + s.sql + "\n;" +
                            (!there && is_tracked(s.kind)
                                 ? run.ledger->register_sql(target, s.kind, s.object, s.table_id) + ";"
                                 : "") +
                            "RELEASE SAVEPOINT statement");
            } catch (const Error& e) {
                if (e.connection_lost) throw;
                target.exec("ROLLBACK TO SAVEPOINT statement; RELEASE SAVEPOINT statement");
                if (early) continue;
                if (!(replace && left_over(s, e))) outcome = {false, describe_failure(e), 0};
            }
            outcome.seconds = std::chrono::duration<double>(Clock::now() - start).count();
            outcomes.emplace_back(s, outcome);
        }
    }
    const std::vector<std::string> objects_made = create_large_objects(run, staging, target);
    target.exec("COMMIT");
    for (const std::string& sql : objects_made)
        run.events.audit().ddl(sql, {DdlOutcome::State::kDone, 0, {}, "table", "large objects"});
    staging.exec("BEGIN");
    copy_register(run, staging, target);
    record_made(run, staging, outcomes);
    for (const auto& [statement, outcome] : outcomes) {
        if (!outcome.ok) record_statement(run, staging, statement, outcome);
        if (!outcome.ok && statement.stage == "table" && statement.table_id)
            staging.query("SELECT lakemover._fail_table($1, $2, $3)",
                          {run.id(), std::to_string(statement.table_id), "cannot be created: " + outcome.error});
    }
    staging.exec("COMMIT");
}

namespace {

// Of a session for as long as this lives.
class NotDurable {
public:
    explicit NotDurable(Pg& staging) : staging_(staging) { staging_.exec("SET synchronous_commit = off"); }
    NotDurable(const NotDurable&) = delete;
    NotDurable& operator=(const NotDurable&) = delete;
    ~NotDurable() {
        try {
            if (staging_.alive()) staging_.exec("RESET synchronous_commit");
        } catch (const Error&) {
            // The session is lost, and the setting with it.
        }
    }

private:
    Pg& staging_;
};

}  // namespace

void make_keys(RunContext& run, Pg& staging) {
    const NotDurable not_durable(staging);
    for (const auto& [stage, parallel] : {std::pair{"setting", false}, {"code", false}, {"key", true}, {"index", true}})
        run_stage(run, staging, stage, parallel ? run.options.jobs : 1);
}

void finish_schema(RunContext& run, Pg& staging) {
    make_keys(run, staging);
    // A statement that was done and is not known to be is found there.
    const NotDurable not_durable(staging);
    // Adding a foreign key locks both tables: one at a time cannot deadlock, and takes no time while NOT VALID.
    for (const auto& [stage, parallel] : {std::pair{"check", true},
                                          {"default", false},
                                          {"sequence_value", false},
                                          {"fk", false},
                                          {"fk_validate", true},
                                          {"view", false},
                                          {"trigger", false},
                                          {"converted", false},
                                          {"comment", false},
                                          {"privilege", false},
                                          {"analyze", true}})
        run_stage(run, staging, stage, parallel ? run.options.jobs : 1);
    with_target(run, [&](Pg& target) { copy_register(run, staging, target); });
}

void undo_failed_tables(RunContext& run, Pg& staging, Pg& target) {
    if (run.options.on_table_failure == "keep") return;
    undo_large_objects(run, staging, target);
    const Result failed = staging.query(
        "SELECT t.table_id, s.object FROM lakemover.run_table t JOIN lakemover.run_statement s ON s.run_id = t.run_id "
        "AND s.table_id = t.table_id "
        "AND s.stage = 'table' AND s.state = 'done' WHERE t.run_id = $1 AND t.state IN ('failed', 'blocked') ORDER BY "
        "s.ordinal DESC",
        {run.id()});
    for (int i = 0; i < failed.rows(); ++i) {
        const std::int64_t table_id = failed.integer(i, 0);
        const std::string name = failed.text(i, 1);
        const bool ours = target.scalar(
                              "SELECT EXISTS (SELECT FROM lakemover_ledger.object WHERE run_uuid = $1 AND kind = "
                              "'table' AND table_id = $2)",
                              {run.run_uuid, std::to_string(table_id)}) == "t";
        target.exec("BEGIN");
        run.ledger->fence(target);
        std::string done;
        // ONLY: the rows of tables that inherit from it are their own. DELETE: a key of somebody else's table forbids TRUNCATE.
        std::vector<std::pair<std::string, std::string>> ways{{"TRUNCATE ONLY " + name, "emptied"},
                                                              {"DELETE FROM ONLY " + name, "emptied"}};
        if (ours) ways.insert(ways.begin(), {"DROP TABLE IF EXISTS " + name, "dropped"});
        std::string refused;
        for (const auto& [sql, what] : ways) {
            target.exec("SAVEPOINT undo");
            try {
                target.exec(sql);
                done = refused.empty() ? what : what + ", not dropped: " + refused;
                break;
            } catch (const Error& e) {
                // Somebody's view or key depends on it by now: that stops the drop, not the undo.
                if (e.connection_lost) throw;
                target.exec("ROLLBACK TO SAVEPOINT undo");
                if (refused.empty()) refused = describe_failure(e);
            }
        }
        if (done.empty()) {
            target.exec("ROLLBACK");
            run.events.emit(Level::kError, "undo_failed", name + " could not be undone: " + refused, {}, table_id);
            continue;
        }
        run.ledger->forget_table(target, table_id);
        target.exec("COMMIT");
        run.events.emit(Level::kWarning, "table_undone", name + " " + done, {}, table_id);
    }
}

}  // namespace lakemover::loader
