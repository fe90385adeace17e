// What the source's catalog says about the relation behind a foreign table: estimates, types and
// sort orders of its columns. Zone: PostgreSQL; asks over the cached connection, interruptibly.
#pragma once
#include "fdw/fdw.hpp"

namespace lakemover::fdw {

// From this backend's cache, or from the source's catalog when it is not there or a minute old.
// Raises 42P01 when the source has no such relation. Allocated in the current memory context.
const RemoteTable* describe_remote(Relation relation, const RelInfo* info);

// SQL expression for the sort order of an attribute's collation; expects pg_collation as co (left joined),
// the current pg_database row as d. Same words as local_order().
std::string remote_order_sql(int version_num);

// Common table expressions: tree, the relations of schema $1 (all, or the one named $2) at depth 0 with
// everything that inherits from them; sizes, estimated rows and pages per root.
std::string_view size_estimate_sql();

}  // namespace lakemover::fdw
