// The frozen plan of a table (run_table.spec) as the digests need it: columns, forms, format, key.
// Throws loader::Error when the document is not a table spec.
#pragma once
#include <nlohmann/json.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "codec/stream_digester.hpp"

namespace lakemover::loader {

struct ColumnSpec {
    std::string name;  // on the source
    std::string target_name;
    std::string source_type;
    std::string target_type;
    std::string codec;
    codec::Form form;
    std::string select;     // expression on the source that replaces the column; empty: the column itself
    int pass = 1;           // 2: left to the second pass
    std::string precision;  // of SQL Server's times: round, fail; empty: truncate
};

struct TableSpec {
    std::int64_t table_id = 0;
    std::string source_schema, source_table, target_schema, target_table;
    codec::Format format = codec::Format::kBinary;
    bool copies_rows = true;
    std::string hash = "md5";    // of level 3
    bool checksum_full = false;  // level 3 of all rows, not of a sample only
    std::vector<ColumnSpec> columns;
    std::vector<std::size_t> key;                  // positions in columns; empty: no key
    std::vector<std::string> second_pass() const;  // names on the target of the columns that are left to it
    int last_pass() const;                         // whose chunks have the digests of whole rows
    std::string source_name() const;               // schema.table for messages
    std::string target_name() const;
    // What makes "equal" mean "equal under policy": one sentence for each declared loss or transform.
    std::vector<std::string> policy() const;
    // What a policy of a column did to so many values, as a sentence. kind: nul, surrogate, precision.
    std::string loss(const std::string& column, const std::string& kind, const std::string& values) const;
};

// pass 1: without the columns that are left to the second pass, which reads whole rows.
TableSpec parse_table_spec(const nlohmann::json& spec, int pass = 2);

// For the streaming side and for the re-read of the target alike.
codec::RowHasherConfig row_hasher_config(const TableSpec& spec, const codec::HashKey& key);

// run_chunk.stats->'columns': [[non_null, "hash_sum", bytes], ...] in plan order. Hash sums are texts: JSON's numbers
// do not hold 64 bits everywhere.
nlohmann::json column_stats_json(const std::vector<codec::ColumnStats>& stats);
std::vector<codec::ColumnStats> parse_column_stats(const nlohmann::json& document);

}  // namespace lakemover::loader
