// One ODBC connection and the thread that owns it: every call into the driver but SQLCancel is made there,
// with all signals blocked, so that the backend never blocks in a driver and a cancel is sure. Pure zone.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "source/driver.hpp"
#include "source/odbc/connect_plan.hpp"
#include "source/odbc/handles.hpp"

namespace lakemover::source::odbc {

struct LaneState;

// What a job on the lane's thread may use. A statement that runs is made known, so that it can be cancelled.
class LaneContext {
public:
    explicit LaneContext(LaneState& state) : state_(state) {}
    SQLHDBC connection() const noexcept;
    // A statement handle that SQLCancel may reach for as long as the object lives.
    class Running {
    public:
        Running(LaneState& state, SQLHSTMT statement);
        Running(const Running&) = delete;
        Running& operator=(const Running&) = delete;
        ~Running();

    private:
        LaneState& state_;
    };
    Running running(SQLHSTMT statement) { return {state_, statement}; }
    // The caller has given the lane up: a long job ends at the next chance.
    bool stopped() const noexcept;
    // Wakes the caller in wait_event().
    void signal() noexcept;

private:
    LaneState& state_;
};

using LaneJob = std::function<void(LaneContext&)>;

class Lane {
public:
    Lane(const ConnectPlan& plan, Waiter& waiter);
    Lane(const Lane&) = delete;
    Lane& operator=(const Lane&) = delete;
    ~Lane();

    // Runs the job to its end on the lane's thread. When the waiter throws (cancel), the statement is
    // cancelled, within a second by the driver or else by closing the socket, and the lane is broken.
    void run(LaneJob job, Waiter& waiter);

    // Starts a job that reports through LaneContext::signal(); wait_event() returns after each signal.
    void start(LaneJob job);
    void wait_event(Waiter& waiter);
    // Whether the started job has ended; throws what it threw.
    bool ended();

    // Something that owns driver handles: destroyed on the lane's thread, before its next job or its end.
    void dispose(std::shared_ptr<void> handles) noexcept;

    bool busy() const noexcept;
    // The socket is open and quiet, and nothing went wrong before.
    bool usable() const noexcept;
    // Stops whatever runs and closes the connection; the lane is broken after. Never waits longer than
    // a few seconds: a thread that still does not come back is left to itself.
    void abandon() noexcept;

private:
    void post(LaneJob job);
    void stop_running() noexcept;

    std::shared_ptr<LaneState> state_;
};

}  // namespace lakemover::source::odbc
