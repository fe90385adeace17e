// lakemover.keeper_start() and keeper_stop(). Zone: stream. Throws source::Error, PgError.
#include "stream/keeper.hpp"

#include <chrono>

extern "C" {
#include "postmaster/bgworker.h"

PG_FUNCTION_INFO_V1(lakemover_keeper_start);
PG_FUNCTION_INFO_V1(lakemover_keeper_stop);
}

#include "pg/spi.hpp"

namespace lakemover::stream {

using pg::pg_call;
using pg::spi_query;
using pg::SpiMode;
using source::Error;
using source::ErrorKind;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kStartTimeout = std::chrono::seconds(60);
constexpr auto kStopTimeout = std::chrono::seconds(30);
constexpr long kPollMs = 20;

struct State {
    std::string state;
    std::string error;
    std::string sqlstate;
    std::string detail;
    std::string hint;
    int pid = 0;
    bool alive = false;  // somebody holds the keeper's lock
};

State read_state(std::int64_t run_id) {
    const auto rows = spi_query(
        "SELECT s.state, s.error, s.error_sqlstate, s.error_detail, s.error_hint, s.keeper_pid, "
        "lakemover._keeper_alive(r.run_id)"
        " FROM lakemover.run r LEFT JOIN lakemover.snapshot s ON s.run_id OPERATOR(pg_catalog.=) r.run_id"
        " WHERE r.run_id OPERATOR(pg_catalog.=) $1::pg_catalog.int8",
        {std::to_string(run_id)}, SpiMode::kLatest);
    if (rows.empty()) {
        throw Error(ErrorKind::kConfig, "42704", "run " + std::to_string(run_id) + " does not exist");
    }
    const auto& row = rows.front();
    State state;
    state.state = row[0].value_or("");
    state.error = row[1].value_or("");
    state.sqlstate = row[2].value_or("");
    state.detail = row[3].value_or("");
    state.hint = row[4].value_or("");
    state.pid = row[5] ? std::stoi(*row[5]) : 0;
    state.alive = row[6] == "t";
    return state;
}

// Ends the worker unless it reached its goal: a cancelled start leaves nothing behind.
class Worker {
public:
    explicit Worker(std::int64_t run_id) {
        handle_ = pg_call([=]() -> BackgroundWorkerHandle* {
            BackgroundWorker worker{};
            worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
            worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
            worker.bgw_restart_time = BGW_NEVER_RESTART;
            worker.bgw_notify_pid = MyProcPid;
            std::snprintf(worker.bgw_library_name, sizeof worker.bgw_library_name, "lakemover");
            std::snprintf(worker.bgw_function_name, sizeof worker.bgw_function_name, "lakemover_keeper_main");
            std::snprintf(worker.bgw_name, sizeof worker.bgw_name, "lakemover keeper of run %lld",
                          static_cast<long long>(run_id));
            std::snprintf(worker.bgw_type, sizeof worker.bgw_type, "lakemover keeper");
            const KeeperArgs args{MyDatabaseId, GetUserId(), run_id};
            static_assert(sizeof args <= BGW_EXTRALEN);
            std::memcpy(worker.bgw_extra, &args, sizeof args);
            BackgroundWorkerHandle* handle = nullptr;
            return RegisterDynamicBackgroundWorker(&worker, &handle) ? handle : nullptr;
        });
        if (handle_ == nullptr) {
            throw Error(ErrorKind::kTransient, "53000", "no background worker is free for the keeper", {},
                        "raise max_worker_processes of the staging server");
        }
    }
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;
    ~Worker() {
        if (!kept_) {
            TerminateBackgroundWorker(handle_);  // only sets a flag and signals the postmaster
        }
    }
    bool stopped() const {
        BackgroundWorkerHandle* handle = handle_;
        return pg_call([=] {
            pid_t pid = 0;
            return GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED;
        });
    }
    int pid() const {
        BackgroundWorkerHandle* handle = handle_;
        return pg_call([=] {
            pid_t pid = 0;
            return GetBackgroundWorkerPid(handle, &pid) == BGWH_STARTED ? static_cast<int>(pid) : 0;
        });
    }
    void keep() noexcept { kept_ = true; }

private:
    BackgroundWorkerHandle* handle_;
    bool kept_ = false;
};

int keeper_start(std::int64_t run_id) {
    const State before = read_state(run_id);
    if (before.alive && before.state == "held") {
        return before.pid;
    }
    Worker worker(run_id);
    pg::BackendWaiter waiter;
    int pid = 0;
    const auto deadline = Clock::now() + kStartTimeout;
    for (;;) {
        // Asked before the state is read: a worker that has stopped has already written its last word.
        const bool stopped = worker.stopped();
        pid = pid != 0 ? pid : worker.pid();
        const State now = read_state(run_id);
        const bool ours = pid != 0 ? now.pid == pid : stopped && now.pid != before.pid;
        if (now.state == "held" && now.alive) {
            worker.keep();  // ours, or one that was started at the same time
            return now.pid;
        }
        if (now.state == "failed" && ours) {
            throw Error(ErrorKind::kConnect, now.sqlstate.empty() ? "58000" : now.sqlstate, now.error, now.detail,
                        now.hint);
        }
        if (stopped && !now.alive) {
            throw Error(ErrorKind::kInternal, "58000",
                        "the keeper of run " + std::to_string(run_id) + " ended without a snapshot", {},
                        "the run must be committed before its keeper starts; the staging server's log says more");
        }
        if (Clock::now() > deadline) {
            throw Error(ErrorKind::kTransient, "58000",
                        "the keeper of run " + std::to_string(run_id) + " took no snapshot within " +
                            std::to_string(kStartTimeout.count()) + " seconds");
        }
        waiter.wait(-1, false, false, kPollMs);
    }
}

bool keeper_stop(std::int64_t run_id) {
    State state = read_state(run_id);
    if (!state.alive) {
        if (state.state == "held" || state.state == "starting") {
            // Killed before it could say so: staging restarted, or the worker was.
            spi_query(
                "UPDATE lakemover.snapshot SET state = 'lost', released_at = pg_catalog.clock_timestamp(),"
                " error = 'the keeper is gone' WHERE run_id OPERATOR(pg_catalog.=) $1::pg_catalog.int8",
                {std::to_string(run_id)}, SpiMode::kWrite);
        }
        return false;
    }
    spi_query("SELECT pg_catalog.pg_terminate_backend($1::pg_catalog.int4)", {std::to_string(state.pid)},
              SpiMode::kWrite);
    pg::BackendWaiter waiter;
    const auto deadline = Clock::now() + kStopTimeout;
    while (state.alive) {
        if (Clock::now() > deadline) {
            throw Error(ErrorKind::kTransient, "58000", "the keeper of run " + std::to_string(run_id) + " does not end",
                        {}, "look for locks on lakemover.snapshot");
        }
        waiter.wait(-1, false, false, kPollMs);
        state = read_state(run_id);
    }
    return true;
}

}  // namespace

}  // namespace lakemover::stream

extern "C" Datum lakemover_keeper_start(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry(
        [&]() -> Datum { return Int32GetDatum(lakemover::stream::keeper_start(PG_GETARG_INT64(0))); });
}

extern "C" Datum lakemover_keeper_stop(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry(
        [&]() -> Datum { return BoolGetDatum(lakemover::stream::keeper_stop(PG_GETARG_INT64(0))); });
}
