#include "loader/engine/load.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "loader/engine/pump.hpp"
#include "loader/validate/table_spec.hpp"
#include "loader/validate/validate.hpp"

namespace lakemover::loader {

namespace {

using Clock = std::chrono::steady_clock;

struct Chunk {
    std::int64_t chunk_id = 0;
    std::int64_t table_id = 0;
    int chunk_no = 0;
    std::string method;
    Value lower;
    Value upper;
};

// What a worker needs to know of a table, read once per worker.
struct TablePlan {
    std::string name;
    std::string copy_in;
    codec::Format format = codec::Format::kBinary;
    std::unique_ptr<codec::StreamDigester> digester;
};

class Worker {
public:
    Worker(RunContext& run, const std::atomic<bool>& stop) : run_(run), stop_(stop) {}

    void work() {
        connect_staging();
        while (!run_.cancel.raised() && !stop_) {
            const std::optional<Chunk> chunk = claim();
            if (chunk) {
                load(*chunk);
            } else if (!start_tables() && finished()) {
                return;
            } else {
                std::this_thread::sleep_for(std::chrono::milliseconds(idle_ms_));
                idle_ms_ = std::min(idle_ms_ * 2, 100);
            }
        }
    }

private:
    void connect_staging() {
        staging_registration_.reset();
        staging_.emplace(run_.staging.connect());
        staging_registration_ = std::make_unique<Cancellable>(run_.cancel, *staging_);
    }

    void connect_target() {
        target_registration_.reset();
        target_.emplace(run_.target.connect(false));
        target_registration_ = std::make_unique<Cancellable>(run_.cancel, *target_);
    }

    std::optional<Chunk> claim() {
        const Result r = staging_->query("SELECT * FROM lakemover._claim_chunk($1, $2)", {run_.id(), run_.loader_id});
        if (r.rows() == 0) return std::nullopt;
        idle_ms_ = 2;
        Chunk c;
        c.chunk_id = r.integer(0, 0);
        c.table_id = r.integer(0, 1);
        c.chunk_no = static_cast<int>(r.integer(0, 2));
        c.method = r.text(0, 3);
        c.lower = r.value(0, 4);
        c.upper = r.value(0, 5);
        return c;
    }

    // Starts what has become ready; true when a table changed its state.
    bool start_tables() {
        // Updates many rows: two at once could lock them in different orders.
        static std::mutex one_at_a_time;
        const std::lock_guard lock(one_at_a_time);
        const Result r = staging_->query("SELECT * FROM lakemover._start_ready_tables($1)", {run_.id()});
        for (int i = 0; i < r.rows(); ++i)
            if (r.get(i, 1) == "blocked")
                run_.events.emit(Level::kError, "table_blocked", table_name(r.integer(i, 0)) + " " + r.text(i, 2), {},
                                 r.integer(i, 0));
        return r.rows() > 0;
    }

    bool finished() {
        return staging_->scalar(
                   "SELECT NOT EXISTS (SELECT FROM lakemover.run_table WHERE run_id = $1 AND state IN ('pending', "
                   "'loading'))",
                   {run_.id()}) == "t";
    }

    bool loaded_uncounted(std::int64_t table_id) {
        return staging_
                   ->query(
                       "SELECT FROM lakemover.run_table WHERE run_id = $1 AND table_id = $2 AND state = 'loaded' AND "
                       "source_rows IS NULL",
                       {run_.id(), std::to_string(table_id)})
                   .rows() == 1;
    }

    std::string table_name(std::int64_t table_id) {
        return staging_
            ->scalar(
                "SELECT pg_catalog.format('%I.%I', spec->>'target_schema', spec->>'target_table') FROM "
                "lakemover.run_table "
                "WHERE run_id = $1 AND table_id = $2",
                {run_.id(), std::to_string(table_id)})
            .value_or("?");
    }

    TablePlan& plan(std::int64_t table_id) {
        const auto known = plans_.find(table_id);
        if (known != plans_.end()) return known->second;
        const Result r = staging_->query(
            "SELECT spec, lakemover._target_sql(run_id, table_id, 'copy_in') FROM lakemover.run_table WHERE run_id = "
            "$1 AND table_id = $2",
            {run_.id(), std::to_string(table_id)});
        const TableSpec spec = parse_table_spec(nlohmann::json::parse(r.get(0, 0)));
        TablePlan p;
        p.name = table_name(table_id);
        p.copy_in = r.text(0, 1);
        p.format = spec.format;
        p.digester = std::make_unique<codec::StreamDigester>(row_hasher_config(spec, run_.hash_key), spec.format);
        return plans_.emplace(table_id, std::move(p)).first->second;
    }

    // Attempts until the chunk is in the ledger; gives the table up after the last one.
    void load(const Chunk& chunk) {
        TablePlan& table = plan(chunk.table_id);
        unanswered_.reset();
        for (int attempt = 1;; ++attempt) {
            try {
                staging_->query("UPDATE lakemover.run_chunk SET attempts = $2 WHERE chunk_id = $1",
                                {std::to_string(chunk.chunk_id), std::to_string(attempt)});
                const ChunkRecord record = load_once(chunk, table);
                record_done(chunk, record, table, attempt > 1);
                return;
            } catch (const Error& e) {
                run_.cancel.check();
                recover(e);
                const std::string where = table.name + " chunk " + std::to_string(chunk.chunk_no);
                nlohmann::json data{
                    {"chunk", chunk.chunk_no}, {"attempt", attempt}, {"sqlstate", e.sqlstate}, {"detail", e.detail}};
                // A takeover is not this chunk's failure: nothing here may be written any more.
                if (e.taken_over) throw;
                if (unanswered_ && was_committed(where, data, chunk, table)) return;
                if (attempt >= run_.options.attempts) {
                    const std::string hint = e.hint.empty() ? "" : "; " + e.hint;
                    run_.events.emit(Level::kError, "chunk_failed",
                                     where + ": " + e.what() + (e.detail.empty() ? "" : " (" + e.detail + ")") + hint,
                                     data, chunk.table_id);
                    staging_->query("SELECT lakemover._fail_table($1, $2, $3)",
                                    {run_.id(), std::to_string(chunk.table_id),
                                     where + ": " + e.what() + (e.detail.empty() ? "" : ": " + e.detail) + hint});
                    start_tables();
                    return;
                }
                run_.events.emit(Level::kWarning, "chunk_retry",
                                 where + ": attempt " + std::to_string(attempt) + " failed: " + e.what(), data,
                                 chunk.table_id);
                back_off(attempt);
            }
        }
    }

    // Asks the ledger what became of a COMMIT without an answer. It costs no attempt when the rows are there.
    bool was_committed(const std::string& where, const nlohmann::json& data, const Chunk& chunk,
                       const TablePlan& table) {
        try {
            if (!target_) connect_target();
            const ChunkRecord sent = *std::exchange(unanswered_, std::nullopt);
            const std::optional<ChunkRecord> there = run_.ledger->settle(*target_, sent);
            if (!there) return false;
            run_.events.emit(Level::kWarning, "commit_unanswered",
                             where + ": the connection was lost while it was committed; the ledger has it", data,
                             chunk.table_id);
            record_done(chunk, *there, table, true);
            return true;
        } catch (const Error& e) {
            // Still out of reach: the next attempt looks into the ledger before it copies anything.
            if (e.connection_lost) {
                recover(e);
                return false;
            }
            throw;
        }
    }

    // The connections as they must be for the next attempt.
    void recover(const Error& cause) {
        if (target_ && (!target_->alive() || cause.connection_lost)) {
            target_registration_.reset();
            target_.reset();
        }
        if (target_ && target_->in_transaction()) {
            try {
                target_->exec("ROLLBACK");
            } catch (const Error&) {
                target_registration_.reset();
                target_.reset();
            }
        }
        // A COPY that was given up half-way leaves staging in the middle of a result: a new session is simpler than draining it.
        connect_staging();
    }

    void back_off(int attempt) {
        static thread_local std::mt19937 random{std::random_device{}()};
        const double base = std::min(30.0, 0.5 * static_cast<double>(1 << std::min(attempt, 6)));
        const double wait = base * std::uniform_real_distribution<double>(0.5, 1.0)(random);
        const auto until = Clock::now() + std::chrono::duration<double>(wait);
        while (Clock::now() < until) {
            run_.cancel.check();
            std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
    }

    ChunkRecord load_once(const Chunk& chunk, TablePlan& table) {
        if (!target_) connect_target();
        // The reply to an earlier COMMIT may have been lost: the ledger is the truth.
        const std::optional<ChunkRecord> sent = std::exchange(unanswered_, std::nullopt);
        if (const auto done = sent ? run_.ledger->settle(*target_, *sent)
                                   : run_.ledger->find(*target_, chunk.table_id, chunk.chunk_no))
            return *done;
        target_->exec("BEGIN");
        run_.ledger->fence(*target_);
        const PumpResult moved =
            pump_chunk(*staging_, *target_, run_.run_id, chunk.chunk_id, table.copy_in, *table.digester, table.format);
        ChunkRecord record{chunk.table_id,
                           chunk.chunk_no,
                           chunk.method,
                           chunk.lower,
                           chunk.upper,
                           moved.rows,
                           moved.bytes,
                           moved.digest.lane1_text(),
                           moved.digest.lane2_text()};
        const auto t = Clock::now();
        const std::optional<std::string> xid = run_.ledger->record(*target_, record);
        if (!xid) {
            // Somebody has finished this chunk since we looked: an attempt of ours whose COMMIT got no answer.
            target_->exec("ROLLBACK");
            const std::optional<ChunkRecord> there = run_.ledger->settle(*target_, record);
            if (there) return *there;
            throw Error(Exit::kOther, "the ledger on the target has lost a chunk while it was looked at");
        }
        unanswered_ = record;
        target_->exec("COMMIT");
        unanswered_.reset();
        stats_ = {{"source_wait_s", moved.source_wait_s},
                  {"read_s", moved.read_s},
                  {"hash_s", moved.hash_s},
                  {"send_s", moved.send_s},
                  {"commit_s", std::chrono::duration<double>(Clock::now() - t).count()},
                  {"columns", column_stats_json(moved.columns)},
                  {"losses", nlohmann::json::parse(moved.losses)},
                  {"xid", *xid}};
        return record;
    }

    void record_done(const Chunk& chunk, const ChunkRecord& record, const TablePlan& table, bool again) {
        const bool last =
            staging_->scalar("SELECT lakemover._finish_chunk($1, $2, $3, ARRAY[$4::numeric, $5::numeric], $6)",
                             {std::to_string(chunk.chunk_id), std::to_string(record.rows), std::to_string(record.bytes),
                              record.lane1, record.lane2, stats_.dump()}) == "t";
        nlohmann::json batch{{"table", table.name},   {"chunk", chunk.chunk_no}, {"method", chunk.method},
                             {"rows", record.rows},   {"bytes", record.bytes},   {"lane1", record.lane1},
                             {"lane2", record.lane2}, {"stats", stats_}};
        batch["lower"] = chunk.lower ? nlohmann::json(*chunk.lower) : nlohmann::json();
        batch["upper"] = chunk.upper ? nlohmann::json(*chunk.upper) : nlohmann::json();
        batch["stats"].erase("columns");
        run_.events.audit().batch(batch);
        stats_ = nlohmann::json::object();
        // A first attempt may have ended between the two: then the table is loaded and not counted yet.
        if (!last && !(again && loaded_uncounted(chunk.table_id))) return;
        start_tables();
        // Counted by a scan of its own, in the snapshot that the rows were read in.
        const Value rows = staging_->scalar(
            "UPDATE lakemover.run_table SET source_rows = lakemover.source_count(run_id, table_id) "
            "WHERE run_id = $1 AND table_id = $2 RETURNING source_rows",
            {run_.id(), std::to_string(chunk.table_id)});
        // A source with a point in time per table shows it in this session's transaction only.
        staging_->query("SELECT lakemover._keep_samples($1, $2, $3, $4) WHERE lakemover._samples_are_kept($1, $2)",
                        {run_.id(), std::to_string(chunk.table_id), std::to_string(run_.options.sample_rows),
                         std::to_string(ValidateOptions().diff_rows)});
        run_.events.emit(Level::kInfo, "table_loaded", table.name + ": " + rows.value_or("?") + " rows",
                         {{"table", table.name}}, chunk.table_id);
    }

    RunContext& run_;
    const std::atomic<bool>& stop_;  // another worker met what ends the run
    std::optional<Pg> staging_;
    std::optional<Pg> target_;
    std::unique_ptr<Cancellable> staging_registration_;
    std::unique_ptr<Cancellable> target_registration_;
    std::map<std::int64_t, TablePlan> plans_;
    std::optional<ChunkRecord> unanswered_;  // its COMMIT was sent and has no answer
    nlohmann::json stats_ = nlohmann::json::object();
    int idle_ms_ = 2;
};

}  // namespace

void load_tables(RunContext& run) {
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::exception_ptr first;
    std::atomic<bool> stop{false};
    for (int i = 0; i < run.options.jobs; ++i)
        threads.emplace_back([&] {
            try {
                Worker(run, stop).work();
            } catch (...) {
                const std::lock_guard lock(mutex);
                // After a cancel every cut connection fails; the cancel is the reason, not they.
                if (run.cancel.raised()) return;
                if (!first) first = std::current_exception();
                // The others stop at the next chunk; what is committed is in the ledger.
                stop = true;
            }
        });
    for (std::thread& t : threads) t.join();
    if (first) std::rethrow_exception(first);
    run.cancel.check();
}

}  // namespace lakemover::loader
