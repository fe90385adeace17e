// The keeper: a background worker that holds the source's transaction, and with it the snapshot that
// every reader of a run joins. Zone: stream. Its own errors go into lakemover.snapshot; see keeper_control.cpp.
#include "stream/keeper.hpp"

#include <algorithm>
#include <chrono>

extern "C" {
#include "access/xact.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/latch.h"
#include "utils/guc.h"
#include "utils/snapmgr.h"
}

#include "pg/server_options.hpp"
#include "pg/spi.hpp"

namespace lakemover::stream {

using pg::pg_call;
using pg::PgError;
using pg::spi_query;
using pg::SpiMode;
using source::Error;
using source::ErrorKind;
using Clock = std::chrono::steady_clock;

namespace {

constexpr auto kStateInterval = std::chrono::seconds(2);
constexpr auto kPingInterval = std::chrono::seconds(10);
constexpr auto kPingTimeout = std::chrono::seconds(30);

// Thrown by the worker's waiter when it was told to end.
struct Stopped {};

// Waits in slices, so that SIGTERM is noticed; with a deadline for pings on a dead network.
class KeeperWaiter final : public source::Waiter {
public:
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override {
        const auto start = Clock::now();
        for (;;) {
            if (ShutdownRequestPending) {
                throw Stopped{};
            }
            const auto now = Clock::now();
            if (deadline_ != Clock::time_point{} && now > deadline_) {
                throw Error(ErrorKind::kTransient, "08006", "the source does not answer");
            }
            long slice = 200;
            if (timeout_ms >= 0) {
                const auto left =
                    timeout_ms - std::chrono::duration_cast<std::chrono::milliseconds>(now - start).count();
                if (left <= 0) {
                    return false;
                }
                slice = std::min<long>(slice, left);
            }
            if (inner_.wait(fd, readable, writable, slice)) {
                return true;
            }
        }
    }
    void set_deadline(Clock::time_point deadline) { deadline_ = deadline; }

private:
    pg::BackendWaiter inner_;
    Clock::time_point deadline_{};
};

// A server error as a plain value: it must outlive the transaction whose abort frees the original.
Error plain_error(const PgError& e) {
    const ErrorData* data = e.error();
    return {ErrorKind::kInternal, unpack_sql_state(data->sqlerrcode),
            data->message != nullptr ? data->message : "unknown error", data->detail != nullptr ? data->detail : "",
            data->hint != nullptr ? data->hint : ""};
}

// Runs f in a transaction of staging; a server error is recovered from by aborting it.
template <class F> auto in_transaction(F f) {
    pg_call([] {
        SetCurrentStatementStartTimestamp();
        StartTransactionCommand();
        PushActiveSnapshot(GetTransactionSnapshot());
        pgstat_report_activity(STATE_RUNNING, "lakemover keeper");
    });
    try {
        auto result = f();
        pg_call([] {
            PopActiveSnapshot();
            CommitTransactionCommand();
            pgstat_report_stat(false);
            pgstat_report_activity(STATE_IDLE, nullptr);
        });
        return result;
    } catch (const PgError& e) {
        const Error plain = plain_error(e);
        pg_call([] { AbortCurrentTransaction(); });
        throw plain;
    } catch (...) {
        pg_call([] { AbortCurrentTransaction(); });
        throw;
    }
}

void write(const char* sql, const std::vector<source::TextValue>& args) {
    in_transaction([&] { return spi_query(sql, args, SpiMode::kWrite).size(); });
}

class Keeper {
public:
    Keeper(std::int64_t run_id, Oid user) : run_(std::to_string(run_id)), run_id_(run_id), user_(user) {}

    void run() {
        // A lock on the state's row must not keep the worker from ending.
        write(
            "SELECT pg_catalog.set_config('lock_timeout', '10s', false),"
            " pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', false)",
            {});
        if (!lock()) {
            return;  // another keeper of this run lives; its state is the run's
        }
        try {
            write(
                "INSERT INTO lakemover.snapshot AS s (run_id, state, keeper_pid) VALUES ($1::int8, 'starting', "
                "$2::int4)"
                " ON CONFLICT (run_id) DO UPDATE SET state = 'starting', keeper_pid = EXCLUDED.keeper_pid, snapshot_id "
                "= NULL,"
                " source_lsn = NULL, source_pid = NULL, taken_at = NULL, released_at = NULL, error = NULL,"
                " error_sqlstate = NULL, error_detail = NULL, error_hint = NULL",
                {run_, std::to_string(MyProcPid)});
            take();
        } catch (const Stopped&) {
            finish("released", nullptr);
            return;
        } catch (const Error& e) {
            finish("failed", &e);
            return;
        }
        try {
            hold();
            finish("released", nullptr);
        } catch (const Stopped&) {
            finish("released", nullptr);
        } catch (const Error& e) {
            finish("lost", &e);
        }
    }

private:
    bool lock() {
        return in_transaction([this] {
            return spi_query("SELECT pg_catalog.pg_try_advisory_lock($1::int8)", {std::to_string(keeper_lock(run_id_))},
                             SpiMode::kWrite)
                       .at(0)
                       .at(0) == "t";
        });
    }

    void take() {
        source::SnapshotRequest request;
        const source::ConnectParams params = in_transaction([&] {
            const auto rows = spi_query(
                "SELECT source, coalesce((options ->> 'source_quiesced')::bool, false),"
                " coalesce((options ->> 'accept_inconsistent')::bool, false)"
                " FROM lakemover.run WHERE run_id = $1::int8",
                {run_}, SpiMode::kRead);
            if (rows.empty()) {
                throw Error(ErrorKind::kConfig, "42704", "run " + run_ + " does not exist");
            }
            request.quiesced = rows[0][1] == "t";
            request.accept_inconsistent = rows[0][2] == "t";
            return pg::resolve_source(pg::source_server_oid(rows[0][0].value().c_str()), user_);
        });
        connection_ = source::connect(params, waiter_);
        const source::Snapshot snapshot = connection_->begin_and_export(request);
        std::string faults;
        for (std::string fault : snapshot.type_faults.value_or(std::vector<std::string>())) {
            std::replace(fault.begin(), fault.end(), '\n', ' ');
            faults += (faults.empty() ? "" : "\n") + fault;
        }
        const auto or_null = [](const std::string& text) { return text.empty() ? source::TextValue() : text; };
        write(
            "UPDATE lakemover.snapshot SET state = 'held', snapshot_id = $2, source_lsn = $3, source_pid = $4::int4,"
            " level = $5, proof = $6, type_faults = pg_catalog.string_to_array($7, E'\\n'),"
            " taken_at = pg_catalog.clock_timestamp() WHERE run_id = $1::int8",
            {run_, snapshot.id, or_null(snapshot.position), or_null(snapshot.session), snapshot.level, snapshot.proof,
             snapshot.type_faults ? source::TextValue(faults) : std::nullopt});
    }

    // Returns when the run no longer needs its snapshot; throws Error when the source's session is gone.
    void hold() {
        auto state_due = Clock::now() + kStateInterval;
        auto ping_due = Clock::now() + kPingInterval;
        for (;;) {
            waiter_.wait(-1, false, false, 500);
            if (ConfigReloadPending) {
                ConfigReloadPending = false;
                pg_call([] { ProcessConfigFile(PGC_SIGHUP); });
            }
            if (!connection_->usable()) {
                throw Error(ErrorKind::kTransient, "08006", "the source ended the session that held the snapshot", {},
                            "the run's point in time is lost: start again or let the loader resume at a new one");
            }
            const auto now = Clock::now();
            if (now >= ping_due) {
                // Usable only says that nobody closed the socket; a dead network says nothing at all.
                waiter_.set_deadline(now + kPingTimeout);
                connection_->exec("SELECT 1");
                waiter_.set_deadline({});
                ping_due = Clock::now() + kPingInterval;
            }
            if (now >= state_due) {
                if (!needed()) {
                    return;
                }
                state_due = Clock::now() + kStateInterval;
            }
        }
    }

    bool needed() {
        return in_transaction([this] {
            const auto rows = spi_query(
                "SELECT r.state IN ('queued', 'running', 'paused', 'interrupted') AND pg_catalog.clock_timestamp()"
                " < greatest(r.heartbeat, s.taken_at) + coalesce(r.options ->> 'snapshot_hold', '7200')::float8 * "
                "interval '1 second'"
                " FROM lakemover.run r JOIN lakemover.snapshot s USING (run_id) WHERE r.run_id = $1::int8",
                {run_}, SpiMode::kRead);
            return !rows.empty() && rows[0][0] == "t";
        });
    }

    void finish(const char* state, const Error* error) {
        if (connection_) {
            connection_->end();
            connection_.reset();
        }
        std::vector<source::TextValue> args = {run_, state, std::nullopt, std::nullopt, std::nullopt, std::nullopt};
        if (error != nullptr) {
            args[2] = error->what();
            args[3] = error->sqlstate;
            args[4] = error->detail.empty() ? source::TextValue() : error->detail;
            args[5] = error->hint.empty() ? source::TextValue() : error->hint;
        }
        write(
            "UPDATE lakemover.snapshot SET state = $2, released_at = pg_catalog.clock_timestamp(), error = $3,"
            " error_sqlstate = $4, error_detail = $5, error_hint = $6 WHERE run_id = $1::int8",
            args);
    }

    const std::string run_;
    const std::int64_t run_id_;
    const Oid user_;
    KeeperWaiter waiter_;
    std::unique_ptr<source::Connection> connection_;  // uses the waiter: destroyed first
};

}  // namespace

void keep(const KeeperArgs& args) { Keeper(args.run_id, args.user).run(); }

}  // namespace lakemover::stream

extern "C" PGDLLEXPORT void lakemover_keeper_main(Datum main_arg);

extern "C" void lakemover_keeper_main(Datum /*main_arg*/) {
    lakemover::stream::KeeperArgs args;
    std::memcpy(&args, MyBgworkerEntry->bgw_extra, sizeof args);
    pqsignal(SIGTERM, SignalHandlerForShutdownRequest);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnectionByOid(args.database, args.user, 0);
    lakemover::pg::entry([&] { lakemover::stream::keep(args); });
}
