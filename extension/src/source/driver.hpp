// What a source can do, one small abstract class per job; implemented by the libpq driver
// (PostgreSQL) and the ODBC driver (SQL Server, Azure SQL). Pure zone: throws source::Error only,
// and whatever the caller's Waiter throws.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/error.hpp"

namespace lakemover::source {

// Blocks until a socket is ready or time is up. The backend's waiter also watches its latch and
// throws when the statement is cancelled; the unit tests' waiter is poll(2).
class Waiter {
public:
    virtual ~Waiter() = default;
    // timeout_ms < 0: no limit. Returns false on timeout. May throw (cancel).
    virtual bool wait(int fd, bool readable, bool writable, long timeout_ms) = 0;
};

struct ConnectParams {
    std::string engine;                          // postgres, sqlserver, azure_sql
    std::map<std::string, std::string> options;  // host, port, dbname, sslmode, ...: libpq's or the dialect's keywords
    std::string user;
    std::string password;
    int connect_timeout_s = 30;
    // The mapping's user is no superuser of staging: the source must have asked for the password, so
    // that nobody borrows the server process's own identity (peer, trust, a password file).
    bool password_required = false;
};

using TextValue = std::optional<std::string>;  // nullopt is NULL
using TextRow = std::vector<TextValue>;

struct TextResult {
    std::vector<std::string> names;
    std::vector<TextRow> rows;
};

struct ServerInfo {
    std::string engine;
    std::string version;  // as the server prints it
    int version_num = 0;  // 170002
    std::string database;
    std::string user;
    std::string encoding;
    std::string identity;  // system identifier '/' database, or what comes closest
    bool tls = false;
};

// Rows as text, fetched in batches; at most one open cursor reads from a connection at a time.
class Cursor {
public:
    virtual ~Cursor() = default;
    // Next batch; empty at the end. The returned reference lives until the next call.
    virtual const std::vector<TextRow>& fetch() = 0;
    virtual void rewind() = 0;
    virtual void close() = 0;
};

enum class CopyFormat { kBinary, kText };

// Values of a column that its policy changed on the way to the target: declared losses, by kind.
struct ColumnLosses {
    std::string column;
    std::map<std::string, std::int64_t> values;  // kind (nul, surrogate, precision): how many values
};

// The payload of COPY (SELECT ...) TO STDOUT as a byte stream of whole tuples: no header, no
// trailer. End of data is -1 from libpq *and* COMMAND_OK *and* the command tag's count.
class CopyStream {
public:
    virtual ~CopyStream() = default;
    // Appends up to about want bytes of payload to out; a row larger than that arrives in pieces
    // over several calls. Returns false when the stream has ended completely and correctly;
    // throws Error when it ended in any other way.
    virtual bool read(std::string& out, std::size_t want) = 0;
    virtual std::int64_t rows() const = 0;         // rows passed on so far; after the end equal to the command tag
    virtual std::int64_t wait_micros() const = 0;  // time spent waiting for the source
    // Complete after the end; columns without losses are left out.
    virtual std::vector<ColumnLosses> losses() const { return {}; }
    // After an error of the reader's own: takes and drops the rest, so that the connection can go on.
    virtual void drain() {}
};

struct ProbeSpec;
struct TableSpec;
struct ChunkRange;
class ForeignSource;

// Takes rows as they arrive and may move them out.
using RowSink = std::function<void(std::vector<TextRow>&)>;

// Passes on all that a cursor has, batch by batch, and closes it.
inline void pass_on(Cursor& cursor, const RowSink& sink) {
    for (;;) {
        std::vector<TextRow> rows = cursor.fetch();
        if (rows.empty()) {
            break;
        }
        sink(rows);
    }
    cursor.close();
}

// What was read of a table: payload bytes, as a run would move them.
struct Amount {
    std::int64_t rows = 0;
    std::int64_t bytes = 0;
    double mean() const { return static_cast<double>(bytes) / static_cast<double>(rows); }
};

// What is asked of one planned table, in the transaction of the connection that made the reader and
// that must outlive it. Arrays are text in PostgreSQL's form.
class TableReader {
public:
    virtual ~TableReader() = default;
    virtual std::int64_t count() = 0;
    // Mean payload bytes of a row from a sample of up to rows rows; absent for an empty table.
    virtual std::optional<double> row_bytes(std::int64_t rows) = 0;
    // Reads up to rows rows, the first that come, as a run reads them, and drops them.
    virtual Amount read_some(std::int64_t rows) = 0;
    // The chunks' inner bounds, ascending, at most chunks - 1: one column, the key tuple as text[].
    // Empty when the source cannot compare the key's type.
    virtual std::vector<TextRow> bounds(int chunks) = 0;
    // Level 3: (row_key text[], row_hash) of up to rows rows, spread over the table.
    virtual void sample(std::int64_t rows, const RowSink& sink) = 0;
    // Level 3 of all rows, as checksum_of() in postgres/canonical.hpp writes it.
    virtual std::string checksum() = 0;
    // Level 4: (row_key text[], fields text[], hex text[]) of the first rows.
    virtual void first_rows(std::int64_t rows, const RowSink& sink) = 0;
    virtual std::unique_ptr<CopyStream> copy_out(const ChunkRange& range) = 0;
};

// How a run's readers see the source: written into lakemover.snapshot, stated in the report.
struct Snapshot {
    std::string id;        // what begin_joined() takes
    std::string position;  // of the source's log, or what comes closest; empty when it cannot be known
    std::string session;   // the source's number of the holding session
    std::string level;     // same: one point for all tables; table: a point per table; none: no point
    std::string proof;     // in words, for the report
    // What the driver delivers wrongly, one line a type; absent where nothing was asked. See set_type_faults().
    std::optional<std::vector<std::string>> type_faults;
};

// The id of a point in time that only those sessions have that were opened at it: nobody can join it later.
inline constexpr std::string_view kSessionsSnapshot = "sessions";

// How the engine itself tells one session's point in time from another's.
struct PointMarks {
    std::int64_t number = 0;  // of the session's transaction; every transaction that can write gets one, ascending
    std::vector<std::int64_t> active;  // transactions that had not ended when the point was fixed, ascending
};

// What the operator declares about the source of a run.
struct SnapshotRequest {
    bool quiesced = false;             // nobody writes: the operator says so
    bool accept_inconsistent = false;  // go on without a point in time
};

class Connection {
public:
    virtual ~Connection() = default;
    virtual const ServerInfo& info() const = 0;
    virtual void exec(std::string_view sql) = 0;
    virtual TextResult query(std::string_view sql, const std::vector<TextValue>& params = {}) = 0;
    virtual std::unique_ptr<Cursor> open_cursor(std::string_view sql, const std::vector<TextValue>& params,
                                                int fetch_size) = 0;
    // All rows of a query, in batches of hundreds or of about a megabyte, as they arrive: the source goes on while the sink works.
    virtual void each_batch(std::string_view sql, const RowSink& sink) = 0;
    virtual std::unique_ptr<CopyStream> copy_out(std::string_view sql, CopyFormat format) = 0;
    // The query behind a catalog topic, absent when the engine has no such topic.
    virtual std::optional<std::string> catalog_query(std::string_view topic) = 0;
    // Where the source's log stands and whether it is a standby (t, f).
    virtual TextRow position() = 0;
    virtual std::unique_ptr<TableReader> reader(const TableSpec& spec) = 0;
    // Begins a read-only transaction for one look at rows, which end() ends: it queues for a lock no longer than a
    // second, and keeps no writer waiting. Throws 0A000 where the source cannot give it that.
    virtual void begin_look(long budget_ms) = 0;
    // See probe.hpp. Calls begin_look() itself.
    virtual std::unique_ptr<Cursor> open_probe(const ProbeSpec& spec, long budget_ms) = 0;
    // See foreign.hpp; nullptr when the source speaks PostgreSQL's SQL. Lives as long as the connection.
    virtual ForeignSource* foreign_source() = 0;
    // Opens the transaction that the run's readers join, read-only and at one point as far as the
    // engine can: the snapshot says how far.
    virtual Snapshot begin_and_export(const SnapshotRequest& request) = 0;
    // Throws 22023 or 42704 when the snapshot is gone.
    virtual void begin_joined(std::string_view snapshot_id) = 0;
    // Opens a transaction at the source's present point in time, instead of one that was opened before, and fixes it.
    virtual PointMarks open_point() {
        throw Error(ErrorKind::kUnsupported, "0A000", "this source hands its snapshot from session to session");
    }
    // After a failed statement: the transaction of open_point() is still open, and its point with it.
    virtual bool keeps_point() noexcept { return false; }
    // What begin_and_export() found of the same driver and source: the answers are not asked for again.
    virtual void set_type_faults(const std::vector<std::string>& /*faults*/) {}
    virtual void begin() = 0;
    virtual void end() noexcept = 0;
    // For the local subtransaction of that depth: a failed statement is undone, the snapshot is kept.
    virtual void savepoint(int depth) = 0;
    virtual void release_savepoint(int depth) = 0;
    virtual void rollback_to_savepoint(int depth) = 0;
    // Cheap check before reuse: the socket is open and nothing unexpected waits on it.
    virtual bool usable() noexcept = 0;
    // Stops whatever runs, from the same thread, by closing the socket (works over TLS too);
    // the connection is unusable after.
    virtual void abandon() noexcept = 0;
    virtual void set_waiter(Waiter& waiter) = 0;
};

// Opens a connection; every wait goes through the waiter, name resolution too.
std::unique_ptr<Connection> connect(const ConnectParams& params, Waiter& waiter);

}  // namespace lakemover::source
