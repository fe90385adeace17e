// See session.hpp. At most one connection of each sort is kept per backend; a second user at the
// same time (two portals reading one run) gets a connection of its own, closed after use.
#include "stream/session.hpp"

#include <sstream>

extern "C" {
#include "access/xact.h"
}

#include "codec/column_form.hpp"
#include "pg/server_options.hpp"
#include "pg/spi.hpp"

namespace lakemover::stream {

using pg::pg_call;
using pg::spi_query;
using pg::SpiMode;
using source::Connection;
using source::Error;
using source::ErrorKind;

namespace {

// What a kept connection was made for: it serves only the same user of the same server.
struct Owner {
    Oid server = InvalidOid;
    Oid user = InvalidOid;
    std::int64_t run_id = 0;
    std::string snapshot_id;
    bool operator==(const Owner&) const = default;
};

struct Kept {
    Owner owner;
    Shelf shelf;

    // The kept connection, when it is the wanted one and still good. Else null, and the shelf is the
    // new owner's.
    std::unique_ptr<Connection> take(const Owner& wanted) {
        if (owner == wanted && shelf.connection && shelf.connection->usable()) {
            return std::move(shelf.connection);
        }
        shelf.connection.reset();
        if (!(owner == wanted)) {
            owner = wanted;
            ++shelf.generation;
        }
        return nullptr;
    }
};

Kept& kept_catalog() {
    static Kept kept;
    return kept;
}

Kept& kept_run() {
    static Kept kept;
    return kept;
}

void end_of_transaction(XactEvent event, void* /*arg*/) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE) {
        kept_catalog().shelf.connection.reset();
    }
}

void watch_transactions() {
    static bool registered = false;
    if (!registered) {
        pg_call([] { RegisterXactCallback(end_of_transaction, nullptr); });
        registered = true;
    }
}

Oid current_user() {
    return pg_call([] { return GetUserId(); });
}

[[noreturn]] void no_snapshot(std::int64_t run_id, const std::string& detail) {
    throw Error(ErrorKind::kConfig, "55000", "no snapshot of the source is held for run " + std::to_string(run_id),
                detail, "SELECT lakemover.keeper_start(" + std::to_string(run_id) + ") takes one");
}

struct RunSnapshot {
    std::string source;
    std::string snapshot_id;
    std::optional<std::vector<std::string>> type_faults;
};

RunSnapshot load_snapshot(std::int64_t run_id) {
    // The latest state, whatever this transaction's snapshot is: the keeper commits on its own.
    const auto rows = spi_query(
        "SELECT r.source, s.state, s.snapshot_id, s.error, pg_catalog.array_to_string(s.type_faults, E'\\n') FROM "
        "lakemover.run r"
        " LEFT JOIN lakemover.snapshot s ON s.run_id OPERATOR(pg_catalog.=) r.run_id"
        " WHERE r.run_id OPERATOR(pg_catalog.=) $1::pg_catalog.int8",
        {std::to_string(run_id)}, SpiMode::kLatest);
    if (rows.empty()) {
        throw Error(ErrorKind::kConfig, "42704", "run " + std::to_string(run_id) + " does not exist");
    }
    const auto& row = rows.front();
    if (!row[1]) {
        no_snapshot(run_id, "its keeper was never started");
    }
    if (*row[1] != "held" || !row[2]) {
        no_snapshot(run_id, "its state is " + *row[1] + (row[3] ? ": " + *row[3] : ""));
    }
    RunSnapshot snapshot{row[0].value_or(""), *row[2], std::nullopt};
    if (row[4]) {
        snapshot.type_faults.emplace();
        std::istringstream lines(*row[4]);
        for (std::string line; std::getline(lines, line);) {
            snapshot.type_faults->push_back(line);
        }
    }
    return snapshot;
}

std::unique_ptr<Connection> connect(const source::ConnectParams& params, const RunSnapshot& snapshot) {
    auto connection = source::connect(params, backend_waiter());
    if (snapshot.type_faults) {
        connection->set_type_faults(*snapshot.type_faults);
    }
    return connection;
}

std::unique_ptr<Connection> join(const source::ConnectParams& params, std::int64_t run_id,
                                 const RunSnapshot& snapshot) {
    auto connection = connect(params, snapshot);
    try {
        connection->begin_joined(snapshot.snapshot_id);
    } catch (const Error& e) {
        // 22023 and 42704 (PostgreSQL 18's name for it): the transaction that exported it is gone.
        if (e.sqlstate == "22023" || e.sqlstate == "42704") {
            no_snapshot(run_id, "the source no longer knows snapshot " + snapshot.snapshot_id +
                                    ": the keeper's session has ended there");
        }
        throw;
    }
    return connection;
}

}  // namespace

source::Waiter& backend_waiter() {
    static pg::BackendWaiter waiter;
    return waiter;
}

void Loan::give_back() noexcept {
    if (connection_ && !shelf_->connection && shelf_->generation == generation_ && connection_->usable()) {
        shelf_->connection = std::move(connection_);
    }
    connection_.reset();
}

bool Loan::at_point() const noexcept {
    return shelf_ == &kept_run().shelf && kept_run().owner.snapshot_id == source::kSessionsSnapshot;
}

Loan borrow_catalog(const char* server_name) {
    const Owner wanted{pg::source_server_oid(server_name), current_user(), 0, {}};
    watch_transactions();
    Kept& kept = kept_catalog();
    auto connection = kept.take(wanted);
    if (!connection) {
        connection = source::connect(pg::resolve_source(wanted.server, wanted.user), backend_waiter());
    }
    return {std::move(connection), kept.shelf};
}

Loan borrow_for_run(std::int64_t run_id) {
    const RunSnapshot snapshot = load_snapshot(run_id);
    const Owner wanted{pg::source_server_oid(snapshot.source.c_str()), current_user(), run_id, snapshot.snapshot_id};
    Kept& kept = kept_run();
    auto connection = kept.take(wanted);
    if (!connection && snapshot.snapshot_id == source::kSessionsSnapshot) {
        throw Error(ErrorKind::kConfig, "55000",
                    "this session has no part in the point in time of run " + std::to_string(run_id),
                    "its session on the source has ended, or was never opened at that point");
    }
    if (!connection) {
        connection = join(pg::resolve_source(wanted.server, wanted.user), run_id, snapshot);
    }
    return {std::move(connection), kept.shelf};
}

namespace {

struct RunPoint {
    Owner owner;
    RunSnapshot snapshot;
};

RunPoint at_point(std::int64_t run_id) {
    RunPoint point;
    point.snapshot = load_snapshot(run_id);
    point.owner = {pg::source_server_oid(point.snapshot.source.c_str()), current_user(), run_id,
                   std::string(source::kSessionsSnapshot)};
    return point;
}

}  // namespace

source::PointMarks open_point(std::int64_t run_id) {
    const RunPoint point = at_point(run_id);
    Kept& kept = kept_run();
    auto connection = kept.take(point.owner);
    if (!connection) {
        connection = connect(pg::resolve_source(point.owner.server, point.owner.user), point.snapshot);
    }
    const source::PointMarks marks = connection->open_point();
    kept.shelf.connection = std::move(connection);
    return marks;
}

bool holds_point(std::int64_t run_id) {
    const Kept& kept = kept_run();
    return kept.owner == at_point(run_id).owner && kept.shelf.connection && kept.shelf.connection->usable();
}

bool release_run_connection() noexcept {
    const bool had = kept_run().shelf.connection != nullptr;
    kept_run().shelf.connection.reset();
    return had;
}

source::TableSpec load_spec(std::int64_t run_id, std::int64_t table_id) {
    const auto rows = spi_query(
        "SELECT spec::pg_catalog.text FROM lakemover.run_table WHERE run_id OPERATOR(pg_catalog.=) $1::pg_catalog.int8"
        " AND table_id OPERATOR(pg_catalog.=) $2::pg_catalog.int8",
        {std::to_string(run_id), std::to_string(table_id)}, SpiMode::kRead);
    if (rows.empty() || !rows.front()[0]) {
        throw Error(ErrorKind::kConfig, "42704",
                    "run " + std::to_string(run_id) + " has no table " + std::to_string(table_id));
    }
    return source::parse_table_spec(*rows.front()[0]);
}

codec::RowHasherConfig load_hasher_config(std::int64_t run_id, const source::TableSpec& spec) {
    // As text it would be hexadecimal in one session and escaped in another.
    const auto rows = spi_query(
        "SELECT pg_catalog.encode(hash_key, 'hex') FROM lakemover.run WHERE run_id OPERATOR(pg_catalog.=) "
        "$1::pg_catalog.int8",
        {std::to_string(run_id)}, SpiMode::kRead);
    if (rows.empty() || !rows.front()[0]) {
        throw Error(ErrorKind::kConfig, "42704", "there is no run " + std::to_string(run_id));
    }
    codec::RowHasherConfig config;
    config.key = codec::parse_hash_key(*rows.front()[0]);
    for (const source::ColumnSpec& column : spec.columns) {
        config.columns.push_back(
            codec::column_form({column.codec, column.target_codec, column.source_type, column.target_type, spec.native,
                                column.select.has_value(), column.scale}));
        config.names.push_back(column.name);
    }
    return config;
}

}  // namespace lakemover::stream
