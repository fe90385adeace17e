// One cached connection to a source: its transaction, savepoints and open cursors.
// Zone: C++ above the driver, no server calls of its own; throws source::Error and what the waiter throws.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "source/driver.hpp"
#include "source/foreign.hpp"

namespace lakemover::fdw {

class Session {
public:
    Session(std::unique_ptr<source::Connection> connection, source::Waiter& waiter)
        : connection_(std::move(connection)), waiter_(waiter) {}
    Session(const Session&) = delete;
    Session& operator=(const Session&) = delete;
    ~Session() { drop_cursors(0); }

    const source::ServerInfo& info() const { return connection_->info(); }
    // False when what is read has no one point in time.
    bool consistent() const noexcept { return consistent_; }

    // Opens the read-only transaction and one savepoint for each subtransaction up to depth, so that a
    // failed statement of the source is undone with the local subtransaction and the snapshot is kept.
    void enter(int depth);
    int depth() const noexcept { return depth_; }
    void release_savepoint();
    // Both end what the local side has already ended: they never throw and never wait for long.
    void rollback_savepoint() noexcept;
    void finish() noexcept;

    source::TextResult query(std::string_view sql, const std::vector<source::TextValue>& params = {});
    std::uint64_t open_cursor(std::string_view sql, const std::vector<source::TextValue>& params, int fetch_size);
    // Of a source with a dialect of its own.
    bool is_foreign() noexcept { return connection_->foreign_source() != nullptr; }
    const source::ForeignDialect& dialect() { return connection_->foreign_source()->dialect(); }
    bool has_schema(const std::string& schema);
    std::vector<source::ForeignRelation> relations(const std::string& schema, const std::optional<std::string>& name);
    std::uint64_t open_cursor(const source::ForeignRead& read, int fetch_size);
    const std::vector<source::TextRow>& fetch(std::uint64_t cursor);
    void close_cursor(std::uint64_t cursor);
    // Counts the times that cursors went away under their scans: with a rolled back subtransaction, or
    // with their session. A batch may be read on as long as this has not changed since it was fetched.
    static std::uint64_t cursor_losses() noexcept;
    void require_cursor(std::uint64_t cursor) { (void)find(cursor); }

    // False when the connection cannot be used any more: broken, or stopped in the middle of something.
    bool alive() const noexcept { return !lost_; }
    bool usable() noexcept;

private:
    struct OpenCursor {
        std::unique_ptr<source::Cursor> cursor;
        int depth;
    };
    template <class F> auto guarded(F&& f) -> decltype(f());
    std::uint64_t keep(std::unique_ptr<source::Cursor> cursor);
    source::Cursor& find(std::uint64_t cursor);
    void lose() noexcept;
    void drop_cursors(int from_depth) noexcept;

    std::unique_ptr<source::Connection> connection_;
    source::Waiter& waiter_;
    std::map<std::uint64_t, OpenCursor> cursors_;
    int depth_ = 0;
    bool failed_ = false;  // the source's (sub)transaction is aborted
    bool lost_ = false;
    bool consistent_ = true;
};

}  // namespace lakemover::fdw
