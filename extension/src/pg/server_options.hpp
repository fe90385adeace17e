// Which options name a source and its credentials, and how they become connection parameters.
// Zone: pg. Throws source::Error (configuration, privileges) and PgError.
#pragma once
#include "pg/bridge.hpp"

#include <span>

namespace lakemover::pg {

// Where an option may stand; the values are bits.
enum OptionContext : unsigned {
    kOnServer = 1,
    kOnUserMapping = 2,
    kOnTable = 4,
    kOnColumn = 8,
};

enum class OptionValue {
    kText,
    kName,
    kDriverName,
    kPositiveInt,
    kBool,
    kPort,
    kSslMode,
    kEngine,
    kAuthentication,
    kAbsolutePath,
    kCount
};

struct OptionDef {
    const char* keyword;
    unsigned contexts;
    OptionValue value;
    const char* engines;    // "postgres", "sqlserver" (both SQL Server engines), or nullptr: all
    bool for_driver;        // passed on to the driver as it is
    const char* privilege;  // role that the user of a mapping needs for it, or nullptr
};

std::span<const OptionDef> option_table();
const OptionDef* find_option(std::string_view keyword, unsigned context);

// Throws source::Error 22023 / HV00B-like when the value cannot be; names the option and says what may stand there.
void check_option_value(const OptionDef& option, std::string_view value);

// The options password_env, password_file, password_command and client certificates read what the
// server process can read: throws source::Error 42501 unless the user has the role that this takes.
// Called by the validator (DDL) and again by resolve_source() (use).
void check_option_privilege(const OptionDef& option, Oid user);

// Connection parameters of a foreign server for a user, with its mapping or PUBLIC's. Evaluates
// password_env, password_file and password_command with the role checks above; waits interruptibly.
source::ConnectParams resolve_source(Oid server, Oid user);

// By name, for the current user, who needs USAGE on the server.
source::ConnectParams resolve_source(const char* server_name);

// The foreign server's OID; throws 42704 when there is none, 42501 without USAGE, and refuses
// servers of other foreign data wrappers.
Oid source_server_oid(const char* server_name);

}  // namespace lakemover::pg
