// A thread beside the run: heartbeats, cancel requests from staging, and cutting connections
// once a cancel was raised. Owns its staging connection; survives losing it.
#pragma once
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "loader/engine/cancel.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

class Watch {
public:
    Watch(const Staging& staging, std::int64_t run_id, std::string loader_id, CancelToken& cancel);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

private:
    void loop();
    void beat(std::optional<Pg>& pg);
    const Staging& staging_;
    std::int64_t run_id_;
    std::string loader_id_;
    CancelToken& cancel_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    std::thread thread_;
};

// Registers a loader and refreshes its heartbeat.
void loader_heartbeat(Pg& staging, const std::string& loader_id, const std::string& mode);
std::string make_loader_id();

}  // namespace lakemover::loader
