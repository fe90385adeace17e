// Code of a SQL Server source on the page of an assessment.
#include <fmt/format.h>

#include "loader/report/assessment_parts.hpp"

namespace lakemover::loader::report {
namespace {

constexpr std::size_t kMaxListed = 300;

const char* kind_of(const std::string& name) {
    return name == "equivalent" ? "good" : name == "manual" ? "bad" : name == "absent" ? "none" : "warn";
}

std::string hours(const json& object, const char* key) {
    return fmt::format("{:.4g}", number_of(field(object, key)).value_or(0));
}

}  // namespace

void add_code(Node& data, const json& document) {
    const json& code = field(document, "code");
    Node classes = new_list();
    Node listed = new_list();
    const auto total = integer_field(code, "total").value_or(0);
    if (total > 0) {
        const std::string reason = one_line(text_field(code, "reason"), 500);
        data["code_text"] =
            fmt::format("{}, about {} hours of work. {}", plural(total, "object", "objects"), hours(code, "hours"),
                        bool_field(code, "verified", false)
                            ? "Checked in a scratch database beside the tables" + (reason.empty() ? "." : "; " + reason)
                            : "Nothing is called equivalent that was not verified: " + reason);
        for (const json& one : field(code, "classes")) {
            if (integer_field(one, "count").value_or(0) == 0) continue;
            Node node;
            const std::string name = text_field(one, "class");
            node["kind"] = kind_of(name);
            node["name"] = name;
            node["count"] = format_count(integer_field(one, "count").value_or(0));
            node["hours"] = hours(one, "hours");
            node["what"] = text_field(one, "what");
            const double per_point = number_of(field(one, "hours_per_point")).value_or(0);
            node["basis"] =
                fmt::format("{} h each{}", hours(one, "hours_each"),
                            per_point > 0 ? fmt::format(", {:.4g} h for each point of the score", per_point) : "");
            classes.push_back(node);
        }
        for (const json& one : field(code, "listed")) {
            if (listed.list_value().size() == kMaxListed) break;
            Node node;
            const std::string name = text_field(one, "class");
            node["what"] = text_field(one, "kind");
            node["name"] = one_line(text_field(one, "name"));
            node["kind"] = kind_of(name);
            node["class_name"] = name;
            node["score"] = text_field(one, "score");
            node["reason"] = optional_text(shorten(one_line(text_field(one, "reason"), 1000), 300));
            listed.push_back(node);
        }
    }
    set_more(data, "code_more", total, listed.list_value().size());
    set_list(data, "code", std::move(classes));
    set_list(data, "code_listed", std::move(listed));
}

}  // namespace lakemover::loader::report
