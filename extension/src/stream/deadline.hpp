// A look at the source that may not take longer than it is given. Zone: stream (PostgreSQL). Throws source::Error 57014.
#pragma once
#include <algorithm>
#include <chrono>

#include "stream/session.hpp"

namespace lakemover::stream {

// Waits as the backend does, but not past a deadline.
class DeadlineWaiter final : public source::Waiter {
public:
    DeadlineWaiter(source::Waiter& inner, std::chrono::milliseconds budget)
        : inner_(inner), deadline_(std::chrono::steady_clock::now() + budget) {}
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override {
        const auto left = std::max<long>(
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - std::chrono::steady_clock::now()).count(),
            0);
        const bool own = timeout_ms < 0 || timeout_ms > left;
        if (inner_.wait(fd, readable, writable, own ? left : timeout_ms)) {
            return true;
        }
        if (own) {
            throw source::Error(source::ErrorKind::kTransient, "57014", "it took longer than it may");
        }
        return false;
    }

private:
    source::Waiter& inner_;
    std::chrono::steady_clock::time_point deadline_;
};

// Puts the connection's own waiter back, whatever happens.
class WaiterChange {
public:
    WaiterChange(source::Connection& connection, source::Waiter& waiter) : connection_(connection) {
        connection_.set_waiter(waiter);
    }
    WaiterChange(const WaiterChange&) = delete;
    WaiterChange& operator=(const WaiterChange&) = delete;
    ~WaiterChange() { connection_.set_waiter(backend_waiter()); }

private:
    source::Connection& connection_;
};

// A source that went away is no finding, nor is a look that makes no sense. (A cancel of ours is no source::Error.)
inline bool belongs_to_answer(const source::Error& e) {
    return e.kind != source::ErrorKind::kConnect && e.kind != source::ErrorKind::kAuth &&
           !e.sqlstate.starts_with("08") && e.sqlstate != "57P01" && e.sqlstate != "57P02" && e.sqlstate != "57P03" &&
           e.sqlstate != "22023";
}

}  // namespace lakemover::stream
