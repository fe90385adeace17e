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

// The chain of references that weighs most: its places in load order, each with its tables; a cycle is one place. weights:
// one for each table, negative ones count as 0. Of equal chains the one whose last table comes first. Empty without tables.
std::vector<std::vector<std::int64_t>> critical_path(const std::vector<std::int64_t>& tables,
                                                     const std::vector<std::int64_t>& weights,
                                                     const std::vector<std::pair<std::int64_t, std::int64_t>>& edges);

}  // namespace lakemover::graph
