// Which driver serves which engine. Pure zone; throws source::Error and what the waiter throws.
#include "source/odbc/connection.hpp"
#include "source/postgres/connection.hpp"

namespace lakemover::source {

std::unique_ptr<Connection> connect(const ConnectParams& params, Waiter& waiter) {
    if (params.engine == "postgres") {
        return std::make_unique<postgres::LibpqConnection>(params, waiter);
    }
    if (params.engine == "sqlserver" || params.engine == "azure_sql") {
        return std::make_unique<odbc::OdbcConnection>(params, waiter);
    }
    throw Error(ErrorKind::kUnsupported, "0A000", "no driver for engine \"" + params.engine + "\"", {},
                "valid engines are postgres, sqlserver, azure_sql");
}

}  // namespace lakemover::source
