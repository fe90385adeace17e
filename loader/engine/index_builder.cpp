#include "loader/engine/index_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "loader/engine/statement_runner.hpp"
#include "loader/engine/workers.hpp"

namespace lakemover::loader {

namespace {

constexpr std::chrono::milliseconds kLook{300};
constexpr int kLeftForOthers = 2;  // connections of the target, as choose_workers() leaves them

}  // namespace

struct IndexBuilder::Impl {
    explicit Impl(RunContext& r) : run(r) {}

    // The next one whose table is loaded; its key first, since that takes the table for itself, then its indexes at the
    // same time. What belongs to a partitioned table locks its partitions, which may still load: not here.
    std::optional<Statement> take(Pg& staging) {
        const std::lock_guard lock(mutex);
        if (first) return std::nullopt;
        // Those of small tables are many: looking for them must not take longer than making them.
        if (ready.empty() || std::chrono::steady_clock::now() - looked >= kLook) look(staging);
        for (auto s = ready.begin(); s != ready.end(); ++s) {
            if (keyed.count(s->table_id) > 0) continue;
            Statement next = std::move(*s);
            ready.erase(s);
            begun.insert(next.ordinal);
            if (next.stage == "key") keyed.insert(next.table_id);
            return next;
        }
        return std::nullopt;
    }

    void look(Pg& staging) {
        looked = std::chrono::steady_clock::now();
        std::vector<Statement> found = statements_of(staging.query(
            "SELECT s.ordinal, s.stage, s.table_id, s.kind, s.object, s.sql FROM lakemover.run_statement s JOIN "
            "lakemover.run_table t ON t.run_id = s.run_id AND t.table_id = s.table_id WHERE s.run_id = $1 AND s.state "
            "= 'pending' AND s.stage IN ('key', 'index') AND t.state = 'loaded' AND t.source_rows IS NOT NULL AND "
            "(t.spec->>'copies_rows')::boolean AND s.ordinal <> ALL ($2::int[]) AND s.table_id <> ALL ($3::bigint[]) "
            "AND EXISTS (SELECT FROM lakemover.run r WHERE r.run_id = s.run_id AND r.pause_requested IS NULL) AND "
            "(s.stage "
            "= 'key' OR s.table_id NOT IN (SELECT k.table_id FROM lakemover.run_statement k WHERE k.run_id = $1 AND "
            "k.stage = 'key' AND k.state = 'pending' AND k.table_id IS NOT NULL)) ORDER BY t.bytes_copied DESC NULLS "
            "LAST, s.ordinal LIMIT 50",
            {run.id(), fmt::format("{{{}}}", fmt::join(begun, ",")), fmt::format("{{{}}}", fmt::join(keyed, ","))}));
        ready.assign(std::make_move_iterator(found.begin()), std::make_move_iterator(found.end()));
    }

    void work(StatementRunner& runner) {
        Pg staging = run.staging.connect(false);
        const Cancellable registered(run.cancel, staging);
        for (;;) {
            if (stop || run.cancel.ends()) return;
            const std::optional<Statement> s = take(staging);
            if (!s) {
                std::unique_lock lock(mutex);
                // What a key holds back now may be had later.
                if (first || (draining && keyed.empty())) return;
                changed.wait_for(lock, kLook);
                continue;
            }
            const std::optional<StatementOutcome> outcome = runner.execute(*s);
            {
                const std::lock_guard lock(mutex);
                if (s->stage == "key") keyed.erase(s->table_id);
                if (!outcome || stop) return;
                // A table's state is the load's affair until that is over.
                if (outcome->ok) {
                    record_statement(run, staging, *s, *outcome);
                    begun.erase(s->ordinal);
                } else {
                    failed.emplace_back(*s, *outcome);
                }
            }
            changed.notify_all();
        }
    }

    void start() {
        const std::lock_guard lock(mutex);
        StatementRunner& runner = runners.emplace_back(run);
        ++running;
        threads.emplace_back([this, &runner] {
            try {
                work(runner);
            } catch (...) {
                const std::lock_guard held(mutex);
                if (!first && !run.cancel.raised()) first = std::current_exception();
            }
            --running;
            changed.notify_all();
        });
    }

    void join() {
        for (std::thread& t : threads)
            if (t.joinable()) t.join();
    }

    RunContext& run;
    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<bool> stop{false};
    std::atomic<bool> draining{false};
    std::atomic<int> running{0};
    std::deque<Statement> ready;  // as they were found when it was last looked
    std::chrono::steady_clock::time_point looked;
    std::set<int> begun;           // and not recorded
    std::set<std::int64_t> keyed;  // tables whose key is under way
    std::vector<std::pair<Statement, StatementOutcome>> failed;
    std::exception_ptr first;
    std::deque<StatementRunner> runners;
    std::vector<std::thread> threads;
};

IndexBuilder::IndexBuilder(RunContext& run, Pg& target) : impl_(std::make_unique<Impl>(run)) {
    // Those of the workers are not open yet.
    const int spare = free_connections(target) - run.options.jobs - kLeftForOthers;
    const int sessions = std::min(std::max(1, run.options.jobs / 2), spare);
    for (int i = 0; i < sessions; ++i) impl_->start();
}

IndexBuilder::~IndexBuilder() {
    impl_->stop = true;
    impl_->changed.notify_all();
    while (impl_->running > 0) {
        if (!impl_->run.cancel.draining() || impl_->run.cancel.raised())
            for (StatementRunner& runner : impl_->runners) runner.cut();
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    impl_->join();
}

void IndexBuilder::finish(Pg& staging) {
    if (impl_->threads.empty()) return;
    impl_->draining = true;
    impl_->changed.notify_all();
    while (static_cast<int>(impl_->threads.size()) < impl_->run.options.jobs) impl_->start();
    impl_->join();
    if (impl_->first) std::rethrow_exception(impl_->first);
    for (const auto& [statement, outcome] : impl_->failed) record_statement(impl_->run, staging, statement, outcome);
    impl_->failed.clear();
    impl_->run.cancel.check_draining();
}

}  // namespace lakemover::loader
