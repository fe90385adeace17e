// See connection.hpp.
#include "source/postgres/connection.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

#include <algorithm>
#include <thread>

#include "source/dialect.hpp"
#include "source/plain_waiter.hpp"
#include "source/postgres/catalog.hpp"
#include "source/probe.hpp"

namespace lakemover::source::postgres {

namespace {

constexpr int kOldest = 120000;
constexpr int kNewestMajor = 17;
constexpr long kEndTimeoutMs = 2000;

std::string to_string(const char* value) { return value != nullptr ? value : ""; }

// What every session is pinned to, so that text forms do not follow the role's or database's defaults,
// nothing is written, hidden rows are an error, and only pg_catalog's names resolve.
std::string session_settings(int version) {
    std::string sql =
        "SET default_transaction_read_only = on; SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD';"
        "SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; SET bytea_output = 'hex'; SET xmlbinary = "
        "'base64';"
        "SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0;"
        "SET row_security = off; SET synchronize_seqscans = off; SET jit = off;";
    if (version >= 140000) {
        sql += "SET idle_session_timeout = 0;";
    }
    if (version >= 170000) {
        sql += "SET transaction_timeout = 0;";
    }
    return sql;
}

}  // namespace

LibpqConnection::LibpqConnection(const ConnectParams& params, Waiter& waiter)
    : conn_(open_connection(params, waiter)), waiter_(&waiter) {
    pin_session(params);
}

LibpqConnection::~LibpqConnection() = default;

PGconn* LibpqConnection::native() {
    if (!conn_) {
        throw Error(ErrorKind::kTransient, "08003", "the connection to the source is closed");
    }
    return conn_.get();
}

void LibpqConnection::pin_session(const ConnectParams& params) {
    const int version = PQserverVersion(native());
    if (version < kOldest || version / 10000 > kNewestMajor) {
        throw Error(
            ErrorKind::kUnsupported, "0A000",
            "PostgreSQL " + to_string(PQparameterStatus(native(), "server_version")) + " is not supported as a source",
            {}, "supported are versions 12 to 17");
    }
    const ResultPtr row =
        run(session_settings(version) +
                "SELECT current_setting('server_version'), current_database(), session_user,"
                " current_setting('server_encoding'), pg_backend_pid(), set_config('search_path', '', false)",
            {});
    const auto field = [&row](int column) { return std::string(PQgetvalue(row.get(), 0, column)); };
    if (std::stoi(field(4)) != PQbackendPID(native())) {
        throw Error(
            ErrorKind::kUnsupported, "0A000", "a connection pooler stands between staging and the source",
            "the process that answers is not the one that was connected to",
            "name the database server's own host and port: snapshots and session settings do not survive a pooler");
    }
    info_.engine = "postgres";
    info_.version = field(0);
    info_.version_num = version;
    info_.database = field(1);
    info_.user = field(2);
    info_.encoding = field(3);
    info_.tls = PQsslInUse(native()) != 0;
    if (version >= 140000) {
        try {
            exec("SET client_connection_check_interval = '1s'");
            notices_close_ = true;
        } catch (const Error& e) {
            if (e.sqlstate != "22023") {  // some platforms cannot watch a socket
                throw;
            }
        }
    }
    try {
        info_.identity =
            to_string(PQgetvalue(run("SELECT system_identifier FROM pg_control_system()", {}).get(), 0, 0));
    } catch (const Error& e) {
        if (e.sqlstate != "42501") {
            throw;
        }
        const auto host = params.options.find("host");
        info_.identity = (host == params.options.end() ? "" : host->second) + ":" + to_string(PQport(native()));
    }
    info_.identity += "/" + info_.database;
}

void LibpqConnection::send(std::string_view sql, const std::vector<TextValue>& params) {
    const std::string text(sql);
    std::vector<const char*> values;
    for (const TextValue& value : params) {
        values.push_back(value ? value->c_str() : nullptr);
    }
    const int sent = params.empty() ? PQsendQuery(native(), text.c_str())
                                    : PQsendQueryParams(native(), text.c_str(), static_cast<int>(values.size()),
                                                        nullptr, values.data(), nullptr, nullptr, 0);
    if (sent == 0) {
        throw lost_error(native());
    }
}

// The next result of what was sent, or null at the end. Closes the connection when it throws.
ResultPtr LibpqConnection::next_result() {
    try {
        for (;;) {
            const int unsent = PQflush(native());
            if (unsent < 0) {
                throw lost_error(native());
            }
            if (unsent == 0 && PQisBusy(native()) == 0) {
                return ResultPtr(PQgetResult(native()));
            }
            waiter_->wait(PQsocket(native()), true, unsent > 0, -1);
            if (PQconsumeInput(native()) == 0) {
                // The server's last words may already be there: a result tells more than a broken pipe.
                if (PQisBusy(native()) == 0) {
                    ResultPtr last(PQgetResult(native()));
                    if (last && PQresultStatus(last.get()) == PGRES_FATAL_ERROR) {
                        throw result_error(last.get());
                    }
                }
                throw lost_error(native());
            }
        }
    } catch (...) {
        abandon();
        throw;
    }
}

void LibpqConnection::expect_end() {
    while (const ResultPtr extra = next_result()) {
        const ExecStatusType status = PQresultStatus(extra.get());
        if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
            abandon();
            throw Error(ErrorKind::kInternal, "XX000", "unexpected COPY on the source's connection");
        }
    }
}

// Runs to the end; the last result, or the first error once everything has been read.
void LibpqConnection::fail(const PGresult* result) {
    const Error error = result_error(result);
    if (PQstatus(native()) == CONNECTION_BAD) {
        abandon();
    } else {
        expect_end();
    }
    throw error;
}

ResultPtr LibpqConnection::run(std::string_view sql, const std::vector<TextValue>& params) {
    send(sql, params);
    ResultPtr last;
    while (ResultPtr next = next_result()) {
        const ExecStatusType status = PQresultStatus(next.get());
        if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) {
            fail(next.get());
        }
        if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
            abandon();
            throw Error(ErrorKind::kInternal, "XX000", "unexpected answer of the source", PQresStatus(status));
        }
        last = std::move(next);
    }
    if (!last) {
        throw Error(ErrorKind::kInternal, "XX000", "the source gave no answer");
    }
    return last;
}

void LibpqConnection::exec(std::string_view sql) { run(sql, {}); }

namespace {

constexpr std::size_t kBatchRows = 500;
constexpr std::size_t kBatchBytes = 1U << 20U;

// Adds the rows of a result; returns how many bytes their values have.
std::size_t add_rows(const PGresult* result, std::vector<TextRow>& rows) {
    const int columns = PQnfields(result);
    std::size_t bytes = 0;
    for (int r = 0; r < PQntuples(result); ++r) {
        TextRow& row = rows.emplace_back(static_cast<std::size_t>(columns));
        for (int c = 0; c < columns; ++c) {
            if (PQgetisnull(result, r, c) == 0) {
                const auto length = static_cast<std::size_t>(PQgetlength(result, r, c));
                row[static_cast<std::size_t>(c)].emplace(PQgetvalue(result, r, c), length);
                bytes += length;
            }
        }
    }
    return bytes;
}

}  // namespace

TextResult LibpqConnection::query(std::string_view sql, const std::vector<TextValue>& params) {
    const ResultPtr result = run(sql, params);
    TextResult text;
    for (int c = 0; c < PQnfields(result.get()); ++c) {
        text.names.emplace_back(PQfname(result.get(), c));
    }
    text.rows.reserve(static_cast<std::size_t>(PQntuples(result.get())));
    add_rows(result.get(), text.rows);
    return text;
}

void LibpqConnection::each_row(std::string_view sql, const RowSink& sink) { stream(sql, 1, sink); }

void LibpqConnection::each_batch(std::string_view sql, const RowSink& sink) { stream(sql, kBatchRows, sink); }

void LibpqConnection::stream(std::string_view sql, std::size_t batch_rows, const RowSink& sink) {
    send(sql, {});
    if (PQsetSingleRowMode(native()) != 1) {
        abandon();
        throw Error(ErrorKind::kInternal, "XX000", "libpq does not give rows one by one");
    }
    std::vector<TextRow> rows;
    std::size_t bytes = 0;
    const auto pass_on = [&] {
        try {
            sink(rows);
        } catch (...) {
            abandon();
            throw;
        }
        rows.clear();
        bytes = 0;
    };
    for (;;) {
        const ResultPtr result = next_result();
        if (!result) {
            break;
        }
        switch (PQresultStatus(result.get())) {
            case PGRES_SINGLE_TUPLE:
                bytes += add_rows(result.get(), rows);
                if (rows.size() >= batch_rows || bytes >= kBatchBytes) {
                    pass_on();
                }
                break;
            case PGRES_TUPLES_OK: break;  // none behind the last one
            default: fail(result.get());
        }
    }
    if (!rows.empty()) {
        pass_on();
    }
}

std::unique_ptr<CopyStream> LibpqConnection::copy_out(std::string_view sql, CopyFormat format) {
    send(sql, {});
    const ResultPtr first = next_result();
    if (!first) {
        throw Error(ErrorKind::kInternal, "XX000", "the source gave no answer");
    }
    if (PQresultStatus(first.get()) == PGRES_FATAL_ERROR) {
        const Error error = result_error(first.get());
        expect_end();
        throw error;
    }
    if (PQresultStatus(first.get()) != PGRES_COPY_OUT ||
        PQbinaryTuples(first.get()) != (format == CopyFormat::kBinary ? 1 : 0)) {
        abandon();
        throw Error(ErrorKind::kInternal, "XX000", "the source did not start the COPY that was asked for");
    }
    return make_copy_stream(*this, format);
}

std::optional<std::string> LibpqConnection::catalog_query(std::string_view topic) {
    const auto query = source::catalog_query(topic, info_.version_num);
    return query ? std::optional<std::string>(*query) : std::nullopt;
}

TextRow LibpqConnection::position() {
    return query(
               "SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END, "
               "pg_is_in_recovery()",
               {})
        .rows.at(0);
}

std::unique_ptr<TableReader> LibpqConnection::reader(const TableSpec& spec) { return make_table_reader(*this, spec); }

void LibpqConnection::begin_look(long budget_ms) {
    begin();
    // The caller's own clock stops it, too; the server would not notice that before version 14.
    exec("SET LOCAL lock_timeout = '1s'; SET LOCAL cursor_tuple_fraction = 1; SET LOCAL statement_timeout = " +
         std::to_string(std::max(budget_ms, 1L)));
}

std::unique_ptr<Cursor> LibpqConnection::open_probe(const ProbeSpec& spec, long budget_ms) {
    constexpr int kFetchSize = 500;
    const std::string sql = postgres_probe(spec);
    begin_look(budget_ms);
    return open_cursor(sql, {}, kFetchSize);
}

Snapshot LibpqConnection::begin_and_export(const SnapshotRequest& /*request*/) {
    begin();
    Snapshot snapshot;
    snapshot.id = to_string(PQgetvalue(run("SELECT pg_export_snapshot()", {}).get(), 0, 0));
    snapshot.position = position().at(0).value_or("");
    snapshot.session = std::to_string(PQbackendPID(native()));
    snapshot.level = "same";
    snapshot.proof = "an exported snapshot, which every reader joins";
    return snapshot;
}

void LibpqConnection::begin_joined(std::string_view snapshot_id) {
    begin();
    exec("SET TRANSACTION SNAPSHOT " + postgres_dialect().quote_literal(snapshot_id));
}

void LibpqConnection::begin() { exec("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"); }

namespace {
std::string savepoint_name(int depth) { return "lakemover_s" + std::to_string(depth); }
}  // namespace

void LibpqConnection::savepoint(int depth) { exec("SAVEPOINT " + savepoint_name(depth)); }

void LibpqConnection::release_savepoint(int depth) { exec("RELEASE SAVEPOINT " + savepoint_name(depth)); }

void LibpqConnection::rollback_to_savepoint(int depth) {
    exec("ROLLBACK TO SAVEPOINT " + savepoint_name(depth));
    release_savepoint(depth);
}

void LibpqConnection::end() noexcept {
    if (!conn_ || PQtransactionStatus(conn_.get()) == PQTRANS_IDLE) {
        return;
    }
    // Called on error paths too, where nothing may throw: short and not interruptible.
    Waiter* const before = waiter_;
    try {
        PlainWaiter plain(kEndTimeoutMs);
        waiter_ = &plain;
        exec("ROLLBACK");
        waiter_ = before;
    } catch (...) {
        waiter_ = before;
        abandon();
    }
}

bool LibpqConnection::usable() noexcept {
    if (!conn_ || PQstatus(conn_.get()) != CONNECTION_OK) {
        return false;
    }
    const PGTransactionStatusType state = PQtransactionStatus(conn_.get());
    if (state != PQTRANS_IDLE && state != PQTRANS_INTRANS) {
        return false;
    }
    pollfd one{PQsocket(conn_.get()), POLLIN | POLLRDHUP, 0};
    if (::poll(&one, 1, 0) == 0) {
        return true;
    }
    if ((one.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0) {
        return false;
    }
    // A notice or a parameter's new value may wait there; the end of the session may, too.
    return PQconsumeInput(conn_.get()) != 0 && PQstatus(conn_.get()) == CONNECTION_OK &&
           PQtransactionStatus(conn_.get()) == state;
}

void LibpqConnection::abandon() noexcept {
    if (!conn_) {
        return;
    }
    if (!notices_close_ && PQtransactionStatus(conn_.get()) == PQTRANS_ACTIVE) {
        cancel_from_thread();
    }
    const int fd = PQsocket(conn_.get());
    if (fd >= 0) {
        ::shutdown(fd, SHUT_RDWR);
    }
    conn_.reset();
}

// Servers before 14 run a statement on after its client has gone. PQcancel blocks, so it gets a
// thread of its own that nobody waits for.
void LibpqConnection::cancel_from_thread() noexcept {
    PGcancel* cancel = PQgetCancel(conn_.get());
    if (cancel == nullptr) {
        return;
    }
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    try {
        std::thread([cancel] {
            char text[256];
            PQcancel(cancel, text, sizeof text);
            PQfreeCancel(cancel);
        }).detach();
    } catch (...) {
        PQfreeCancel(cancel);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace lakemover::source::postgres
