// What libpq and the remote server say, as source::Error: kind, SQLSTATE, the remote's text as detail,
// and what to do as hint. Pure zone.
#include <cctype>
#include <cerrno>
#include <cstring>

#include "source/postgres/libpq.hpp"

namespace lakemover::source::postgres {

namespace {

std::string trimmed(std::string text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.back())) != 0) {
        text.pop_back();
    }
    return text;
}

bool is_state(const std::string& text, std::size_t at) {
    for (std::size_t i = at; i < at + 5; ++i) {
        const char c = text[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'))) {
            return false;
        }
    }
    return true;
}

// libpq 15 gives a connection's failure as text only. In verbose form the server's line reads
// "SEVERITY:  SQLSTATE: message", whatever the language.
struct ServerText {
    std::string sqlstate;
    std::string message;
};

ServerText server_text(const std::string& text) {
    for (std::size_t at = text.find(":  "); at != std::string::npos; at = text.find(":  ", at + 1)) {
        const std::size_t state = at + 3;
        if (state + 7 <= text.size() && is_state(text, state) && text.compare(state + 5, 2, ": ") == 0) {
            const std::size_t end = text.find('\n', state);
            return {text.substr(state, 5),
                    trimmed(text.substr(state + 7, end == std::string::npos ? end : end - state - 7))};
        }
    }
    return {};
}

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }

std::string place(const Attempt& attempt) {
    return attempt.host.starts_with('/') ? "socket in \"" + attempt.host + "\", port " + attempt.port
                                         : "\"" + attempt.host + "\", port " + attempt.port;
}

Error server_refused(const Attempt& attempt, const ServerText& said) {
    const std::string& state = said.sqlstate;
    if (state == "28P01") {
        return {ErrorKind::kAuth, state, "the source refused the password of user \"" + attempt.user + "\"",
                said.message, "check user and password in the user mapping"};
    }
    if (state == "28000") {
        return {ErrorKind::kAuth, state, "the source refused the login of user \"" + attempt.user + "\"", said.message,
                has(said.message, "pg_hba.conf")
                    ? "add an entry for this user, database and address to the source's pg_hba.conf; if it wants TLS, "
                      "set sslmode to require or stronger"
                    : "check the user in the user mapping and the role's LOGIN privilege on the source"};
    }
    if (state == "3D000") {
        return {ErrorKind::kConfig, state, "the source has no database \"" + attempt.database + "\"", said.message,
                "check the option \"dbname\" of the foreign server"};
    }
    if (state == "53300") {
        return {ErrorKind::kTransient, state, "the source accepts no more connections", said.message,
                "raise max_connections there or use fewer workers"};
    }
    return {kind_of_sqlstate(state),
            state,
            "the source at " + place(attempt) + " refused the connection",
            said.message,
            {}};
}

}  // namespace

ErrorKind kind_of_sqlstate(const std::string& state) {
    const std::string group = state.substr(0, 2);
    if (state == "57014") {
        return ErrorKind::kCancelled;
    }
    if (group == "08" || group == "40" || group == "53" || group == "57" || group == "58" || state == "25006" ||
        state == "55P03") {
        return ErrorKind::kTransient;
    }
    if (group == "28") {
        return ErrorKind::kAuth;
    }
    if (group == "22" || group == "23" || group == "54") {
        return ErrorKind::kData;
    }
    if (group == "0A") {
        return ErrorKind::kUnsupported;
    }
    if (group == "42" || group == "3D" || group == "3F" || group == "55" || group == "25") {
        return ErrorKind::kConfig;
    }
    return ErrorKind::kInternal;
}

Error connect_error(const Attempt& attempt, const std::string& libpq_text) {
    const ServerText said = server_text(libpq_text);
    if (!said.sqlstate.empty()) {
        return server_refused(attempt, said);
    }
    const std::string text = trimmed(libpq_text);
    const std::string where = "could not connect to the source at " + place(attempt);
    if (has(text, "no password supplied")) {
        return {ErrorKind::kAuth, "28P01", "the source asks for a password and the user mapping has none", text,
                "set password, password_file, password_env or password_command in the user mapping"};
    }
    if (has(text, "does not support SSL")) {
        return {ErrorKind::kConnect, "08001", "the source at " + place(attempt) + " offers no TLS", text,
                "turn on ssl there, or set the server option sslmode to \"disable\" if the network may be trusted"};
    }
    if (has(text, "certificate verify failed") || has(text, "does not match host name") ||
        has(text, "could not get server's host name")) {
        return {ErrorKind::kConnect, "08001",
                "the TLS certificate of the source at " + place(attempt) + " is not trusted", text,
                "set the server option sslrootcert to the authority's certificate and host to a name that the "
                "certificate holds, or choose a weaker sslmode"};
    }
    if (has(text, "root certificate file")) {
        return {ErrorKind::kConnect, "08001", "no certificate authority to check the source's TLS certificate with",
                text, "set the server option sslrootcert to a file that the staging server can read, or to \"system\""};
    }
    if (has(text, std::strerror(ECONNREFUSED)) || has(text, "Connection refused")) {
        return {ErrorKind::kConnect, "08001", where, text,
                "check host and port, and that the server runs and listens on this address"};
    }
    return {ErrorKind::kConnect, "08001", where, text, "check host, port and sslmode of the foreign server"};
}

Error connect_timeout(const Attempt& attempt, int timeout_s) {
    return {ErrorKind::kConnect, "08001", "could not connect to the source at " + place(attempt),
            "no answer within " + std::to_string(timeout_s) + " seconds",
            "check host, port and firewalls, or raise the server option connect_timeout"};
}

Error result_error(const PGresult* result) {
    const auto field = [result](int code) {
        const char* value = PQresultErrorField(result, code);
        return std::string(value != nullptr ? value : "");
    };
    std::string state = field(PG_DIAG_SQLSTATE);
    std::string message = field(PG_DIAG_MESSAGE_PRIMARY);
    std::string detail = field(PG_DIAG_MESSAGE_DETAIL);
    if (message.empty()) {
        message = trimmed(PQresultErrorMessage(result));
    }
    if (state.empty()) {
        // Made by libpq itself: the connection broke.
        return {ErrorKind::kTransient, "08006", "lost the connection to the source", message, {}};
    }
    std::string hint = field(PG_DIAG_MESSAGE_HINT);
    if (hint.empty() && state == "42501") {
        hint = "GRANT it on the source to the user of the user mapping";
    }
    return {kind_of_sqlstate(state), state, "source: " + message, detail, hint};
}

Error lost_error(const PGconn* conn) {
    const std::string text = trimmed(PQerrorMessage(conn));
    return {ErrorKind::kTransient, "08006", "lost the connection to the source", text, {}};
}

}  // namespace lakemover::source::postgres
