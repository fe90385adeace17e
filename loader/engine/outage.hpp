// Outages: a server that is away is waited for, and no attempt is used up. The run shows as paused meanwhile, which
// is said once, whoever of the workers meets it. Throws Error, resumable, when it lasts too long or cannot end.
#pragma once
#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <string>

#include "loader/util/error.hpp"

namespace lakemover::loader {

class Pg;
struct RunContext;

// What the workers of a run share: how many of them wait.
class Outages {
public:
    void enter(RunContext& run, const Error& cause);
    void leave(RunContext& run);

private:
    std::mutex mutex_;
    int waiting_ = 0;
    std::chrono::steady_clock::time_point since_;
};

// One worker's waiting: from the first failure until something goes well again.
class OutageWait {
public:
    explicit OutageWait(RunContext& run, const std::atomic<bool>* stop = nullptr) : run_(run), stop_(stop) {}
    OutageWait(const OutageWait&) = delete;
    OutageWait& operator=(const OutageWait&) = delete;

    // True when the error was an outage and has been waited for: try again. False: somebody else's matter.
    bool after(const Error& e);
    void over();

private:
    void renew_secret(const Error& e) const;
    void check_point(const Error& e) const;
    void sleep();
    RunContext& run_;
    const std::atomic<bool>* stop_;
    std::optional<std::chrono::steady_clock::time_point> since_;
    int tries_ = 0;
};

// The run's state for whoever watches: paused with the reason, running without. Only of a run that is still ours; staging
// out of reach says so by itself.
void show_paused(const RunContext& run, const std::optional<std::string>& reason);

// Waits, and looks at the run's cancel token meanwhile; ends early when stop is raised.
void wait_for_retry(RunContext& run, double seconds, const std::atomic<bool>* stop = nullptr);
// Grows with each try, up to 30 seconds, with jitter so that workers do not come back all at once.
double retry_delay(int tries);

// Whether the keeper lives and has the run's snapshot of the source.
bool point_is_held(const RunContext& run, Pg& staging);

// The run's snapshot of the source is gone: the run ends, and resuming goes on at a new point.
[[noreturn]] void throw_point_lost(const RunContext& run, const std::string& why);

}  // namespace lakemover::loader
