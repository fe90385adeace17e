// Ranks tables by their references. Pure zone; throws only std::bad_alloc and std::invalid_argument.
// Boost 1.74's strong_components runs depth_first_search with a stack of its own (unless
// BOOST_RECURSIVE_DFS is defined), so a chain of 100 000 tables costs memory, not the call stack.
#include "graph/load_order.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <unordered_map>

#ifdef BOOST_RECURSIVE_DFS
#error "a long chain of references would overflow the stack"
#endif
#include <boost/graph/compressed_sparse_row_graph.hpp>
#include <boost/graph/strong_components.hpp>
#include <boost/property_map/property_map.hpp>

namespace lakemover::graph {

namespace {

using Vertex = std::uint32_t;
using Edge = std::pair<Vertex, Vertex>;
using Graph = boost::compressed_sparse_row_graph<boost::directedS, boost::no_property, boost::no_property,
                                                 boost::no_property, Vertex, std::size_t>;

// Edges between the given tables, child to parent, sorted, each once.
std::vector<Edge> known_edges(const std::vector<std::int64_t>& tables,
                              const std::vector<std::pair<std::int64_t, std::int64_t>>& edges) {
    std::unordered_map<std::int64_t, Vertex> index;
    index.reserve(tables.size());
    for (const std::int64_t table : tables) {
        if (!index.emplace(table, static_cast<Vertex>(index.size())).second) {
            throw std::invalid_argument("table " + std::to_string(table) + " is listed twice");
        }
    }
    std::vector<Edge> known;
    known.reserve(edges.size());
    for (const auto& [child, parent] : edges) {
        const auto from = index.find(child);
        const auto to = index.find(parent);
        if (child != parent && from != index.end() && to != index.end()) {
            known.emplace_back(from->second, to->second);
        }
    }
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    return known;
}

// The tables condensed: strongly connected ones are one component.
struct Condensed {
    std::vector<Edge> edges;        // child to parent, by the child's component
    std::vector<Vertex> component;  // of each table
    std::size_t components = 0;
};

Condensed condense(const std::vector<std::int64_t>& tables,
                   const std::vector<std::pair<std::int64_t, std::int64_t>>& edges) {
    Condensed c;
    c.edges = known_edges(tables, edges);
    const Graph graph(boost::edges_are_sorted, c.edges.begin(), c.edges.end(), static_cast<Vertex>(tables.size()));
    c.component.resize(tables.size());
    c.components = boost::strong_components(
        graph, boost::make_iterator_property_map(c.component.begin(), boost::get(boost::vertex_index, graph)));
    // Tarjan numbers a component when everything that it reaches is numbered: parents have the
    // smaller numbers, so one pass over references in this order sees every parent final.
    std::stable_sort(c.edges.begin(), c.edges.end(),
                     [&](const Edge& a, const Edge& b) { return c.component[a.first] < c.component[b.first]; });
    return c;
}

}  // namespace

std::vector<Position> load_order(const std::vector<std::int64_t>& tables,
                                 const std::vector<std::pair<std::int64_t, std::int64_t>>& edges) {
    const std::size_t count = tables.size();
    const Condensed c = condense(tables, edges);
    const std::vector<Vertex>& component = c.component;

    std::vector<std::size_t> size(c.components, 0);
    for (const Vertex number : component) {
        ++size[number];
    }
    std::vector<int> rank(c.components, 0);
    for (const auto& [child, parent] : c.edges) {
        if (component[child] != component[parent]) {
            rank[component[child]] = std::max(rank[component[child]], rank[component[parent]] + 1);
        }
    }

    std::vector<int> cycle(c.components, 0);
    int cycles = 0;
    for (Vertex v = 0; v < count; ++v) {
        if (size[component[v]] > 1 && cycle[component[v]] == 0) {
            cycle[component[v]] = ++cycles;
        }
    }

    std::vector<Vertex> order(count);
    std::iota(order.begin(), order.end(), Vertex{0});
    std::stable_sort(order.begin(), order.end(), [&](Vertex a, Vertex b) {
        return std::pair(rank[component[a]], cycle[component[a]]) < std::pair(rank[component[b]], cycle[component[b]]);
    });
    std::vector<Position> result;
    result.reserve(count);
    for (const Vertex v : order) {
        const int number = cycle[component[v]];
        result.push_back({tables[v], rank[component[v]], number == 0 ? std::nullopt : std::optional<int>(number)});
    }
    return result;
}

std::vector<std::vector<std::int64_t>> critical_path(const std::vector<std::int64_t>& tables,
                                                     const std::vector<std::int64_t>& weights,
                                                     const std::vector<std::pair<std::int64_t, std::int64_t>>& edges) {
    if (weights.size() != tables.size()) {
        throw std::invalid_argument("tables and weights must have the same length");
    }
    const Condensed c = condense(tables, edges);
    if (tables.empty()) {
        return {};
    }
    std::vector<std::int64_t> own(c.components, 0);
    std::vector<Vertex> first(c.components, static_cast<Vertex>(tables.size()));
    for (Vertex v = 0; v < tables.size(); ++v) {
        own[c.component[v]] += std::max<std::int64_t>(weights[v], 0);
        first[c.component[v]] = std::min(first[c.component[v]], v);
    }
    // Of each component: the heaviest chain that ends with it, and the component before it there.
    std::vector<std::int64_t> before(c.components, 0);
    std::vector<Vertex> previous(c.components, static_cast<Vertex>(c.components));
    for (const auto& [from, to] : c.edges) {
        const Vertex child = c.component[from];
        const Vertex parent = c.component[to];
        const auto heavier = [&](Vertex other) {
            return std::pair(before[parent] + own[parent], -std::int64_t{first[parent]}) >
                   std::pair(before[other] + own[other], -std::int64_t{first[other]});
        };
        if (child != parent && (previous[child] == c.components || heavier(previous[child]))) {
            previous[child] = parent;
            before[child] = before[parent] + own[parent];
        }
    }
    Vertex last = 0;
    for (Vertex number = 1; number < c.components; ++number) {
        if (std::pair(before[number] + own[number], -std::int64_t{first[number]}) >
            std::pair(before[last] + own[last], -std::int64_t{first[last]})) {
            last = number;
        }
    }
    std::vector<Vertex> chain;
    for (Vertex number = last; number != c.components; number = previous[number]) {
        chain.push_back(number);
    }
    std::reverse(chain.begin(), chain.end());
    std::unordered_map<Vertex, std::size_t> place;
    for (std::size_t i = 0; i < chain.size(); ++i) {
        place.emplace(chain[i], i);
    }
    std::vector<std::vector<std::int64_t>> path(chain.size());
    for (Vertex v = 0; v < tables.size(); ++v) {
        if (const auto found = place.find(c.component[v]); found != place.end()) {
            path[found->second].push_back(tables[v]);
        }
    }
    return path;
}

}  // namespace lakemover::graph
