// What planning a scan and planning the steps above it share. Zone: PostgreSQL, plain data.
#pragma once
#include "fdw/fdw.hpp"

namespace lakemover::fdw {

// True when the source can sort the relation's rows by all of these keys (there is at least one).
bool is_sortable(RelOptInfo* rel, List* pathkeys);

// What sorting costs the source; nothing when one of its indexes starts with the first key.
Cost remote_sort_cost(RelOptInfo* rel, List* pathkeys);

}  // namespace lakemover::fdw
