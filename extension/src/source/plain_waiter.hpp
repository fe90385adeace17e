// For the little that must not be interrupted: waits for the socket only, up to a deadline. Pure zone; throws
// source::Error 08006.
#pragma once
#include <poll.h>

#include <chrono>

#include "source/driver.hpp"

namespace lakemover::source {

class PlainWaiter final : public Waiter {
public:
    explicit PlainWaiter(long budget_ms) : deadline_(Clock::now() + std::chrono::milliseconds(budget_ms)) {}
    bool wait(int fd, bool readable, bool writable, long /*timeout_ms*/) override {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
        pollfd one{fd, static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
        if (left <= 0 || (::poll(&one, 1, static_cast<int>(left)) == 0)) {
            throw Error(ErrorKind::kTransient, "08006", "the source did not answer in time");
        }
        return true;
    }

private:
    using Clock = std::chrono::steady_clock;
    Clock::time_point deadline_;
};

}  // namespace lakemover::source
