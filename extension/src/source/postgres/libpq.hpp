// RAII over libpq and the mapping of its failures to source::Error. Pure zone, private to the
// PostgreSQL driver: nothing outside source/postgres includes it.
#pragma once
#include <libpq-fe.h>

#include <memory>
#include <string>

#include "source/driver.hpp"

namespace lakemover::source::postgres {

struct FinishConnection {
    void operator()(PGconn* conn) const noexcept { PQfinish(conn); }
};
struct ClearResult {
    void operator()(PGresult* result) const noexcept { PQclear(result); }
};
struct FreeMemory {
    void operator()(char* memory) const noexcept { PQfreemem(memory); }
};
using ConnPtr = std::unique_ptr<PGconn, FinishConnection>;
using ResultPtr = std::unique_ptr<PGresult, ClearResult>;
using BufferPtr = std::unique_ptr<char, FreeMemory>;

// What failed during a connection attempt; the text is libpq's, verbose, so that it holds the SQLSTATE.
struct Attempt {
    std::string host;
    std::string port;
    std::string database;
    std::string user;
    std::string sslmode;
};
Error connect_error(const Attempt& attempt, const std::string& text);
Error connect_timeout(const Attempt& attempt, int timeout_s);

// A failed result, or a connection that broke.
Error result_error(const PGresult* result);
Error lost_error(const PGconn* conn);

ErrorKind kind_of_sqlstate(const std::string& state);

// An open, authenticated connection in non-blocking mode, nothing set on it yet.
ConnPtr open_connection(const ConnectParams& params, Waiter& waiter);

}  // namespace lakemover::source::postgres
