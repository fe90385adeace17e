#include "loader/engine/watch.hpp"

#include <unistd.h>

#include <chrono>
#include <ctime>

#include "loader/staging/process.hpp"

namespace lakemover::loader {

namespace {
constexpr auto kPeriod = std::chrono::milliseconds(500);
}

std::string make_loader_id() {
    return host_name() + ":" + std::to_string(getpid()) + ":" + std::to_string(std::time(nullptr));
}

void loader_heartbeat(Pg& staging, const std::string& loader_id, const std::string& mode) {
    staging.query(
        "INSERT INTO lakemover.loader (loader_id, host, pid, mode, version) VALUES ($1, $2, $3, $4, $5) "
        "ON CONFLICT (loader_id) DO UPDATE SET heartbeat = pg_catalog.clock_timestamp()",
        {loader_id, loader_id.substr(0, loader_id.find(':')), std::to_string(getpid()), mode, LAKEMOVER_VERSION});
}

Watch::Watch(const Staging& staging, CancelToken& cancel, Beat beat)
    : staging_(staging), cancel_(cancel), beat_(std::move(beat)), thread_([this] { loop(); }) {}

Watch::~Watch() {
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

Watch::Beat leader_beat(std::int64_t run_id, std::string loader_id, CancelToken& cancel) {
    return [id = std::to_string(run_id), loader = std::move(loader_id), &cancel](Pg& staging) {
        const Result r = staging.query(
            "UPDATE lakemover.run SET heartbeat = pg_catalog.clock_timestamp() WHERE run_id = $1 AND state IN "
            "('running', 'paused') AND loader_id = $2 RETURNING cancel_requested",
            {id, loader});
        staging.query("UPDATE lakemover.loader SET heartbeat = pg_catalog.clock_timestamp() WHERE loader_id = $1",
                      {loader});
        if (r.rows() == 1 && r.boolean(0, 0)) cancel.raise("requested");
        // This loader was silent for so long (a suspended machine) that somebody ended its run.
        if (r.rows() == 0) cancel.raise("the run was ended by another loader");
    };
}

void Watch::loop() {
    std::optional<Pg> pg;
    std::unique_lock lock(mutex_);
    int ticks = 0;
    while (!done_) {
        lock.unlock();
        try {
            if (ticks++ % 2 == 0) {
                if (!pg || !pg->alive()) pg.emplace(staging_.connect());
                beat_(*pg);
            }
        } catch (const Error&) {
            // Staging may be restarting; whoever needs it reports that.
            pg.reset();
        }
        // Again and again: a worker may have been about to open another connection.
        if (cancel_.raised()) cancel_.cut_connections();
        lock.lock();
        wake_.wait_for(lock, kPeriod, [this] { return done_; });
    }
}

}  // namespace lakemover::loader
