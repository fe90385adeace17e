// What a source can do, one small abstract class per job; implemented by the libpq driver
// (PostgreSQL) and, later, the ODBC driver (SQL Server). Pure zone: throws source::Error only,
// and whatever the caller's Waiter throws.
#pragma once
#include <cstdint>
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
};

class Connection {
public:
    virtual ~Connection() = default;
    virtual const ServerInfo& info() const = 0;
    virtual void exec(std::string_view sql) = 0;
    virtual TextResult query(std::string_view sql, const std::vector<TextValue>& params = {}) = 0;
    virtual std::unique_ptr<Cursor> open_cursor(std::string_view sql, const std::vector<TextValue>& params,
                                                int fetch_size) = 0;
    virtual std::unique_ptr<CopyStream> copy_out(std::string_view sql, CopyFormat format) = 0;
    // A read-only REPEATABLE READ transaction; returns the exported snapshot's id.
    virtual std::string begin_and_export() = 0;
    virtual void begin_joined(std::string_view snapshot_id) = 0;
    virtual void begin() = 0;
    virtual void end() noexcept = 0;
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
