// A limit on bytes per second for all workers of a loader together. Pure: the caller brings the time and does the
// waiting. Thread-safe; throws nothing.
#pragma once
#include <chrono>
#include <cstddef>
#include <mutex>

namespace lakemover::loader {

class RateLimit {
public:
    using Clock = std::chrono::steady_clock;

    // bytes_per_s: 0 for no limit.
    explicit RateLimit(double bytes_per_s = 0) : bytes_per_s_(bytes_per_s) {}

    void set(double bytes_per_s) {
        const std::lock_guard lock(mutex_);
        bytes_per_s_ = bytes_per_s;
    }

    // Books bytes that were read just now. Returns the seconds to wait before reading more; 0 when there is time.
    double book(std::size_t bytes, Clock::time_point now);

private:
    std::mutex mutex_;
    double bytes_per_s_;
    Clock::time_point free_{};  // when everything that was booked is paid for
};

}  // namespace lakemover::loader
