// RAII over libpq: one connection, results as rows of optional strings, COPY in both directions.
// Throws loader::Error with the server's SQLSTATE; messages never hold a password.
#pragma once
#include <libpq-fe.h>

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "loader/util/error.hpp"

namespace lakemover::loader {

using Value = std::optional<std::string>;

class Result {
public:
    explicit Result(PGresult* raw) : raw_(raw) {}
    int rows() const { return PQntuples(raw_.get()); }
    int columns() const { return PQnfields(raw_.get()); }
    bool is_null(int row, int column) const { return PQgetisnull(raw_.get(), row, column) == 1; }
    std::string_view get(int row, int column) const {
        return {PQgetvalue(raw_.get(), row, column), static_cast<std::size_t>(PQgetlength(raw_.get(), row, column))};
    }
    std::string text(int row, int column) const { return std::string(get(row, column)); }
    Value value(int row, int column) const {
        if (is_null(row, column)) return std::nullopt;
        return text(row, column);
    }
    std::int64_t integer(int row, int column) const;  // 0 for NULL
    bool boolean(int row, int column) const { return get(row, column) == "t"; }
    std::string command_tag() const { return PQcmdStatus(raw_.get()); }
    std::int64_t affected() const;
    PGresult* raw() const { return raw_.get(); }

private:
    struct Clear {
        void operator()(PGresult* r) const noexcept { PQclear(r); }
    };
    std::unique_ptr<PGresult, Clear> raw_;
};

// libpq keywords and values; the password is one of them and is wiped by the owner.
using ConnInfo = std::map<std::string, std::string>;

class Pg {
public:
    // Opens a connection. role names it in messages: "staging", "target".
    static Pg connect(const ConnInfo& info, const std::string& role);
    // PQPING_REJECT: the server is there and takes nobody yet, or no longer: it starts, recovers after a crash, or shuts down.
    static PGPing ping(const ConnInfo& info);

    Pg(Pg&&) noexcept = default;
    Pg& operator=(Pg&&) noexcept = default;

    Result exec(std::string_view sql);
    Result query(std::string_view sql, const std::vector<Value>& params);
    // First column of the only row; Error when there is not exactly one row.
    Value scalar(std::string_view sql, const std::vector<Value>& params = {});

    // COPY ... FROM STDIN
    void copy_in_start(std::string_view sql);
    void copy_in_data(std::string_view bytes);
    std::int64_t copy_in_end();                              // rows by the command tag
    void copy_in_abort(const std::string& reason) noexcept;  // ends the COPY with an error and eats the result

    // COPY ... TO STDOUT; next() returns false at the end, which was checked to be the real end.
    void copy_out_start(std::string_view sql);
    bool copy_out_next(std::string_view& bytes);  // valid until the next call
    bool copying_out() const { return copying_out_; }

    // A LISTEN-free way to notice a dead peer: the socket, and whether libpq still believes in it.
    bool alive() const { return conn_ && PQstatus(conn_.get()) == CONNECTION_OK; }
    bool in_transaction() const { return conn_ && PQtransactionStatus(conn_.get()) != PQTRANS_IDLE; }
    int server_version() const { return PQserverVersion(conn_.get()); }
    int backend_pid() const { return PQbackendPID(conn_.get()); }
    PGconn* raw() const { return conn_.get(); }
    std::string quote_ident(std::string_view name) const;
    std::string quote_literal(std::string_view text) const;
    // Asks the server to stop the running statement; from any thread. Best effort.
    void request_cancel() noexcept;
    void on_notice(std::function<void(const std::string&)> handler);
    const std::string& role() const { return role_; }
    double connect_seconds() const { return connect_seconds_; }  // what connecting took

private:
    Pg(PGconn* conn, std::string role);
    [[noreturn]] void fail(const PGresult* result);
    Result check(PGresult* raw);
    struct Finish {
        void operator()(PGconn* c) const noexcept { PQfinish(c); }
    };
    struct FreeMem {
        void operator()(char* p) const noexcept { PQfreemem(p); }
    };
    std::unique_ptr<PGconn, Finish> conn_;
    std::unique_ptr<char, FreeMem> copy_buffer_;
    std::unique_ptr<std::function<void(const std::string&)>> notice_;
    std::string role_;
    bool copying_out_ = false;
    double connect_seconds_ = 0;
};

}  // namespace lakemover::loader
