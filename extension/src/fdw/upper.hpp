// Steps above the scan that the source can take: aggregates without groups, LIMIT. Zone: PostgreSQL.
#pragma once
#include "fdw/fdw.hpp"

namespace lakemover::fdw {

// True when the source can sort the relation's rows by all of these keys (there is at least one).
bool is_sortable(RelOptInfo* rel, List* pathkeys);

}  // namespace lakemover::fdw
