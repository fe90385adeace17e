// Rows of a table in canonical text, for validation levels 3 and 4. Pure zone; throws source::Error.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "source/odbc/encode.hpp"
#include "source/odbc/types.hpp"
#include "source/spec.hpp"

namespace lakemover::source::odbc {

using RowUse = std::function<void(const TextRow&)>;
// Runs a SELECT and gives its rows.
using RowSource = std::function<void(const std::string&, const RowUse&)>;

class Sample {
public:
    Sample(const TableSpec& spec, bool raw_unicode);

    // (row_key, row_hash): up to wanted rows, from slices all over the key's range.
    void pass_keyed(std::int64_t wanted, std::int64_t total, const RowSource& source, const RowSink& sink) const;
    // (NULL, row_hash): all rows, or where there are more than limit those whose hash starts with zeros; the rule
    // depends on the exact count alone, and is the target's, too.
    void pass_keyless(std::int64_t total, std::int64_t limit, const RowSource& source, const RowSink& sink) const;
    // Of all rows; the hashes are made here, of the texts that the engine writes.
    std::string checksum(const RowSource& source) const;
    // (row_key, fields, hex): the first rows in key order, or in the hashes' order without a key.
    void pass_fields(std::int64_t rows, const RowSource& source, const RowSink& sink) const;

private:
    struct Column {
        SqlType type;
        std::string codec;
        Policy policy;
        std::string expression;
    };
    std::vector<TextValue> canonical(const TextRow& row) const;
    TextValue key_of(const std::vector<TextValue>& canonical) const;
    std::string select(const std::string& top, const std::string& tail) const;

    const TableSpec& spec_;
    bool raw_unicode_;
    std::vector<Column> columns_;
    std::vector<std::size_t> key_;  // positions of the key's columns
};

}  // namespace lakemover::source::odbc
