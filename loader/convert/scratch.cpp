#include "loader/convert/scratch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <random>

namespace lakemover::loader {

namespace {

// Held while a database is made and entered: until then it looks like one that nobody needs any more.
constexpr const char* kLock = "1280592761";

void drop(Pg& admin, const std::string& name) {
    admin.exec("DROP DATABASE IF EXISTS " + admin.quote_ident(name) + " WITH (FORCE)");
}

}  // namespace

std::optional<ScratchDatabase> ScratchDatabase::create(const Staging& staging, std::string& reason) {
    Pg admin = staging.connect();
    if (!admin.exec("SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user")
             .boolean(0, 0)) {
        reason = "the role may not create databases on the staging server (CREATEDB)";
        return std::nullopt;
    }
    const std::string prefix =
        "lakemover_check_" +
        admin.exec("SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()").text(0, 0) +
        "_";
    admin.exec(std::string("SELECT pg_catalog.pg_advisory_lock(") + kLock + ")");
    const Result left = admin.query(
        "SELECT d.datname FROM pg_catalog.pg_database d WHERE pg_catalog.starts_with(d.datname, $1) "
        "AND pg_catalog.pg_has_role(d.datdba, 'USAGE') "
        "AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity a WHERE a.datid = d.oid)",
        {prefix});
    for (int i = 0; i < left.rows(); ++i) drop(admin, left.text(i, 0));
    const std::string name = fmt::format("{}{}_{:08x}", prefix, getpid(), std::random_device{}());
    try {
        admin.exec("CREATE DATABASE " + admin.quote_ident(name) + " TEMPLATE template0");
    } catch (const Error& e) {
        if (e.connection_lost) throw;
        reason = std::string("the staging server refuses a database to check in: ") + e.what();
        return std::nullopt;
    }
    ScratchDatabase scratch(std::move(admin), name);
    ConnInfo info = staging.conninfo();
    info["dbname"] = name;
    scratch.pg_ = Pg::connect(info, "staging");
    scratch.admin_.exec(std::string("SELECT pg_catalog.pg_advisory_unlock(") + kLock + ")");
    return scratch;
}

ScratchDatabase::~ScratchDatabase() {
    if (!admin_.raw()) return;  // moved from
    try {
        pg_.reset();
        drop(admin_, name_);
    } catch (const std::exception&) {
        // The next one finds it and drops it.
    }
}

}  // namespace lakemover::loader
