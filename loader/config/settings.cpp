#include "loader/config/settings.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <fstream>

#include "loader/config/byte_rate.hpp"
#include "loader/engine/window.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {

namespace {

template <std::size_t N>
void one_of(const std::string& what, const std::string& value, const std::array<const char*, N>& valid) {
    if (std::find(valid.begin(), valid.end(), value) != valid.end()) return;
    std::string list;
    for (const char* v : valid) list += (list.empty() ? "" : ", ") + std::string(v);
    throw Error(Exit::kUsage, "invalid value for " + what + ": \"" + value + "\"", {}, "valid values: " + list);
}

void check_port(const std::string& what, const std::string& value) {
    if (value.empty()) return;
    const bool digits = std::all_of(value.begin(), value.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
    if (!digits || value.size() > 5 || std::stoi(value) < 1 || std::stoi(value) > 65535)
        throw Error(Exit::kUsage, "invalid value for " + what + ": \"" + value + "\"", {},
                    "a port is a number from 1 to 65535");
}

}  // namespace

std::vector<std::pair<std::string, std::string>> sqlserver_planning(const Settings& s) {
    return {{"--char-as", s.char_as},
            {"--ci", s.ci},
            {"--on-nul", s.on_nul},
            {"--on-surrogate", s.on_surrogate},
            {"--on-seventh-digit", s.on_seventh_digit}};
}

void check_settings(const Settings& s) {
    one_of("SOURCE_DB_TYPE", s.source.type, std::array{"postgres", "sqlserver", "azure_sql"});
    if (s.source.type == "postgres" && (!s.source.encrypt.empty() || !s.source.trust_server_certificate.empty()))
        throw Error(Exit::kUsage, "SOURCE_ENCRYPT and SOURCE_TRUST_SERVER_CERTIFICATE are for SQL Server sources", {},
                    "a PostgreSQL source has SOURCE_SSLMODE and SOURCE_SSLROOTCERT");
    if (s.source.type != "postgres" && !s.source.sslmode.empty())
        throw Error(Exit::kUsage, "SOURCE_SSLMODE is for PostgreSQL sources", {},
                    "a SQL Server source has SOURCE_ENCRYPT and SOURCE_TRUST_SERVER_CERTIFICATE");
    for (const auto& [what, value] : {std::pair<std::string, std::string>{"SOURCE_ENCRYPT", s.source.encrypt},
                                      {"SOURCE_TRUST_SERVER_CERTIFICATE", s.source.trust_server_certificate}})
        if (!value.empty()) one_of(what, value, std::array{"yes", "no", "true", "false"});
    check_port("SOURCE_PORT", s.source.port);
    check_port("LAKEBASE_PORT", s.target.port);
    if (!s.source.sslmode.empty())
        one_of("SOURCE_SSLMODE", s.source.sslmode,
               std::array{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"});
    one_of("LAKEBASE_SSLMODE", s.target.sslmode,
           std::array{"disable", "allow", "prefer", "require", "verify-ca", "verify-full"});
    if (s.target.sslmode == "disable" || s.target.sslmode == "allow" || s.target.sslmode == "prefer")
        throw Error(Exit::kUsage,
                    "LAKEBASE_SSLMODE=" + s.target.sslmode +
                        " is refused: rows and credentials would cross the network in the clear",
                    {}, "use verify-full (the default), verify-ca or require");
    if (s.target.given() && s.target.host.front() == '/')
        throw Error(Exit::kUsage, "LAKEBASE_HOST \"" + s.target.host + "\" is a Unix socket, which has no TLS", {},
                    "give the host name of the target");
    one_of("LAKEMOVER_PDF", s.pdf, std::array{"yes", "no"});
    one_of("LAKEMOVER_DATA_CHECKS", s.data_checks, std::array{"off", "sample", "full"});
    one_of("--on-existing", s.on_existing, std::array{"refuse", "drop"});
    one_of("--on-table-failure", s.on_table_failure, std::array{"undo", "keep"});
    one_of("--on-bad-row", s.on_bad_row, std::array{"fail", "reject"});
    one_of("--checksum", s.checksum, std::array{"sample", "full"});
    one_of("--checksum-hash", s.checksum_hash, std::array{"md5", "sha256"});
    if (!s.profile.empty()) one_of("--profile", s.profile, std::array{"native", "portable"});
    if (!s.naming.empty()) one_of("--naming", s.naming, std::array{"preserve", "lower", "snake"});
    if (!s.ci.empty()) one_of("--ci", s.ci, std::array{"none", "icu", "citext"});
    if (!s.char_as.empty()) one_of("--char-as", s.char_as, std::array{"char", "varchar"});
    if (!s.on_nul.empty()) one_of("--on-nul", s.on_nul, std::array{"strip", "fail"});
    if (!s.on_surrogate.empty()) one_of("--on-surrogate", s.on_surrogate, std::array{"replace", "fail"});
    if (!s.on_seventh_digit.empty())
        one_of("--on-seventh-digit", s.on_seventh_digit, std::array{"truncate", "round", "fail"});
    // Where the source is defined in staging, planning knows what it is.
    if (s.staging.empty() && s.source.type == "postgres")
        for (const auto& [what, value] : sqlserver_planning(s))
            if (!value.empty())
                throw Error(Exit::kUsage, what + " is for SQL Server sources", {},
                            "values of a PostgreSQL source arrive as they are; lakemover.plan_column has target types");
    if (!s.staging.empty() && s.source.password.given())
        throw Error(
            Exit::kUsage, "SOURCE_PASSWORD cannot be used together with LAKEMOVER_STAGING", {},
            "the source's credentials belong into the user mapping of your staging database: CREATE USER MAPPING ... "
            "OPTIONS (user '...', password_file '...'); DDL and parameters sent from here would reach its logs");
    if (!s.max_rate.empty()) (void)parse_byte_rate("--max-rate", s.max_rate);
    if (!s.window.empty()) (void)Window::parse(s.window);
    if (!s.deadline.empty()) (void)parse_deadline(s.deadline, std::time(nullptr));
    if (s.memory_target_mb < 16)
        throw Error(Exit::kUsage, "MAX_MEMORY_TARGET_MB=" + std::to_string(s.memory_target_mb) + " is too small", {},
                    "give at least 16");
}

std::optional<std::pair<std::string, std::string>> parse_dotenv_line(const std::string& raw, int line_no) {
    std::string line = raw;
    const auto trim = [](std::string& t) {
        while (!t.empty() && std::isspace(static_cast<unsigned char>(t.back()))) t.pop_back();
        std::size_t i = 0;
        while (i < t.size() && std::isspace(static_cast<unsigned char>(t[i]))) ++i;
        t.erase(0, i);
    };
    trim(line);
    if (line.empty() || line[0] == '#') return std::nullopt;
    if (line.rfind("export ", 0) == 0) line.erase(0, 7);
    const std::size_t eq = line.find('=');
    // The line itself is not shown: it may be a secret.
    if (eq == std::string::npos)
        throw Error(Exit::kUsage, ".env line " + std::to_string(line_no) + " is not KEY=VALUE");
    std::string key = line.substr(0, eq);
    std::string value = line.substr(eq + 1);
    trim(key);
    trim(value);
    const bool name_ok =
        !key.empty() && !std::isdigit(static_cast<unsigned char>(key[0])) &&
        std::all_of(key.begin(), key.end(), [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; });
    if (!name_ok) throw Error(Exit::kUsage, ".env line " + std::to_string(line_no) + " has no valid variable name");
    if (!value.empty() && (value.front() == '"' || value.front() == '\'')) {
        if (value.size() < 2 || value.back() != value.front())
            throw Error(Exit::kUsage, ".env line " + std::to_string(line_no) + " has an unterminated quote");
        value = value.substr(1, value.size() - 2);
    }
    return std::pair{key, value};
}

void load_dotenv(const std::string& path) {
    struct stat st {};
    if (stat(path.c_str(), &st) != 0) return;
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
        throw Error(Exit::kUsage, "the file \"" + path + "\" is not used: another user owns it or could write it", {},
                    "chown it to yourself and chmod 600 it, or remove it");
    std::ifstream in(path);
    std::string line;
    for (int n = 1; std::getline(in, line); ++n)
        if (const auto kv = parse_dotenv_line(line, n)) setenv(kv->first.c_str(), kv->second.c_str(), 0);
}

}  // namespace lakemover::loader
