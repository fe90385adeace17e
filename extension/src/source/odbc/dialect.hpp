// T-SQL for what is read of a planned table: quoting, key predicates, SELECTs. Pure zone; throws source::Error for
// a plan that cannot be expressed.
#pragma once
#include <string>
#include <string_view>

#include "source/odbc/literal.hpp"
#include "source/spec.hpp"

namespace lakemover::source::odbc {

std::string source_table(const TableSpec& spec);  // schema.table with the hint it needs, AS t

// Engine-side expressions of the copied columns: the bounded ones in plan order, then the unbounded ones in theirs.
std::string copied_columns(const TableSpec& spec, bool raw_unicode);
// " WHERE ...", or nothing: the operator's filter and the chunk's range.
std::string where_clause(const TableSpec& spec, const ChunkRange& range);

std::string select_rows(const TableSpec& spec, const ChunkRange& range, bool raw_unicode);
std::string select_first_rows(const TableSpec& spec, std::int64_t rows, bool raw_unicode);
std::string count_rows(const TableSpec& spec);
// chunks - 1 or fewer key tuples at quantiles of the key, as texts that bound literals are made of.
std::string key_quantiles(const TableSpec& spec, int chunks, bool raw_unicode);
// "t.[a], t.[b]" in the key's order.
std::string key_list(const TableSpec& spec);

}  // namespace lakemover::source::odbc
