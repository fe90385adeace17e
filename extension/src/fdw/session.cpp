// See session.hpp. An exception other than source::Error leaves the protocol in an unknown state
// (a cancel in the middle of a wait): the connection is then given up, which also stops the source.
#include "fdw/session.hpp"

#include <algorithm>
#include <chrono>

namespace lakemover::fdw {

using source::Error;
using source::ErrorKind;

namespace {

constexpr long kCleanupMillis = 2000;

// While a local (sub)transaction is being cleaned up no interrupt is taken, so waits are bounded here.
class CleanupWaiter final : public source::Waiter {
public:
    explicit CleanupWaiter(source::Waiter& inner) : inner_(inner) {}
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override {
        using std::chrono::duration_cast;
        using std::chrono::milliseconds;
        const auto left = duration_cast<milliseconds>(deadline_ - Clock::now()).count();
        if (left <= 0) {
            throw Error(ErrorKind::kConnect, "08006", "the source did not answer while its transaction was ended");
        }
        const bool bounded = timeout_ms >= 0 && timeout_ms < left;
        const bool ready = inner_.wait(fd, readable, writable, bounded ? timeout_ms : static_cast<long>(left));
        if (!ready && !bounded) {
            throw Error(ErrorKind::kConnect, "08006", "the source did not answer while its transaction was ended");
        }
        return ready;
    }

private:
    using Clock = std::chrono::steady_clock;
    source::Waiter& inner_;
    Clock::time_point deadline_ = Clock::now() + std::chrono::milliseconds(kCleanupMillis);
};

std::uint64_t losses = 0;

std::uint64_t next_cursor_id() {
    static std::uint64_t last = 0;
    return ++last;
}

bool is_lost(const Error& error) {
    return error.kind == ErrorKind::kConnect || error.sqlstate.starts_with("08") || error.sqlstate.starts_with("57P");
}

}  // namespace

template <class F> auto Session::guarded(F&& f) -> decltype(f()) {
    if (lost_) {
        throw Error(ErrorKind::kConnect, "08006", "the connection to the source was lost in this transaction", {},
                    "start the transaction again: its snapshot of the source is gone");
    }
    try {
        return f();
    } catch (const Error& error) {
        failed_ = true;
        if (is_lost(error)) {
            lose();
        }
        throw;
    } catch (...) {
        lose();
        throw;
    }
}

void Session::lose() noexcept {
    lost_ = true;
    connection_->abandon();
    drop_cursors(0);
}

void Session::enter(int depth) {
    guarded([&] {
        if (depth_ == 0) {
            connection_->begin();
            if (source::ForeignSource* foreign = connection_->foreign_source()) {
                consistent_ = foreign->begin_reading();
            }
            depth_ = 1;
            failed_ = false;
        }
        while (depth_ < depth) {
            connection_->savepoint(depth_ + 1);
            ++depth_;
        }
    });
}

void Session::release_savepoint() {
    guarded([&] { connection_->release_savepoint(depth_); });
    --depth_;
    for (auto& [id, open] : cursors_) {
        open.depth = std::min(open.depth, depth_);
    }
}

void Session::rollback_savepoint() noexcept {
    const int level = depth_--;
    if (lost_) {
        return;
    }
    CleanupWaiter cleanup(waiter_);
    connection_->set_waiter(cleanup);
    drop_cursors(level);
    try {
        connection_->rollback_to_savepoint(level);
        failed_ = false;
    } catch (...) {
        lose();
    }
    connection_->set_waiter(waiter_);
}

void Session::finish() noexcept {
    depth_ = 0;
    if (lost_) {
        return;
    }
    drop_cursors(0);
    connection_->end();
    failed_ = false;
    if (!connection_->usable()) {
        lose();
    }
}

// Without a word to a source that closes them itself, with their transaction or at the savepoint.
void Session::drop_cursors(int from_depth) noexcept {
    if (std::erase_if(cursors_, [=](const auto& item) { return item.second.depth >= from_depth; }) > 0) {
        ++losses;
    }
}

source::TextResult Session::query(std::string_view sql, const std::vector<source::TextValue>& params) {
    return guarded([&] { return connection_->query(sql, params); });
}

std::uint64_t Session::open_cursor(std::string_view sql, const std::vector<source::TextValue>& params, int fetch_size) {
    return guarded([&] { return keep(connection_->open_cursor(sql, params, fetch_size)); });
}

std::uint64_t Session::open_cursor(const source::ForeignRead& read, int fetch_size) {
    return guarded([&] { return keep(connection_->foreign_source()->open_cursor(read, fetch_size)); });
}

std::uint64_t Session::keep(std::unique_ptr<source::Cursor> cursor) {
    const std::uint64_t id = next_cursor_id();
    cursors_.emplace(id, OpenCursor{std::move(cursor), depth_});
    return id;
}

bool Session::has_schema(const std::string& schema) {
    return guarded([&] { return connection_->foreign_source()->has_schema(schema); });
}

std::vector<source::ForeignRelation> Session::relations(const std::string& schema,
                                                        const std::optional<std::string>& name) {
    return guarded([&] { return connection_->foreign_source()->relations(schema, name); });
}

source::Cursor& Session::find(std::uint64_t cursor) {
    const auto found = cursors_.find(cursor);
    if (found == cursors_.end()) {
        throw Error(ErrorKind::kInternal, "24000", "the source's cursor behind this scan is closed", {},
                    "it was opened in a subtransaction that has been rolled back");
    }
    return *found->second.cursor;
}

const std::vector<source::TextRow>& Session::fetch(std::uint64_t cursor) {
    return guarded([&]() -> const std::vector<source::TextRow>& { return find(cursor).fetch(); });
}

void Session::close_cursor(std::uint64_t cursor) {
    const auto found = cursors_.find(cursor);
    if (found == cursors_.end()) {
        return;
    }
    if (!failed_) {
        guarded([&] { found->second.cursor->close(); });
    }
    cursors_.erase(cursor);
}

std::uint64_t Session::cursor_losses() noexcept { return losses; }

bool Session::usable() noexcept { return !lost_ && connection_->usable(); }

}  // namespace lakemover::fdw
