// Reads a table back from the target, in parallel where it is large, and digests it with the decoder of its own.
// Throws Error, and codec::DecodeError when the target sends what is not COPY data.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "codec/digest.hpp"
#include "loader/util/pq.hpp"
#include "loader/validate/copy_decoder.hpp"
#include "loader/validate/table_spec.hpp"

namespace lakemover::loader {

struct ReadResult {
    codec::Digest digest;
    std::vector<codec::ColumnStats> columns;
    std::uint64_t bytes = 0;
    void add(const ReadResult& other);
};

// Canonical bytes and hashes of decoded rows. One per thread.
class RowReader {
public:
    RowReader(const TableSpec& spec, const codec::HashKey& key);
    // first: index of the first cell that is a column of the table.
    codec::RowHash add(const std::vector<Cell>& cells, std::size_t first = 0);
    // Canonical bytes of a column in the row that was added last; null: nullopt.
    std::optional<std::string_view> canonical(std::size_t column) const;
    const ReadResult& result() const { return result_; }

private:
    const TableSpec& spec_;
    codec::RowHasher hasher_;
    ReadResult result_;
    std::string row_;
    std::vector<std::size_t> starts_;  // of each column's length word in row_
    std::vector<std::size_t> sizes_;   // npos: NULL
};

using ConnectTarget = std::function<Pg()>;
using CheckCancel = std::function<void()>;
using RowVisitor = std::function<void(const std::vector<Cell>&)>;

class TargetReader {
public:
    // copy_sql: lakemover._target_sql(run, table, 'copy_out'), with its %RANGE% marker.
    TargetReader(const TableSpec& spec, const codec::HashKey& key, std::string copy_sql, CheckCancel check_cancel);

    // Digest of all rows. Uses up to jobs connections at one snapshot for a table of more than 32 MB.
    ReadResult read(Pg& target, const ConnectTarget& connect, int jobs) const;
    // Decoded rows, one by one. extra: SQL expressions on alias t put before the columns.
    void visit(Pg& target, const std::vector<std::string>& extra, const RowVisitor& visitor) const;

private:
    void copy(Pg& target, const std::string& sql, std::size_t extra, const RowVisitor& visitor) const;
    ReadResult read_range(Pg& target, const std::string& where) const;
    ReadResult read_parallel(Pg& target, const ConnectTarget& connect, int jobs, std::int64_t pages) const;
    std::int64_t pages(Pg& target) const;

    const TableSpec& spec_;
    codec::HashKey key_;
    std::string copy_sql_;
    CheckCancel check_cancel_;
};

}  // namespace lakemover::loader
