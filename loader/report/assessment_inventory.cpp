// The assessment page's inventory, sizes and load order.
#include "loader/report/assessment_inventory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>
#include <vector>

namespace lakemover::loader::report {
namespace {

constexpr std::size_t kMaxSizes = 20;
constexpr std::size_t kMaxSchemas = 50;
constexpr std::size_t kMaxPerStep = 100;
constexpr std::size_t kMaxSteps = 40;
constexpr std::size_t kMaxCycles = 20;
constexpr std::size_t kMaxOnPath = 30;

std::string table_of(const json& row) {
    const std::string schema = text_field(row, "schema");
    return one_line(schema + (schema.empty() ? "" : ".") + text_field(row, "table"));
}

void add_schemas(Node& data, const json& all) {
    Node list = new_list();
    std::size_t shown = 0;
    for (const json& schema : all) {
        if (shown == kMaxSchemas) break;
        ++shown;
        Node node;
        const auto rows = integer_field(schema, "row_estimate");
        node["name"] = one_line(text_field(schema, "schema"));
        node["tables"] = format_count(integer_field(schema, "tables").value_or(0));
        node["rows"] = rows                                              ? "≈ " + format_count(*rows)
                       : integer_field(schema, "tables").value_or(0) > 0 ? std::string("unknown")
                                                                         : std::string("0");
        node["data"] = format_bytes(number_of(field(schema, "table_bytes")).value_or(0));
        node["indexes"] = format_bytes(number_of(field(schema, "index_bytes")).value_or(0));
        list.push_back(node);
    }
    set_more(data, "schemas_more", as_count(all.size()), shown);
    set_list(data, "schemas", std::move(list));
}

// The document lists the largest tables already, in falling order.
void add_sizes(Node& data, const json& all) {
    const auto bytes = [](const json& table, const char* key) { return number_of(field(table, key)).value_or(0); };
    const auto both = [&bytes](const json& t) { return bytes(t, "table_bytes") + bytes(t, "index_bytes"); };
    double largest = 0;
    for (const json& table : field(all, "largest_tables")) largest = std::max(largest, both(table));
    Node list = new_list();
    double shown = 0;
    for (const json& table : field(all, "largest_tables")) {
        if (list.list_value().size() == kMaxSizes) break;
        const auto rows = integer_field(table, "row_estimate");
        Node node;
        std::string name = table_of(table);
        node["name"] = name;
        const auto partitions = integer_field(table, "partitions").value_or(0);
        node["note"] = optional_text(partitions > 0 ? plural(partitions, "partition", "partitions") : "");
        node["bar"] = svg_bar(bytes(table, "table_bytes"), bytes(table, "index_bytes"), largest);
        node["data"] = format_bytes(bytes(table, "table_bytes"));
        node["indexes"] = format_bytes(bytes(table, "index_bytes"));
        node["rows"] = rows && *rows >= 0 ? "≈ " + format_count(*rows) : std::string("unknown");
        shown += both(table);
        list.push_back(node);
    }
    data["sizes_caption"] =
        fmt::format("{} of {} in all, indexes included", format_bytes(shown), format_bytes(both(all)));
    set_list(data, "sizes", std::move(list));
}

void add_cycles(Node& data, const json& document, const std::map<std::int64_t, std::vector<std::string>>& members) {
    std::map<std::int64_t, std::string> keys;
    for (const json& cycle : field(field(document, "load_order"), "cycles")) {
        std::string text;
        for (const json& key : field(cycle, "foreign_keys")) {
            text += (text.empty() ? "Foreign keys: " : ", ") + one_line(text_field(key, "name")) + " (" +
                    one_line(text_field(key, "table")) + " → " + one_line(text_field(key, "references")) + ")";
        }
        keys[integer_field(cycle, "cycle").value_or(-1)] = shorten(text, 600);
    }
    Node list = new_list();
    for (const auto& [number, tables] : members) {
        if (list.list_value().size() == kMaxCycles) break;
        Node node;
        node["number"] = std::to_string(number);
        node["keys"] = optional_text(keys.contains(number) ? keys.at(number) : "");
        Node names = new_list();
        for (std::size_t i = 0; i < tables.size() && i < kMaxPerStep; ++i) {
            Node name;
            name["name"] = tables[i];
            name["sep"] = i + 1 < std::min(tables.size(), kMaxPerStep);
            names.push_back(name);
        }
        node["tables"] = std::move(names);
        list.push_back(node);
    }
    data["cycles"] = std::move(list);
}

// The chain of references with the most bytes; of one table alone there is nothing to say.
void add_critical_path(Node& data, const json& document) {
    const json& path = field(field(document, "load_order"), "critical_path");
    const double bytes = number_of(field(path, "bytes")).value_or(0);
    const json& tables = field(path, "tables");
    std::int64_t before = 0;
    Node list = new_list();
    for (const json& table : tables) {
        if (list.list_value().size() == kMaxOnPath) break;
        const std::int64_t place = integer_field(table, "place").value_or(0);
        Node node;
        // Those of a cycle have one place.
        node["sep"] = before == 0 ? "" : place == before ? " ↻ " : " → ";
        node["name"] = shorten(table_of(table), 140);
        node["size"] = format_bytes(number_of(field(table, "bytes")).value_or(0));
        list.push_back(node);
        before = place;
    }
    set_more(data, "critical_more", as_count(tables.size()), list.list_value().size());
    data["critical_text"] =
        fmt::format("{} of {}", format_bytes(bytes),
                    format_bytes(number_of(field(field(document, "inventory"), "table_bytes")).value_or(0)));
    data["has_critical"] = bytes > 0 && tables.size() > 1;
    data["critical"] = std::move(list);
}

}  // namespace

void add_inventory(Node& data, const json& document) {
    using Label = std::pair<const char*, const char*>;
    static constexpr std::array<Label, 20> kLabels{{{"schemas", "Schemas"},
                                                    {"tables", "Tables"},
                                                    {"partitioned_tables", "Partitioned tables"},
                                                    {"partitions", "Partitions"},
                                                    {"columns", "Columns"},
                                                    {"primary_keys", "Primary keys"},
                                                    {"foreign_keys", "Foreign keys"},
                                                    {"unique_constraints", "Unique constraints"},
                                                    {"check_constraints", "Checks"},
                                                    {"exclusion_constraints", "Exclusions"},
                                                    {"indexes", "Indexes"},
                                                    {"sequences", "Sequences"},
                                                    {"types", "Own types"},
                                                    {"views", "Views"},
                                                    {"materialized_views", "Materialized views"},
                                                    {"foreign_tables", "Foreign tables"},
                                                    {"routines", "Routines"},
                                                    {"triggers", "Triggers"},
                                                    {"other_objects", "Other objects"},
                                                    {"extensions", "Extensions"}}};
    const json& all = field(document, "inventory");
    const json& counts = field(all, "counts");
    Node list = new_list();
    for (const auto& [key, label] : kLabels)
        if (const auto n = integer_field(counts, key); n && *n > 0) add_fact(list, label, format_count(*n));
    if (const auto rows = integer_field(all, "row_estimate")) add_fact(list, "Rows (estimate)", format_count(*rows));
    for (const auto& [key, label] : {Label{"table_bytes", "Data size"}, Label{"index_bytes", "Index size"}})
        if (const auto bytes = number_of(field(all, key))) add_fact(list, label, format_bytes(*bytes));
    data["facts"] = std::move(list);
    add_schemas(data, field(all, "schemas"));
    add_sizes(data, all);
}

void add_load_order(Node& data, const json& document) {
    std::map<std::int64_t, std::vector<const json*>> steps;
    std::map<std::int64_t, std::vector<std::string>> members;
    std::int64_t total = 0;
    for (const json& row : field(field(document, "load_order"), "tables")) {
        steps[integer_field(row, "rank").value_or(0)].push_back(&row);
        if (const auto cycle = integer_field(row, "cycle")) members[*cycle].push_back(table_of(row));
        ++total;
    }
    data["order_text"] = fmt::format(
        "{} in {}. A table starts as soon as the tables that it references are loaded; tables of one rank load in "
        "parallel.",
        plural(total, "table", "tables"), plural(as_count(steps.size()), "rank", "ranks"));
    add_cycles(data, document, members);
    add_critical_path(data, document);
    Node list = new_list();
    for (const auto& [rank, rows] : steps) {
        if (list.list_value().size() == kMaxSteps) break;
        Node step;
        step["rank"] = std::to_string(rank);
        step["count"] = plural(as_count(rows.size()), "table", "tables");
        Node names = new_list();
        for (std::size_t i = 0; i < rows.size() && i < kMaxPerStep; ++i) {
            Node name;
            name["name"] = shorten(table_of(*rows[i]), 140);
            name["cycle"] = optional_text(text_field(*rows[i], "cycle"));
            names.push_back(name);
        }
        step["tables"] = std::move(names);
        set_more(step, "more", as_count(rows.size()), kMaxPerStep);
        list.push_back(step);
    }
    data["order_more"] = steps.size() > kMaxSteps
                             ? Node(plural(as_count(steps.size() - kMaxSteps), "more rank is", "more ranks are") +
                                    " not shown; lakemover.load_order() lists all.")
                             : Node(false);
    set_list(data, "order", std::move(list));
}

}  // namespace lakemover::loader::report
