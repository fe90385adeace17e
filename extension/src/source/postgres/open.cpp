// Opening a libpq connection without ever blocking the caller: names are resolved on a thread, the
// handshake is polled through the waiter. Pure zone: throws source::Error and what the waiter throws.
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include "source/postgres/libpq.hpp"
#include "source/resolve.hpp"

namespace lakemover::source::postgres {

namespace {

// libpq 15 does not know sslrootcert=system; these are where Debian and Red Hat keep the bundle.
constexpr const char* kCaBundles[] = {"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"};

// A path that cannot exist: /dev/null is no directory.
constexpr const char* kNowhere = "/dev/null/none";

std::string option(const ConnectParams& params, const char* key, const char* otherwise) {
    const auto found = params.options.find(key);
    return found == params.options.end() ? otherwise : found->second;
}

std::string system_bundle() {
    for (const char* file : kCaBundles) {
        if (::access(file, R_OK) == 0) {
            return file;
        }
    }
    throw Error(ErrorKind::kConfig, "F0000", "no bundle of certificate authorities found on the staging host",
                std::string("looked for ") + kCaBundles[0],
                "install ca-certificates, or set the server option sslrootcert");
}

std::map<std::string, std::string> libpq_keywords(const ConnectParams& params) {
    std::map<std::string, std::string> words = params.options;
    words["user"] = params.user;
    words["password"] = params.password;
    words["client_encoding"] = "UTF8";
    // Neither the password file, nor the certificate, nor the Kerberos ticket of the server process may
    // speak for the user; libpq looks for them in its home directory unless told where they are not.
    words["passfile"] = kNowhere;
    words.try_emplace("sslcert", kNowhere);
    words.try_emplace("sslrootcert", kNowhere);
    words["gssencmode"] = "disable";
    words["connect_timeout"] = "0";
    words["keepalives_idle"] = "30";
    words["keepalives_interval"] = "10";
    words["keepalives_count"] = "3";
    const std::string mode = option(params, "sslmode", "");
    const std::string root =
        option(params, "sslrootcert", mode == "verify-full" || mode == "verify-ca" ? "system" : "");
    if (root == "system") {
        words["sslrootcert"] = system_bundle();
    }
    return words;
}

ConnPtr attempt_one(const std::map<std::string, std::string>& words, const Attempt& attempt, Waiter& waiter,
                    int timeout_s) {
    std::vector<const char*> keys;
    std::vector<const char*> values;
    for (const auto& [key, value] : words) {
        keys.push_back(key.c_str());
        values.push_back(value.c_str());
    }
    keys.push_back(nullptr);
    values.push_back(nullptr);
    ConnPtr conn(PQconnectStartParams(keys.data(), values.data(), 0));
    if (!conn) {
        throw Error(ErrorKind::kInternal, "53200", "out of memory");
    }
    if (PQstatus(conn.get()) == CONNECTION_BAD) {
        throw connect_error(attempt, PQerrorMessage(conn.get()));
    }
    PQsetErrorVerbosity(conn.get(), PQERRORS_VERBOSE);
    using Clock = std::chrono::steady_clock;
    const auto deadline = Clock::now() + std::chrono::seconds(timeout_s);
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    while (state != PGRES_POLLING_OK) {
        const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
        if (left <= 0 ||
            !waiter.wait(PQsocket(conn.get()), state == PGRES_POLLING_READING, state == PGRES_POLLING_WRITING, left)) {
            throw connect_timeout(attempt, timeout_s);
        }
        state = PQconnectPoll(conn.get());
        if (state == PGRES_POLLING_FAILED) {
            throw connect_error(attempt, PQerrorMessage(conn.get()));
        }
    }
    PQsetErrorVerbosity(conn.get(), PQERRORS_DEFAULT);
    PQsetNoticeProcessor(
        conn.get(), [](void*, const char*) {}, nullptr);
    if (PQsetnonblocking(conn.get(), 1) != 0) {
        throw lost_error(conn.get());
    }
    return conn;
}

}  // namespace

ConnPtr open_connection(const ConnectParams& params, Waiter& waiter) {
    if (params.password_required && params.password.empty()) {
        throw Error(ErrorKind::kAuth, "2F003", "a password is required",
                    "only superusers of staging may connect without one", "set password in the user mapping");
    }
    auto words = libpq_keywords(params);
    const Attempt attempt{option(params, "host", option(params, "hostaddr", "").c_str()),
                          option(params, "port", "5432"), option(params, "dbname", params.user.c_str()), params.user,
                          option(params, "sslmode", "")};
    if (attempt.host.find(',') != std::string::npos) {
        throw Error(ErrorKind::kConfig, "22023", "a source has one host", "host is \"" + attempt.host + "\"",
                    "create one foreign server per host");
    }
    words["port"] = attempt.port;
    words["dbname"] = attempt.database;
    const bool local = attempt.host.starts_with('/') || attempt.host.starts_with('@');
    std::vector<std::string> addresses;
    if (!local && words.count("hostaddr") == 0) {
        addresses = resolve_host(attempt.host, waiter, params.connect_timeout_s);
    }
    ConnPtr conn;
    for (std::size_t i = 0; !conn; ++i) {
        if (!addresses.empty()) {
            words["hostaddr"] = addresses[i];
        }
        try {
            conn = attempt_one(words, attempt, waiter, params.connect_timeout_s);
        } catch (const Error& e) {
            // An address that nobody answers on may have a sibling (::1 and 127.0.0.1); a refusal is final.
            if (e.kind != ErrorKind::kConnect || i + 1 >= addresses.size()) {
                throw;
            }
        }
    }
    if (params.password_required && PQconnectionUsedPassword(conn.get()) == 0) {
        throw Error(ErrorKind::kAuth, "2F003", "the source did not ask for the password",
                    "only superusers of staging may use a login without one",
                    "change the source's authentication method for this user to scram-sha-256");
    }
    return conn;
}

}  // namespace lakemover::source::postgres
