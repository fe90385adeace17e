// See connect_plan.hpp.
#include "source/odbc/connect_plan.hpp"

#include <cstring>

#include <algorithm>
#include <cstdint>

namespace lakemover::source::odbc {

namespace {

constexpr const char* kCaBundle = "/etc/ssl/certs/ca-certificates.crt";

const std::string* option(const ConnectParams& params, const char* keyword) {
    const auto found = params.options.find(keyword);
    return found == params.options.end() ? nullptr : &found->second;
}

bool flag(const ConnectParams& params, const char* keyword, bool otherwise) {
    const std::string* value = option(params, keyword);
    if (value == nullptr || value->empty()) {
        return otherwise;
    }
    const char first = (*value)[0];
    return first == 't' || first == 'y' || first == '1' || *value == "on" || *value == "strict";
}

Error bad(const std::string& what, const std::string& hint) { return {ErrorKind::kConfig, "22023", what, {}, hint}; }

// Values end at a line's end in the files and at a semicolon in strings; nobody's host needs either.
void check_plain(const char* keyword, const std::string& value) {
    const bool ugly = std::any_of(value.begin(), value.end(), [](unsigned char c) {
        return c < 0x20 || c == 0x7F || c == ';' || c == '{' || c == '}' || c == '[' || c == ']' || c == '#';
    });
    if (ugly || (!value.empty() && (value.front() == ' ' || value.back() == ' '))) {
        throw bad("option \"" + std::string(keyword) + "\" has a character that cannot be in it",
                  "control characters, ; { } [ ] # and blanks at either end are refused");
    }
}

// Microsoft's rule: in braces, with closing ones doubled.
std::string braced(const std::string& value) {
    std::string out = "{";
    for (const char c : value) {
        out += c;
        if (c == '}') {
            out += c;
        }
    }
    return out + "}";
}

// FreeTDS up to 1.3 ends a value in braces at "};" and doubles nothing, later ones do otherwise; without braces
// a value ends at the first semicolon in all of them.
bool plain_for_freetds(const std::string& value) {
    return value.find(';') == std::string::npos && (value.empty() || value.front() != '{');
}

std::string microsoft_string(const Endpoint& e) {
    std::string text = "DRIVER=" + braced(e.driver) + ";SERVER=tcp:" + e.host;
    if (!e.instance.empty()) {
        text += "\\" + e.instance;
    } else {
        text += "," + e.port;
    }
    text += ";DATABASE=" + braced(e.database) + ";APP=" + braced(e.application);
    text += std::string(";Encrypt=") + (e.encrypt ? "yes" : "no") +
            ";TrustServerCertificate=" + (e.trust_server_certificate ? "yes" : "no");
    if (e.read_only_intent) {
        text += ";ApplicationIntent=ReadOnly";
    }
    if (e.authentication == "kerberos") {
        text += ";Trusted_Connection=yes";
    } else if (e.authentication == "entra_password") {
        text += ";Authentication=ActiveDirectoryPassword";
    } else if (e.authentication == "entra_service_principal") {
        text += ";Authentication=ActiveDirectoryServicePrincipal";
    } else if (e.authentication == "entra_managed_identity") {
        text += ";Authentication=ActiveDirectoryMsi";
    }
    if (e.authentication != "kerberos") {
        text += ";UID=" + braced(e.user);
        if (e.authentication != "entra_managed_identity") {
            text += ";PWD=" + braced(e.password);
        }
    }
    return text + ";";
}

}  // namespace

DriverFamily family_of(const std::string& name, const std::string& library) {
    const auto has = [&](const char* part) {
        return strcasestr(name.c_str(), part) != nullptr || strcasestr(library.c_str(), part) != nullptr;
    };
    if (has("freetds") || has("tdsodbc")) {
        return DriverFamily::kFreeTds;
    }
    return has("msodbcsql") || has("for sql server") ? DriverFamily::kMicrosoft : DriverFamily::kOther;
}

Endpoint endpoint_of(const ConnectParams& params) {
    Endpoint e;
    const auto text = [&](const char* keyword, std::string& into) {
        if (const std::string* value = option(params, keyword)) {
            check_plain(keyword, *value);
            into = *value;
        }
    };
    text("driver", e.driver);
    text("host", e.host);
    text("port", e.port);
    text("instance", e.instance);
    text("dbname", e.database);
    text("application_name", e.application);
    text("authentication", e.authentication);
    text("sslrootcert", e.ca_file);
    if (e.ca_file == "system") {
        e.ca_file.clear();
    }
    if (e.host.empty()) {
        throw bad("foreign server has no host", "set it with ALTER SERVER ... OPTIONS (ADD host '...')");
    }
    if (e.database.empty()) {
        throw bad("foreign server has no dbname", "set it with ALTER SERVER ... OPTIONS (ADD dbname '...')");
    }
    if (e.driver.find('/') != std::string::npos) {
        throw bad("option \"driver\" must be a name in odbcinst.ini, not a path", "odbcinst -q -d lists the names");
    }
    e.encrypt = flag(params, "encrypt", true);
    e.trust_server_certificate = flag(params, "trust_server_certificate", false);
    e.read_only_intent = flag(params, "read_only_intent", true);
    e.user = params.user;
    e.password = params.password;
    e.login_timeout_s = params.connect_timeout_s;
    if (params.engine == "azure_sql" && !e.encrypt) {
        throw bad("Azure SQL takes encrypted connections only", "remove the option encrypt 'false'");
    }
    if (params.password_required && e.password.empty() && e.authentication != "entra_managed_identity") {
        throw Error(ErrorKind::kAuth, "28000", "password is required", {},
                    "the user mapping of a user who is no superuser needs a password");
    }
    if (params.password_required && (e.authentication == "kerberos" || e.authentication == "entra_managed_identity")) {
        throw Error(ErrorKind::kAuth, "28000", "authentication \"" + e.authentication + "\" is for superusers",
                    "it uses the identity of the staging server's own process", "use authentication 'sql'");
    }
    return e;
}

std::string section_of(const Endpoint& e) {
    // FNV-1a over what the sections say; secrets are not part of them.
    std::uint64_t hash = 1469598103934665603ULL;
    for (const std::string* part : {&e.driver, &e.host, &e.port, &e.instance, &e.database, &e.ca_file}) {
        for (const char c : *part + '\x1F') {
            hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
        }
    }
    const char flags = static_cast<char>('a' + (e.encrypt ? 1 : 0) + (e.trust_server_certificate ? 2 : 0) +
                                         (e.read_only_intent ? 4 : 0));
    return "lakemover_" + std::to_string(hash) + flags;
}

std::string freetds_conf(const Endpoint& e, const std::string& section) {
    std::string text = "[" + section + "]\n\thost = " + e.host + "\n";
    text += e.instance.empty() ? "\tport = " + e.port + "\n" : "\tinstance = " + e.instance + "\n";
    text += "\ttds version = 7.4\n\tclient charset = UTF-8\n\tuse utf-16 = yes\n\ttext size = 2147483647\n";
    text += "\tconnect timeout = " + std::to_string(e.login_timeout_s) + "\n";
    text += std::string("\tencryption = ") + (e.encrypt ? "require" : "off") + "\n";
    if (e.encrypt && !e.trust_server_certificate) {
        // In a connection string "ca file" is ignored, and "require" alone takes any certificate.
        text += "\tca file = " + (e.ca_file.empty() ? std::string(kCaBundle) : e.ca_file) + "\n";
        text += "\tcheck certificate hostname = yes\n";
    }
    if (e.read_only_intent) {
        text += "\tread-only intent = yes\n";
    }
    return text;
}

std::string odbc_ini(const Endpoint& e, const std::string& section) {
    return "[" + section + "]\nDriver = " + e.driver + "\nServername = " + section + "\nDatabase = " + e.database +
           "\n";
}

ConnectPlan plan_connection(const Endpoint& e, DriverFamily family) {
    ConnectPlan plan;
    plan.login_timeout_s = e.login_timeout_s;
    const auto unsupported = [&](const std::string& why) {
        return Error(ErrorKind::kUnsupported, "0A000",
                     "the ODBC driver \"" + e.driver + "\" cannot do authentication \"" + e.authentication + "\"", why,
                     "install \"ODBC Driver 18 for SQL Server\" and name it in the option \"driver\"");
    };
    if (family == DriverFamily::kMicrosoft) {
        plan.connection_string = microsoft_string(e);
        return plan;
    }
    if (e.authentication != "sql" && !(e.authentication == "kerberos" && family == DriverFamily::kFreeTds)) {
        throw unsupported("it knows SQL Server logins" +
                          std::string(family == DriverFamily::kFreeTds ? " and Kerberos" : " only"));
    }
    if (family == DriverFamily::kOther) {
        plan.connection_string = "DRIVER=" + braced(e.driver) + ";SERVER=" + e.host + ";PORT=" + e.port +
                                 ";DATABASE=" + braced(e.database) + ";UID=" + braced(e.user) +
                                 ";PWD=" + braced(e.password) + ";";
        return plan;
    }
    const std::string section = section_of(e);
    if (plain_for_freetds(e.user) && plain_for_freetds(e.password)) {
        plan.connection_string = "DRIVER={" + e.driver + "};SERVERNAME=" + section + ";DATABASE=" + e.database +
                                 ";APP=" + e.application + ";";
        if (e.authentication == "kerberos") {
            plan.connection_string += "Trusted_Connection=yes;";
        } else {
            plan.connection_string += "UID=" + e.user + ";PWD=" + e.password + ";";
        }
        return plan;
    }
    plan.dsn = section;
    plan.user = e.user;
    plan.password = e.password;
    return plan;
}

}  // namespace lakemover::source::odbc
