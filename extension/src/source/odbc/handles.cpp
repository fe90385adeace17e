// See handles.hpp.
#include "source/odbc/handles.hpp"

#include <algorithm>
#include <array>

namespace lakemover::source::odbc {

namespace {

constexpr char32_t kReplacement = 0xFFFD;

// One code point from UTF-8; advances at. Invalid bytes give U+FFFD, one a byte.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(at++);
    if (lead < 0x80) {
        return lead;
    }
    const int more = lead >= 0xF0 && lead < 0xF5   ? 3
                     : lead >= 0xE0 && lead < 0xF0 ? 2
                     : lead >= 0xC2 && lead < 0xE0 ? 1
                                                   : 0;
    if (more == 0 || at + static_cast<std::size_t>(more) > text.size()) {
        return kReplacement;
    }
    char32_t code = lead & (0x3FU >> more);
    for (int i = 0; i < more; ++i) {
        const unsigned char next = byte(at + static_cast<std::size_t>(i));
        if ((next & 0xC0U) != 0x80U) {
            return kReplacement;
        }
        code = (code << 6U) | (next & 0x3FU);
    }
    at += static_cast<std::size_t>(more);
    return code;
}

void append_utf8(std::string& out, char32_t code) {
    const auto put = [&out](char32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xC0U | (code >> 6U));
        put(0x80U | (code & 0x3FU));
    } else if (code < 0x10000) {
        put(0xE0U | (code >> 12U));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    } else {
        put(0xF0U | (code >> 18U));
        put(0x80U | ((code >> 12U) & 0x3FU));
        put(0x80U | ((code >> 6U) & 0x3FU));
        put(0x80U | (code & 0x3FU));
    }
}

constexpr bool is_high(char32_t unit) { return unit >= 0xD800 && unit < 0xDC00; }
constexpr bool is_low(char32_t unit) { return unit >= 0xDC00 && unit < 0xE000; }

struct KnownError {
    int native;
    ErrorKind kind;
};

// SQL Server's and Azure SQL's numbers; transient ones after Microsoft's list of transient faults.
constexpr std::array kKnownErrors = {
    KnownError{18456, ErrorKind::kAuth},      KnownError{18452, ErrorKind::kAuth},
    KnownError{18486, ErrorKind::kAuth},      KnownError{18487, ErrorKind::kAuth},
    KnownError{18488, ErrorKind::kAuth},      KnownError{4064, ErrorKind::kConfig},
    KnownError{40615, ErrorKind::kConnect},   KnownError{40532, ErrorKind::kConnect},
    KnownError{4060, ErrorKind::kTransient},  KnownError{40197, ErrorKind::kTransient},
    KnownError{40501, ErrorKind::kTransient}, KnownError{40540, ErrorKind::kTransient},
    KnownError{40613, ErrorKind::kTransient}, KnownError{10928, ErrorKind::kTransient},
    KnownError{10929, ErrorKind::kTransient}, KnownError{10936, ErrorKind::kTransient},
    KnownError{49918, ErrorKind::kTransient}, KnownError{49919, ErrorKind::kTransient},
    KnownError{49920, ErrorKind::kTransient}, KnownError{3947, ErrorKind::kTransient},
    KnownError{10053, ErrorKind::kTransient}, KnownError{10054, ErrorKind::kTransient},
    KnownError{10060, ErrorKind::kTransient}, KnownError{233, ErrorKind::kTransient},
    KnownError{64, ErrorKind::kTransient},    KnownError{1205, ErrorKind::kTransient},
    KnownError{1222, ErrorKind::kTransient},  KnownError{3958, ErrorKind::kTransient},
    KnownError{3960, ErrorKind::kTransient},  KnownError{3967, ErrorKind::kTransient},
    KnownError{3961, ErrorKind::kTransient},  KnownError{3966, ErrorKind::kTransient},
    KnownError{701, ErrorKind::kTransient},   KnownError{20003, ErrorKind::kTransient},
    KnownError{20004, ErrorKind::kTransient}, KnownError{20006, ErrorKind::kTransient},
    KnownError{20009, ErrorKind::kConnect},   KnownError{20002, ErrorKind::kConnect},
    KnownError{20008, ErrorKind::kConnect},   KnownError{20012, ErrorKind::kConnect},
    KnownError{20013, ErrorKind::kConnect},   KnownError{20014, ErrorKind::kAuth},
    KnownError{3952, ErrorKind::kConfig},     KnownError{41332, ErrorKind::kUnsupported},
    KnownError{229, ErrorKind::kConfig},      KnownError{230, ErrorKind::kConfig},
    KnownError{208, ErrorKind::kConfig},      KnownError{207, ErrorKind::kConfig},
    KnownError{916, ErrorKind::kConfig},      KnownError{40515, ErrorKind::kConfig},
    KnownError{300, ErrorKind::kConfig},      KnownError{297, ErrorKind::kConfig},
};

// The SQLSTATE that a client of the extension sees: SQL Server's numbers say more than the driver's class.
std::string sqlstate_of(const Diagnostic& d) {
    switch (d.native) {
        case 18456:
        case 18452:
        case 18486:
        case 18487:
        case 18488: return "28000";
        case 229:
        case 230:
        case 297:                    // no permission to do this
        case 300:                    // VIEW SERVER STATE and the like
        case 916: return "42501";    // a database that the login has no user in
        case 40515: return "0A000";  // Azure SQL: another database's name
        case 208: return "42P01";
        case 207: return "42703";
        case 1205: return "40P01";
        case 1222: return "55P03";
        case 3952: return "0A000";
        case 4060: return "3D000";
        case 40532:
        case 40615: return "08004";
        case 20002:
        case 20008:
        case 20009:
        case 20012:
        case 20013: return "08001";
        default: break;
    }
    if (kind_of_native(d.native, d.sqlstate) == ErrorKind::kTransient && d.native > 40000) {
        return "08006";  // Azure SQL: come again later
    }
    // A warning's class is no error's.
    return d.sqlstate.size() == 5 && !d.sqlstate.starts_with("00") && !d.sqlstate.starts_with("01")
               ? d.sqlstate
               : std::string("HV000");
}

// "[FreeTDS][SQL Server]Invalid object name 'x'." reads better without who says so.
std::string bare(const std::string& message) {
    std::size_t at = 0;
    while (at < message.size() && message[at] == '[') {
        const std::size_t end = message.find(']', at);
        if (end == std::string::npos) {
            break;
        }
        at = end + 1;
    }
    std::string text = message.substr(at);
    while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) {
        text.pop_back();
    }
    return text.empty() ? message : text;
}

// What the driver adds to the server's own message, or a change of database or language.
bool says_little(const Diagnostic& d) {
    return d.native == 5701 || d.native == 5703 || d.native == 20002 || d.native == 0;
}

std::string hint_of(const Diagnostic& d, const std::string& all) {
    const auto says = [&all](const char* text) { return all.find(text) != std::string::npos; };
    switch (d.native) {
        case 18456: return "check user and password of the user mapping, and that the server allows SQL Server logins";
        case 18452: return "the server takes Windows or Entra logins only: see the option \"authentication\"";
        case 40615: return "add the staging host's address to the firewall rules of the Azure SQL server";
        case 40532: return "write the user as user@server, or check the option \"host\"";
        case 4060:
            return "check the option \"dbname\" of the foreign server, and that the login has a user in the database";
        case 3952:
            return "ALTER DATABASE ... SET ALLOW_SNAPSHOT_ISOLATION ON, or migrate from a database snapshot or a "
                   "READ_ONLY database";
        case 229: return "GRANT the permission to the reader: docs/sql-server.md lists what is needed";
        default: break;
    }
    if (d.sqlstate == "IM002" || (d.sqlstate == "01000" && says("Can't open lib"))) {
        return "install the driver (Debian: tdsodbc) or name another one of odbcinst.ini in the option \"driver\"";
    }
    if (says("certificate") || says("SSL") || says("TLS") || says("encrypt")) {
        return "check sslrootcert (the CA that signed the server's certificate), the host name, and encrypt; "
               "trust_server_certificate 'true' gives the check up";
    }
    if (d.native == 20009 || d.native == 20013 || d.native == 20002 || d.sqlstate.starts_with("08")) {
        // FreeTDS says no more than this when the server's certificate is not accepted.
        return "check host, port and firewall, and that the server listens on TCP; with encryption, that sslrootcert "
               "holds "
               "the CA of the server's certificate and host is the name in it (trust_server_certificate gives the "
               "check up)";
    }
    return {};
}

}  // namespace

WideText to_wide(std::string_view text) {
    WideText wide;
    wide.reserve(text.size() + 1);
    for (std::size_t at = 0; at < text.size();) {
        const char32_t code = next_code_point(text, at);
        if (code >= 0x10000) {
            wide.push_back(static_cast<SQLWCHAR>(0xD800U + ((code - 0x10000U) >> 10U)));
            wide.push_back(static_cast<SQLWCHAR>(0xDC00U + ((code - 0x10000U) & 0x3FFU)));
        } else {
            wide.push_back(static_cast<SQLWCHAR>(code));
        }
    }
    wide.push_back(0);
    return wide;
}

std::string from_wide(const SQLWCHAR* text, std::size_t units) {
    std::string out;
    out.reserve(units);
    for (std::size_t i = 0; i < units; ++i) {
        char32_t code = text[i];
        if (is_high(code) && i + 1 < units && is_low(text[i + 1])) {
            code = 0x10000U + ((code - 0xD800U) << 10U) + (static_cast<char32_t>(text[++i]) - 0xDC00U);
        } else if (is_high(code) || is_low(code)) {
            code = kReplacement;
        }
        append_utf8(out, code);
    }
    return out;
}

std::vector<Diagnostic> diagnostics(SQLSMALLINT type, SQLHANDLE handle) {
    std::vector<Diagnostic> records;
    for (SQLSMALLINT i = 1; i < 100; ++i) {
        std::array<SQLWCHAR, 6> state{};
        std::array<SQLWCHAR, 2048> text{};
        SQLINTEGER native = 0;
        SQLSMALLINT length = 0;
        if (!SQL_SUCCEEDED(SQLGetDiagRecW(type, handle, i, state.data(), &native, text.data(),
                                          static_cast<SQLSMALLINT>(text.size()), &length))) {
            break;
        }
        const auto units =
            std::min<std::size_t>(static_cast<std::size_t>(std::max<SQLSMALLINT>(length, 0)), text.size() - 1);
        records.push_back({from_wide(state.data(), 5), native, from_wide(text.data(), units)});
    }
    return records;
}

ErrorKind kind_of_native(int native, const std::string& sqlstate) {
    const auto known =
        std::find_if(kKnownErrors.begin(), kKnownErrors.end(), [=](const KnownError& k) { return k.native == native; });
    if (known != kKnownErrors.end()) {
        return known->kind;
    }
    if (sqlstate.starts_with("28")) {
        return ErrorKind::kAuth;
    }
    if (sqlstate.starts_with("08") || sqlstate == "HYT00" || sqlstate == "HYT01") {
        return ErrorKind::kTransient;
    }
    if (sqlstate.starts_with("22")) {
        return ErrorKind::kData;
    }
    if (sqlstate.starts_with("IM")) {
        return ErrorKind::kConfig;
    }
    return ErrorKind::kInternal;
}

Error error_of(const std::vector<Diagnostic>& records, const std::string& doing) {
    if (records.empty()) {
        return {ErrorKind::kInternal, "HV000", doing + " failed", "the driver gave no reason"};
    }
    auto telling = std::find_if(records.begin(), records.end(), [](const Diagnostic& d) { return !says_little(d); });
    if (telling == records.end()) {
        telling = std::find_if(records.begin(), records.end(),
                               [](const Diagnostic& d) { return d.native != 5701 && d.native != 5703; });
    }
    const Diagnostic& main = telling == records.end() ? records.front() : *telling;
    std::string detail;
    std::string all;
    for (const Diagnostic& d : records) {
        all += d.message + "\n";
        detail += (detail.empty() ? "" : "\n") + bare(d.message) + " [" + d.sqlstate +
                  (d.native != 0 ? ", " + std::to_string(d.native) : "") + "]";
    }
    Error error(kind_of_native(main.native, main.sqlstate), sqlstate_of(main), doing + " failed: " + bare(main.message),
                detail, hint_of(main, all));
    error.native = main.native;
    return error;
}

void check(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char* doing) {
    if (code == SQL_SUCCESS_WITH_INFO && type == SQL_HANDLE_STMT) {
        // FreeTDS tells an error behind the first rows of a block in this way only, and calls what follows the end of the
        // rows (seen with 1.3.17).
        const std::vector<Diagnostic> records = diagnostics(type, handle);
        if (is_failure(records)) {
            throw error_of(records, doing);
        }
    }
    if (!SQL_SUCCEEDED(code) && code != SQL_NO_DATA) {
        throw error_of(code == SQL_INVALID_HANDLE ? std::vector<Diagnostic>() : diagnostics(type, handle), doing);
    }
}

bool is_failure(const std::vector<Diagnostic>& records) {
    return std::any_of(records.begin(), records.end(),
                       [](const Diagnostic& record) { return !record.sqlstate.starts_with("01"); });
}

bool fetch(SQLHSTMT statement, std::int64_t rows_before, const char* doing) {
    const SQLRETURN code = SQLFetch(statement);
    check(code, SQL_HANDLE_STMT, statement, doing);
    if (code != SQL_NO_DATA) {
        return true;
    }
    SQLLEN announced = -1;  // also where the driver cannot say
    SQLRowCount(statement, &announced);
    for (SQLRETURN more = SQL_SUCCESS; more != SQL_NO_DATA;) {
        more = SQLMoreResults(statement);
        check(more, SQL_HANDLE_STMT, statement, doing);
    }
    if (announced >= 0 && announced != rows_before) {
        throw Error(ErrorKind::kTransient, "08P01", std::string(doing) + " failed: rows are missing",
                    "the source says that it sent " + std::to_string(announced) + " rows, the driver gave " +
                        std::to_string(rows_before));
    }
    return false;
}

}  // namespace lakemover::source::odbc
