// What a run asks of one planned table of a SQL Server source. Pure zone; throws source::Error.
#include <algorithm>

#include "source/odbc/canonical.hpp"
#include "source/odbc/connection.hpp"
#include "source/odbc/dialect.hpp"
#include "source/odbc/pg_array.hpp"
#include "source/odbc/sample.hpp"
#include "source/odbc/text_rows.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr std::int64_t kFirstRows = 20;
constexpr double kSampleBytes = 64e6;  // what a look at row sizes may read

class OdbcTableReader final : public TableReader {
public:
    OdbcTableReader(OdbcConnection& connection, const TableSpec& spec) : connection_(connection), spec_(spec) {
        connection_.enter_table(spec_);
    }

    std::int64_t count() override {
        std::int64_t rows = 0;
        read_texts(count_rows(spec_), 1, [&rows](const TextRow& row) { rows = std::stoll(row.at(0).value()); });
        return rows;
    }

    std::optional<double> row_bytes(std::int64_t wanted) override {
        Amount measured = read_some(std::min(kFirstRows, wanted));
        if (measured.rows == kFirstRows && wanted > kFirstRows) {
            measured = read_some(std::clamp(static_cast<std::int64_t>(kSampleBytes / std::max(measured.mean(), 1.0)),
                                            kFirstRows, wanted));
        }
        return measured.rows == 0 ? std::nullopt : std::optional<double>(measured.mean());
    }

    Amount read_some(std::int64_t rows) override {
        const Abilities& abilities = connection_.abilities();
        const auto copy = make_copy_stream(connection_.main_lane(), connection_.waiter(), abilities, spec_,
                                           select_first_rows(spec_, rows, abilities.raw_unicode));
        Amount read;
        std::string block;
        while (copy->read(block, 1U << 20U)) {
            read.bytes += static_cast<std::int64_t>(block.size());
            block.clear();
        }
        read.rows = copy->rows();
        return read;
    }

    std::vector<TextRow> bounds(int chunks) override {
        std::vector<TextRow> bounds;
        if (chunks > 1 && parse_chunk_method(spec_.chunking) == ChunkMethod::kKeyset) {
            read_texts(key_quantiles(spec_, chunks, connection_.abilities().raw_unicode), 1000,
                       [&bounds](const TextRow& row) { bounds.push_back({pg_text_array(row)}); });
        }
        if (chunks > 1 && parse_chunk_method(spec_.chunking) == ChunkMethod::kRowNumber) {
            const std::int64_t rows = count();
            const std::int64_t parts = std::min<std::int64_t>(chunks, rows);
            for (std::int64_t i = 1; i < parts; ++i) {
                bounds.push_back({pg_text_array({std::to_string(i * (rows / parts) + std::min(i, rows % parts) + 1)})});
            }
        }
        return bounds;
    }

    void sample(std::int64_t rows, const RowSink& sink) override {
        const Sample sample(spec_, connection_.abilities().raw_unicode);
        if (!spec_.key_is_copied()) {
            // All rows, or the ones whose MD5 starts with zeros: the same rule as on the target.
            sample.pass_keyless(
                count(), rows, [this](const std::string& sql, const RowUse& use) { read_texts(sql, 1000, use); }, sink);
            return;
        }
        sample.pass_keyed(
            rows, count(), [this](const std::string& sql, const RowUse& use) { read_texts(sql, 1000, use); }, sink);
    }

    std::string checksum() override {
        const Sample sample(spec_, connection_.abilities().raw_unicode);
        return sample.checksum([this](const std::string& sql, const RowUse& use) { read_texts(sql, 1000, use); });
    }

    void first_rows(std::int64_t rows, const RowSink& sink) override {
        const Sample sample(spec_, connection_.abilities().raw_unicode);
        sample.pass_fields(
            rows, [this](const std::string& sql, const RowUse& use) { read_texts(sql, 1, use); }, sink);
    }

    std::unique_ptr<CopyStream> copy_out(const ChunkRange& range) override {
        const Abilities& abilities = connection_.abilities();
        return make_copy_stream(connection_.main_lane(), connection_.waiter(), abilities, spec_,
                                select_rows(spec_, range, abilities.raw_unicode));
    }

private:
    // On the main lane, whose transaction is the table's.
    void read_texts(const std::string& sql, int batch, const RowUse& use) {
        const auto lane = connection_.main_lane();
        std::shared_ptr<TextRows> rows;
        std::vector<TextRow> texts;
        lane->run(
            [&](LaneContext& context) {
                rows = std::make_shared<TextRows>(context, sql, std::vector<TextValue>(), batch);
            },
            connection_.waiter());
        try {
            for (;;) {
                lane->run([&](LaneContext& context) { texts = rows->next(context); }, connection_.waiter());
                if (texts.empty()) {
                    break;
                }
                for (const TextRow& row : texts) {
                    use(row);
                }
            }
        } catch (...) {
            lane->dispose(std::move(rows));
            throw;
        }
        lane->dispose(std::move(rows));
    }

    OdbcConnection& connection_;
    const TableSpec& spec_;
};

}  // namespace

std::unique_ptr<TableReader> make_table_reader(OdbcConnection& connection, const TableSpec& spec) {
    return std::make_unique<OdbcTableReader>(connection, spec);
}

}  // namespace lakemover::source::odbc
