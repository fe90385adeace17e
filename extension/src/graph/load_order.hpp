// The order in which tables are loaded: parents before children, over Boost.Graph.
// Pure zone; throws only std::bad_alloc and std::invalid_argument.
#pragma once
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace lakemover::graph {

struct Position {
    std::int64_t table = 0;
    int rank = 0;              // longest way to a table that references nothing; members of a cycle share it
    std::optional<int> cycle;  // from 1, in the order of the cycles' first tables; nothing: in no cycle
};

// tables: distinct; their order breaks ties. edges: (child, parent) pairs; those that name a table
// not among tables, self-references and repetitions are ignored. The result is in load order: by
// rank, cycles together after the tables of their rank that are in none, ties as given.
std::vector<Position> load_order(const std::vector<std::int64_t>& tables,
                                 const std::vector<std::pair<std::int64_t, std::int64_t>>& edges);

}  // namespace lakemover::graph
