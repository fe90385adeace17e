// RAII over ODBC handles, text in UTF-16 as the W functions take it, and diagnostics as source::Error.
// Pure zone, private to the ODBC driver. Throws source::Error.
#pragma once
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/error.hpp"

namespace lakemover::source::odbc {

using WideText = std::vector<SQLWCHAR>;

// UTF-8 to UTF-16 with a terminating zero, and back; what is not valid becomes U+FFFD.
WideText to_wide(std::string_view text);
std::string from_wide(const SQLWCHAR* text, std::size_t units);

template <SQLSMALLINT Type> class Handle {
public:
    Handle() = default;
    explicit Handle(SQLHANDLE parent) {
        if (!SQL_SUCCEEDED(SQLAllocHandle(Type, parent, &handle_))) {
            throw Error(ErrorKind::kInternal, "58000", "the ODBC driver manager gave no handle");
        }
    }
    Handle(Handle&& other) noexcept : handle_(std::exchange(other.handle_, SQL_NULL_HANDLE)) {}
    Handle& operator=(Handle&& other) noexcept {
        std::swap(handle_, other.handle_);
        return *this;
    }
    Handle(const Handle&) = delete;
    Handle& operator=(const Handle&) = delete;
    ~Handle() {
        if (handle_ != SQL_NULL_HANDLE) {
            SQLFreeHandle(Type, handle_);
        }
    }
    SQLHANDLE get() const noexcept { return handle_; }
    explicit operator bool() const noexcept { return handle_ != SQL_NULL_HANDLE; }

private:
    SQLHANDLE handle_ = SQL_NULL_HANDLE;
};

using Environment = Handle<SQL_HANDLE_ENV>;
using Statement = Handle<SQL_HANDLE_STMT>;

struct Diagnostic {
    std::string sqlstate;
    int native = 0;
    std::string message;
};

// All records, in the driver's order.
std::vector<Diagnostic> diagnostics(SQLSMALLINT type, SQLHANDLE handle);

// One error out of all records: the first that says more than "it failed" decides kind and SQLSTATE, the
// rest goes into the detail.
Error error_of(const std::vector<Diagnostic>& records, const std::string& doing);

// Whether there is more in them than warnings and what a server says beside its results (class 01).
bool is_failure(const std::vector<Diagnostic>& records);

// Throws unless the call succeeded; SQL_NO_DATA counts as success, success with an error among its records does not.
void check(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char* doing);

// Fetches the next rows of a result; false when it has ended, after so many, without an error behind its last row and
// with as many rows as the engine says it sent.
bool fetch(SQLHSTMT statement, std::int64_t rows_before, const char* doing);

// SQL Server's own error numbers; 0 is none of them.
ErrorKind kind_of_native(int native, const std::string& sqlstate);

}  // namespace lakemover::source::odbc
