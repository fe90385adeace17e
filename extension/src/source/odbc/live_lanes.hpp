// The driver threads of this process, so that its end does not run into them: exit() destroys what a thread
// inside a driver still uses, and a backend that crashes while it exits restarts the whole server. Pure zone.
#pragma once
#include <functional>
#include <map>
#include <mutex>

namespace lakemover::source::odbc {

class LiveLanes {
public:
    // stop makes the lane's thread come back as soon as it can; called at exit.
    void entered(const void* lane, std::function<void()> stop);
    void left(const void* lane) noexcept;
    // Registers, once, the handler that stops all lanes at exit and waits for them for a moment; a thread that is
    // still in a driver then makes the process end without destructors.
    void guard_exit();

private:
    void at_exit(int status) noexcept;

    std::mutex mutex_;
    std::map<const void*, std::function<void()>> lanes_;
    bool guarded_ = false;
};

LiveLanes& live_lanes();

}  // namespace lakemover::source::odbc
