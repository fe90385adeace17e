// What holds a run back for its source's sake: pauses that somebody asked for, a window of hours, a rate, a source that has
// become slow. One per run, shared by its workers; thread-safe. Throws Error.
#pragma once
#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "loader/engine/pump.hpp"
#include "loader/engine/rate.hpp"
#include "loader/engine/slowdown.hpp"
#include "loader/engine/window.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

struct RunContext;

class Gate {
public:
    // From before a worker claims a chunk until that is done: a pause has come about when nobody has a turn.
    class Turn {
    public:
        explicit Turn(Gate& gate) : gate_(&gate) {}
        Turn(Turn&& other) noexcept : gate_(other.gate_) { other.gate_ = nullptr; }
        Turn(const Turn&) = delete;
        Turn& operator=(const Turn&) = delete;
        Turn& operator=(Turn&&) = delete;
        ~Turn() {
            if (gate_) gate_->leave();
        }

    private:
        Gate* gate_;
    };

    // By the run's options, once the number of workers is known.
    void set_up(const RunContext& run);

    // A turn for worker number worker, from 0; none while it is to wait.
    std::optional<Turn> enter(RunContext& run, Pg& staging, int worker);

    // Returns when nothing is held back. Where only the target works, the window is of no matter.
    enum class Heed { kPause, kPauseAndWindow };
    void wait(RunContext& run, Pg& staging, Heed heed);

    // So many loaders read for the run: each may use its part of the rate.
    void share_rate(const RunContext& run, int loaders);
    // Whether the window is closed now; the leader lets its helpers know.
    bool window_closed() const;

    // For pump_chunk(): the rate limit, and how the source is doing. The objects named must outlive it.
    AfterRead after_read(RunContext& run, const std::atomic<bool>& stop);

private:
    std::optional<std::string> why(const RunContext& run, Pg& staging, Heed heed);
    void close(RunContext& run, const std::string& reason);
    void open(RunContext& run);
    void leave();

    std::mutex mutex_;
    std::optional<Window> window_;
    RateLimit rate_;
    Slowdown slowdown_;
    std::mutex slowdown_mutex_;
    std::atomic<int> allowed_{1};
    int busy_ = 0;
    std::string shown_;  // why the run shows as paused
    std::chrono::steady_clock::time_point closed_at_;
    std::chrono::steady_clock::time_point looked_;
    std::optional<std::string> paused_by_;
};

// One of --max-source-connections, for a worker's session of staging. As long as it is held the session may read.
class SourcePlace {
public:
    // Another session: what the old one held ended with it.
    void new_session() { *this = {}; }
    // False when all are taken.
    bool take(const RunContext& run, Pg& staging);
    // Gives it back with the connection, where the point in time allows that.
    void leave(const RunContext& run, Pg& staging);

private:
    std::optional<std::string> slot_;
    bool stays_ = false;
};

}  // namespace lakemover::loader
