#include "loader/staging/staging.hpp"

#include <unistd.h>

#include <array>
#include <chrono>
#include <set>
#include <thread>

namespace lakemover::loader {

namespace {

constexpr std::chrono::seconds kStartPatience{60};

constexpr const char* kExtensionVersion = "0.1";

ConnInfo parse_conninfo(const std::string& text) {
    char* message = nullptr;
    PQconninfoOption* options = PQconninfoParse(text.c_str(), &message);
    if (!options) {
        const std::string why = message ? message : "";
        PQfreemem(message);
        throw Error(Exit::kUsage, "LAKEMOVER_STAGING is not a connection string", why,
                    "examples: host=/var/run/postgresql dbname=staging, postgresql://user@host/staging");
    }
    ConnInfo info;
    for (const PQconninfoOption* o = options; o->keyword; ++o)
        if (o->val) info[o->keyword] = o->val;
    PQconninfoFree(options);
    if (!info.contains("application_name")) info["application_name"] = "lakemover";
    return info;
}

// One of two first commands at the same moment makes it, the other waits and finds it.
void create_extension(Pg& pg, bool embedded) {
    try {
        pg.exec("BEGIN");
        pg.exec("SELECT pg_catalog.pg_advisory_xact_lock(1280592760)");
        pg.exec("CREATE EXTENSION IF NOT EXISTS lakemover");
        pg.exec("COMMIT");
    } catch (const Error& e) {
        throw Error(Exit::kUsage, "cannot create the extension lakemover in the staging database", e.what(),
                    embedded ? "" : "a superuser must run CREATE EXTENSION lakemover there once", e.sqlstate);
    }
}

void check_extension(Pg& pg, bool embedded) {
    if (pg.server_version() < 150000)
        throw Error(Exit::kUsage, "the staging server is PostgreSQL " + std::to_string(pg.server_version() / 10000), {},
                    "lakemover's extension runs in PostgreSQL 15 to 17");
    const Result installed = pg.exec("SELECT extversion FROM pg_catalog.pg_extension WHERE extname = 'lakemover'");
    if (installed.rows() == 0) {
        const Result available =
            pg.exec("SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name = 'lakemover'");
        if (available.rows() == 0)
            throw Error(Exit::kUsage, "the extension lakemover is not installed in the staging server", {},
                        "run make install with this server's pg_config, then try again");
        create_extension(pg, embedded);
        return;
    }
    if (installed.text(0, 0) != kExtensionVersion)
        throw Error(Exit::kUsage,
                    "the extension in the staging database has version " + installed.text(0, 0) +
                        ", this lakemover needs " + kExtensionVersion,
                    {}, "install both from the same release, then run ALTER EXTENSION lakemover UPDATE there");
}

std::string only_source(Pg& pg) {
    const Result r = pg.exec(
        "SELECT s.srvname FROM pg_catalog.pg_foreign_server s JOIN pg_catalog.pg_foreign_data_wrapper w "
        "ON w.oid = s.srvfdw WHERE w.fdwname = 'lakemover_fdw' AND s.srvname !~ "
        "'^lakemover_rehearsal_' ORDER BY 1");
    if (r.rows() == 0)
        throw Error(Exit::kUsage, "there is no source", {},
                    "set SOURCE_HOST, SOURCE_DATABASE, SOURCE_USERNAME and SOURCE_PASSWORD");
    if (r.rows() > 1) {
        std::string names;
        for (int i = 0; i < r.rows(); ++i) names += (i ? ", " : "") + r.text(i, 0);
        throw Error(Exit::kUsage, "there are several sources: " + names, {}, "name one with --source-name");
    }
    return r.text(0, 0);
}

// A server that was killed recovers for a while; whoever resumes at once need not know that.
Pg connect_when_open(const Staging& staging, const ConnInfo& info) {
    const auto until = std::chrono::steady_clock::now() + kStartPatience;
    for (bool last = false;;) {
        try {
            return staging.connect();
        } catch (const Error&) {
            if (last || std::chrono::steady_clock::now() >= until) throw;
            const PGPing answer = Pg::ping(info);
            if (answer != PQPING_REJECT && answer != PQPING_OK) throw;
            last = answer == PQPING_OK;  // it opened in between, or has another reason: one more try tells
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(200));
    }
}

}  // namespace

Staging Staging::open(const Settings& settings) {
    Staging staging;
    if (settings.staging.empty()) {
        staging.embedded_ = EmbeddedStaging::attach(settings.home, settings.pg_bindir);
        staging.info_ = staging.embedded_->conninfo();
    } else {
        staging.info_ = parse_conninfo(settings.staging);
    }
    Pg pg = connect_when_open(staging, staging.info_);
    check_extension(pg, staging.embedded());
    return staging;
}

Pg Staging::connect(bool durable) const {
    Pg pg = Pg::connect(info_, "staging");
    pg.exec(
        "SET client_encoding = 'UTF8'; SET search_path = pg_catalog, pg_temp; SET datestyle = 'ISO'; SET timezone = "
        "'UTC'; "
        "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET client_min_messages = warning; "
        "SET jit = off; "
        // A cancel closes the socket: what runs there for us must notice, on the user's own server as well.
        "SET client_connection_check_interval = '1s'");
    if (!durable) pg.exec("SET synchronous_commit = off");
    return pg;
}

void Staging::name_sessions(const std::string& loader_id) {
    // A name has 63 bytes; the end of an id is what differs. lakemover._take_over() does the same.
    constexpr std::size_t kMost = 53;
    info_["application_name"] =
        "lakemover " + (loader_id.size() > kMost ? loader_id.substr(loader_id.size() - kMost) : loader_id);
}

std::string Staging::ensure_source(Pg& pg, const Settings& settings) {
    const SourceSettings& s = settings.source;
    if (!s.given() || !embedded()) {
        if (s.given() && !embedded())
            throw Error(Exit::kUsage, "SOURCE_HOST cannot be used together with LAKEMOVER_STAGING", {},
                        "define the source in your staging database (CREATE SERVER, CREATE USER MAPPING) and name it "
                        "with --source-name");
        // Embedded staging forgets the password when it stops: what it still knows of a source is not enough.
        if (embedded() && s.name.empty())
            throw Error(Exit::kUsage, "SOURCE_HOST is not set", {},
                        "set SOURCE_HOST, SOURCE_DATABASE, SOURCE_USERNAME and SOURCE_PASSWORD");
        if (s.name.empty()) return only_source(pg);
        const Result r = pg.query("SELECT FROM pg_catalog.pg_foreign_server WHERE srvname = $1", {s.name});
        if (r.rows() == 0)
            throw Error(Exit::kUsage, "source \"" + s.name + "\" does not exist in the staging database");
        return s.name;
    }
    if (s.database.empty()) throw Error(Exit::kUsage, "SOURCE_DATABASE is not set");
    if (s.username.empty()) throw Error(Exit::kUsage, "SOURCE_USERNAME is not set");
    std::string name = s.name.empty() ? "source" : s.name;

    const std::array<std::pair<const char*, std::string>, 9> wanted{
        {{"engine", s.type},
         {"driver", s.driver},
         {"encrypt", s.encrypt},
         {"trust_server_certificate", s.trust_server_certificate},
         {"host", s.host},
         {"port", s.port},
         {"dbname", s.database},
         {"sslmode", s.sslmode},
         {"sslrootcert", s.sslrootcert}}};
    const auto option_list = [&](const auto& pairs) {
        std::string list;
        for (const auto& [key, value] : pairs)
            if (!value.empty()) list += (list.empty() ? "" : ", ") + std::string(key) + " " + pg.quote_literal(value);
        return list;
    };
    pg.exec("BEGIN");
    // Made anew each time: the settings are the truth, and nothing depends on the server object.
    const Result there = pg.query("SELECT FROM pg_catalog.pg_foreign_server WHERE srvname = $1", {name});
    const std::string ident = pg.quote_ident(name);
    if (there.rows() == 0) {
        pg.exec("CREATE SERVER " + ident + " FOREIGN DATA WRAPPER lakemover_fdw OPTIONS (" + option_list(wanted) + ")");
    } else {
        // One statement: the validator sees the whole list, never a half of it.
        const Result old = pg.query(
            "SELECT o.option_name FROM pg_catalog.pg_foreign_server s, pg_catalog.pg_options_to_table(s.srvoptions) o "
            "WHERE s.srvname = $1",
            {name});
        std::set<std::string> gone;
        for (int i = 0; i < old.rows(); ++i) gone.insert(old.text(i, 0));
        std::string changes;
        const auto change = [&](const std::string& text) { changes += (changes.empty() ? "" : ", ") + text; };
        for (const auto& [key, value] : wanted)
            if (!value.empty())
                change((gone.erase(key) ? "SET " : "ADD ") + std::string(key) + " " + pg.quote_literal(value));
        for (const std::string& key : gone) change("DROP " + pg.quote_ident(key));
        pg.exec("ALTER SERVER " + ident + " OPTIONS (" + changes + ")");
    }
    pg.exec("DROP USER MAPPING IF EXISTS FOR CURRENT_USER SERVER " + ident);
    std::string mapping = "\"user\" " + pg.quote_literal(s.username);
    if (s.password.given()) {
        std::string password = s.password.read();
        mapping += ", password_file " + pg.quote_literal(embedded_->store_source_password(name, password));
        wipe(password);
    }
    pg.exec("CREATE USER MAPPING FOR CURRENT_USER SERVER " + ident + " OPTIONS (" + mapping + ")");
    pg.exec("COMMIT");
    return name;
}

void Staging::renew_source_password(const std::string& source, const Secret& secret) const {
    if (!embedded_) return;
    std::string password = secret.read();
    embedded_->store_source_password(source, password);
    wipe(password);
}

}  // namespace lakemover::loader
