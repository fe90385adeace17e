// The run page's list of tables and what belongs to it.
#include "loader/report/run_tables.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

namespace lakemover::loader::report {
namespace {

constexpr std::size_t kMaxTables = 2000;
constexpr std::size_t kMaxNotes = 100;
constexpr std::size_t kMaxObjects = 100;
constexpr std::size_t kMaxRejects = 200;
constexpr std::size_t kMaxRejectsOfTable = 20;

const char* state_kind(const std::string& state) {
    if (state == "done") return "good";
    if (state == "failed" || state == "incomplete" || state == "blocked") return "bad";
    return "none";
}

struct Mark {
    const char* kind;
    const char* sign;
};

Mark mark_of(const std::string& verdict) {
    if (verdict == "equal") return {"good", "="};
    if (verdict == "equal under policy") return {"warn", "≈"};
    if (verdict == "equal except rejects") return {"bad", "−"};
    if (verdict == "different") return {"bad", "≠"};
    if (verdict == "not comparable") return {"warn", "?"};
    return {"none", "–"};
}

Node table_row(const json& table) {
    Node node;
    const std::string state = text_field(table, "state");
    const std::string source = name_of(table);
    const std::string target = one_line(text_field(table, "target_name"));
    const bool copies = bool_field(table, "copies_rows", true);
    const auto count = [&](std::string_view key) {
        const auto value = integer_field(table, key);
        return value ? format_count(*value) : std::string(copies ? "" : "–");
    };
    node["name"] = source;
    node["target"] = optional_text(target == source ? "" : target);
    std::string note;
    if (!copies) note = "holds no rows of its own";
    if (const auto objects = integer_field(table, "large_objects"))
        note = plural(*objects, "large object", "large objects") + ", rows are their pieces";
    if (const auto cycle = text_field(table, "cycle"); !cycle.empty())
        note += (note.empty() ? "" : ", ") + ("cycle " + cycle);
    if (text_field(table, "format") == "text") note += std::string(note.empty() ? "" : ", ") + "copied as text";
    std::string later;
    for (const json& column : field(table, "second_pass"))
        later += (later.empty() ? "" : ", ") + one_line(column.get<std::string>());
    if (!later.empty()) note += std::string(note.empty() ? "" : ", ") + "second pass: " + later;
    if (const auto rejected = rejects_of(table); rejected > 0)
        note += std::string(note.empty() ? "" : ", ") + plural(rejected, "row rejected", "rows rejected");
    if (const auto point = text_field(table, "point"); !point.empty())
        note += std::string(note.empty() ? "" : ", ") + "point in time " + point;
    node["note"] = optional_text(note);
    node["state"] = state != "done"         ? state
                    : differs(table)        ? std::string("different")
                    : rejects_of(table) > 0 ? std::string("rows rejected")
                    : unproven(table)       ? std::string("not proven")
                                            : state;
    node["kind"] = kind_of(table);
    node["source_rows"] = count("source_rows");
    node["target_rows"] = count("target_rows");
    const auto bytes = number_of(field(table, "bytes_copied"));
    node["bytes"] = bytes ? format_bytes(*bytes) : "";
    const auto seconds = number_of(field(table, "seconds"));
    node["seconds"] = seconds ? format_seconds(*seconds) : "";
    std::map<std::int64_t, const json*> by_level;
    for (const json& result : field(table, "validation"))
        by_level[integer_field(result, "level").value_or(-1)] = &result;
    Node levels = new_list();
    for (std::int64_t level = 0; level <= 4; ++level) {
        const auto found = by_level.find(level);
        const std::string verdict = found == by_level.end() ? "not run" : text_field(*found->second, "verdict");
        const Mark mark = mark_of(verdict);
        std::string title = "level " + std::to_string(level) + ": " + verdict;
        if (found != by_level.end())
            if (const auto rows = integer_field(*found->second, "rows_covered"))
                title += ", " + plural(*rows, "row", "rows");
        Node cell;
        cell["kind"] = mark.kind;
        cell["mark"] = mark.sign;
        cell["title"] = title;
        levels.push_back(cell);
    }
    node["levels"] = std::move(levels);
    return node;
}

}  // namespace

std::int64_t rejects_of(const json& table) { return integer_field(table, "rejected").value_or(0); }

std::string name_of(const json& table) {
    const std::string name = text_field(table, "source_name");
    return one_line(name.empty() ? "table " + text_field(table, "table_id") : name);
}
bool did_not_succeed(const json& table) { return std::string_view(state_kind(text_field(table, "state"))) == "bad"; }

namespace {

bool any_verdict(const json& table, std::string_view verdict) {
    for (const json& result : field(table, "validation"))
        if (text_field(result, "verdict") == verdict) return true;
    return false;
}

}  // namespace

bool differs(const json& table) { return any_verdict(table, "different"); }

bool unproven(const json& table) { return any_verdict(table, "not comparable"); }

const char* kind_of(const json& table) {
    if (differs(table) || rejects_of(table) > 0) return "bad";
    const char* kind = state_kind(text_field(table, "state"));
    return std::string_view(kind) == "good" && unproven(table) ? "warn" : kind;
}

void add_tables(Node& data, const Tables& tables) {
    Node legend = new_list();
    for (const char* verdict :
         {"equal", "equal under policy", "equal except rejects", "different", "not comparable", "not run"}) {
        const Mark mark = mark_of(verdict);
        Node node;
        node["kind"] = mark.kind;
        node["mark"] = mark.sign;
        node["text"] = verdict;
        legend.push_back(node);
    }
    data["legend"] = std::move(legend);
    Node states = new_list();
    for (const auto& [kind, label] :
         {std::pair{"bad", "not succeeded"}, {"warn", "not proven"}, {"good", "done"}, {"none", "other"}}) {
        Node node;
        node["kind"] = kind;
        node["label"] = label;
        states.push_back(node);
    }
    data["states"] = std::move(states);

    // Problems first; within that the load order, which is the order of the document.
    std::vector<const json*> ordered = tables;
    const auto weight = [](const json* t) {
        const std::string_view kind = kind_of(*t);
        return kind == "bad" ? 0 : kind == "warn" ? 1 : kind == "none" ? 2 : 3;
    };
    std::stable_sort(ordered.begin(), ordered.end(),
                     [&weight](const json* a, const json* b) { return weight(a) < weight(b); });
    Node rows = new_list();
    for (std::size_t i = 0; i < ordered.size() && i < kMaxTables; ++i) rows.push_back(table_row(*ordered[i]));
    data["tables"] = std::move(rows);
    std::string more;
    if (ordered.size() > kMaxTables) {
        std::map<std::string, std::int64_t> rest;
        for (std::size_t i = kMaxTables; i < ordered.size(); ++i) ++rest[text_field(*ordered[i], "state")];
        more = format_count(static_cast<std::int64_t>(ordered.size() - kMaxTables)) +
               " more tables are in reconciliation.json beside this report:";
        const char* separator = " ";
        for (const auto& [state, count] : rest) {
            more += separator + format_count(count) + " " + state;
            separator = ", ";
        }
    }
    data["tables_more"] = optional_text(more);
}

std::int64_t rejected_rows(const Tables& tables) {
    std::int64_t rows = 0;
    for (const json* table : tables) rows += rejects_of(*table);
    return rows;
}

// The first rows of every table, so that one table's do not hide the others'.
void add_rejects(Node& data, const json& document, const Tables& tables) {
    std::map<std::string, const json*> by_id;
    for (const json* table : tables) by_id[text_field(*table, "table_id")] = table;
    std::map<std::string, std::size_t> shown_of;
    Node list = new_list();
    std::size_t shown = 0;
    for (const json& row : field(document, "rejects")) {
        const std::string id = text_field(row, "table_id");
        if (shown_of[id]++ >= kMaxRejectsOfTable || shown >= kMaxRejects) continue;
        ++shown;
        const auto table = by_id.find(id);
        Node node;
        node["table"] = table == by_id.end() ? "table " + id : name_of(*table->second);
        node["count"] = table == by_id.end() ? "" : format_count(rejects_of(*table->second));
        node["row"] = one_line(text_field(row, "row_key"));
        node["column"] = one_line(text_field(row, "column_name"));
        node["reason"] = shorten(text_field(row, "reason"), 300);
        node["sqlstate"] = text_field(row, "sqlstate");
        list.push_back(node);
    }
    set_list(data, "rejects", std::move(list));
    set_more(data, "rejects_more", rejected_rows(tables), shown);
}

// What was equal only under a declared loss, or could not be compared: never hidden in a mark alone.
void add_notes(Node& data, const Tables& tables) {
    Node list = new_list();
    std::size_t total = 0;
    for (const json* table : tables) {
        for (const json& result : field(*table, "validation")) {
            const std::string verdict = text_field(result, "verdict");
            if (verdict != "equal under policy" && verdict != "not comparable") continue;
            if (++total > kMaxNotes) continue;
            Node node;
            node["table"] = name_of(*table);
            node["level"] = text_field(result, "level");
            node["verdict"] = verdict;
            const json& detail = field(result, "detail");
            const json& reason = field(detail, "reason");
            std::string text = text_of(reason.is_null() ? detail : reason);
            if (text == "{}") text.clear();
            node["detail"] = optional_text(shorten(text, 400));
            list.push_back(node);
        }
    }
    set_list(data, "notes", std::move(list));
    set_more(data, "notes_more", as_count(total), kMaxNotes);
}

void add_not_moved(Node& data, const json& document) {
    struct Group {
        std::set<std::string> reasons;
        std::vector<std::string> names;
    };
    std::map<std::string, Group> groups;
    for (const json& object : field(document, "not_moved")) {
        Group& group = groups[text_field(object, "kind")];
        group.names.push_back(one_line(text_field(object, "name")));
        if (const auto reason = text_field(object, "reason"); !reason.empty()) group.reasons.insert(reason);
    }
    for (const json& table : field(document, "excluded")) {
        Group& group = groups["excluded table"];
        group.names.push_back(one_line(text_of(table)));
        group.reasons = {"excluded in the plan"};
    }
    Node list = new_list();
    for (const auto& [kind, group] : groups) {
        Node node;
        node["kind_name"] = kind;
        node["count"] = format_count(as_count(group.names.size()));
        node["reason"] = group.reasons.size() == 1 ? shorten(*group.reasons.begin(), 300) : "";
        node["open"] = group.names.size() <= 10;
        Node names = new_list();
        for (std::size_t i = 0; i < group.names.size() && i < kMaxObjects; ++i) {
            Node name;
            name["name"] = group.names[i];
            name["sep"] = i + 1 < std::min(group.names.size(), kMaxObjects);
            names.push_back(name);
        }
        node["objects"] = std::move(names);
        set_more(node, "more", as_count(group.names.size()), kMaxObjects);
        list.push_back(node);
    }
    set_list(data, "not_moved", std::move(list));
}

}  // namespace lakemover::loader::report
