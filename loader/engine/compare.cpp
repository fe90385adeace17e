#include "loader/engine/compare.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "loader/engine/load.hpp"
#include "loader/engine/repair.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

namespace {

// Digests of the target's tables, read beside the source's: the longer of the two decides how long a comparison takes.
class TargetPass {
public:
    TargetPass(RunContext& run, Pg& staging) : run_(run) {
        const Result r = staging.query(
            "SELECT table_id FROM lakemover.run_table WHERE run_id = $1 AND (spec->>'copies_rows')::boolean AND state "
            "= 'pending' ORDER BY est_bytes DESC, table_id",
            {run.id()});
        for (int i = 0; i < r.rows(); ++i) tables_.push_back(r.integer(i, 0));
        const int workers = std::min<int>(run.options.jobs, static_cast<int>(tables_.size()));
        for (int i = 0; i < workers; ++i) threads_.emplace_back([this] { work(); });
    }
    TargetPass(const TargetPass&) = delete;
    TargetPass& operator=(const TargetPass&) = delete;
    ~TargetPass() {
        stop_ = true;
        join();
    }

    // Of the tables that could be read; validation says why the others could not.
    TargetReads take() {
        join();
        if (failure_) std::rethrow_exception(failure_);
        run_.cancel.check();
        return std::move(reads_);
    }

private:
    void join() {
        for (std::thread& t : threads_) t.join();
        threads_.clear();
    }

    void work() {
        try {
            Pg staging = run_.staging.connect();
            const Cancellable registered(run_.cancel, staging);
            TargetSession session(run_);
            for (std::size_t i = next_++; i < tables_.size() && !stop_ && !run_.cancel.ends(); i = next_++)
                read(staging, session, tables_[i], i + 1 == tables_.size() ? run_.options.jobs : 1);
        } catch (...) {
            const std::lock_guard lock(mutex_);
            if (!failure_ && !run_.cancel.raised()) failure_ = std::current_exception();
            stop_ = true;
        }
    }

    void read(Pg& staging, TargetSession& session, std::int64_t table_id, int jobs) {
        const Result r = staging.query(
            "SELECT spec, lakemover._target_sql(run_id, table_id, 'copy_out') FROM lakemover.run_table WHERE run_id = "
            "$1 AND table_id = $2",
            {run_.id(), std::to_string(table_id)});
        const TableSpec spec = parse_table_spec(nlohmann::json::parse(r.get(0, 0)));
        const TargetReader reader(spec, run_.hash_key, r.text(0, 1), [this] {
            run_.cancel.check();
            if (stop_) throw Error(Exit::kCancelled, "the comparison has ended");
        });
        try {
            session.use([&](Pg& target) {
                ReadResult found = reader.read(
                    target, [this] { return run_.target.connect(); }, jobs);
                const std::lock_guard lock(mutex_);
                reads_[table_id] = std::move(found);
            });
        } catch (const Error& e) {
            if (e.resumable || e.connection_lost || e.exit_code == Exit::kConnect || e.exit_code == Exit::kCancelled)
                throw;
        } catch (const codec::DecodeError&) {
            // Level 2 meets it again, and says it.
        }
    }

    RunContext& run_;
    std::vector<std::int64_t> tables_;
    std::atomic<std::size_t> next_{0};
    std::atomic<bool> stop_{false};
    std::mutex mutex_;
    TargetReads reads_;
    std::exception_ptr failure_;
    std::vector<std::thread> threads_;
};

}  // namespace

Verdict compare_phases(RunContext& run, Pg& staging, const RunScope& scope) {
    begin_run(run, staging);
    {
        Phase phase(run, staging, "plan");
        staging.query("SELECT lakemover.inventory($1)", {run.source});
        freeze_plan(run, staging, scope);
        phase.end();
    }
    TargetReads reads;
    {
        Phase phase(run, staging, "read");
        run.gate->wait(run, staging, Gate::Heed::kPauseAndWindow);
        // No point for all tables: where the source's sessions cannot share one but at one moment, those that look for
        // the rows behind a difference would not have it. Tables are compared one by one.
        SharedPoint point(run);
        over_outages(run, [&] { cut_tables(run, staging); });
        staging.query("SELECT lakemover._stream_release()", {});
        TargetPass pass(run, staging);
        load_tables(run, point);
        reads = pass.take();
        phase.end("both sides");
    }
    {
        Phase phase(run, staging, "validate");
        run.gate->wait(run, staging, Gate::Heed::kPause);
        // Who refreshes knows that rows differ; looking for them would read both sides twice more.
        validate_run(run, staging, true, &reads, scope.replan || !run.repairs);
        phase.end();
    }
    if (run.repairs) {
        std::vector<RepairedTable> repaired;
        {
            Phase phase(run, staging, "repair");
            run.gate->wait(run, staging, Gate::Heed::kPause);
            repaired = repair_tables(run, staging);
            phase.end(repaired.empty() ? "nothing to do" : std::to_string(repaired.size()) + " tables");
        }
        if (!repaired.empty() || judge(run, staging).exit_code != Exit::kSuccess) {
            Phase phase(run, staging, "validate");
            reads.clear();  // every table anew: a key may have reached others
            validate_run(run, staging, true, &reads);
            phase.end("after the repair");
        }
    }
    return judge_at_the_end(run, staging);
}

}  // namespace lakemover::loader
