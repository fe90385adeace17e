// What a run asks of one planned table of a PostgreSQL source: counts, sizes, bounds, samples, chunks.
// Pure zone; throws source::Error and what the waiter throws.
#include <algorithm>

#include "source/dialect.hpp"
#include "source/postgres/connection.hpp"
#include "source/spec.hpp"

namespace lakemover::source::postgres {

namespace {

constexpr std::int64_t kFirstRows = 20;
constexpr double kSampleBytes = 64e6;  // what a look at row sizes may read
constexpr std::int64_t kQuantilePages = 1000;
constexpr int kSampleSlices = 100;
constexpr int kSampleFetch = 1000;

const Dialect& dialect() { return postgres_dialect(); }

// Share of the pages to look at; 0: all of them.
double percent_of(double wanted_pages, std::int64_t pages) {
    const double percent = 100.0 * wanted_pages / static_cast<double>(std::max<std::int64_t>(pages, 1));
    return percent < 50.0 ? percent : 0.0;
}

// Whether the source failed for want of an operator: a key of an extension's type whose operators are
// outside pg_catalog can be sorted, but not compared, with an empty search path.
bool lacks_operator(const Error& e) { return e.sqlstate == "42883"; }

class PostgresTableReader final : public TableReader {
public:
    PostgresTableReader(LibpqConnection& connection, const TableSpec& spec) : connection_(connection), spec_(spec) {}

    std::int64_t count() override { return number(dialect().count(spec_, Side::kSource)); }

    std::optional<double> row_bytes(std::int64_t rows) override {
        // A first look bounds what the second reads: a row may be anything from 10 bytes to 1 GB.
        Amount measured = measure(std::min(kFirstRows, rows), 0.0);
        if (measured.rows == kFirstRows && rows > kFirstRows) {
            const auto wanted =
                std::clamp(static_cast<std::int64_t>(kSampleBytes / std::max(measured.mean(), 1.0)), kFirstRows, rows);
            // At least a row per page is assumed; twice as many pages, since not all are full.
            Amount spread = measure(
                wanted, percent_of(2.0 * static_cast<double>(std::max<std::int64_t>(wanted / 10, 50)), pages()));
            if (spread.rows < kFirstRows) {
                spread = measure(wanted, 0.0);
            }
            measured = spread;
        }
        return measured.rows == 0 ? std::nullopt : std::optional<double>(measured.mean());
    }

    Amount read_some(std::int64_t rows) override { return measure(rows, 0.0); }

    std::vector<TextRow> bounds(int chunks) override {
        const ChunkMethod method = parse_chunk_method(spec_.chunking);
        if (chunks > 1 && method == ChunkMethod::kCtid) {
            return page_bounds(chunks);
        }
        if (chunks > 1 && method == ChunkMethod::kKeyset) {
            try {
                return key_bounds(chunks);
            } catch (const Error& e) {
                if (!lacks_operator(e)) {
                    throw;
                }
                // The failed query took the transaction with it; what it saw is not needed any more.
                connection_.abandon();
            }
        }
        return {};
    }

    void sample(std::int64_t wanted, const RowSink& sink) override {
        if (!spec_.key_is_copied()) {
            pass_on(*connection_.open_cursor(dialect().sample_keyless(spec_, Side::kSource, std::to_string(wanted)), {},
                                             kSampleFetch),
                    sink);
            return;
        }
        // One row more than wanted tells whether this is the whole table.
        auto rows = connection_.query(dialect().sample_in_key_order(spec_, {}, wanted + 1), {}).rows;
        if (static_cast<std::int64_t>(rows.size()) <= wanted) {
            sink(rows);
        } else if (std::vector<TextRow> bounds; find_slices(wanted, bounds)) {
            pass_slices(bounds, wanted, sink);
        } else {
            // The failed query took the transaction with it: what was read must do.
            connection_.abandon();
            rows.pop_back();
            sink(rows);
        }
    }

    std::string checksum() override {
        return connection_.query(dialect().checksum(spec_, Side::kSource), {}).rows.at(0).at(0).value();
    }

    void first_rows(std::int64_t rows, const RowSink& sink) override {
        // Row by row: each carries every value twice, and values may be large.
        connection_.each_row(spec_.key_is_copied() ? dialect().rows_in_key_order(spec_, rows)
                                                   : dialect().rows_keyless(spec_, Side::kSource, std::to_string(rows)),
                             sink);
    }

    std::unique_ptr<CopyStream> copy_out(const ChunkRange& range) override {
        return connection_.copy_out(dialect().copy_out(spec_, range), spec_.format);
    }

private:
    std::int64_t number(const std::string& sql) {
        return std::stoll(connection_.query(sql, {}).rows.at(0).at(0).value());
    }

    std::int64_t pages() { return number(dialect().page_count(spec_)); }

    Amount measure(std::int64_t rows, double percent) {
        const auto copy = connection_.copy_out(dialect().copy_sample(spec_, rows, percent), spec_.format);
        Amount measured;
        std::string block;
        while (copy->read(block, 1U << 20U)) {
            measured.bytes += static_cast<std::int64_t>(block.size());
            block.clear();
        }
        measured.rows = copy->rows();
        return measured;
    }

    std::vector<TextRow> key_bounds(int chunks) {
        double percent =
            percent_of(static_cast<double>(std::max<std::int64_t>(kQuantilePages, 10LL * chunks)), pages());
        for (;;) {
            auto bounds = connection_.query(dialect().key_quantiles(spec_, chunks, percent), {}).rows;
            // Mostly empty pages, or few rows on each: look at more.
            if (percent == 0.0 || bounds.size() * 2 >= static_cast<std::size_t>(chunks - 1)) {
                return bounds;
            }
            percent = percent * 10 < 50.0 ? percent * 10 : 0.0;
        }
    }

    std::vector<TextRow> page_bounds(int chunks) {
        const std::int64_t all = pages();
        const std::int64_t step = std::max<std::int64_t>((all + chunks - 1) / chunks, 1);
        std::vector<TextRow> bounds;
        for (std::int64_t page = step; page < all; page += step) {
            bounds.push_back({"{" + std::to_string(page) + "}"});
        }
        return bounds;
    }

    bool find_slices(std::int64_t wanted, std::vector<TextRow>& bounds) {
        const int slices = static_cast<int>(std::clamp<std::int64_t>(wanted / 10, 1, kSampleSlices));
        try {
            bounds = slices > 1 ? key_bounds(slices) : std::vector<TextRow>();
            return true;
        } catch (const Error& e) {
            if (!lacks_operator(e)) {
                throw;
            }
            return false;
        }
    }

    // Rows from all over the key's range: the first ones of each slice.
    void pass_slices(const std::vector<TextRow>& bounds, std::int64_t wanted, const RowSink& sink) {
        const auto parts = static_cast<std::int64_t>(bounds.size()) + 1;
        for (std::int64_t i = 0; i < parts; ++i) {
            ChunkRange range;
            range.method = ChunkMethod::kKeyset;
            if (i > 0) {
                range.lower = parse_text_array(*bounds[static_cast<std::size_t>(i - 1)].at(0));
            }
            if (i + 1 < parts) {
                range.upper = parse_text_array(*bounds[static_cast<std::size_t>(i)].at(0));
            }
            const std::int64_t limit = wanted * (i + 1) / parts - wanted * i / parts;
            auto rows = connection_.query(dialect().sample_in_key_order(spec_, range, limit), {}).rows;
            sink(rows);
        }
    }

    LibpqConnection& connection_;
    const TableSpec& spec_;
};

}  // namespace

std::unique_ptr<TableReader> make_table_reader(LibpqConnection& connection, const TableSpec& spec) {
    return std::make_unique<PostgresTableReader>(connection, spec);
}

}  // namespace lakemover::source::postgres
