#include "loader/report/reference_graph.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>
#include <vector>

#include "loader/report/html.hpp"

namespace lakemover::loader::report {
namespace {

// In the drawing's own units; at 960 across, 1250 down still fit onto a page of A4.
constexpr int kWidth = 960;
constexpr int kMaxHeight = 1250;
constexpr int kPerRow = 6;
constexpr int kLabel = 54;  // of a band
constexpr int kBoxWidth = 142;
constexpr int kBoxHeight = 22;
constexpr int kGap = 9;
constexpr int kRowHeight = kBoxHeight + 14;
constexpr int kBandGap = 26;
constexpr std::size_t kMaxTables = 150;
constexpr std::size_t kMaxEdges = 600;
constexpr std::size_t kShownOfName = 21;

struct Table {
    std::string name;
    std::int64_t rank = 0;
    std::int64_t cycle = 0;  // 0: in none
    std::int64_t degree = 0;
    int x = 0;
    int y = 0;
};

using Tables = std::map<std::int64_t, Table>;
using Edges = std::vector<std::pair<std::int64_t, std::int64_t>>;

Tables tables_of(const json& document) {
    Tables tables;
    for (const json& row : field(field(document, "load_order"), "tables")) {
        Table table;
        const std::string schema = text_field(row, "schema");
        table.name = one_line((schema.empty() ? "" : schema + ".") + text_field(row, "table"));
        table.rank = integer_field(row, "rank").value_or(0);
        table.cycle = integer_field(row, "cycle").value_or(0);
        if (const auto id = integer_field(row, "table_id")) tables[*id] = std::move(table);
    }
    return tables;
}

Edges edges_of(const json& document, Tables& tables) {
    Edges edges;
    for (const json& pair : field(document, "references")) {
        if (!pair.is_array() || pair.size() != 2 || !pair[0].is_number_integer() || !pair[1].is_number_integer())
            continue;
        const auto child = tables.find(pair[0].get<std::int64_t>());
        const auto parent = tables.find(pair[1].get<std::int64_t>());
        if (child == tables.end() || parent == tables.end()) continue;
        ++child->second.degree;
        ++parent->second.degree;
        edges.emplace_back(child->first, parent->first);
    }
    return edges;
}

int height_of(const std::map<std::int64_t, std::size_t>& per_rank) {
    int height = 0;
    for (const auto& [rank, count] : per_rank)
        height += static_cast<int>((count + kPerRow - 1) / kPerRow) * kRowHeight + kBandGap;
    return height;
}

// Cycles first, then the tables with most references, as many as fit.
std::set<std::int64_t> choose(const Tables& tables) {
    std::vector<std::int64_t> order;
    for (const auto& [id, table] : tables)
        if (table.degree > 0) order.push_back(id);
    std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
        const Table& left = tables.at(a);
        const Table& right = tables.at(b);
        if ((left.cycle > 0) != (right.cycle > 0)) return left.cycle > 0;
        return left.degree > right.degree;
    });
    std::set<std::int64_t> chosen;
    std::map<std::int64_t, std::size_t> per_rank;
    for (const std::int64_t id : order) {
        if (chosen.size() == kMaxTables) break;
        ++per_rank[tables.at(id).rank];
        if (height_of(per_rank) > kMaxHeight) {
            if (--per_rank[tables.at(id).rank] == 0) per_rank.erase(tables.at(id).rank);
            continue;
        }
        chosen.insert(id);
    }
    return chosen;
}

std::string box(const Table& table) {
    const bool cyclic = table.cycle > 0;
    const std::string label = shorten(table.name, kShownOfName) + (cyclic ? fmt::format(" ↻{}", table.cycle) : "");
    return fmt::format(
        R"(<g><title>{}</title><rect class="node{}" x="{}" y="{}" width="{}" height="{}" rx="4" fill="{}" stroke="{}"/>)"
        R"(<text class="label" x="{}" y="{}" font-size="10.5" font-family="sans-serif" fill="#1b2027">{}</text></g>)",
        escape(table.name), cyclic ? " warn" : "", table.x, table.y, kBoxWidth, kBoxHeight,
        cyclic ? "#fef6e7" : "#eef0f3", cyclic ? "#8a4b00" : "#9aa5b1", table.x + 7, table.y + 15, escape(label));
}

std::string line(bool cyclic, const std::string& path) {
    return fmt::format(R"(<path class="edge{}" d="{}" fill="none" stroke="{}" stroke-width="{}"/>)",
                       cyclic ? " warn" : "", path, cyclic ? "#8a4b00" : "#9aa5b1", cyclic ? "1.6" : "0.8");
}

// From the child's upper edge to the parent's lower one; within a row over the tables one way, under them the other.
std::string edge(const Table& child, const Table& parent) {
    const bool cyclic = child.cycle > 0 && child.cycle == parent.cycle;
    const int from_x = child.x + kBoxWidth / 2;
    const int to_x = parent.x + kBoxWidth / 2;
    if (child.y == parent.y) {
        const int y = child.x < parent.x ? child.y : child.y + kBoxHeight;
        const int bend = child.x < parent.x ? y - 16 : y + 16;
        return line(cyclic, fmt::format("M{} {}C{} {} {} {} {} {}", from_x, y, from_x, bend, to_x, bend, to_x, y));
    }
    const bool up = child.y > parent.y;
    const int from_y = up ? child.y : child.y + kBoxHeight;
    const int to_y = up ? parent.y + kBoxHeight : parent.y;
    const int bend = (up ? -1 : 1) * std::max(10, std::abs(from_y - to_y) / 2);
    return line(cyclic, fmt::format("M{} {}C{} {} {} {} {} {}", from_x, from_y, from_x, from_y + bend, to_x,
                                    to_y - bend, to_x, to_y));
}

}  // namespace

ReferenceGraph draw_references(const json& document) {
    Tables tables = tables_of(document);
    const Edges edges = edges_of(document, tables);
    if (edges.empty()) return {};
    const std::set<std::int64_t> chosen = choose(tables);

    std::map<std::int64_t, std::vector<Table*>> bands;
    std::int64_t linked = 0;
    for (auto& [id, table] : tables) {
        if (table.degree > 0) ++linked;
        if (chosen.contains(id)) bands[table.rank].push_back(&table);
    }
    std::string labels;
    std::string boxes;
    int y = 4;
    for (auto& [rank, members] : bands) {
        std::stable_sort(members.begin(), members.end(), [](const Table* a, const Table* b) {
            return std::pair(-a->cycle, a->name) < std::pair(-b->cycle, b->name);
        });
        labels += fmt::format(
            R"(<text class="band" x="0" y="{}" font-size="10.5" font-family="sans-serif" fill="#59636e">rank {}</text>)",
            y + 15, rank);
        for (std::size_t i = 0; i < members.size(); ++i) {
            members[i]->x = kLabel + static_cast<int>(i % kPerRow) * (kBoxWidth + kGap);
            members[i]->y = y + static_cast<int>(i / kPerRow) * kRowHeight;
            boxes += box(*members[i]);
        }
        y += static_cast<int>((members.size() + kPerRow - 1) / kPerRow) * kRowHeight + kBandGap;
    }
    std::string lines;
    std::size_t drawn = 0;
    // Cycles on top.
    for (const bool cyclic : {false, true})
        for (const auto& [child, parent] : edges) {
            const Table& from = tables.at(child);
            const Table& to = tables.at(parent);
            if (!chosen.contains(child) || !chosen.contains(parent)) continue;
            if ((from.cycle > 0 && from.cycle == to.cycle) != cyclic) continue;
            if (!cyclic && drawn >= kMaxEdges) continue;
            lines += edge(from, to);
            ++drawn;
        }
    ReferenceGraph graph;
    graph.svg = fmt::format(
        R"(<svg class="graph" viewBox="0 0 {} {}" role="img" aria-label="{} tables and {} references by load rank">{}{}{}</svg>)",
        kWidth, y - kBandGap + 4, chosen.size(), drawn, lines, labels, boxes);
    graph.caption =
        as_count(chosen.size()) == linked && drawn == edges.size()
            ? fmt::format("All {} that reference others or are referenced, {}.", plural(linked, "table", "tables"),
                          plural(as_count(drawn), "reference", "references"))
            : fmt::format(
                  "{} of {} tables that reference others or are referenced, {} of {} references: those in "
                  "cycles and those with most references. assessment.json has all.",
                  format_count(as_count(chosen.size())), format_count(linked), format_count(as_count(drawn)),
                  format_count(as_count(edges.size())));
    return graph;
}

}  // namespace lakemover::loader::report
