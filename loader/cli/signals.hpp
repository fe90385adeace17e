// Signals as cancel requests: SIGINT, SIGTERM and SIGHUP raise a token, from a thread of their own. A daemon's first
// SIGTERM only drains it.
#pragma once
#include <sys/types.h>

#include <thread>

#include "loader/engine/cancel.hpp"

namespace lakemover::loader {

// Make it before any other thread starts: the mask is inherited.
class SignalWatch {
public:
    explicit SignalWatch(CancelToken& cancel, bool drains = false);
    ~SignalWatch();
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;

private:
    int stop_fd_;
    int signal_fd_;
    std::thread thread_;
};

int wait_for_child(pid_t pid);

}  // namespace lakemover::loader
