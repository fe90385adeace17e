// lakemover._probe(): one bounded look at rows of the source. Zone: stream. Throws source::Error, PgError.
// What the source refuses or cannot do in time is part of the answer; a source that is gone is an error.
#include <algorithm>
#include <chrono>

#include "pg/result_rows.hpp"
#include "source/probe.hpp"
#include "stream/deadline.hpp"
#include "stream/session.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(lakemover_probe);
}

namespace lakemover::stream {

using pg::ResultRows;
using source::Error;
using source::ErrorKind;
using source::TextRow;
using source::TextValue;

namespace {

// Of "looked at, hits, largest, example, hits, ..." one row a check.
std::vector<TextRow> by_check(const TextRow& answer) {
    std::vector<TextRow> rows;
    for (std::size_t at = 1; at + 2 < answer.size(); at += 3) {
        rows.push_back(
            {std::to_string(rows.size()), answer[0], answer[at], answer[at + 1], answer[at + 2], std::nullopt});
    }
    return rows;
}

Datum probe(FunctionCallInfo fcinfo) {
    const std::string server = NameStr(*PG_GETARG_NAME(0));
    const source::ProbeSpec spec = source::parse_probe(pg::from_text_datum(PG_GETARG_DATUM(1)));
    const std::chrono::milliseconds budget(std::max(PG_GETARG_INT32(2), 1));
    ResultRows result(fcinfo, false);
    Loan loan = borrow_catalog(server.c_str());
    // A little longer than the source itself allows: its own word comes first, and the session can be used again.
    DeadlineWaiter waiter(backend_waiter(), budget + std::chrono::seconds(1));
    std::vector<TextRow> rows;
    bool reusable = true;
    {
        const WaiterChange change(*loan, waiter);
        try {
            const auto cursor = loan->open_probe(spec, static_cast<long>(budget.count()));
            if (const std::vector<TextRow>& answer = cursor->fetch(); !answer.empty()) {
                rows = by_check(answer.front());
            }
            cursor->close();
        } catch (const Error& e) {
            if (!belongs_to_answer(e)) {
                throw;
            }
            reusable = e.sqlstate != "57014";
            rows = {{"-1", std::nullopt, std::nullopt, std::nullopt, std::nullopt, e.what()}};
        }
    }
    if (reusable) {
        loan->end();
        loan.give_back();
    }
    result.add(rows);
    return Datum{0};
}

}  // namespace

}  // namespace lakemover::stream

extern "C" Datum lakemover_probe(PG_FUNCTION_ARGS) {
    return lakemover::pg::entry([&]() -> Datum { return lakemover::stream::probe(fcinfo); });
}
