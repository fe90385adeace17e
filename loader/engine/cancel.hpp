// Stopping from anywhere: a flag, and the connections that must let go when it is raised.
// Thread-safe. Throws Error(kCancelled) from the two checks only.
#pragma once
#include <atomic>
#include <mutex>
#include <set>
#include <string>

#include "loader/util/pq.hpp"

namespace lakemover::loader {

class CancelToken {
public:
    // why is shown to the user and kept in the run. later: the run is to go on another time, so that its point in time
    // is kept.
    void raise(const std::string& why, bool later = false);
    bool raised() const { return raised_.load(); }
    // The run ends when what is under way has come to its end: nothing new is begun.
    void drain(const std::string& why);
    bool draining() const { return draining_.load(); }
    // For whoever is about to begin something: a batch, a statement, a table.
    bool ends() const { return raised() || draining(); }
    // Whether the run is to go on another time.
    bool later() const;
    std::string why() const;
    void check() const;
    void check_draining() const;  // both

    // Ends the sockets of all registered connections: a blocked read or write returns at once, and
    // the server notices the closed peer (client_connection_check_interval). No plaintext cancel
    // request leaves the machine.
    void cut_connections();

private:
    friend class Cancellable;
    std::atomic<bool> raised_{false};
    std::atomic<bool> draining_{false};
    bool for_good_ = false;
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
