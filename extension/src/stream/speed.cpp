// lakemover._read_speed(): how fast rows of one table come from the source. Zone: stream. Throws source::Error, PgError.
// They are read as a run reads them, and dropped here: source, network and the driver of staging, nothing behind them.
#include <chrono>

#include "pg/result_rows.hpp"
#include "source/spec.hpp"
#include "stream/deadline.hpp"
#include "stream/session.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(lakemover_read_speed);
}

namespace lakemover::stream {

using source::Error;
using source::TextRow;
using Clock = std::chrono::steady_clock;

namespace {

Datum read_speed(FunctionCallInfo fcinfo) {
    const std::string server = NameStr(*PG_GETARG_NAME(0));
    const source::TableSpec spec = source::parse_table_spec(pg::from_text_datum(PG_GETARG_DATUM(1)));
    const std::int64_t rows = std::max<std::int64_t>(PG_GETARG_INT64(2), 1);
    const std::chrono::milliseconds budget(std::max(PG_GETARG_INT32(3), 1));
    pg::ResultRows result(fcinfo, false);
    Loan loan = borrow_catalog(server.c_str());
    DeadlineWaiter waiter(backend_waiter(), budget);
    TextRow row;
    bool reusable = true;
    {
        const WaiterChange change(*loan, waiter);
        try {
            loan->begin_look(static_cast<long>(budget.count()));
            const auto reader = loan->reader(spec);
            const auto start = Clock::now();
            const source::Amount read = reader->read_some(rows);
            const std::chrono::duration<double> took = Clock::now() - start;
            row = {std::to_string(read.rows), std::to_string(read.bytes), std::to_string(took.count()), std::nullopt};
        } catch (const Error& e) {
            if (!belongs_to_answer(e)) {
                throw;
            }
            reusable = e.sqlstate != "57014";
            row = {std::nullopt, std::nullopt, std::nullopt, e.what()};
        }
    }
    if (reusable) {
        loan->end();
        loan.give_back();
    }
    result.add({row});
    return Datum{0};
}

}  // namespace

}  // namespace lakemover::stream

extern "C" Datum lakemover_read_speed(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum { return lakemover::stream::read_speed(fcinfo); });
}
