#include "loader/engine/load.hpp"

#include <atomic>
#include <chrono>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "loader/engine/bad_rows.hpp"
#include "loader/engine/classify.hpp"
#include "loader/engine/count_tables.hpp"
#include "loader/engine/large_objects.hpp"
#include "loader/engine/phases.hpp"
#include "loader/engine/pump.hpp"
#include "loader/engine/second_pass.hpp"
#include "loader/staging/run_table.hpp"
#include "loader/validate/pieces.hpp"
#include "loader/validate/table_spec.hpp"

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
    int pass = 1;
    bool again = false;  // somebody had it before: it may be in the ledger
};

// What a worker needs to know of a table, read once per worker; of each pass.
struct TablePlan {
    std::string name;
    std::optional<Fill> fill;  // of the second pass
    std::string copy_in;
    TableSpec spec;
    std::unique_ptr<codec::StreamDigester> digester;
};

class Worker {
public:
    Worker(RunContext& run, SharedPoint& point, std::unique_ptr<Pg> session, const std::atomic<bool>& stop, int number)
        : run_(run), stop_(stop), number_(number), after_read_(run.gate->after_read(run, stop)), point_(point),
          at_point_(session != nullptr) {
        if (session) staging_.emplace(std::move(*session));
    }

    void work() {
        if (at_point_) {
            staging_registration_ = std::make_unique<Cancellable>(run_.cancel, *staging_);
        } else if (point_.shared()) {
            throw_point_lost(run_, "no session is left that was opened at it");
        } else {
            connect_staging();
        }
        while (!run_.cancel.ends() && !stop_) {
            if (load_next()) {
                if (point_.shared() && !at_point_) return;
                continue;
            }
            if (!start_tables() && finished()) return;
            std::this_thread::sleep_for(std::chrono::milliseconds(idle_ms_));
            idle_ms_ = std::min(idle_ms_ * 2, 100);
        }
    }

    // Its session at the point in time, for whoever goes on there; nothing when it has none.
    std::unique_ptr<Pg> release() {
        staging_registration_.reset();
        if (!at_point_ || !staging_ || !staging_->alive()) return nullptr;
        return std::make_unique<Pg>(std::move(*staging_));
    }

private:
    // False when there is nothing to load now, or not for this worker.
    bool load_next() {
        const std::optional<Gate::Turn> turn = run_.gate->enter(run_, *staging_, number_);
        if (!turn) {
            place_.leave(run_, *staging_);
            return false;
        }
        if (!place_.take(run_, *staging_)) return false;
        const std::optional<Chunk> chunk = claim();
        if (!chunk) return false;
        load(*chunk);
        run_.ahead->look(run_, *staging_);
        return true;
    }

    void connect_staging() {
        staging_registration_.reset();
        staging_.emplace(run_.staging.connect(false));
        place_.new_session();
        staging_registration_ = std::make_unique<Cancellable>(run_.cancel, *staging_);
    }

    void connect_target() {
        target_registration_.reset();
        target_.emplace(run_.target.connect(false));
        run_.ledger->name_session(*target_);
        fill_tables_.clear();
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
        c.pass = static_cast<int>(r.integer(0, 7));
        c.again = r.boolean(0, 8);
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
                run_.events.emit(Level::kError, "table_blocked",
                                 table_name(*staging_, run_.id(), r.integer(i, 0)) + " " + r.text(i, 2), {},
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

    TablePlan& plan(std::int64_t table_id, int pass) {
        const auto known = plans_.find({table_id, pass});
        if (known != plans_.end()) return known->second;
        const Result r = staging_->query(
            "SELECT spec, lakemover._target_sql(run_id, table_id, $3), CASE $3 WHEN 'fill_copy' THEN "
            "lakemover._target_sql(run_id, table_id, 'fill_table') END, CASE $3 WHEN 'fill_copy' THEN "
            "lakemover._target_sql(run_id, table_id, 'fill_update') END, pg_catalog.format('%I.%I', "
            "spec->>'target_schema', spec->>'target_table') FROM lakemover.run_table WHERE run_id = $1 AND table_id = "
            "$2",
            {run_.id(), std::to_string(table_id), pass == 2 ? "fill_copy" : "copy_in"});
        TablePlan p;
        p.name = r.text(0, 4);
        p.copy_in = r.text(0, 1);
        if (pass == 2) p.fill = Fill{r.text(0, 2), r.text(0, 3)};
        p.spec = parse_table_spec(nlohmann::json::parse(r.get(0, 0)), pass);
        p.digester = std::make_unique<codec::StreamDigester>(row_hasher_config(p.spec, run_.hash_key), p.spec.format);
        return plans_.emplace(std::pair(table_id, pass), std::move(p)).first->second;
    }

    // Attempts until the chunk is in the ledger; gives the table up after the last one.
    void load(const Chunk& chunk) {
        TablePlan& table = plan(chunk.table_id, chunk.pass);
        unanswered_.reset();
        rows_refused_ = false;
        refused_.reset();
        OutageWait outage(run_, &stop_);
        bool again = false;
        for (int attempt = 1; !stop_; ++attempt) {
            try {
                if (attempt > 1)
                    staging_->query(
                        "UPDATE lakemover.run_chunk SET attempts = $2 WHERE chunk_id = $1 AND loader_id = $3",
                        {std::to_string(chunk.chunk_id), std::to_string(attempt), run_.loader_id});
                const ChunkRecord record = load_once(chunk, table, again || chunk.again);
                record_done(chunk, record, table, again);
                outage.over();
                return;
            } catch (const Error& e) {
                run_.cancel.check();
                again = true;
                recover(e);
                const std::string where = table.name + " chunk " + std::to_string(chunk.chunk_no);
                nlohmann::json data{
                    {"chunk", chunk.chunk_no}, {"attempt", attempt}, {"sqlstate", e.sqlstate}, {"detail", e.detail}};
                // A takeover is not this chunk's failure: nothing here may be written any more.
                if (e.taken_over || e.resumable) throw;
                if (lost_point()) {
                    hand_back(chunk, where, data, e);
                    return;
                }
                if (unanswered_ && was_committed(where, data, chunk, table)) {
                    outage.over();
                    return;
                }
                if (e.sqlstate == "55000") check_point(e);
                if (outage.after(e)) {
                    --attempt;
                    continue;
                }
                outage.over();
                if (refuses_rows(e) && !rows_refused_) {
                    // Nothing is gained by sending the same rows again: the next attempt finds out which they are.
                    rows_refused_ = true;
                    --attempt;
                    continue;
                }
                if (attempt >= run_.options.attempts || response_to(e) == Response::kFail) {
                    give_up(e, where, data, chunk);
                    return;
                }
                run_.events.emit(Level::kWarning, "chunk_retry",
                                 where + ": attempt " + std::to_string(attempt) + " failed: " + e.what(), data,
                                 chunk.table_id);
                wait_for_retry(run_, retry_delay(attempt), &stop_);
            }
        }
    }

    void give_up(const Error& e, const std::string& where, const nlohmann::json& data, const Chunk& chunk) {
        const std::string hint = e.hint.empty() ? "" : "; " + e.hint;
        run_.events.emit(Level::kError, "chunk_failed",
                         where + ": " + e.what() + (e.detail.empty() ? "" : " (" + e.detail + ")") + hint, data,
                         chunk.table_id);
        staging_->query("SELECT lakemover._fail_table($1, $2, $3)",
                        {run_.id(), std::to_string(chunk.table_id),
                         where + ": " + e.what() + (e.detail.empty() ? "" : ": " + e.detail) + hint});
        start_tables();
    }

    bool lost_point() {
        if (!at_point_) return false;
        try {
            at_point_ = staging_->scalar("SELECT lakemover._point_held($1)", {run_.id()}) == "t";
        } catch (const Error&) {
            at_point_ = false;  // not even the keeper is there
        }
        return !at_point_;
    }

    // What was read at the point can only go on there, by a worker that still has it.
    void hand_back(const Chunk& chunk, const std::string& where, const nlohmann::json& data, const Error& cause) {
        run_.events.emit(Level::kWarning, "point_session_lost",
                         where + ": a session at the run's point in time is lost: " + cause.what(), data,
                         chunk.table_id);
        staging_->query("SELECT lakemover._hand_back_chunk($1, $2)", {std::to_string(chunk.chunk_id), run_.loader_id});
        if (!point_.lose()) throw_point_lost(run_, std::string(cause.what()));
    }

    // The staging session whose source session has the point, ready for the next statement.
    bool keep_session() {
        try {
            std::string_view rest;
            // The rest of a batch that the target did not want.
            while (staging_->copying_out() && staging_->copy_out_next(rest)) run_.cancel.check();
        } catch (const Error&) {
            run_.cancel.check();
        }
        try {
            if (staging_->alive() && staging_->in_transaction()) staging_->exec("ROLLBACK");
        } catch (const Error&) {}
        return staging_->alive();
    }

    // Without its snapshot no table can be read at the run's point: that is no table's failure. The source may say so
    // before the keeper has noticed.
    void check_point(const Error& e) {
        if (std::string(e.what()).find("no snapshot of the source is held") == std::string::npos) return;
        for (int i = 0; i < 30; ++i) {
            if (!point_is_held(run_, *staging_))
                throw_point_lost(run_, std::string(e.what()) + (e.detail.empty() ? "" : ": " + e.detail));
            wait_for_retry(run_, 0.5, &stop_);
        }
    }

    // Asks the ledger what became of a COMMIT without an answer. It costs no attempt when the rows are there.
    bool was_committed(const std::string& where, const nlohmann::json& data, const Chunk& chunk,
                       const TablePlan& table) {
        try {
            if (!target_) connect_target();
            const std::optional<ChunkRecord> there = run_.ledger->settle(*target_, *unanswered_);
            unanswered_.reset();
            if (!there) return false;
            run_.events.emit(Level::kWarning, "commit_unanswered",
                             where + ": the connection was lost while it was committed; the ledger has it", data,
                             chunk.table_id);
            record_done(chunk, *there, table, true);
            return true;
        } catch (const Error& e) {
            // Still out of reach: the next attempt looks into the ledger before it copies anything.
            const Response response = response_to(e);
            if (response != Response::kOutage && response != Response::kNewSecret) throw;
            recover(e);
            return false;
        }
    }

    // The connections as they must be for the next attempt.
    void recover(const Error& cause) {
        // After an outage of the target another server may answer under its name.
        const bool away = cause.peer == "target" && response_to(cause) == Response::kOutage;
        if (target_ && (!target_->alive() || away)) {
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
        // The point in time goes with the session that has it.
        if (at_point_ && keep_session()) return;
        // A COPY that was given up half-way leaves staging in the middle of a result: a new session is simpler than draining it.
        connect_staging();
    }

    static ChunkRecord record_of(const Chunk& chunk, const PumpResult& moved) {
        return {chunk.table_id,
                chunk.chunk_no,
                chunk.method,
                chunk.lower,
                chunk.upper,
                moved.rows,
                moved.bytes,
                moved.digest.lane1_text(),
                moved.digest.lane2_text(),
                moved.rejected};
    }

    static nlohmann::json stats_of(const PumpResult& moved) {
        return {{"connect_s", moved.connect_s},
                {"source_wait_s", moved.source_wait_s},
                {"encode_s", moved.encode_s},
                {"read_s", moved.read_s},
                {"rate_limit_s", moved.rate_limit_s},
                {"hash_s", moved.hash_s},
                {"columns", column_stats_json(moved.columns)},
                {"losses", nlohmann::json::parse(moved.losses)}};
    }

    // The target is not asked: what it holds is read apart from this.
    ChunkRecord digest_once(const Chunk& chunk, TablePlan& table) {
        while (!place_.take(run_, *staging_)) wait_for_retry(run_, 0.1);
        const PumpResult read = run_.options.max_rate > 0
                                    ? digest_chunk(*staging_, run_.run_id, chunk.chunk_id, *table.digester, after_read_)
                                    : digest_chunk_in_staging(*staging_, run_.run_id, chunk.chunk_id, after_read_);
        stats_ = stats_of(read);
        return record_of(chunk, read);
    }

    // again: the ledger may have it.
    ChunkRecord load_once(const Chunk& chunk, TablePlan& table, bool again) {
        if (run_.compares) return digest_once(chunk, table);
        if (!target_) connect_target();
        // The reply to an earlier COMMIT may have been lost: the ledger is the truth.
        const auto done = unanswered_ ? run_.ledger->settle(*target_, *unanswered_)
                          : again     ? run_.ledger->find(*target_, chunk.table_id, chunk.chunk_no)
                                      : std::nullopt;
        unanswered_.reset();
        if (done) return *done;
        while (!place_.take(run_, *staging_)) wait_for_retry(run_, 0.1);
        if (table.fill && fill_tables_.count(chunk.table_id) == 0) {
            target_->exec(table.fill->create);
            fill_tables_.insert(chunk.table_id);
        }
        if (rows_refused_ && !refused_) refused_ = find_refused(run_, *staging_, *target_, bad_chunk(chunk, table));
        const std::string xid = run_.ledger->begin(*target_);
        if (holds_pieces(table.spec)) open_waiting_room(*target_);
        PumpResult moved =
            refused_ && refused_->size() > 0
                ? load_without(run_, *staging_, *target_, bad_chunk(chunk, table), *table.digester, *refused_)
                : pump_chunk(*staging_, *target_, run_.run_id, chunk.chunk_id, table.copy_in, *table.digester,
                             table.spec.format, after_read_);
        if (table.fill) fill_rows(*target_, *table.fill, moved);
        const ChunkRecord record = record_of(chunk, moved);
        const auto t = Clock::now();
        if (holds_pieces(table.spec)) write_pieces(*target_, moved.rows);
        unanswered_ = record;
        try {
            run_.ledger->commit(*target_, record);
        } catch (const Error& e) {
            if (!target_->alive()) throw;
            unanswered_.reset();
            if (e.sqlstate != "23505") throw;
            // Somebody has finished this chunk since: an attempt whose COMMIT got no answer, or a loader that had it before.
            target_->exec("ROLLBACK");
            const std::optional<ChunkRecord> there = run_.ledger->settle(*target_, record);
            if (there) return *there;
            throw;
        }
        unanswered_.reset();
        stats_ = stats_of(moved);
        stats_["send_s"] = moved.send_s;
        stats_["commit_s"] = std::chrono::duration<double>(Clock::now() - t).count();
        stats_["xid"] = xid;
        return record;
    }

    static BadChunk bad_chunk(const Chunk& chunk, const TablePlan& table) {
        std::string bounds;
        if (chunk.lower || chunk.upper)
            bounds = "from " + chunk.lower.value_or("the first row") + " to " + chunk.upper.value_or("the last");
        return {std::to_string(chunk.chunk_id), chunk.chunk_no, std::move(bounds), table.spec, table.copy_in};
    }

    void record_done(const Chunk& chunk, const ChunkRecord& record, const TablePlan& table, bool again) {
        if (record.rejected > 0) {
            stats_["rejected"] = record.rejected;
            run_.events.emit(Level::kWarning, "rows_rejected",
                             table.name + " chunk " + std::to_string(chunk.chunk_no) + ": " +
                                 std::to_string(record.rejected) + (record.rejected == 1 ? " row was" : " rows were") +
                                 " refused by the target and set aside",
                             {{"chunk", chunk.chunk_no}, {"rows", record.rejected}}, chunk.table_id);
        }
        const bool last =
            staging_->scalar("SELECT lakemover._finish_chunk($1, $2, $3, $4, ARRAY[$5::numeric, $6::numeric], $7)",
                             {std::to_string(chunk.chunk_id), run_.loader_id, std::to_string(record.rows),
                              std::to_string(record.bytes), record.lane1, record.lane2, stats_.dump()}) == "t";
        nlohmann::json batch{
            {"table", table.name},   {"chunk", chunk.chunk_no}, {"method", chunk.method},      {"pass", chunk.pass},
            {"rows", record.rows},   {"bytes", record.bytes},   {"rejected", record.rejected}, {"lane1", record.lane1},
            {"lane2", record.lane2}, {"stats", stats_}};
        batch["lower"] = chunk.lower ? nlohmann::json(*chunk.lower) : nlohmann::json();
        batch["upper"] = chunk.upper ? nlohmann::json(*chunk.upper) : nlohmann::json();
        batch["stats"].erase("columns");
        run_.events.batch(batch);
        stats_ = nlohmann::json::object();
        if (chunk.pass == 2) {
            // Its rows were counted behind the first pass.
            if (last)
                run_.events.emit(Level::kInfo, "table_filled", table.name + ": filled in the second pass",
                                 {{"table", table.name}}, chunk.table_id);
            return;
        }
        // A first attempt may have ended between the two: then the table is loaded and not counted yet.
        if (!last && !(again && loaded_uncounted(chunk.table_id))) return;
        start_tables();
        count_loaded_table(run_, *staging_, chunk.table_id, chunk.method == "row_number");
    }

    RunContext& run_;
    const std::atomic<bool>& stop_;  // another worker met what ends the run
    const int number_;
    const AfterRead after_read_;
    SourcePlace place_;
    SharedPoint& point_;
    bool at_point_;  // staging_ has a session on the source there
    std::optional<Pg> staging_;
    std::optional<Pg> target_;
    std::unique_ptr<Cancellable> staging_registration_;
    std::unique_ptr<Cancellable> target_registration_;
    std::map<std::pair<std::int64_t, int>, TablePlan> plans_;  // by table and pass
    std::set<std::int64_t> fill_tables_;                       // temporary tables of the target's session
    std::optional<ChunkRecord> unanswered_;                    // its COMMIT was sent and has no answer
    bool rows_refused_ = false;  // the target refused the present chunk for its data: which rows is to be found out
    std::optional<RefusedRows> refused_;  // those rows; none: it took all of them when they were tried
    nlohmann::json stats_ = nlohmann::json::object();
    int idle_ms_ = 2;
};

}  // namespace

void load_tables(RunContext& run, SharedPoint& point) {
    std::vector<std::thread> threads;
    std::mutex mutex;
    std::exception_ptr first;
    std::atomic<bool> stop{false};
    for (int i = 0; i < run.options.jobs; ++i)
        threads.emplace_back([&, i, session = point.take()]() mutable {
            try {
                Worker worker(run, point, std::move(session), stop, i);
                worker.work();
                point.give_back(worker.release());
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
    run.cancel.check_draining();
}

}  // namespace lakemover::loader
