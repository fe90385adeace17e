// What the loader asks of the source about one planned table: counts, sizes, bounds, samples. Zone: stream.
// Everything is read in the run's snapshot. Throws source::Error, PgError.
#include <algorithm>
#include <cmath>

#include "pg/result_rows.hpp"
#include "source/dialect.hpp"
#include "stream/session.hpp"

extern "C" {
#include "utils/float.h"

PG_FUNCTION_INFO_V1(lakemover_source_count);
PG_FUNCTION_INFO_V1(lakemover_source_row_bytes);
PG_FUNCTION_INFO_V1(lakemover_source_bounds);
PG_FUNCTION_INFO_V1(lakemover_source_sample);
PG_FUNCTION_INFO_V1(lakemover_source_rows);
PG_FUNCTION_INFO_V1(lakemover_target_sql);
}

namespace lakemover::stream {

using pg::ResultRows;
using source::ChunkMethod;
using source::ChunkRange;
using source::Error;
using source::ErrorKind;
using source::TableSpec;
using source::TextRow;

namespace {

constexpr std::int64_t kFirstRows = 20;
constexpr double kSampleBytes = 64e6;  // what a look at row sizes may read
constexpr std::int64_t kQuantilePages = 1000;
constexpr int kSampleSlices = 100;
constexpr int kSampleFetch = 1000;

const source::Dialect& dialect() { return source::postgres_dialect(); }

// A table of a run with its connection: lent on construction, given back by the caller when all went well.
struct Subject {
    Subject(std::int64_t run_id, std::int64_t table_id)
        : spec(load_spec(run_id, table_id)), loan(borrow_for_run(run_id)) {}
    explicit Subject(FunctionCallInfo fcinfo) : Subject(PG_GETARG_INT64(0), PG_GETARG_INT64(1)) {}
    TableSpec spec;
    Loan loan;
};

std::int64_t number(Loan& loan, const std::string& sql) {
    return std::stoll(loan->query(sql).rows.at(0).at(0).value());
}

// Share of the pages to look at; 0: all of them.
double percent_of(double wanted_pages, std::int64_t pages) {
    const double percent = 100.0 * wanted_pages / static_cast<double>(std::max<std::int64_t>(pages, 1));
    return percent < 50.0 ? percent : 0.0;
}

struct Measured {
    std::int64_t rows = 0;
    double bytes = 0;
    double mean() const { return bytes / static_cast<double>(rows); }
};

Measured measure(Subject& subject, std::int64_t rows, double percent) {
    const auto copy = subject.loan->copy_out(dialect().copy_sample(subject.spec, rows, percent), subject.spec.format);
    Measured measured;
    std::string block;
    while (copy->read(block, 1U << 20U)) {
        measured.bytes += static_cast<double>(block.size());
        block.clear();
    }
    measured.rows = copy->rows();
    return measured;
}

Datum source_row_bytes(FunctionCallInfo fcinfo) {
    Subject subject(fcinfo);
    const std::int64_t wanted = std::max(PG_GETARG_INT32(2), 1);
    // A first look bounds what the second reads: a row may be anything from 10 bytes to 1 GB.
    Measured measured = measure(subject, std::min(kFirstRows, wanted), 0.0);
    if (measured.rows == kFirstRows && wanted > kFirstRows) {
        const auto rows =
            std::clamp(static_cast<std::int64_t>(kSampleBytes / std::max(measured.mean(), 1.0)), kFirstRows, wanted);
        const std::int64_t pages = number(subject.loan, dialect().page_count(subject.spec));
        // At least a row per page is assumed; twice as many pages, since not all are full.
        Measured spread =
            measure(subject, rows, percent_of(2.0 * static_cast<double>(std::max<std::int64_t>(rows / 10, 50)), pages));
        if (spread.rows < kFirstRows) {
            spread = measure(subject, rows, 0.0);
        }
        measured = spread;
    }
    subject.loan.give_back();
    if (measured.rows == 0) {
        fcinfo->isnull = true;
        return Datum{0};
    }
    const double mean = measured.mean();
    return pg::pg_call([=] { return Float8GetDatum(mean); });
}

std::vector<TextRow> key_bounds(Subject& subject, int chunks) {
    const std::int64_t pages = number(subject.loan, dialect().page_count(subject.spec));
    double percent = percent_of(static_cast<double>(std::max<std::int64_t>(kQuantilePages, 10LL * chunks)), pages);
    for (;;) {
        auto bounds = subject.loan->query(dialect().key_quantiles(subject.spec, chunks, percent)).rows;
        // Mostly empty pages, or few rows on each: look at more.
        if (percent == 0.0 || bounds.size() * 2 >= static_cast<std::size_t>(chunks - 1)) {
            return bounds;
        }
        percent = percent * 10 < 50.0 ? percent * 10 : 0.0;
    }
}

std::vector<TextRow> page_bounds(Subject& subject, int chunks) {
    const std::int64_t pages = number(subject.loan, dialect().page_count(subject.spec));
    const std::int64_t step = std::max<std::int64_t>((pages + chunks - 1) / chunks, 1);
    std::vector<TextRow> bounds;
    for (std::int64_t page = step; page < pages; page += step) {
        bounds.push_back({"{" + std::to_string(page) + "}"});
    }
    return bounds;
}

// Whether the source failed for want of an operator: a key of an extension's type whose operators are
// outside pg_catalog can be sorted, but not compared, with an empty search path.
bool lacks_operator(const Error& e) { return e.sqlstate == "42883"; }

Datum source_bounds(FunctionCallInfo fcinfo) {
    ResultRows result(fcinfo, true);
    Subject subject(fcinfo);
    const int chunks = PG_GETARG_INT32(2);
    const ChunkMethod method = source::parse_chunk_method(subject.spec.chunking);
    if (chunks > 1 && method == ChunkMethod::kCtid) {
        result.add(page_bounds(subject, chunks));
    } else if (chunks > 1 && method == ChunkMethod::kKeyset) {
        try {
            result.add(key_bounds(subject, chunks));
        } catch (const Error& e) {
            if (!lacks_operator(e)) {  // else the table is one chunk
                throw;
            }
            return Datum{0};
        }
    }
    subject.loan.give_back();
    return Datum{0};
}

// Adds a running number in front of the rows and hands them over.
void add_numbered(ResultRows& result, std::vector<TextRow>& rows, std::int64_t& row_no) {
    for (TextRow& row : rows) {
        row.insert(row.begin(), std::to_string(++row_no));
    }
    result.add(rows);
}

void add_query(ResultRows& result, Loan& loan, const std::string& sql, int fetch_size, std::int64_t& row_no) {
    const auto cursor = loan->open_cursor(sql, {}, fetch_size);
    for (;;) {
        std::vector<TextRow> rows = cursor->fetch();
        if (rows.empty()) {
            break;
        }
        add_numbered(result, rows, row_no);
    }
    cursor->close();
}

bool find_slices(Subject& subject, std::int64_t wanted, std::vector<TextRow>& bounds) {
    const int slices = static_cast<int>(std::clamp<std::int64_t>(wanted / 10, 1, kSampleSlices));
    try {
        bounds = slices > 1 ? key_bounds(subject, slices) : std::vector<TextRow>();
        return true;
    } catch (const Error& e) {
        if (!lacks_operator(e)) {
            throw;
        }
        return false;
    }
}

// Rows from all over the key's range: the first ones of each slice.
void add_slices(ResultRows& result, Subject& subject, const std::vector<TextRow>& bounds, std::int64_t wanted) {
    std::int64_t row_no = 0;
    const auto parts = static_cast<std::int64_t>(bounds.size()) + 1;
    for (std::int64_t i = 0; i < parts; ++i) {
        ChunkRange range;
        range.method = ChunkMethod::kKeyset;
        if (i > 0) {
            range.lower = source::parse_text_array(*bounds[static_cast<std::size_t>(i - 1)].at(0));
        }
        if (i + 1 < parts) {
            range.upper = source::parse_text_array(*bounds[static_cast<std::size_t>(i)].at(0));
        }
        const std::int64_t limit = wanted * (i + 1) / parts - wanted * i / parts;
        auto rows = subject.loan->query(dialect().sample_in_key_order(subject.spec, range, limit)).rows;
        add_numbered(result, rows, row_no);
    }
}

Datum source_sample(FunctionCallInfo fcinfo) {
    ResultRows result(fcinfo, false);
    Subject subject(fcinfo);
    const std::int64_t wanted = std::max(PG_GETARG_INT32(2), 1);
    std::int64_t row_no = 0;
    if (!subject.spec.key_is_copied()) {
        add_query(result, subject.loan,
                  dialect().sample_keyless(subject.spec, source::Side::kSource, std::to_string(wanted)), kSampleFetch,
                  row_no);
        subject.loan.give_back();
        return Datum{0};
    }
    // One row more than wanted tells whether this is the whole table.
    auto rows = subject.loan->query(dialect().sample_in_key_order(subject.spec, {}, wanted + 1)).rows;
    if (static_cast<std::int64_t>(rows.size()) <= wanted) {
        add_numbered(result, rows, row_no);
    } else if (std::vector<TextRow> bounds; find_slices(subject, wanted, bounds)) {
        add_slices(result, subject, bounds, wanted);
    } else {
        // The failed query took the transaction and with it the connection: what was read must do.
        rows.pop_back();
        add_numbered(result, rows, row_no);
        return Datum{0};
    }
    subject.loan.give_back();
    return Datum{0};
}

Datum source_rows(FunctionCallInfo fcinfo) {
    ResultRows result(fcinfo, false);
    Subject subject(fcinfo);
    const std::int64_t wanted = std::max(PG_GETARG_INT32(2), 1);
    std::int64_t row_no = 0;
    // Row by row: each carries every value twice, and values may be large.
    add_query(result, subject.loan,
              subject.spec.key_is_copied()
                  ? dialect().rows_in_key_order(subject.spec, wanted)
                  : dialect().rows_keyless(subject.spec, source::Side::kSource, std::to_string(wanted)),
              1, row_no);
    subject.loan.give_back();
    return Datum{0};
}

Datum source_count(FunctionCallInfo fcinfo) {
    Subject subject(fcinfo);
    const std::int64_t count = number(subject.loan, dialect().count(subject.spec, source::Side::kSource));
    subject.loan.give_back();
    return Int64GetDatum(count);
}

Datum target_sql(FunctionCallInfo fcinfo) {
    const TableSpec spec = load_spec(PG_GETARG_INT64(0), PG_GETARG_INT64(1));
    const std::string kind = pg::from_text_datum(PG_GETARG_DATUM(2));
    constexpr auto kTarget = source::Side::kTarget;
    if (kind == "count") {
        return pg::to_text_datum(dialect().count(spec, kTarget));
    }
    if (kind == "copy_in") {
        return pg::to_text_datum(dialect().copy_in(spec));
    }
    if (kind == "copy_out") {
        return pg::to_text_datum(dialect().copy_back(spec));
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
                "valid kinds are count, copy_in, copy_out, sample_by_key, sample_keyless, rows_by_key, rows_keyless");
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

extern "C" Datum lakemover_target_sql(PG_FUNCTION_ARGS) {
    return entry([&]() -> Datum { return lakemover::stream::target_sql(fcinfo); });
}
