// The frozen plan of one table (run_table.spec) as the dialects read it. Pure zone: throws
// source::Error XX001-like (kConfig) when the JSON is not what the planner writes.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "source/driver.hpp"

namespace lakemover::source {

struct ColumnSpec {
    std::string name;  // on the source
    std::string target_name;
    std::string source_type;  // format_type() on the source
    std::string target_type;
    std::string codec;  // type name on the wire, after select
    std::string target_codec;
    std::optional<std::string> select;     // expression on the source instead of the column
    std::optional<std::string> on_target;  // expression over the target's rows t instead of the column
    bool not_null = false;
    int pass = 1;  // 2: filled when the other columns are there
    // SQL Server only.
    std::optional<int> scale;                   // of the target's numeric
    std::optional<std::string> collation;       // as the source names it; absent: no text
    std::map<std::string, std::string> policy;  // nul, surrogate, precision, where they differ from the default
};

// The kind of the one table of a run that stands for all large objects; postgres/large_objects.hpp.
inline constexpr std::string_view kLargeObjects = "large objects";
// Bytes of a piece; lakemover._cut_large_objects() knows it, too. Whole pages of pg_largeobject.
inline constexpr std::int64_t kLargeObjectPiece = 131072;

// Of a row's canonical CSV.
enum class CsvHash { kMd5, kSha256 };

CsvHash parse_csv_hash(std::string_view name);

struct TableSpec {
    std::int64_t table_id = 0;
    std::string source_schema;
    std::string source_table;
    std::string target_schema;
    std::string target_table;
    std::string kind;  // r table, p partitioned table, kLargeObjects
    CopyFormat format = CopyFormat::kBinary;
    std::optional<std::string> row_filter;
    std::string chunking;
    std::int64_t est_rows = -1;
    std::int64_t est_bytes = -1;
    std::int64_t pages = -1;
    std::vector<ColumnSpec> columns;  // the copied ones, in plan order
    std::vector<std::string> key;     // source columns; empty: no usable key
    bool copies_rows = true;
    CsvHash hash = CsvHash::kMd5;  // of level 3
    bool memory_optimized = false;
    bool native = false;                       // the engine's type names are not PostgreSQL's
    std::optional<std::string> large_objects;  // of kind kLargeObjects, on the target: an array of OIDs in text form

    bool holds_large_objects() const { return kind == kLargeObjects; }
    const ColumnSpec* column(std::string_view source_name) const;
    // The key can be used on both sides: every key column is copied, as it is or through its select.
    bool key_is_copied() const;
    // The same without the columns of the second pass. That pass reads all columns: its digests are of whole rows.
    TableSpec first_pass() const;
};

TableSpec parse_table_spec(std::string_view json);

enum class ChunkMethod { kSingle, kKeyset, kCtid, kRowNumber };

// What part of a table a chunk holds: lower inclusive, upper exclusive, absent where open.
struct ChunkRange {
    ChunkMethod method = ChunkMethod::kSingle;
    std::optional<std::vector<std::string>> lower;
    std::optional<std::vector<std::string>> upper;
};

ChunkMethod parse_chunk_method(std::string_view name);
// Bounds are JSON arrays of text; absent: open.
ChunkRange parse_chunk_range(std::string_view method, const std::optional<std::string>& lower,
                             const std::optional<std::string>& upper);

// The elements of a one-dimensional text[] in PostgreSQL's text form; throws when it holds a NULL.
std::vector<std::string> parse_text_array(std::string_view text);

}  // namespace lakemover::source
