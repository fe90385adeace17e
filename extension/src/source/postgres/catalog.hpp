// The catalog queries of the PostgreSQL source driver: one per inventory topic, valid on 12 to 17.
// Pure zone; throws only std::bad_alloc.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

namespace lakemover::source {

// Where there are thousands of sequences their values are read in this many parts, since each
// sequence read stays locked until the transaction ends and the lock table holds a few thousand.
inline constexpr int kSequenceValueParts = 8;

// The query that reads a topic (source_info, schema, table, column, constraint, index, sequence,
// sequence_value, sequence_value_0 .. sequence_value_7, type, routine, trigger, view, extension, object,
// activity, code, need, grant), or
// nothing when the topic is unknown or the server is older than PostgreSQL 12. The columns are
// those of lakemover.inv_<topic> without the source, in the order that inventory() declares.
std::optional<std::string_view> catalog_query(std::string_view topic, int version_num);

// All topics, for tests.
std::vector<std::string_view> catalog_topics();

}  // namespace lakemover::source
