#include "loader/target/target.hpp"

#include <chrono>

namespace lakemover::loader {

namespace {

constexpr const char* kSystemCaBundle = "/etc/ssl/certs/ca-certificates.crt";

// Every SET is checked: a refused one would change what the text form of a value is.
void set_and_verify(Pg& pg, const char* name, const std::string& value) {
    const Value got = pg.scalar("SELECT pg_catalog.set_config($1, $2, false)", {std::string(name), value});
    if (!got || *got != value)
        throw Error(Exit::kOther, std::string("target: cannot set ") + name + " to " + value, got.value_or("NULL"));
}

}  // namespace

void Target::require_given(const TargetSettings& settings, const std::string& hint) {
    if (!settings.given()) throw Error(Exit::kUsage, "LAKEBASE_HOST is not set", {}, hint);
}

void Target::require_same(Pg& pg, const std::string& run, const std::string& then) const {
    if (const std::string now = identity(pg); now != then)
        throw Error(Exit::kUsage, "run " + run + " went to another target", "then: " + then + ", now: " + now,
                    "set LAKEBASE_* to the target of that run");
}

Pg Target::connect(bool durable) const {
    require_given(settings_);
    if (settings_.username.empty()) throw Error(Exit::kUsage, "LAKEBASE_USERNAME is not set");
    std::string password = settings_.password.read();
    ConnInfo info{{"host", settings_.host},      {"port", settings_.port},          {"dbname", settings_.database},
                  {"user", settings_.username},  {"sslmode", settings_.sslmode},    {"connect_timeout", "30"},
                  {"gssencmode", "disable"},     {"application_name", "lakemover"}, {"keepalives_idle", "30"},
                  {"keepalives_interval", "10"}, {"keepalives_count", "3"},         {"target_session_attrs", "any"},
                  {"password", password}};
    if (settings_.sslmode == "verify-full" || settings_.sslmode == "verify-ca")
        info["sslrootcert"] = settings_.sslrootcert.empty() ? kSystemCaBundle : settings_.sslrootcert;
    Pg pg = [&] {
        try {
            Pg opened = Pg::connect(info, "target");
            wipe(info["password"]);
            wipe(password);
            return opened;
        } catch (...) {
            wipe(info["password"]);
            wipe(password);
            throw;
        }
    }();
    if (PQsslInUse(pg.raw()) != 1)
        throw Error(Exit::kConnect, "target: the connection is not encrypted", {},
                    "lakemover writes to TLS servers only");
    set_and_verify(pg, "client_encoding", "UTF8");
    set_and_verify(pg, "DateStyle", "ISO, YMD");
    set_and_verify(pg, "IntervalStyle", "postgres");
    set_and_verify(pg, "TimeZone", "UTC");
    set_and_verify(pg, "extra_float_digits", "1");
    set_and_verify(pg, "bytea_output", "hex");
    set_and_verify(pg, "standard_conforming_strings", "on");
    set_and_verify(pg, "search_path", "pg_catalog, pg_temp");
    set_and_verify(pg, "statement_timeout", "0");
    set_and_verify(pg, "idle_in_transaction_session_timeout", "0");
    set_and_verify(pg, "client_min_messages", "warning");
    // A closed socket then ends even a long CREATE INDEX: that is how cancel works without a plaintext cancel request.
    set_and_verify(pg, "client_connection_check_interval", "2s");
    if (read_only_) set_and_verify(pg, "default_transaction_read_only", "on");
    if (!durable) set_and_verify(pg, "synchronous_commit", "off");
    return pg;
}

void Target::preflight(Pg& pg) const {
    if (pg.server_version() < 150000)
        throw Error(Exit::kUsage, "the target is PostgreSQL " + std::to_string(pg.server_version() / 10000), {},
                    "lakemover writes to PostgreSQL 16 and 17 (15 is tolerated for tests)");
    if (!read_only_ && pg.scalar("SELECT pg_catalog.pg_is_in_recovery()") == "t")
        throw Error(Exit::kConnect, "the target is a read-only standby", {}, "connect to the primary");
    if (!read_only_ &&
        pg.scalar("SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')") != "t")
        throw Error(Exit::kUsage,
                    "role \"" + settings_.username + "\" may not create schemas in database \"" + settings_.database +
                        "\" of the target",
                    {},
                    "GRANT CREATE ON DATABASE " + pg.quote_ident(settings_.database) + " TO " +
                        pg.quote_ident(settings_.username));
    if (pg.scalar("SELECT pg_catalog.pg_encoding_to_char(encoding) FROM pg_catalog.pg_database WHERE datname = "
                  "pg_catalog.current_database()") != "UTF8")
        throw Error(Exit::kUsage, "the target database is not encoded in UTF8", {},
                    "create the target database with ENCODING 'UTF8'");
}

nlohmann::json Target::facts(Pg& pg) const {
    nlohmann::json facts;
    const Result r = pg.exec(
        "SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_setting('server_version_num'), "
        "current_user, "
        "pg_catalog.current_database(), r.rolsuper, pg_catalog.has_database_privilege(pg_catalog.current_database(), "
        "'CREATE'), "
        "pg_catalog.current_setting('max_connections'), pg_catalog.current_setting('max_locks_per_transaction'), "
        "pg_catalog.current_setting('maintenance_work_mem'), "
        "pg_catalog.current_setting('max_parallel_maintenance_workers'), "
        "(SELECT pg_catalog.count(*) FROM pg_catalog.pg_stat_activity WHERE datname IS NOT NULL), "
        "pg_catalog.pg_database_size(pg_catalog.current_database()), d.datcollate, "
        "coalesce(pg_catalog.has_schema_privilege(pg_catalog.to_regnamespace('public')::oid, 'CREATE'), false), "
        "pg_catalog.current_setting('lc_monetary'), pg_catalog.pg_encoding_to_char(d.encoding), "
        "pg_catalog.pg_is_in_recovery() "
        "FROM pg_catalog.pg_roles r, pg_catalog.pg_database d WHERE r.rolname = current_user AND d.datname = "
        "pg_catalog.current_database()");
    static constexpr const char* kNames[] = {"server_version",
                                             "server_version_num",
                                             "role",
                                             "database",
                                             "is_superuser",
                                             "can_create",
                                             "max_connections",
                                             "max_locks_per_transaction",
                                             "maintenance_work_mem",
                                             "max_parallel_maintenance_workers",
                                             "connections_used",
                                             "database_bytes",
                                             "collation",
                                             "can_create_in_public",
                                             "lc_monetary",
                                             "encoding",
                                             "in_recovery"};
    for (int i = 0; i < r.columns(); ++i) facts[kNames[i]] = r.text(0, i);
    facts["host"] = settings_.host;
    facts["tls"] = PQsslAttribute(pg.raw(), "protocol") ? PQsslAttribute(pg.raw(), "protocol") : "on";
    facts["sslmode"] = settings_.sslmode;
    facts["connect_seconds"] = std::to_string(pg.connect_seconds());
    // A role can be granted to only where it is.
    facts["roles"] = pg.scalar(
                           "SELECT coalesce(pg_catalog.jsonb_agg(rolname ORDER BY rolname), '[]')::text FROM "
                           "pg_catalog.pg_roles WHERE NOT pg_catalog.starts_with(rolname, 'pg_')")
                         .value_or("[]");
    // An object can be given only to a role that we may become, and is ours to go on with only if its rights are ours, too.
    const std::string given = pg.server_version() >= 160000
                                  ? "pg_catalog.pg_has_role(oid, 'USAGE') AND pg_catalog.pg_has_role(oid, 'SET')"
                                  : "pg_catalog.pg_has_role(oid, 'USAGE')";
    const std::string owners =
        "SELECT rolname FROM pg_catalog.pg_roles WHERE NOT pg_catalog.starts_with(rolname, "
        "'pg_') AND rolname <> current_user AND " +
        given;
    facts["owner_roles"] =
        pg.scalar("SELECT coalesce(pg_catalog.jsonb_agg(rolname ORDER BY rolname), '[]')::text FROM (" + owners +
                  ") AS r")
            .value_or("[]");
    facts["schemas"] =
        pg.scalar(
              "SELECT coalesce(pg_catalog.jsonb_object_agg(n.nspname, pg_catalog.jsonb_build_object('ours', "
              "pg_catalog.pg_has_role(n.nspowner, 'USAGE'), 'creators', (SELECT "
              "coalesce(pg_catalog.jsonb_agg(r.rolname), '[]') FROM (" +
              owners +
              ") AS r WHERE pg_catalog.has_schema_privilege(r.rolname, n.oid, 'CREATE')))), '{}')::text FROM "
              "pg_catalog.pg_namespace n WHERE NOT pg_catalog.starts_with(n.nspname, 'pg_') AND n.nspname <> "
              "'information_schema'")
            .value_or("{}");
    const Result ext = pg.exec("SELECT name, default_version FROM pg_catalog.pg_available_extensions");
    for (int i = 0; i < ext.rows(); ++i) facts["extension:" + ext.text(i, 0)] = ext.text(i, 1);
    // Where there is such a type, its columns are declared by the schema's name (--ci citext).
    facts["citext_schema"] = pg.scalar(
                                   "SELECT coalesce((SELECT n.nspname::text FROM pg_catalog.pg_extension e JOIN "
                                   "pg_catalog.pg_namespace n ON "
                                   "n.oid = e.extnamespace WHERE e.extname = 'citext'), '')")
                                 .value_or("");
    return facts;
}

std::string Target::identity(Pg& pg) const {
    // The system identifier needs a privilege on managed servers; the database's OID and name always work.
    std::string system = "?";
    if (pg.scalar("SELECT pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')") == "t")
        system = pg.scalar("SELECT system_identifier::text FROM pg_catalog.pg_control_system()").value_or("?");
    return settings_.host + ":" + settings_.port + "/" + settings_.database + " " + system + "/" +
           pg.scalar("SELECT oid::text FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()")
               .value_or("?");
}

}  // namespace lakemover::loader
