#include "loader/report/assessment_parts.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <utility>

namespace lakemover::loader::report {
namespace {

constexpr std::size_t kMaxTypes = 100;
constexpr std::size_t kMaxSame = 2000;  // characters
constexpr std::size_t kMaxNames = 200;
constexpr std::size_t kMaxOutside = 20;

// "snapshot_isolation" for people.
std::string words(std::string key) {
    for (char& c : key)
        if (c == '_') c = ' ';
    return key;
}

std::string value_text(const json& value) {
    if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
    if (value.is_structured()) return shorten(value.dump(-1, ' ', false, json::error_handler_t::replace), 200);
    return one_line(text_of(value));
}

std::string with_article(const std::string& noun) {
    return (std::string("aeiou").find(noun.front()) == std::string::npos ? "a " : "an ") + noun;
}

void estimate(Node& list, const std::string& label, const std::string& value, const json& from) {
    Node node;
    node["label"] = label;
    const std::string why_not = text_field(from, "not_estimated");
    node["value"] = why_not.empty() ? value : std::string("not estimated");
    node["basis"] = optional_text(shorten(why_not.empty() ? text_field(from, "basis") : why_not, 500));
    list.push_back(node);
}

}  // namespace

void add_types_and_names(Node& data, const json& document) {
    const json& types = field(document, "types");
    Node list = new_list();
    std::int64_t changed = 0;
    std::string same;
    for (const json& pair : types) {
        // Most stay what they are: a line for all of them.
        if (text_field(pair, "source") == text_field(pair, "target") && text_field(pair, "note").empty()) {
            if (same.size() < kMaxSame)
                same += (same.empty() ? "" : ", ") + shorten(one_line(text_field(pair, "source")), 80) + " (" +
                        format_count(integer_field(pair, "columns").value_or(0)) + ")";
            continue;
        }
        ++changed;
        if (list.list_value().size() == kMaxTypes) continue;
        Node node;
        node["source"] = shorten(one_line(text_field(pair, "source")), 120);
        const std::string target = text_field(pair, "target");
        node["target"] = target.empty() ? std::string("unknown") : shorten(one_line(target), 120);
        node["columns"] = format_count(integer_field(pair, "columns").value_or(0));
        node["note"] = optional_text(shorten(text_field(pair, "note"), 200));
        list.push_back(node);
    }
    set_more(data, "types_more", changed, list.list_value().size());
    data["types_same"] = optional_text(shorten(same, kMaxSame));
    data["has_any_types"] = types.is_array() && !types.empty();
    set_list(data, "types", std::move(list));

    const json& names = field(document, "names");
    Node mapped = new_list();
    for (const json& name : field(names, "listed")) {
        if (mapped.list_value().size() == kMaxNames) break;
        Node node;
        node["kind"] = text_field(name, "kind");
        node["source"] = one_line(text_field(name, "source"));
        node["target"] = one_line(text_field(name, "target"));
        node["kept"] = bool_field(name, "kept_quoted", false);
        mapped.push_back(node);
    }
    set_more(data, "names_more", integer_field(names, "total").value_or(0), mapped.list_value().size());
    set_list(data, "names", std::move(mapped));
}

void add_outside(Node& data, const json& document) {
    Node list = new_list();
    for (const json& kind : field(document, "outside")) {
        Node node;
        node["kind"] = one_line(text_field(kind, "kind"));
        node["count"] = format_count(integer_field(kind, "count").value_or(0));
        Node items = new_list();
        for (const json& item : field(kind, "listed")) {
            if (items.list_value().size() == kMaxOutside) break;
            Node one;
            one["name"] = shorten(one_line(text_field(item, "name")), 120);
            one["sep"] = items.is_non_empty_list();
            one["detail"] = optional_text(shorten(one_line(text_field(item, "detail")), 160));
            items.push_back(one);
        }
        set_more(node, "more", integer_field(kind, "count").value_or(0), items.list_value().size());
        node["items"] = std::move(items);
        list.push_back(node);
    }
    set_list(data, "outside", std::move(list));
}

void add_estimate(Node& data, const json& document) {
    const json& all = field(document, "estimate");
    Node list = new_list();
    if (all.is_object()) {
        const json& duration = field(all, "duration");
        const double seconds = number_of(field(duration, "seconds")).value_or(0);
        const std::string from = text_field(duration, "from");
        estimate(list, "Duration of a run",
                 format_seconds(seconds) + (from.empty() ? "" : ", from " + with_article(from)), duration);
        const json& disk = field(all, "target_disk");
        const auto bytes = [&disk](const char* key) { return format_bytes(number_of(field(disk, key)).value_or(0)); };
        estimate(list, "Disk on the target",
                 fmt::format("{}: rows {}, indexes {}, sorting {}; {} of WAL pass through", bytes("total_bytes"),
                             bytes("rows_bytes"), bytes("index_bytes"), bytes("sort_bytes"), bytes("wal_bytes")),
                 disk);
        const json& growth = field(all, "source_growth");
        const double rate = number_of(field(growth, "bytes_per_second")).value_or(0);
        estimate(list, "Growth of the source while its snapshot is held",
                 format_bytes(rate) + "/s" +
                     (seconds > 0 ? fmt::format(", {} in that time", format_bytes(rate * seconds)) : std::string()),
                 growth);
    }
    set_list(data, "estimates", std::move(list));
}

void add_checklist(Node& data, const json& document) {
    using Phase = std::pair<const char*, const char*>;
    static constexpr std::array<Phase, 4> kPhases{
        {{"before", "Before"}, {"cut-over", "Cut-over"}, {"fall-back", "Fall-back"}, {"after", "After"}}};
    Node phases = new_list();
    for (const auto& [key, title] : kPhases) {
        Node steps = new_list();
        for (const json& step : field(document, "checklist")) {
            if (text_field(step, "phase") != key) continue;
            Node node;
            node["step"] = shorten(text_field(step, "step"), 300);
            node["reason"] = optional_text(shorten(text_field(step, "reason"), 400));
            node["command"] = optional_text(shorten(text_field(step, "command"), 300));
            steps.push_back(node);
        }
        if (!steps.is_non_empty_list()) continue;
        Node phase;
        phase["title"] = title;
        phase["steps"] = std::move(steps);
        phases.push_back(phase);
    }
    set_list(data, "checklist", std::move(phases));
}

void add_settings(Node& data, const json& document) {
    Node list = new_list();
    const json& settings = field(field(document, "source"), "settings");
    if (settings.is_object())
        for (const auto& [key, value] : settings.items())
            if (!value.is_null()) add_fact(list, words(one_line(key)), value_text(value));
    set_list(data, "settings", std::move(list));
}

}  // namespace lakemover::loader::report
