// lakemover._catalog(), _run_catalog() and source_identity(): what the source's catalogs say. Zone: stream.
// Rows are taken as they arrive and converted to the caller's column list through the input functions.
#include "source/postgres/catalog.hpp"
#include "pg/result_rows.hpp"
#include "source/dialect.hpp"
#include "stream/session.hpp"

extern "C" {
#include "utils/guc.h"

PG_FUNCTION_INFO_V1(lakemover_catalog);
PG_FUNCTION_INFO_V1(lakemover_run_catalog);
PG_FUNCTION_INFO_V1(lakemover_catalog_text);
PG_FUNCTION_INFO_V1(lakemover_source_identity);
}

namespace lakemover::stream {

using pg::ResultRows;
using source::Error;
using source::ErrorKind;
using source::TextRow;

namespace {

// What an inventory leaves out since somebody has locked it (the topic "lock"). Who locks something later ends the query after
// two seconds, instead of letting it wait: the inventory then begins anew.
void prepare(source::Connection& connection) {
    const char* locked = pg::pg_call([] { return GetConfigOption("lakemover_catalog.locked", true, false); });
    if (connection.info().engine != "postgres") {
        return;
    }
    // Nothing is compiled for queries that run once, and no more of the source's processors is taken than one.
    connection.exec("SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0");
    if (locked == nullptr || *locked == '\0') {
        return;
    }
    connection.exec("SET LOCAL lock_timeout = '2s'; SELECT pg_catalog.set_config('lakemover.locked', " +
                    source::postgres_dialect().quote_literal(locked) + ", true)");
}

// In the transaction that the connection is in.
void pass_topic(source::Connection& connection, const std::string& topic, ResultRows& result) {
    const auto query = connection.catalog_query(topic);
    if (!query) {
        throw Error(ErrorKind::kConfig, "22023", "unknown catalog topic \"" + topic + "\"");
    }
    connection.each_batch(*query, [&](const std::vector<TextRow>& rows) {
        if (rows.front().size() != result.columns()) {
            throw Error(ErrorKind::kConfig, "42804",
                        "catalog topic \"" + topic + "\" has " + std::to_string(rows.front().size()) +
                            " columns, the column definition list " + std::to_string(result.columns()));
        }
        result.add(rows);
    });
}

Datum catalog(FunctionCallInfo fcinfo) {
    const std::string server = NameStr(*PG_GETARG_NAME(0));
    ResultRows result(fcinfo, true);
    Loan loan = borrow_catalog(server.c_str());
    loan->begin();
    prepare(*loan);
    pass_topic(*loan, pg::from_text_datum(PG_GETARG_DATUM(1)), result);
    loan->end();
    loan.give_back();
    return Datum{0};
}

Datum run_catalog(FunctionCallInfo fcinfo) {
    ResultRows result(fcinfo, true);
    Loan loan = borrow_for_run(PG_GETARG_INT64(0));
    pass_topic(*loan, pg::from_text_datum(PG_GETARG_DATUM(1)), result);
    loan.give_back();
    return Datum{0};
}

Datum source_identity(FunctionCallInfo fcinfo) {
    const std::string server = NameStr(*PG_GETARG_NAME(0));
    ResultRows result(fcinfo, false);
    Loan loan = borrow_catalog(server.c_str());
    const source::ServerInfo& info = loan->info();
    const TextRow now = loan->position();
    const TextRow row = {info.engine,   info.version,  std::to_string(info.version_num), info.database, info.user,
                         info.encoding, info.identity, info.tls ? "true" : "false",      now.at(0),     now.at(1)};
    loan.give_back();
    result.add({row});
    return Datum{0};
}

}  // namespace

}  // namespace lakemover::stream

extern "C" Datum lakemover_catalog(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum { return lakemover::stream::catalog(fcinfo); });
}

extern "C" Datum lakemover_run_catalog(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum { return lakemover::stream::run_catalog(fcinfo); });
}

extern "C" Datum lakemover_catalog_text(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum {
        const auto query = lakemover::source::catalog_query(lakemover::pg::from_text_datum(PG_GETARG_DATUM(0)), 170000);
        if (!query) {
            fcinfo->isnull = true;
            return Datum{0};
        }
        return lakemover::pg::to_text_datum(std::string(*query));
    });
}

extern "C" Datum lakemover_source_identity(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum { return lakemover::stream::source_identity(fcinfo); });
}
