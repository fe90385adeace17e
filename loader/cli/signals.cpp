#include "loader/cli/signals.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>

namespace lakemover::loader {

namespace {

sigset_t watched() {
    sigset_t set;
    sigemptyset(&set);
    for (const int s : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&set, s);
    return set;
}

}  // namespace

SignalWatch::SignalWatch(CancelToken& cancel, bool drains) : stop_fd_(eventfd(0, EFD_CLOEXEC)) {
    const sigset_t set = watched();
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
    signal_fd_ = signalfd(-1, &set, SFD_CLOEXEC);
    thread_ = std::thread([this, &cancel, drains] {
        pollfd fds[2] = {{signal_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
        bool ended = false;
        while (!ended) {
            // Until the token's owner has let go, connections are cut again and again.
            poll(fds, 2, cancel.raised() ? 500 : -1);
            if (fds[0].revents & POLLIN) {
                signalfd_siginfo info{};
                if (read(signal_fd_, &info, sizeof info) != sizeof info) continue;
                if (drains && info.ssi_signo == SIGTERM && !cancel.ends())
                    cancel.drain("the daemon was told to stop");
                else
                    cancel.raise(info.ssi_signo == SIGINT ? "interrupted (Ctrl-C)" : "terminated by a signal");
            }
            ended = (fds[1].revents & POLLIN) != 0;
            if (!ended && cancel.raised()) cancel.cut_connections();
        }
    });
}

SignalWatch::~SignalWatch() {
    const std::uint64_t one = 1;
    (void)!write(stop_fd_, &one, sizeof one);
    thread_.join();
    close(signal_fd_);
    close(stop_fd_);
    const sigset_t set = watched();
    pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

int wait_for_child(pid_t pid) {
    int status = 0;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR) return 1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace lakemover::loader
