#include "loader/report/code_page.hpp"

#include <fmt/format.h>

#include <map>
#include <set>
#include <string_view>

#include "loader/report/html.hpp"
#include "loader_templates.hpp"

namespace lakemover::loader {

using namespace report;

namespace {

constexpr std::string_view kFixme = "-- FIXME(lakemover)";

const char* kind_of(const std::string& result) {
    return result == "equivalent" ? "good" : result == "review" ? "warn" : "bad";
}

// Each line by itself, numbered; those that somebody must look at are marked.
std::string lines_of(std::string_view text, std::int64_t first, const std::set<std::int64_t>& marked, bool fixmes) {
    std::string html;
    for (std::int64_t number = first; !text.empty(); ++number) {
        const std::size_t end = text.find('\n');
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
        const bool mark = marked.count(number) > 0 || (fixmes && line.find(kFixme) != std::string_view::npos);
        html += fmt::format(R"(<{0} class="line" data-n="{1}">{2}
</{0}>)",
                            mark ? "mark" : "span", number, escape(line));
    }
    return html;
}

Node node_of(const json& object, std::size_t number, bool open) {
    const std::string result = text_field(object, "class");
    Node node;
    node["id"] = "o" + std::to_string(number);
    node["kind"] = kind_of(result);
    node["class_name"] = result;
    node["what"] = text_field(object, "kind");
    node["name"] = one_line(text_field(object, "source_name"));
    const std::string target = text_field(object, "target_name");
    node["target"] = target == text_field(object, "source_name") ? Node(false) : optional_text(one_line(target));
    node["score"] = text_field(object, "score");
    node["open"] = open;
    node["outcome"] = optional_text(text_field(object, "outcome"));
    node["why"] = optional_text(shorten(one_line(text_field(object, "why"), 2000), 1000));
    const std::string reason = text_field(object, "reason");
    node["reason"] = bool_field(object, "verified", false) || reason.empty()
                         ? Node(false)
                         : Node(shorten(one_line(reason, 2000), 1000));
    std::set<std::int64_t> marked;
    Node notes = new_list();
    for (const json& note : field(object, "notes")) {
        Node n;
        const auto line = integer_field(note, "line");
        if (line) marked.insert(*line);
        n["line"] = line ? Node(std::to_string(*line)) : Node(false);
        n["kind"] = text_field(note, "severity") == "manual" ? "bad" : "warn";
        n["severity"] = text_field(note, "severity");
        n["construct"] = shorten(one_line(text_field(note, "construct"), 500), 300);
        n["why"] = shorten(one_line(text_field(note, "why"), 1000), 600);
        n["todo"] = optional_text(shorten(one_line(text_field(note, "todo"), 1000), 600));
        notes.push_back(n);
    }
    set_list(node, "notes", std::move(notes));
    const std::string source = text_field(object, "source_sql");
    const std::string sql = text_field(object, "sql");
    node["has_source"] = !source.empty();
    node["has_result"] = !sql.empty();
    node["source"] = lines_of(source, integer_field(object, "first_line").value_or(1), marked, false);
    node["result"] = lines_of(sql, 1, {}, true);
    return node;
}

}  // namespace

std::string render_code_html(const json& document) {
    std::map<std::string, std::int64_t> counts, outcomes;
    for (const json& object : field(document, "objects")) {
        ++counts[text_field(object, "class")];
        if (const std::string outcome = text_field(object, "outcome"); !outcome.empty()) ++outcomes[outcome];
    }
    Node data;
    data["of"] = text_field(document, "of");
    data["at"] = optional_text(text_field(document, "at"));
    data["total"] = plural(as_count(field(document, "objects").size()), "object", "objects");
    Node classes = new_list();
    for (const char* name : {"equivalent", "review", "manual"}) {
        Node c;
        c["kind"] = kind_of(name);
        c["name"] = name;
        c["count"] = format_count(counts[name]);
        classes.push_back(c);
    }
    data["classes"] = std::move(classes);
    Node facts = new_list();
    for (const auto& [name, count] : outcomes) add_fact(facts, name, format_count(count));
    set_list(data, "outcomes", std::move(facts));
    Node list = new_list();
    std::size_t number = 0;
    const bool few = field(document, "objects").size() <= 3;
    for (const json& object : field(document, "objects")) list.push_back(node_of(object, ++number, few));
    set_list(data, "objects", std::move(list));
    return render(templates::kCodeMustache, data, "Converted code of " + text_field(document, "of"));
}

}  // namespace lakemover::loader
