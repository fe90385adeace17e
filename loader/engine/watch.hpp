// A thread beside the run: heartbeats, cancel requests from staging, and cutting connections
// once a cancel was raised. Owns its staging connection; survives losing it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "loader/engine/cancel.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

class Watch {
public:
    // Once a second, with a connection to staging; may throw Error when that is lost.
    using Beat = std::function<void(Pg& staging)>;
    Watch(const Staging& staging, CancelToken& cancel, Beat beat);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

private:
    void loop();
    const Staging& staging_;
    CancelToken& cancel_;
    Beat beat_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    std::thread thread_;
};

// The beat of the loader that leads a run.
Watch::Beat leader_beat(std::int64_t run_id, std::string loader_id, CancelToken& cancel);
// Registers a loader and refreshes its heartbeat.
void loader_heartbeat(Pg& staging, const std::string& loader_id, const std::string& mode);
std::string make_loader_id();

}  // namespace lakemover::loader
