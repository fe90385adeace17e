#include "loader/engine/statement_runner.hpp"

#include <sys/socket.h>

#include <chrono>
#include <thread>

#include "loader/engine/rows_in_the_way.hpp"
#include "loader/target/objects.hpp"

namespace lakemover::loader {

namespace {

using Clock = std::chrono::steady_clock;

// What a statement of the finish says when it was done before; level 0 compares what is there with the plan.
bool is_there(const Error& e) {
    return e.sqlstate == "42P07" || e.sqlstate == "42710" || e.sqlstate == "42P16" || e.sqlstate == "42723";
}

// Nothing compares converted code with the plan afterwards: what is there must be what the run made.
bool is_registered(const RunContext& run, Pg& target, const Statement& s) {
    if (!is_tracked(s.kind)) return true;
    const TargetObject object = find_object(target, s.kind, s.object);
    return target
               .query(
                   "SELECT FROM lakemover_ledger.object WHERE run_uuid = $1 AND kind = $2 AND name = $3 AND "
                   "class_id::text = $4 AND object_id::text = $5",
                   {run.run_uuid, s.kind, s.object, object.class_id, object.object_id})
               .rows() > 0;
}

bool worth_retrying(const Error& e) {
    // The backend of an earlier execution, whose connection was lost, has just made the same relation.
    if (e.sqlstate == "23505" && std::string(e.what()).find("pg_class_relname_nsp_index") != std::string::npos)
        return true;
    return e.sqlstate == "40P01" || e.sqlstate == "40001" || e.sqlstate == "55P03" || e.connection_lost;
}

void set_maintenance_memory(Pg& target) {
    // Index builds of a bulk load need more than the default 64 MB; never less than what the server gives anyway.
    target.exec(
        "SELECT pg_catalog.set_config('maintenance_work_mem', "
        "(greatest(pg_catalog.pg_size_bytes(pg_catalog.current_setting('maintenance_work_mem')), 268435456) / "
        "1024)::text || 'kB', false)");
}

}  // namespace

std::vector<Statement> statements_of(const Result& r) {
    std::vector<Statement> all;
    for (int i = 0; i < r.rows(); ++i)
        all.push_back({static_cast<int>(r.integer(i, 0)), r.text(i, 1), r.integer(i, 2), r.text(i, 3), r.text(i, 4),
                       r.text(i, 5)});
    return all;
}

void record_made(RunContext& run, Pg& staging, const std::vector<std::pair<Statement, StatementOutcome>>& outcomes) {
    nlohmann::json made = nlohmann::json::array();
    for (const auto& [s, outcome] : outcomes) {
        if (!outcome.ok) continue;
        made.push_back({{"o", s.ordinal}, {"s", outcome.seconds}});
        run.events.audit().ddl(s.sql, {DdlOutcome::State::kDone, outcome.seconds, {}, s.stage, s.object});
    }
    staging.query(
        "UPDATE lakemover.run_statement t SET state = 'done', error = NULL, seconds = m.s FROM "
        "pg_catalog.jsonb_to_recordset($2::jsonb) AS m(o int, s float8) WHERE t.run_id = $1 AND t.ordinal = m.o",
        {run.id(), made.dump()});
}

void record_statement(RunContext& run, Pg& staging, const Statement& s, const StatementOutcome& outcome) {
    staging.query(
        "UPDATE lakemover.run_statement SET state = $3, error = nullif($4, ''), seconds = $5 WHERE run_id = $1 AND "
        "ordinal = $2",
        {run.id(), std::to_string(s.ordinal), outcome.ok ? "done" : "failed", outcome.error,
         std::to_string(outcome.seconds)});
    run.events.audit().ddl(s.sql, {outcome.ok ? DdlOutcome::State::kDone : DdlOutcome::State::kFailed, outcome.seconds,
                                   outcome.error, s.stage, s.object});
    if (outcome.ok) return;
    run.events.emit(Level::kError, "statement_failed", s.kind + " " + s.object + ": " + outcome.error,
                    {{"sql", s.sql}, {"stage", s.stage}}, s.table_id ? std::optional(s.table_id) : std::nullopt);
    if (s.table_id)
        staging.query(
            "UPDATE lakemover.run_table SET state = 'incomplete', error = pg_catalog.concat_ws(E'\\n', error, "
            "$3::text) "
            "WHERE run_id = $1 AND table_id = $2 AND state NOT IN ('failed', 'blocked')",
            {run.id(), std::to_string(s.table_id), s.kind + " " + s.object + ": " + outcome.error});
}

std::string describe_failure(const Error& e) {
    return std::string(e.what()) + (e.detail.empty() ? "" : ": " + e.detail) +
           (e.sqlstate.empty() ? "" : " (" + e.sqlstate + ")");
}

void StatementRunner::connect() {
    {
        const std::lock_guard lock(mutex_);
        registration_.reset();
        target_.reset();
    }
    Pg target = run_.target.connect();
    const std::lock_guard lock(mutex_);
    target_.emplace(std::move(target));
    registration_ = std::make_unique<Cancellable>(run_.cancel, *target_);
    set_maintenance_memory(*target_);
    // A body may name what is made later.
    target_->exec("SET check_function_bodies = off");
    run_.ledger->name_session(*target_);
}

void StatementRunner::cut() noexcept {
    cut_ = true;
    const std::lock_guard lock(mutex_);
    if (target_) ::shutdown(PQsocket(target_->raw()), SHUT_RDWR);
}

std::optional<StatementOutcome> StatementRunner::execute(const Statement& s) {
    OutageWait outage(run_);
    // Its first execution may have been committed without an answer: then it is there already.
    bool again = run_.resumed;
    for (int attempt = 1;; ++attempt) {
        const auto start = Clock::now();
        const auto seconds = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
        try {
            if (!target_ || !target_->alive()) connect();
            if (cut_) return std::nullopt;
            if (is_tracked(s.kind)) {
                // Together: what is there and not in the register would never be rolled back.
                target_->exec("BEGIN");
                run_.ledger->fence(*target_);
                // Converted code comes in the order of what it needs: what is not there is found now, not at the first call.
                if (s.stage == "converted") target_->exec("SET LOCAL check_function_bodies = on");
                target_->exec(s.sql);
                run_.ledger->register_object(*target_, s.kind, s.object, s.table_id);
                target_->exec("COMMIT");
            } else {
                target_->exec(s.sql);
            }
            outage.over();
            return StatementOutcome{true, {}, seconds()};
        } catch (const Error& e) {
            if (run_.cancel.raised() || cut_) return std::nullopt;
            if (is_tracked(s.kind) && target_->alive()) target_->exec("ROLLBACK");
            if (outage.after(e)) {
                again = true;
                --attempt;
                continue;
            }
            if (again && is_there(e) && (s.stage != "converted" || is_registered(run_, *target_, s))) {
                outage.over();
                return StatementOutcome{true, {}, seconds()};
            }
            StatementOutcome outcome{false, describe_failure(e), seconds()};
            if (!worth_retrying(e) || attempt >= run_.options.attempts) {
                if (e.connection_lost) throw;
                outage.over();
                outcome.error += rows_in_the_way(*target_, s.sql, e);
                return outcome;
            }
            run_.events.emit(Level::kWarning, "statement_retry", s.kind + " " + s.object + ": " + outcome.error);
            std::this_thread::sleep_for(std::chrono::milliseconds(500 * attempt));
        }
    }
}

}  // namespace lakemover::loader
