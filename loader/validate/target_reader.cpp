// Reads a table back from the target and digests it. Throws Error, codec::DecodeError.
#include "loader/validate/target_reader.hpp"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "loader/validate/pieces.hpp"
#include "loader/validate/value_form.hpp"

namespace lakemover::loader {

namespace {

constexpr std::int64_t kParallelFromPages = 4096;  // 32 MB: below that a second connection costs more than it saves
constexpr int kSlicesPerJob = 4;                   // so that a worker with a dense slice does not end last alone
constexpr std::uint64_t kRowsBetweenChecks = 16384;
constexpr std::string_view kMarker = "%RANGE%";

std::string with_range(const std::string& sql, const std::string& where) {
    const std::size_t at = sql.find(kMarker);
    if (at == std::string::npos) {
        throw Error(Exit::kOther, "staging: the statement to read the target back has no range marker", sql);
    }
    return sql.substr(0, at) + where + sql.substr(at + kMarker.size());
}

// Ends a transaction that an exception left open.
class Transaction {
public:
    Transaction(Pg& pg, const std::string& begin) : pg_(pg) { pg_.exec(begin); }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction() {
        try {
            if (pg_.alive()) pg_.exec("ROLLBACK");
        } catch (const std::exception&) {
            return;  // the connection is lost: the exception that ended the transaction tells
        }
    }

private:
    Pg& pg_;
};

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";

}  // namespace

void ReadResult::add(const ReadResult& other) {
    digest.add(other.digest);
    columns.resize(std::max(columns.size(), other.columns.size()));
    for (std::size_t i = 0; i < other.columns.size(); ++i) {
        columns[i].add(other.columns[i]);
    }
    bytes += other.bytes;
}

RowReader::RowReader(const TableSpec& spec, const codec::HashKey& key)
    : spec_(spec), hasher_(key, [&] {
          std::vector<codec::Form> forms;
          for (const ColumnSpec& column : spec.columns) forms.push_back(column.form);
          return codec::table_shape(forms, spec.format);
      }()) {
    result_.columns.resize(spec.columns.size());
    starts_.resize(spec.columns.size());
    sizes_.resize(spec.columns.size());
}

codec::RowHash RowReader::add(const std::vector<Cell>& cells, std::size_t first) {
    row_.assign(2, '\0');
    codec::store_be(row_.data(), static_cast<std::uint16_t>(spec_.columns.size()));
    for (std::size_t i = 0; i < spec_.columns.size(); ++i) {
        const Cell& cell = cells[first + i];
        const std::size_t at = row_.size();
        starts_[i] = at;
        row_.append(4, '\0');
        if (cell.null) {
            codec::store_be<std::int32_t>(row_.data() + at, -1);
            sizes_[i] = std::string::npos;
            continue;
        }
        try {
            append_canonical(row_, spec_.columns[i].form, spec_.format, cell.bytes);
        } catch (const codec::ValueError& e) {
            throw codec::DecodeError(result_.digest.rows + 1, i + 1, spec_.columns[i].name, e.what());
        }
        sizes_[i] = row_.size() - at - 4;
        codec::store_be(row_.data() + at, static_cast<std::int32_t>(sizes_[i]));
        codec::ColumnStats& stats = result_.columns[i];
        ++stats.non_null;
        stats.bytes += sizes_[i];
        stats.hash_sum += codec::value_hash(i, row_.data() + at + 4, sizes_[i]);
    }
    const codec::RowHash hash = hasher_.hash(row_);
    result_.digest.add(hash);
    result_.bytes += row_.size();
    return hash;
}

std::optional<std::string_view> RowReader::canonical(std::size_t column) const {
    if (sizes_[column] == std::string::npos) return std::nullopt;
    return std::string_view(row_).substr(starts_[column] + 4, sizes_[column]);
}

TargetReader::TargetReader(const TableSpec& spec, const codec::HashKey& key, std::string copy_sql,
                           CheckCancel check_cancel)
    : spec_(spec), key_(key), copy_sql_(std::move(copy_sql)), check_cancel_(std::move(check_cancel)) {}

void TargetReader::copy(Pg& target, const std::string& sql, std::size_t extra, const RowVisitor& visitor) const {
    std::vector<std::string> names(extra, "?");
    for (const ColumnSpec& column : spec_.columns) names.push_back(column.target_name);
    target.copy_out_start(sql);
    CopyDecoder decoder([&](std::string_view& bytes) { return target.copy_out_next(bytes); }, spec_.format,
                        std::move(names), CopyDecoder::Framing::kFile);
    while (decoder.next()) {
        if (check_cancel_ && decoder.rows() % kRowsBetweenChecks == 0) check_cancel_();
        visitor(decoder.cells());
    }
}

void TargetReader::visit(Pg& target, const std::vector<std::string>& extra, const RowVisitor& visitor) const {
    static constexpr std::string_view kStart = "COPY (SELECT ";
    std::string sql = with_range(copy_sql_, "");
    if (sql.rfind(kStart, 0) != 0) {
        throw Error(Exit::kOther, "staging: the statement to read the target back is not a COPY of a query", sql);
    }
    std::string list;
    for (const std::string& expression : extra) list += expression + ", ";
    sql.insert(kStart.size(), list);
    copy(target, sql, extra.size(), visitor);
}

ReadResult TargetReader::read_range(Pg& target, const std::string& where) const {
    RowReader reader(spec_, key_);
    copy(target, with_range(copy_sql_, where), 0, [&](const std::vector<Cell>& cells) { reader.add(cells); });
    return reader.result();
}

std::int64_t TargetReader::pages(Pg& target) const {
    const Value pages = target.scalar(
        "SELECT pg_catalog.pg_relation_size(pg_catalog.format('%I.%I', $1::text, $2::text)::pg_catalog.regclass, "
        "'main') / "
        "pg_catalog.current_setting('block_size')::bigint",
        {spec_.target_schema, spec_.target_table});
    return std::stoll(pages.value_or("0"));
}

ReadResult TargetReader::read(Pg& target, const ConnectTarget& connect, int jobs) const {
    const std::int64_t size = jobs > 1 && connect ? pages(target) : 0;
    if (holds_pieces(spec_) && size >= kParallelFromPages) return read_parallel(target, connect, jobs, jobs);
    return size >= kParallelFromPages ? read_parallel(target, connect, jobs, size) : read_range(target, "");
}

// Ranges of ctid partition the table's pages; the last one is open so that no row is beyond it. All workers read one
// snapshot, or a row updated meanwhile could be read twice or not at all.
ReadResult TargetReader::read_parallel(Pg& target, const ConnectTarget& connect, int jobs, std::int64_t size) const {
    const Transaction leader(target, kBegin);
    const std::string snapshot = target.scalar("SELECT pg_catalog.pg_export_snapshot()").value_or("");
    const std::int64_t slices = std::min<std::int64_t>(std::int64_t{jobs} * kSlicesPerJob, size);
    std::atomic<std::int64_t> next{0};
    std::atomic<bool> stop{false};
    std::mutex mutex;
    ReadResult total;
    std::exception_ptr failure;

    const auto work = [&](Pg& pg) {
        try {
            for (std::int64_t slice = next++; slice < slices && !stop; slice = next++) {
                if (holds_pieces(spec_)) {
                    // Every so many-th piece: they have no pages of their own.
                    const ReadResult part = read_range(pg, " WHERE (t.loid + t.position / 131072) % " +
                                                               std::to_string(slices) + " = " + std::to_string(slice));
                    const std::lock_guard lock(mutex);
                    total.add(part);
                    continue;
                }
                std::string where =
                    slice > 0 ? " WHERE t.ctid >= '(" + std::to_string(size * slice / slices) + ",0)'" : "";
                if (slice + 1 < slices) {
                    where += where.empty() ? " WHERE " : " AND ";
                    where += "t.ctid < '(" + std::to_string(size * (slice + 1) / slices) + ",0)'";
                }
                const ReadResult part = read_range(pg, where);
                const std::lock_guard lock(mutex);
                total.add(part);
            }
        } catch (...) {
            stop = true;
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    };
    const auto joined_work = [&] {
        try {
            Pg pg = connect();
            const Transaction transaction(pg, kBegin);
            pg.exec("SET TRANSACTION SNAPSHOT " + pg.quote_literal(snapshot));
            work(pg);
        } catch (...) {
            stop = true;
            const std::lock_guard lock(mutex);
            if (!failure) failure = std::current_exception();
        }
    };
    std::vector<std::jthread> threads;
    for (int i = 1; i < jobs; ++i) threads.emplace_back(joined_work);
    work(target);
    for (std::jthread& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
    total.columns.resize(spec_.columns.size());
    return total;
}

}  // namespace lakemover::loader
