// Connections to the source that SQL functions borrow. Zone: stream (PostgreSQL). Throws source::Error, PgError.
// Whoever does not give a connection back clean loses it: nothing half-read is ever reused.
#pragma once
#include "pg/bridge.hpp"

#include <cstdint>

#include "codec/stream_digester.hpp"
#include "source/spec.hpp"

namespace lakemover::stream {

// The backend's waiter; lives as long as the process.
source::Waiter& backend_waiter();

// Where a connection waits for its next use. A change of owner starts a new generation, so that a
// connection that was lent before is not taken back.
struct Shelf {
    std::unique_ptr<source::Connection> connection;
    std::uint64_t generation = 0;
};

// A borrowed connection. give_back() puts it where it came from; the destructor without it closes it, unless it has a
// point in time that no new one could have.
class Loan {
public:
    Loan(std::unique_ptr<source::Connection> connection, Shelf& shelf)
        : connection_(std::move(connection)), shelf_(&shelf), generation_(shelf.generation) {}
    Loan(Loan&&) noexcept = default;
    Loan(const Loan&) = delete;
    Loan& operator=(const Loan&) = delete;
    Loan& operator=(Loan&&) = delete;
    ~Loan() {
        if (connection_ && connection_->keeps_point()) {
            give_back();
        } else if (connection_) {
            connection_->abandon();
        }
    }
    source::Connection& operator*() const noexcept { return *connection_; }
    source::Connection* operator->() const noexcept { return connection_.get(); }
    void give_back() noexcept;
    // The connection's point in time is worth keeping over errors.
    bool at_point() const noexcept;

private:
    std::unique_ptr<source::Connection> connection_;
    Shelf* shelf_;
    std::uint64_t generation_;
};

// A connection without a transaction, for catalog reading; kept until staging's transaction ends.
Loan borrow_catalog(const char* server_name);

// A connection inside a transaction that sees the run's snapshot; kept by this backend over
// transactions, for the latest run. Throws 55000 when no snapshot of the run is held.
Loan borrow_for_run(std::int64_t run_id);

// Opens, or opens again, this backend's session at the source's present point in time; borrow_for_run() uses it once
// the run's snapshot is source::kSessionsSnapshot. Nothing else opens one: a session that is lost stays lost.
source::PointMarks open_point(std::int64_t run_id);

// Whether this backend has such a session, as far as can be told without asking the source.
bool holds_point(std::int64_t run_id);

// Closes what borrow_for_run() keeps; true when there was something.
bool release_run_connection() noexcept;

// The frozen plan of a table of a run; throws 42704 when there is none.
source::TableSpec load_spec(std::int64_t run_id, std::int64_t table_id);

// What the digests of a run's rows are made with: the run's key, and the columns' forms.
codec::RowHasherConfig load_hasher_config(std::int64_t run_id, const source::TableSpec& spec);

}  // namespace lakemover::stream
