// The helpers of a run, as the loader that leads it sees them: daemons at the same staging database that take batches
// of its load phase. Lets them in, fences off those that show no heartbeat, brings their events into the audit
// directory, and sends them away before anything follows the load. Throws Error.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

class Helpers {
public:
    // Lets helpers in, where a daemon leads the run and its point in time can be joined; else does nothing at all.
    Helpers(RunContext& run, Pg& staging);
    // Of a run that ends early: helpers find out by themselves, and resuming it goes by the ledger.
    ~Helpers();
    Helpers(const Helpers&) = delete;
    Helpers& operator=(const Helpers&) = delete;

    // After the last batch: waits until the helpers have left or are fenced off. From then on only this loader writes
    // to the run's tables. Returns whether there may have been any.
    bool dismiss(Pg& staging);

private:
    void loop();
    void tend(Pg& staging);
    void expel(Pg& staging, const std::string& member, const std::string& what);
    void copy_events(Pg& staging, bool all);
    void stop();

    RunContext& run_;
    bool open_ = false;
    std::atomic<bool> expel_all_{false};
    std::set<std::int64_t> copied_;  // events of helpers; touched by one thread at a time
    std::set<std::string> stuck_;    // said once
    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    std::thread thread_;
};

}  // namespace lakemover::loader
