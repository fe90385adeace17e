// See live_lanes.hpp.
#include "source/odbc/live_lanes.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <thread>

namespace lakemover::source::odbc {

void LiveLanes::entered(const void* lane, std::function<void()> stop) {
    const std::lock_guard lock(mutex_);
    lanes_.emplace(lane, std::move(stop));
}

void LiveLanes::left(const void* lane) noexcept {
    const std::lock_guard lock(mutex_);
    lanes_.erase(lane);
}

void LiveLanes::guard_exit() {
    const std::lock_guard lock(mutex_);
    if (!guarded_) {
        guarded_ = true;
        ::on_exit([](int status, void*) { live_lanes().at_exit(status); }, nullptr);
    }
}

void LiveLanes::at_exit(int status) noexcept {
    {
        const std::lock_guard lock(mutex_);
        for (const auto& [lane, stop] : lanes_) {
            stop();
        }
    }
    for (int i = 0; i < 50; ++i) {
        {
            const std::lock_guard lock(mutex_);
            if (lanes_.empty()) {
                return;
            }
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
    ::_exit(status);
}

// Never destroyed: lanes may end after the static objects.
LiveLanes& live_lanes() {
    static auto* const lanes = new LiveLanes();
    return *lanes;
}

}  // namespace lakemover::source::odbc
