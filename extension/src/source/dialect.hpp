// The SQL that an engine speaks: quoting, key predicates, and every statement that reads a planned
// table. Pure zone: text in, text out; throws source::Error when a plan cannot be expressed.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "source/spec.hpp"

namespace lakemover::source {

// Both ends of a migration: the same statement builder writes for either, so that a canonical form
// exists once. kTarget uses the target's names, and its columns as they are.
enum class Side { kSource, kTarget };

class Dialect {
public:
    virtual ~Dialect() = default;

    virtual std::string quote_identifier(std::string_view name) const = 0;
    virtual std::string quote_literal(std::string_view text) const = 0;
    std::string qualified(std::string_view schema, std::string_view name) const;

    // The chunk's condition without WHERE; empty when it holds the whole table.
    virtual std::string chunk_predicate(const TableSpec& spec, const ChunkRange& range) const = 0;
    virtual std::string copy_out(const TableSpec& spec, const ChunkRange& range) const = 0;

    virtual std::string count(const TableSpec& spec, Side side) const = 0;
    // Pages of the table's main storage as the source has them now: one row, one number.
    virtual std::string page_count(const TableSpec& spec) const = 0;
    // COPY of up to rows rows; percent of the pages when it is in (0, 100), else from the start.
    virtual std::string copy_sample(const TableSpec& spec, std::int64_t rows, double percent) const = 0;
    // chunks - 1 or fewer key tuples at the quantiles of the key, ascending in the order that
    // chunk_predicate() compares by, as one text[] column.
    virtual std::string key_quantiles(const TableSpec& spec, int chunks, double percent) const = 0;

    // Level 3: (row_key text[], row_hash) of a range's first rows in key order.
    virtual std::string sample_in_key_order(const TableSpec& spec, const ChunkRange& range,
                                            std::int64_t rows) const = 0;
    // Level 4: (row_key text[], fields text[], hex text[]) of the first rows in key order.
    virtual std::string rows_in_key_order(const TableSpec& spec, std::int64_t rows) const = 0;
    // Without a key, row_key is NULL: all rows, or those whose hash starts with zeros when there are
    // more than limit, by a rule that depends on the exact row count only; level 4: first in MD5
    // order. limit is a number or a parameter.
    virtual std::string sample_keyless(const TableSpec& spec, Side side, const std::string& limit) const = 0;
    virtual std::string rows_keyless(const TableSpec& spec, Side side, const std::string& limit) const = 0;

    // Level 3 of all rows: one row, one text; see postgres::checksum_of().
    virtual std::string checksum(const TableSpec& spec, Side side) const = 0;

    // For the target only. copy_back() has the marker %RANGE% where a WHERE clause can go; the key
    // tuples of sample_by_key() and rows_by_key() are $1, a JSON array of arrays of text.
    virtual std::string copy_in(const TableSpec& spec) const = 0;
    // The second pass: whole rows come into a temporary table of the session, and their columns of that pass from there
    // into the rows of the first with the same key.
    virtual std::string fill_table(const TableSpec& spec) const = 0;
    virtual std::string fill_copy(const TableSpec& spec) const = 0;
    virtual std::string fill_update(const TableSpec& spec) const = 0;
    virtual std::string copy_back(const TableSpec& spec) const = 0;
    virtual std::string sample_by_key(const TableSpec& spec) const = 0;
    virtual std::string rows_by_key(const TableSpec& spec) const = 0;
};

const Dialect& postgres_dialect();

}  // namespace lakemover::source
