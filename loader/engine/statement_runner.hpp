// One statement of the schema on the target: tried again where that helps, waited with where the target is away, and
// recorded in staging and in the audit trail. Throws Error.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

struct Statement {
    int ordinal = 0;
    std::string stage;
    std::int64_t table_id = 0;  // 0: none
    std::string kind;
    std::string object;
    std::string sql;
};

struct StatementOutcome {
    bool ok = true;
    std::string error;
    double seconds = 0;
};

// Of ordinal, stage, table, kind, object and SQL, in this order.
std::vector<Statement> statements_of(const Result& rows);

// Those of several that were done, at once.
void record_made(RunContext& run, Pg& staging, const std::vector<std::pair<Statement, StatementOutcome>>& outcomes);
void record_statement(RunContext& run, Pg& staging, const Statement& statement, const StatementOutcome& outcome);

std::string describe_failure(const Error& e);

// A session on the target of a thread of its own.
class StatementRunner {
public:
    explicit StatementRunner(RunContext& run) : run_(run) {}
    // Absent when the run was cancelled, or cut() was called, meanwhile.
    std::optional<StatementOutcome> execute(const Statement& statement);
    // From another thread: ends the session, and with it what is under way. For good.
    void cut() noexcept;

private:
    void connect();

    RunContext& run_;
    std::atomic<bool> cut_{false};
    std::mutex mutex_;  // whether there is a session
    std::optional<Pg> target_;
    std::unique_ptr<Cancellable> registration_;
};

}  // namespace lakemover::loader
