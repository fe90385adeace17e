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

}  // namespace

std::vector<Position> load_order(const std::vector<std::int64_t>& tables,
                                 const std::vector<std::pair<std::int64_t, std::int64_t>>& edges) {
    const std::size_t count = tables.size();
    const std::vector<Edge> known = known_edges(tables, edges);
    const Graph graph(boost::edges_are_sorted, known.begin(), known.end(), static_cast<Vertex>(count));

    std::vector<Vertex> component(count);
    const std::size_t components = boost::strong_components(
        graph, boost::make_iterator_property_map(component.begin(), boost::get(boost::vertex_index, graph)));

    std::vector<std::size_t> size(components, 0);
    for (const Vertex c : component) {
        ++size[c];
    }
    // Tarjan numbers a component when everything that it reaches is numbered: parents have the
    // smaller numbers, so one pass in this order sees every parent's rank final.
    std::vector<Vertex> by_component(count);
    std::iota(by_component.begin(), by_component.end(), Vertex{0});
    std::stable_sort(by_component.begin(), by_component.end(),
                     [&](Vertex a, Vertex b) { return component[a] < component[b]; });
    std::vector<int> rank(components, 0);
    for (const Vertex v : by_component) {
        const auto [begin, end] = boost::out_edges(v, graph);
        for (auto e = begin; e != end; ++e) {
            const Vertex parent = component[boost::target(*e, graph)];
            if (parent != component[v]) {
                rank[component[v]] = std::max(rank[component[v]], rank[parent] + 1);
            }
        }
    }

    std::vector<int> cycle(components, 0);
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

}  // namespace lakemover::graph
