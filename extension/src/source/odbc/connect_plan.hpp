// How a driver is told where to connect: connection strings and FreeTDS's configuration. Pure zone;
// throws source::Error. No message shows a password.
#pragma once
#include <string>

#include "source/driver.hpp"

namespace lakemover::source::odbc {

enum class DriverFamily { kFreeTds, kMicrosoft, kOther };

// By the driver's name or library in odbcinst.ini.
DriverFamily family_of(const std::string& name, const std::string& library);

// What the foreign server's options say, checked.
struct Endpoint {
    std::string driver = "FreeTDS";
    std::string host;
    std::string port = "1433";
    std::string instance;  // instead of a port
    std::string database;
    std::string application = "lakemover";
    std::string authentication = "sql";
    std::string ca_file;  // empty: the system's
    bool encrypt = true;
    bool trust_server_certificate = false;
    bool read_only_intent = true;
    std::string user;
    std::string password;
    int login_timeout_s = 30;
};
Endpoint endpoint_of(const ConnectParams& params);

struct ConnectPlan {
    std::string connection_string;  // for SQLDriverConnect; empty: by data source name
    std::string dsn;                // for SQLConnect: user and password travel without any quoting
    std::string user;
    std::string password;
    int login_timeout_s = 30;
};

// FreeTDS looks up the server's name in the text of freetds_conf(), and the data source name in odbc_ini().
ConnectPlan plan_connection(const Endpoint& endpoint, DriverFamily family);
std::string freetds_conf(const Endpoint& endpoint, const std::string& section);
std::string odbc_ini(const Endpoint& endpoint, const std::string& section);
// The name of an endpoint's section, the same for the same settings.
std::string section_of(const Endpoint& endpoint);

// The library behind a driver's name of odbcinst.ini; throws 08001 with the installed ones when there is none.
std::string driver_library(const std::string& name);

// Makes FreeTDS and the driver manager see the endpoint's sections, in files without a name.
void publish_sections(const Endpoint& endpoint);

}  // namespace lakemover::source::odbc
