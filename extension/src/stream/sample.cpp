// What the loader asks of the source about one planned table: counts, sizes, bounds, samples. Zone: stream.
// Everything is read in the run's snapshot. Throws source::Error, PgError.
#include <algorithm>
#include <utility>

#include "pg/result_rows.hpp"
#include "pg/spi.hpp"
#include "source/dialect.hpp"
#include "source/spec.hpp"
#include "stream/session.hpp"

extern "C" {
#include "utils/float.h"

PG_FUNCTION_INFO_V1(lakemover_source_count);
PG_FUNCTION_INFO_V1(lakemover_source_row_bytes);
PG_FUNCTION_INFO_V1(lakemover_source_bounds);
PG_FUNCTION_INFO_V1(lakemover_source_sample);
PG_FUNCTION_INFO_V1(lakemover_source_rows);
PG_FUNCTION_INFO_V1(lakemover_source_checksum);
PG_FUNCTION_INFO_V1(lakemover_target_sql);
}

namespace lakemover::stream {

using pg::ResultRows;
using source::Error;
using source::ErrorKind;
using source::TableSpec;
using source::TextRow;

namespace {

// A table of a run with its connection: lent on construction, given back by the caller when all went well.
struct Subject {
    Subject(std::int64_t run_id, TableSpec planned)
        : spec(std::move(planned)), loan(borrow_for_run(run_id)), reader(loan->reader(spec)) {}
    explicit Subject(FunctionCallInfo fcinfo) : Subject(PG_GETARG_INT64(0), spec_of(fcinfo)) {}
    static TableSpec spec_of(FunctionCallInfo fcinfo) { return load_spec(PG_GETARG_INT64(0), PG_GETARG_INT64(1)); }
    TableSpec spec;
    Loan loan;
    std::unique_ptr<source::TableReader> reader;  // refers to both: destroyed first
    void give_back() noexcept {
        reader.reset();
        loan.give_back();
    }
};

Datum source_row_bytes(FunctionCallInfo fcinfo) {
    const TableSpec whole = Subject::spec_of(fcinfo);
    Subject subject(PG_GETARG_INT64(0), PG_GETARG_INT32(3) == 1 ? whole.first_pass() : whole);
    const std::optional<double> mean = subject.reader->row_bytes(std::max(PG_GETARG_INT32(2), 1));
    subject.give_back();
    if (!mean) {
        fcinfo->isnull = true;
        return Datum{0};
    }
    return pg::pg_call([value = *mean] { return Float8GetDatum(value); });
}

Datum source_bounds(FunctionCallInfo fcinfo) {
    ResultRows result(fcinfo, true);
    Subject subject(fcinfo);
    result.add(subject.reader->bounds(PG_GETARG_INT32(2)));
    subject.give_back();
    return Datum{0};
}

// Hands rows over with a running number in front.
source::RowSink numbered(ResultRows& result, std::int64_t& row_no) {
    return [&result, &row_no](std::vector<TextRow>& rows) {
        for (TextRow& row : rows) {
            row.insert(row.begin(), std::to_string(++row_no));
        }
        result.add(rows);
    };
}

Datum source_sample(FunctionCallInfo fcinfo) {
    ResultRows result(fcinfo, false);
    Subject subject(fcinfo);
    std::int64_t row_no = 0;
    subject.reader->sample(std::max(PG_GETARG_INT32(2), 1), numbered(result, row_no));
    subject.give_back();
    return Datum{0};
}

Datum source_rows(FunctionCallInfo fcinfo) {
    ResultRows result(fcinfo, false);
    Subject subject(fcinfo);
    std::int64_t row_no = 0;
    subject.reader->first_rows(std::max(PG_GETARG_INT32(2), 1), numbered(result, row_no));
    subject.give_back();
    return Datum{0};
}

Datum source_count(FunctionCallInfo fcinfo) {
    Subject subject(fcinfo);
    const std::int64_t count = subject.reader->count();
    subject.give_back();
    return Int64GetDatum(count);
}

Datum source_checksum(FunctionCallInfo fcinfo) {
    Subject subject(fcinfo);
    const std::string checksum = subject.reader->checksum();
    subject.give_back();
    return pg::to_text_datum(checksum);
}

const source::Dialect& dialect() { return source::postgres_dialect(); }

// The target may hold others' as well: a statement is about those of the run.
void name_large_objects(TableSpec& spec, std::int64_t run_id) {
    if (!spec.holds_large_objects()) {
        return;
    }
    spec.large_objects = pg::spi_query(
                             "SELECT coalesce(pg_catalog.array_agg(loid ORDER BY loid)::pg_catalog.text, '{}') FROM "
                             "lakemover.run_large_object WHERE run_id OPERATOR(pg_catalog.=) $1::pg_catalog.int8",
                             {std::to_string(run_id)}, pg::SpiMode::kRead)
                             .at(0)
                             .at(0);
}

Datum target_sql(FunctionCallInfo fcinfo) {
    TableSpec spec = load_spec(PG_GETARG_INT64(0), PG_GETARG_INT64(1));
    name_large_objects(spec, PG_GETARG_INT64(0));
    const std::string kind = pg::from_text_datum(PG_GETARG_DATUM(2));
    constexpr auto kTarget = source::Side::kTarget;
    if (kind == "count") {
        return pg::to_text_datum(dialect().count(spec, kTarget));
    }
    if (kind == "copy_in") {
        return pg::to_text_datum(dialect().copy_in(spec.first_pass()));
    }
    if (kind == "fill_table") {
        return pg::to_text_datum(dialect().fill_table(spec));
    }
    if (kind == "fill_copy") {
        return pg::to_text_datum(dialect().fill_copy(spec));
    }
    if (kind == "fill_update") {
        return pg::to_text_datum(dialect().fill_update(spec));
    }
    if (kind == "copy_out") {
        return pg::to_text_datum(dialect().copy_back(spec));
    }
    if (kind == "checksum") {
        return pg::to_text_datum(dialect().checksum(spec, kTarget));
    }
    if (kind == "sample_by_key") {
        return pg::to_text_datum(dialect().sample_by_key(spec));
    }
    if (kind == "sample_keyless") {
        return pg::to_text_datum(dialect().sample_keyless(spec, kTarget, "$1::bigint"));
    }
    if (kind == "rows_by_key") {
        return pg::to_text_datum(dialect().rows_by_key(spec));
    }
    if (kind == "rows_keyless") {
        return pg::to_text_datum(dialect().rows_keyless(spec, kTarget, "$1::bigint"));
    }
    throw Error(ErrorKind::kConfig, "22023", "unknown kind of statement \"" + kind + "\"", {},
                "valid kinds are count, copy_in, fill_table, fill_copy, fill_update, copy_out, checksum, "
                "sample_by_key, sample_keyless, rows_by_key, rows_keyless");
}

}  // namespace

}  // namespace lakemover::stream

using lakemover::pg::entry;

extern "C" Datum lakemover_source_count(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::source_count(fcinfo); });
}

extern "C" Datum lakemover_source_row_bytes(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::source_row_bytes(fcinfo); });
}

extern "C" Datum lakemover_source_bounds(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::source_bounds(fcinfo); });
}

extern "C" Datum lakemover_source_sample(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::source_sample(fcinfo); });
}

extern "C" Datum lakemover_source_rows(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::source_rows(fcinfo); });
}

extern "C" Datum lakemover_source_checksum(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::source_checksum(fcinfo); });
}

extern "C" Datum lakemover_target_sql(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::target_sql(fcinfo); });
}
