#include "loader/util/pq.hpp"

#include <charconv>
#include <cstring>

namespace lakemover::loader {

namespace {

std::string trimmed(const char* text) {
    std::string s = text ? text : "";
    while (!s.empty() && (s.back() == '\n' || s.back() == ' ')) s.pop_back();
    return s;
}

std::string field(const PGresult* r, int code) {
    const char* p = r ? PQresultErrorField(r, code) : nullptr;
    return p ? p : "";
}

bool contains(const std::string& s, const char* what) { return s.find(what) != std::string::npos; }

// libpq reports a failed connection as prose only; the text decides the hint.
std::string connect_hint(const std::string& text, const std::string& role) {
    const std::string env = role == "target" ? "LAKEBASE_" : "LAKEMOVER_STAGING: ";
    if (contains(text, "could not translate host name")) return "check the host name in " + env + "HOST";
    if (contains(text, "password authentication failed"))
        return "check " + env + "USERNAME and " + env + "PASSWORD; an OAuth token is valid for one hour, use " + env +
               "PASSWORD_COMMAND to mint one for every connection";
    if (contains(text, "no password supplied"))
        return "set " + env + "PASSWORD, " + env + "PASSWORD_FILE or " + env + "PASSWORD_COMMAND";
    if (contains(text, "server does not support SSL"))
        return "lakemover writes to TLS servers only; turn ssl on at the server or use the right port";
    if (contains(text, "certificate verify failed") || contains(text, "root certificate file"))
        return "give the certificate authority that signed the server's certificate in " + env +
               "SSLROOTCERT; one that has expired is refused, too";
    if (contains(text, "does not match host name"))
        return "connect by the name that is in the server's certificate, or fix the certificate";
    if (contains(text, "Connection refused")) return "nothing listens there; check " + env + "HOST and " + env + "PORT";
    if (contains(text, "timeout expired") || contains(text, "timed out"))
        return "the server did not answer in time; check the network, a firewall, or a suspended compute";
    if (contains(text, "does not exist") && contains(text, "database")) return "check " + env + "DATABASE";
    if (contains(text, "no pg_hba.conf entry"))
        return "the server's pg_hba.conf refuses this user, database, address or the lack of TLS";
    return {};
}

// A refused password is another matter than a server that does not answer: another one may be asked for.
std::string connect_state(const std::string& text) {
    const bool password = contains(text, "password authentication failed") || contains(text, "no password supplied");
    return password ? "28P01" : "08001";
}

// As libpq takes them; points into the info.
struct Params {
    explicit Params(const ConnInfo& info) {
        for (const auto& [key, value] : info) {
            keys.push_back(key.c_str());
            values.push_back(value.c_str());
        }
        keys.push_back(nullptr);
        values.push_back(nullptr);
    }
    std::vector<const char*> keys;
    std::vector<const char*> values;
};

}  // namespace

std::int64_t Result::integer(int row, int column) const {
    const std::string_view v = get(row, column);
    std::int64_t out = 0;
    std::from_chars(v.data(), v.data() + v.size(), out);
    return out;
}

std::int64_t Result::affected() const {
    const std::string_view v = PQcmdTuples(raw_.get());
    std::int64_t out = 0;
    std::from_chars(v.data(), v.data() + v.size(), out);
    return out;
}

Pg::Pg(PGconn* conn, std::string role) : conn_(conn), role_(std::move(role)) {}

Pg Pg::connect(const ConnInfo& info, const std::string& role) {
    const Params params(info);
    const auto start = std::chrono::steady_clock::now();
    Pg pg(PQconnectdbParams(params.keys.data(), params.values.data(), 0), role);
    pg.connect_seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!pg.conn_) throw Error(Exit::kOther, "out of memory while connecting to the " + role);
    if (PQstatus(pg.conn_.get()) != CONNECTION_OK) {
        const std::string text = trimmed(PQerrorMessage(pg.conn_.get()));
        Error e(Exit::kConnect, "cannot connect to the " + role, text, connect_hint(text, role), connect_state(text));
        e.connection_lost = true;
        e.peer = role;
        throw e;
    }
    // Notices of the servers are not the user's business unless somebody asks for them.
    PQsetNoticeProcessor(
        pg.conn_.get(), [](void*, const char*) {}, nullptr);
    return pg;
}

PGPing Pg::ping(const ConnInfo& info) {
    const Params params(info);
    return PQpingParams(params.keys.data(), params.values.data(), 0);
}

void Pg::on_notice(std::function<void(const std::string&)> handler) {
    notice_ = std::make_unique<std::function<void(const std::string&)>>(std::move(handler));
    PQsetNoticeProcessor(
        conn_.get(),
        [](void* arg, const char* text) {
            (*static_cast<std::function<void(const std::string&)>*>(arg))(trimmed(text));
        },
        notice_.get());
}

void Pg::fail(const PGresult* result) {
    std::string message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    std::string detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    std::string state = field(result, PG_DIAG_SQLSTATE);
    const std::string context = field(result, PG_DIAG_CONTEXT);
    if (message.empty()) message = trimmed(PQerrorMessage(conn_.get()));
    const bool lost = PQstatus(conn_.get()) == CONNECTION_BAD;
    if (state.empty()) state = lost ? "08006" : "XX000";
    // Staging answers, but what it asked does not: the source cannot be reached, or does not let us in. Which
    // statement of ours asked is no help then.
    const bool source_out_of_reach =
        !lost && role_ == "staging" && (state.starts_with("08") || state.starts_with("28") || state == "3D000");
    if (source_out_of_reach) {
        Error e(Exit::kConnect, message, detail, field(result, PG_DIAG_MESSAGE_HINT), state);
        e.peer = "source";
        throw e;
    }
    // Our own schemas are there: a missing one is one of SOURCE_SCHEMAS.
    if (role_ == "staging" && state == "3F000")
        throw Error(Exit::kUsage, message, detail, field(result, PG_DIAG_MESSAGE_HINT), state);
    if (!context.empty()) detail += (detail.empty() ? "" : "\n") + context;
    Error e(lost ? Exit::kConnect : Exit::kOther, role_ + ": " + message, detail, field(result, PG_DIAG_MESSAGE_HINT),
            state);
    e.connection_lost = lost;
    e.column = field(result, PG_DIAG_COLUMN_NAME);
    e.schema = field(result, PG_DIAG_SCHEMA_NAME);
    e.table = field(result, PG_DIAG_TABLE_NAME);
    e.constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
    // Errors of the source come through staging; their texts name it.
    e.peer = !lost && role_ == "staging" && contains(message, "source") ? "source" : role_;
    throw e;
}

Result Pg::check(PGresult* raw) {
    Result result(raw);
    switch (PQresultStatus(raw)) {
        case PGRES_COMMAND_OK:
        case PGRES_TUPLES_OK:
        case PGRES_EMPTY_QUERY:
        case PGRES_COPY_IN:
        case PGRES_COPY_OUT: return result;
        default: fail(raw);
    }
}

Result Pg::exec(std::string_view sql) { return check(PQexec(conn_.get(), std::string(sql).c_str())); }

Result Pg::query(std::string_view sql, const std::vector<Value>& params) {
    std::vector<const char*> values;
    values.reserve(params.size());
    for (const Value& p : params) values.push_back(p ? p->c_str() : nullptr);
    return check(PQexecParams(conn_.get(), std::string(sql).c_str(), static_cast<int>(params.size()), nullptr,
                              values.data(), nullptr, nullptr, 0));
}

Value Pg::scalar(std::string_view sql, const std::vector<Value>& params) {
    const Result r = query(sql, params);
    if (r.rows() != 1)
        throw Error(Exit::kOther, role_ + ": expected one row, got " + std::to_string(r.rows()), std::string(sql));
    return r.value(0, 0);
}

void Pg::copy_in_start(std::string_view sql) {
    const Result r = exec(sql);
    if (PQresultStatus(r.raw()) != PGRES_COPY_IN)
        throw Error(Exit::kOther, role_ + ": the server did not start COPY", std::string(sql));
}

void Pg::copy_in_data(std::string_view bytes) {
    // libpq takes an int; a block is about 1 MB, a huge value comes in pieces.
    while (!bytes.empty()) {
        const std::size_t n = std::min<std::size_t>(bytes.size(), std::size_t{1} << 28);
        if (PQputCopyData(conn_.get(), bytes.data(), static_cast<int>(n)) != 1) {
            // The server has ended the COPY: its reason is the next result.
            PGresult* raw = PQgetResult(conn_.get());
            const Result result(raw);
            fail(raw);
        }
        bytes.remove_prefix(n);
    }
}

std::int64_t Pg::copy_in_end() {
    if (PQputCopyEnd(conn_.get(), nullptr) != 1) fail(nullptr);
    const Result result = check(PQgetResult(conn_.get()));
    while (PGresult* extra = PQgetResult(conn_.get())) PQclear(extra);
    if (PQresultStatus(result.raw()) != PGRES_COMMAND_OK) throw Error(Exit::kOther, role_ + ": COPY did not complete");
    return result.affected();
}

void Pg::copy_in_abort(const std::string& reason) noexcept {
    if (!alive()) return;
    PQputCopyEnd(conn_.get(), reason.c_str());
    while (PGresult* extra = PQgetResult(conn_.get())) {
        const bool still_copy = PQresultStatus(extra) == PGRES_COPY_IN;
        PQclear(extra);
        if (still_copy) break;
    }
}

void Pg::copy_out_start(std::string_view sql) {
    const Result r = exec(sql);
    if (PQresultStatus(r.raw()) != PGRES_COPY_OUT)
        throw Error(Exit::kOther, role_ + ": the server did not start COPY", std::string(sql));
    copying_out_ = true;
}

bool Pg::copy_out_next(std::string_view& bytes) {
    char* raw = nullptr;
    const int n = PQgetCopyData(conn_.get(), &raw, 0);
    copy_buffer_.reset(raw);
    if (n > 0) {
        bytes = {raw, static_cast<std::size_t>(n)};
        return true;
    }
    copying_out_ = false;
    if (n == -2) fail(nullptr);
    // -1 alone is not the end: a read error also comes as -1 followed by an error result.
    const Result result = check(PQgetResult(conn_.get()));
    if (PQresultStatus(result.raw()) != PGRES_COMMAND_OK)
        throw Error(Exit::kOther, role_ + ": COPY ended without completion");
    while (PGresult* extra = PQgetResult(conn_.get())) PQclear(extra);
    return false;
}

std::string Pg::quote_ident(std::string_view name) const {
    std::string out = "\"";
    for (const char c : name) {
        if (c == '"') out += '"';
        out += c;
    }
    return out + '"';
}

std::string Pg::quote_literal(std::string_view text) const {
    std::string out;
    bool escape = false;
    for (const char c : text) {
        if (c == '\'') out += '\'';
        if (c == '\\') {
            out += '\\';
            escape = true;
        }
        out += c;
    }
    return (escape ? "E'" : "'") + out + "'";
}

void Pg::request_cancel() noexcept {
    PGcancel* cancel = conn_ ? PQgetCancel(conn_.get()) : nullptr;
    if (!cancel) return;
    char text[256];
    PQcancel(cancel, text, sizeof text);
    PQfreeCancel(cancel);
}

}  // namespace lakemover::loader
