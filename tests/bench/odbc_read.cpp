// The baseline of reading: the same rows by plain block fetch into typed, bound buffers, and nothing done with them.
// odbc_read QUERY: columns are bound by what the driver describes; unbounded ones with 1000 characters. The connection
// string is in ODBC_READ_CONNECTION. Prints rows and seconds.
#include <sql.h>
#include <sqlext.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

constexpr SQLULEN kBlock = 1000;

[[noreturn]] void fail(SQLSMALLINT type, SQLHANDLE handle, const char* what) {
    SQLCHAR state[6] = {};
    SQLCHAR text[1000] = {};
    SQLINTEGER native = 0;
    SQLSMALLINT length = 0;
    SQLGetDiagRec(type, handle, 1, state, &native, text, sizeof text, &length);
    std::fprintf(stderr, "odbc_read: %s: %s %s\n", what, reinterpret_cast<char*>(state), reinterpret_cast<char*>(text));
    std::exit(1);
}

void check(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char* what) {
    if (!SQL_SUCCEEDED(code)) {
        fail(type, handle, what);
    }
}

struct Bound {
    SQLSMALLINT type = SQL_C_CHAR;
    SQLLEN width = 64;
    std::vector<char> data;
    std::vector<SQLLEN> indicators;
};

Bound bound_for(SQLSMALLINT type, SQLULEN size) {
    Bound b;
    switch (type) {
        case SQL_BIGINT:
            b.type = SQL_C_SBIGINT;
            b.width = 8;
            break;
        case SQL_INTEGER:
            b.type = SQL_C_SLONG;
            b.width = 4;
            break;
        case SQL_SMALLINT:
            b.type = SQL_C_SSHORT;
            b.width = 2;
            break;
        case SQL_BIT:
            b.type = SQL_C_BIT;
            b.width = 1;
            break;
        case SQL_FLOAT:
        case SQL_DOUBLE:
            b.type = SQL_C_DOUBLE;
            b.width = 8;
            break;
        case SQL_TYPE_TIMESTAMP:
            b.type = SQL_C_TYPE_TIMESTAMP;
            b.width = sizeof(SQL_TIMESTAMP_STRUCT);
            break;
        case SQL_GUID:
            b.type = SQL_C_GUID;
            b.width = sizeof(SQLGUID);
            break;
        case SQL_VARBINARY:
        case SQL_LONGVARBINARY:
            b.type = SQL_C_BINARY;
            b.width = size == 0 || size > 1000 ? 2000 : static_cast<SQLLEN>(size);
            break;
        case SQL_WVARCHAR:
        case SQL_WLONGVARCHAR:
            b.type = SQL_C_WCHAR;
            b.width = 2 * (size == 0 || size > 1000 ? 1000 : static_cast<SQLLEN>(size) + 1);
            break;
        default: break;
    }
    b.data.resize(kBlock * static_cast<std::size_t>(b.width));
    b.indicators.resize(kBlock);
    return b;
}

}  // namespace

int main(int argc, char** argv) {
    const char* connection = std::getenv("ODBC_READ_CONNECTION");
    if (argc != 2 || connection == nullptr) {
        std::fprintf(stderr, "usage: ODBC_READ_CONNECTION=... odbc_read QUERY\n");
        return 2;
    }
    SQLHANDLE env = SQL_NULL_HANDLE;
    SQLHANDLE dbc = SQL_NULL_HANDLE;
    SQLHANDLE stmt = SQL_NULL_HANDLE;
    SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env);
    SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
    check(SQLDriverConnect(dbc, nullptr, reinterpret_cast<SQLCHAR*>(const_cast<char*>(connection)), SQL_NTS, nullptr, 0,
                           nullptr, SQL_DRIVER_NOPROMPT),
          SQL_HANDLE_DBC, dbc, "connecting");
    SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt);
    SQLULEN fetched = 0;
    SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(kBlock), 0);
    SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, &fetched, 0);
    const auto start = std::chrono::steady_clock::now();
    check(SQLExecDirect(stmt, reinterpret_cast<SQLCHAR*>(argv[1]), SQL_NTS), SQL_HANDLE_STMT, stmt, "executing");
    SQLSMALLINT count = 0;
    SQLNumResultCols(stmt, &count);
    std::vector<Bound> columns;
    for (SQLSMALLINT i = 1; i <= count; ++i) {
        SQLCHAR name[256];
        SQLSMALLINT length = 0;
        SQLSMALLINT type = 0;
        SQLSMALLINT digits = 0;
        SQLSMALLINT nullable = 0;
        SQLULEN size = 0;
        check(SQLDescribeCol(stmt, static_cast<SQLUSMALLINT>(i), name, sizeof name, &length, &type, &size, &digits,
                             &nullable),
              SQL_HANDLE_STMT, stmt, "describing");
        columns.push_back(bound_for(type, size));
    }
    for (std::size_t i = 0; i < columns.size(); ++i) {
        check(SQLBindCol(stmt, static_cast<SQLUSMALLINT>(i + 1), columns[i].type, columns[i].data.data(),
                         columns[i].width, columns[i].indicators.data()),
              SQL_HANDLE_STMT, stmt, "binding");
    }
    long long rows = 0;
    for (;;) {
        const SQLRETURN code = SQLFetch(stmt);
        if (code == SQL_NO_DATA) {
            break;
        }
        check(code, SQL_HANDLE_STMT, stmt, "fetching");
        rows += static_cast<long long>(fetched);
    }
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    std::printf("%lld %.3f\n", rows, took.count());
    return 0;
}
