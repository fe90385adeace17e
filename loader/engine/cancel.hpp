// Stopping from anywhere: a flag, and the connections that must let go when it is raised.
// Thread-safe. Throws Error(kCancelled) from check() only.
#pragma once
#include <atomic>
#include <mutex>
#include <set>
#include <string>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

class CancelToken {
public:
    // why is shown to the user and kept in the run.
    void raise(const std::string& why);
    bool raised() const { return raised_.load(); }
    std::string why() const;
    void check() const;

    // Ends the sockets of all registered connections: a blocked read or write returns at once, and
    // the server notices the closed peer (client_connection_check_interval). No plaintext cancel
    // request leaves the machine.
    void cut_connections();

private:
    friend class Cancellable;
    std::atomic<bool> raised_{false};
    mutable std::mutex mutex_;
    std::string why_;
    std::set<int> sockets_;
};

// Registers a connection with a token for as long as both live.
class Cancellable {
public:
    Cancellable(CancelToken& token, const Pg& pg);
    ~Cancellable();
    Cancellable(const Cancellable&) = delete;
    Cancellable& operator=(const Cancellable&) = delete;

private:
    CancelToken& token_;
    int socket_;
};

}  // namespace lakemover::loader
