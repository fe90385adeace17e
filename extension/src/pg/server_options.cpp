// See server_options.hpp. Passwords are only ever in ConnectParams: no message and no log has them.
#include "pg/server_options.hpp"

#include <algorithm>
#include <array>
#include <charconv>

extern "C" {
#include "catalog/pg_authid.h"
#include "catalog/pg_foreign_server.h"
#include "commands/defrem.h"
#include "foreign/foreign.h"
#include "mb/pg_wchar.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
}

#include "source/secret.hpp"

namespace lakemover::pg {

using source::ConnectParams;
using source::Error;
using source::ErrorKind;

namespace {

constexpr const char* kReadFiles = "pg_read_server_files";
constexpr const char* kRunPrograms = "pg_execute_server_program";
constexpr const char* kPostgres = "postgres";
constexpr const char* kSqlServer = "sqlserver";

constexpr std::array kOptions = {
    OptionDef{"engine", kOnServer, OptionValue::kEngine, nullptr, false, nullptr},
    OptionDef{"host", kOnServer, OptionValue::kText, nullptr, true, nullptr},
    OptionDef{"hostaddr", kOnServer, OptionValue::kText, kPostgres, true, nullptr},
    OptionDef{"port", kOnServer, OptionValue::kPort, nullptr, true, nullptr},
    OptionDef{"dbname", kOnServer, OptionValue::kText, nullptr, true, nullptr},
    OptionDef{"sslmode", kOnServer, OptionValue::kSslMode, kPostgres, true, nullptr},
    OptionDef{"sslrootcert", kOnServer, OptionValue::kText, nullptr, true, nullptr},
    OptionDef{"application_name", kOnServer, OptionValue::kText, nullptr, true, nullptr},
    OptionDef{"connect_timeout", kOnServer, OptionValue::kPositiveInt, nullptr, false, nullptr},
    OptionDef{"fetch_size", kOnServer | kOnTable, OptionValue::kPositiveInt, nullptr, false, nullptr},
    OptionDef{"keep_connections", kOnServer, OptionValue::kBool, nullptr, false, nullptr},
    OptionDef{"recycle_age", kOnServer, OptionValue::kPositiveInt, nullptr, false, nullptr},
    OptionDef{"driver", kOnServer, OptionValue::kDriverName, kSqlServer, true, nullptr},
    OptionDef{"encrypt", kOnServer, OptionValue::kBool, kSqlServer, true, nullptr},
    OptionDef{"trust_server_certificate", kOnServer, OptionValue::kBool, kSqlServer, true, nullptr},
    OptionDef{"instance", kOnServer, OptionValue::kName, kSqlServer, true, nullptr},
    OptionDef{"authentication", kOnServer, OptionValue::kAuthentication, kSqlServer, true, nullptr},
    OptionDef{"read_only_intent", kOnServer, OptionValue::kBool, kSqlServer, true, nullptr},
    OptionDef{"user", kOnUserMapping, OptionValue::kName, nullptr, false, nullptr},
    OptionDef{"username", kOnUserMapping, OptionValue::kName, nullptr, false, nullptr},
    OptionDef{"password", kOnUserMapping, OptionValue::kText, nullptr, false, nullptr},
    OptionDef{"password_env", kOnUserMapping, OptionValue::kName, nullptr, false, kReadFiles},
    OptionDef{"password_file", kOnUserMapping, OptionValue::kAbsolutePath, nullptr, false, kReadFiles},
    OptionDef{"password_command", kOnUserMapping, OptionValue::kText, nullptr, false, kRunPrograms},
    OptionDef{"sslcert", kOnUserMapping, OptionValue::kAbsolutePath, kPostgres, true, kReadFiles},
    OptionDef{"sslkey", kOnUserMapping, OptionValue::kAbsolutePath, kPostgres, true, kReadFiles},
    OptionDef{"schema_name", kOnTable, OptionValue::kName, nullptr, false, nullptr},
    OptionDef{"table_name", kOnTable, OptionValue::kName, nullptr, false, nullptr},
    OptionDef{"row_estimate", kOnTable, OptionValue::kCount, nullptr, false, nullptr},
    OptionDef{"column_name", kOnColumn, OptionValue::kName, nullptr, false, nullptr},
};

constexpr std::array<std::string_view, 6> kSslModes = {"disable", "allow",     "prefer",
                                                       "require", "verify-ca", "verify-full"};
constexpr std::array<std::string_view, 3> kEngines = {"postgres", "sqlserver", "azure_sql"};
constexpr std::array<std::string_view, 5> kAuthentications = {"sql", "kerberos", "entra_password",
                                                              "entra_service_principal", "entra_managed_identity"};
constexpr std::array<std::string_view, 10> kBooleans = {"true", "false", "on", "off", "yes", "no", "1", "0", "t", "f"};

template <std::size_t N> bool one_of(std::string_view value, const std::array<std::string_view, N>& list) {
    return std::find(list.begin(), list.end(), value) != list.end();
}

template <std::size_t N> std::string join(const std::array<std::string_view, N>& list) {
    std::string text;
    for (const auto item : list) {
        text += (text.empty() ? "" : ", ") + std::string(item);
    }
    return text;
}

bool whole_number(std::string_view value, long long low, long long high) {
    long long number = 0;
    const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), number);
    return code == std::errc() && end == value.data() + value.size() && number >= low && number <= high;
}

Error bad_value(const OptionDef& option, std::string_view value, const std::string& hint) {
    const bool secret = std::string_view(option.keyword).starts_with("password");
    return {ErrorKind::kConfig,
            "22023",
            "invalid value for option \"" + std::string(option.keyword) + "\"" +
                (secret ? "" : ": \"" + std::string(value) + "\""),
            {},
            hint};
}

// An option list of the catalogs, as plain pointers into the current memory context.
struct Option {
    const char* name;
    const char* value;
};

Option option_at(List* list, int index) {
    return pg_call([=] {
        auto* def = static_cast<DefElem*>(list_nth(list, index));
        return Option{def->defname, defGetString(def)};
    });
}

bool role_has(Oid user, const char* privilege) {
    return pg_call([=] {
        const Oid role =
            std::string_view(privilege) == kReadFiles ? ROLE_PG_READ_SERVER_FILES : ROLE_PG_EXECUTE_SERVER_PROGRAM;
        return has_privs_of_role(user, role);
    });
}

const char* option_or(const ConnectParams& params, const char* key, const char* otherwise) {
    const auto found = params.options.find(key);
    return found == params.options.end() ? otherwise : found->second.c_str();
}

// What libpq would choose silently is chosen here: TLS is verified unless the operator said otherwise.
void set_postgres_defaults(ConnectParams& params) {
    const std::string_view host = option_or(params, "host", "");
    const bool local = host.starts_with('/') || host.starts_with('@');
    if (host.empty() && params.options.count("hostaddr") == 0) {
        throw Error(ErrorKind::kConfig, "22023", "foreign server has no host", {},
                    "set it with ALTER SERVER ... OPTIONS (ADD host '...')");
    }
    if (!local) {
        params.options.try_emplace("sslmode", "verify-full");
    }
    params.options.try_emplace("application_name", "lakemover");
}

void add_options(ConnectParams& params, List* list, unsigned context) {
    const int count = list == nullptr ? 0 : list->length;
    for (int i = 0; i < count; ++i) {
        const Option given = option_at(list, i);
        const OptionDef* option = find_option(given.name, context);
        if (option == nullptr) {
            continue;  // written before an upgrade took it away; the validator speaks at the next ALTER
        }
        if (option->for_driver) {
            params.options[option->keyword] = given.value;
        } else if (std::string_view(option->keyword) == "engine") {
            params.engine = given.value;
        } else if (std::string_view(option->keyword) == "connect_timeout") {
            params.connect_timeout_s = std::stoi(given.value);
        }
    }
}

void add_credentials(ConnectParams& params, List* list, Oid user) {
    const int count = list == nullptr ? 0 : list->length;
    const char* secret_from = nullptr;
    BackendWaiter waiter;
    for (int i = 0; i < count; ++i) {
        const Option given = option_at(list, i);
        const OptionDef* option = find_option(given.name, kOnUserMapping);
        if (option == nullptr) {
            continue;
        }
        const std::string_view keyword = option->keyword;
        if (keyword == "user" || keyword == "username") {
            params.user = given.value;
            continue;
        }
        check_option_privilege(*option, user);
        if (!keyword.starts_with("password")) {
            continue;
        }
        if (secret_from != nullptr) {
            throw Error(
                ErrorKind::kConfig, "22023",
                "user mapping has both \"" + std::string(secret_from) + "\" and \"" + std::string(keyword) + "\"", {},
                "keep one of password, password_env, password_file and password_command");
        }
        secret_from = option->keyword;
        if (keyword == "password") {
            params.password = given.value;
        } else if (keyword == "password_env") {
            params.password = source::read_secret_env(given.value);
        } else if (keyword == "password_file") {
            params.password = source::read_secret_file(given.value);
        } else {
            params.password = source::run_secret_command(given.value, waiter, params.connect_timeout_s);
        }
    }
}

}  // namespace

std::span<const OptionDef> option_table() { return kOptions; }

const OptionDef* find_option(std::string_view keyword, unsigned context) {
    for (const OptionDef& option : kOptions) {
        if (keyword == option.keyword && (option.contexts & context) != 0) {
            return &option;
        }
    }
    return nullptr;
}

void check_option_value(const OptionDef& option, std::string_view value) {
    switch (option.value) {
        case OptionValue::kText: return;
        case OptionValue::kName:
            if (value.empty()) {
                throw bad_value(option, value, "the value must not be empty");
            }
            return;
        case OptionValue::kDriverName:
            // A path would load any library of the staging server into the backend.
            if (value.empty() || value.find('/') != std::string_view::npos) {
                throw bad_value(option, value,
                                "expected a name in odbcinst.ini, not a path: odbcinst -q -d lists the names");
            }
            return;
        case OptionValue::kPositiveInt:
            if (!whole_number(value, 1, 2147483647)) {
                throw bad_value(option, value, "expected a whole number of 1 or more");
            }
            return;
        case OptionValue::kCount:
            if (!whole_number(value, 0, 9223372036854775807LL)) {
                throw bad_value(option, value, "expected a whole number of 0 or more");
            }
            return;
        case OptionValue::kPort:
            if (!whole_number(value, 1, 65535)) {
                throw bad_value(option, value, "expected a port number from 1 to 65535");
            }
            return;
        case OptionValue::kBool:
            if (!one_of(value, kBooleans)) {
                throw bad_value(option, value, "expected true or false");
            }
            return;
        case OptionValue::kSslMode:
            if (!one_of(value, kSslModes)) {
                throw bad_value(option, value, "valid values are " + join(kSslModes));
            }
            return;
        case OptionValue::kEngine:
            if (!one_of(value, kEngines)) {
                throw bad_value(option, value, "valid values are " + join(kEngines));
            }
            return;
        case OptionValue::kAuthentication:
            if (!one_of(value, kAuthentications)) {
                throw bad_value(option, value, "valid values are " + join(kAuthentications));
            }
            return;
        case OptionValue::kAbsolutePath:
            if (!value.starts_with('/')) {
                throw bad_value(option, value, "expected an absolute path on the staging server");
            }
            return;
    }
}

void check_option_privilege(const OptionDef& option, Oid user) {
    if (option.privilege == nullptr || role_has(user, option.privilege)) {
        return;
    }
    throw Error(ErrorKind::kConfig, "42501",
                "permission denied to use user mapping option \"" + std::string(option.keyword) + "\"",
                "it takes the privileges of the role " + std::string(option.privilege),
                "GRANT " + std::string(option.privilege) + " to the role, or set the password itself");
}

ConnectParams resolve_source(Oid server, Oid user) {
    // What sources send is UTF-8, and it is stored and passed on as it comes.
    if (GetDatabaseEncoding() != PG_UTF8) {
        throw Error(ErrorKind::kConfig, "0A000", "the staging database must have encoding UTF8", {},
                    "create it with ENCODING 'UTF8'");
    }
    ForeignServer* foreign = pg_call([=] { return GetForeignServer(server); });
    ConnectParams params;
    params.engine = kPostgres;
    add_options(params, foreign->options, kOnServer);
    UserMapping* mapping = pg_call([=] { return GetUserMapping(user, server); });
    add_options(params, mapping->options, kOnUserMapping);
    add_credentials(params, mapping->options, user);
    const auto authentication = params.options.find("authentication");
    const bool no_user = authentication != params.options.end() &&
                         (authentication->second == "kerberos" || authentication->second == "entra_managed_identity");
    if (params.user.empty() && !no_user) {
        throw Error(ErrorKind::kConfig, "22023",
                    "user mapping for server \"" + std::string(foreign->servername) + "\" has no user", {},
                    "set it with ALTER USER MAPPING ... OPTIONS (ADD user '...')");
    }
    if (params.engine == kPostgres) {
        set_postgres_defaults(params);
    }
    params.password_required = !pg_call([=] { return superuser_arg(user); });
    return params;
}

Oid source_server_oid(const char* server_name) {
    struct Found {
        Oid oid;
        bool ours;
        bool usable;
    };
    const Found found = pg_call([=] {
        ForeignServer* server = GetForeignServerByName(server_name, true);
        if (server == nullptr) {
            return Found{InvalidOid, false, false};
        }
        const ForeignDataWrapper* wrapper = GetForeignDataWrapper(server->fdwid);
#if PG_VERSION_NUM >= 160000
        const AclResult acl = object_aclcheck(ForeignServerRelationId, server->serverid, GetUserId(), ACL_USAGE);
#else
        const AclResult acl = pg_foreign_server_aclcheck(server->serverid, GetUserId(), ACL_USAGE);
#endif
        return Found{server->serverid, std::string_view(wrapper->fdwname) == "lakemover_fdw", acl == ACLCHECK_OK};
    });
    const std::string name = server_name;
    if (!OidIsValid(found.oid)) {
        throw Error(ErrorKind::kConfig, "42704", "source \"" + name + "\" does not exist", {},
                    "CREATE SERVER ... FOREIGN DATA WRAPPER lakemover_fdw names a source");
    }
    if (!found.usable) {
        throw Error(ErrorKind::kConfig, "42501", "permission denied for foreign server " + name, {},
                    "GRANT USAGE ON FOREIGN SERVER to the role");
    }
    if (!found.ours) {
        throw Error(ErrorKind::kConfig, "42809", "foreign server \"" + name + "\" is not a source of lakemover", {},
                    "its foreign data wrapper must be lakemover_fdw");
    }
    return found.oid;
}

ConnectParams resolve_source(const char* server_name) {
    return resolve_source(source_server_oid(server_name), pg_call([] { return GetUserId(); }));
}

}  // namespace lakemover::pg
