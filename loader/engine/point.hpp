// One point in time for the workers of a source that cannot hand a snapshot from session to session (SQL Server): each
// worker's staging session opens a transaction there, all of them while nothing happens on the source. Nobody can join
// later: a session that is lost stays lost, and with the last one the point.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "loader/engine/context.hpp"

namespace lakemover::loader {

// How the source tells one session's point in time from another's.
struct PointMarks {
    std::int64_t number = 0;           // of the session's own transaction
    std::vector<std::int64_t> active;  // transactions that had not ended when the point was fixed, ascending

    static PointMarks parse(const std::string& json);
};

// Why the sessions may see different rows; empty when they see the same. What a transaction wrote is seen by a session
// whose number is higher and that did not find it open. So nothing must have got a number between the first and the
// last session, and all of them must have found the same others open: an equal end of the log alone would not tell of
// a transaction whose commit is in the log and not yet visible.
std::string point_difference(const std::vector<PointMarks>& sessions);

class SharedPoint {
public:
    // Tries, where the source may be able to and needs it; when that fails the run stays as its keeper began it.
    // Throws Error only when the run was cancelled or is not ours any more.
    SharedPoint(RunContext& run, Pg& staging);
    // Nothing is shared: for a loader that joins a run whose sessions need no such point.
    explicit SharedPoint(RunContext& run) : run_(run) {}

    // Workers share a point: who has not got it must not read.
    bool shared() const { return shared_; }
    // A staging session at the point, before workers have taken them; the given one when nothing is shared.
    Pg& session(Pg& other) { return sessions_.empty() ? other : *sessions_.front().pg; }
    // Before a row was read: every table gets a point of its own.
    void give_up(Pg& staging, const std::string& why);
    // The staging session of a worker, at the point; nothing when there is none.
    std::unique_ptr<Pg> take();
    // It has ended without losing it; the next ones go on with it.
    void give_back(std::unique_ptr<Pg> session);
    // A worker has lost its session. False when it was the last one that had the point.
    bool lose();

private:
    struct Session {
        std::unique_ptr<Pg> pg;
        std::unique_ptr<Cancellable> registration;
    };
    std::string try_to_share(Pg& staging);
    std::string open(Pg& staging);
    std::vector<PointMarks> open_sessions();
    std::optional<std::string> log_end(Pg& staging);

    RunContext& run_;
    std::vector<Session> sessions_;
    std::mutex mutex_;
    std::size_t attached_ = 0;
    bool shared_ = false;
};

}  // namespace lakemover::loader
