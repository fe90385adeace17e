#include "loader/report/assessment_diff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "loader/report/html.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {

using nlohmann::json;
using report::field;
using report::integer_field;
using report::text_field;

namespace {

constexpr std::array kParts = {"resolved", "new", "changed"};

using Place = std::tuple<std::string, std::string, std::string, std::string>;  // check, schema, object, column
using Findings = std::map<Place, std::vector<const json*>>;

Place place_of(const json& finding) {
    return {text_field(finding, "check"), text_field(finding, "schema"), text_field(finding, "object"),
            text_field(finding, "column")};
}

bool counts(const json& finding) { return text_field(finding, "severity") != "INFO"; }

// What an assessment saw in a sample, it may see in all rows the next time.
std::string words_of(const json& finding) {
    std::string text = text_field(finding, "message");
    for (const char* extent : {" (all rows looked at)", " (seen in a sample)"})
        if (text.ends_with(extent)) text.erase(text.size() - std::string(extent).size());
    return text;
}

Findings findings_of(const json& document, bool counted) {
    Findings all;
    for (const json& finding : field(document, "findings"))
        if (counts(finding) == counted) all[place_of(finding)].push_back(&finding);
    return all;
}

json summary_of(const json& document) {
    const json& a = field(document, "assessment");
    return {{"id", field(a, "id")},         {"taken_at", field(a, "taken_at")}, {"score", field(a, "score")},
            {"status", field(a, "status")}, {"signoff", field(a, "signoff")},   {"counts", field(a, "counts")}};
}

json entry(const json& finding) {
    return {{"check", field(finding, "check")},       {"title", field(finding, "title")},
            {"severity", field(finding, "severity")}, {"schema", field(finding, "schema")},
            {"object", field(finding, "object")},     {"column", field(finding, "column")},
            {"message", field(finding, "message")}};
}

// Takes out of both lists what says the same.
void drop_equal(std::vector<const json*>& before, std::vector<const json*>& after) {
    for (auto left = before.begin(); left != before.end();) {
        const auto right = std::find_if(after.begin(), after.end(), [&](const json* other) {
            return words_of(**left) == words_of(*other) &&
                   text_field(**left, "severity") == text_field(*other, "severity");
        });
        if (right == after.end()) {
            ++left;
            continue;
        }
        after.erase(right);
        left = before.erase(left);
    }
}

void require_assessment(const json& document) {
    if (!field(document, "findings").is_array() || !integer_field(field(document, "assessment"), "score"))
        throw Error(Exit::kUsage, "this is not an assessment: there is no score, or no list of findings");
    std::map<std::string, std::int64_t> listed;
    for (const json& finding : field(document, "findings"))
        if (counts(finding)) ++listed[text_field(finding, "check")];
    for (const json& check : field(document, "checks")) {
        const std::string id = text_field(check, "id");
        if (integer_field(check, "blockers").value_or(0) + integer_field(check, "warnings").value_or(0) > listed[id])
            throw Error(Exit::kUsage,
                        "assessment " + text_field(field(document, "assessment"), "id") +
                            " does not list all findings of the check " + id,
                        {}, "name it by its number: staging has all of them");
    }
}

}  // namespace

json compare_assessments(const json& before, const json& after) {
    require_assessment(before);
    require_assessment(after);
    const std::string was = text_field(field(before, "source"), "identity");
    const std::string is = text_field(field(after, "source"), "identity");
    if (was != is)
        throw Error(Exit::kUsage, "the assessments are of different databases", was + " and " + is,
                    "compare two assessments of one source");
    json result{{"before", summary_of(before)}, {"after", summary_of(after)}};
    for (const char* part : kParts) result[part] = json::array();

    Findings old_findings = findings_of(before, true);
    Findings new_findings = findings_of(after, true);
    const Findings notes = findings_of(after, false);
    std::set<Place> places;
    for (const auto& [place, list] : old_findings) places.insert(place);
    for (const auto& [place, list] : new_findings) places.insert(place);
    for (const Place& place : places) {
        std::vector<const json*>& left = old_findings[place];
        std::vector<const json*>& right = new_findings[place];
        drop_equal(left, right);
        const std::size_t both = std::min(left.size(), right.size());
        for (std::size_t i = 0; i < both; ++i) {
            json changed = entry(*right[i]);
            changed["severity_before"] = field(*left[i], "severity");
            changed["message_before"] = field(*left[i], "message");
            result["changed"].push_back(std::move(changed));
        }
        for (std::size_t i = both; i < left.size(); ++i) {
            json resolved = entry(*left[i]);
            const auto note = notes.find(place);
            resolved["now"] = note == notes.end() ? json() : field(*note->second.front(), "message");
            result["resolved"].push_back(std::move(resolved));
        }
        for (std::size_t i = both; i < right.size(); ++i) result["new"].push_back(entry(*right[i]));
    }
    // Blockers first; within a severity as they are: by check and name.
    for (const char* part : kParts)
        std::stable_sort(result[part].begin(), result[part].end(), [](const json& a, const json& b) {
            return text_field(a, "severity") < text_field(b, "severity");
        });
    return result;
}

std::string comparison_text(const json& comparison) {
    const json& before = field(comparison, "before");
    const json& after = field(comparison, "after");
    const auto about = [](const json& a) {
        return fmt::format("assessment {} of {}", text_field(a, "id"), report::format_time(text_field(a, "taken_at")));
    };
    const auto step = [&](const char* key) {
        return fmt::format("{} → {}", text_field(field(before, "counts"), key),
                           text_field(field(after, "counts"), key));
    };
    std::string text = fmt::format(
        "before: {}\nafter:  {}\n\nscore {} → {}, status {} → {}\nBLOCKER {}, WARNING {}, INFO {}\n", about(before),
        about(after), text_field(before, "score"), text_field(after, "score"), text_field(before, "status"),
        text_field(after, "status"), step("blocker"), step("warning"), step("info"));
    const std::array headings = {"Resolved", "New", "Changed"};
    for (std::size_t i = 0; i < kParts.size(); ++i) {
        const json& list = field(comparison, kParts[i]);
        text += fmt::format("\n{} ({})\n", headings[i], list.size());
        for (const json& one : list) {
            text += fmt::format("  {:<7}  {}: {}\n", text_field(one, "severity"), text_field(one, "title"),
                                report::one_line(text_field(one, "message"), 1000));
            if (const std::string now = text_field(one, "now"); !now.empty())
                text += "           now: " + report::one_line(now, 1000) + "\n";
            if (const std::string was = text_field(one, "message_before"); !was.empty())
                text += fmt::format("           before: {} {}\n", text_field(one, "severity_before"),
                                    report::one_line(was, 1000));
        }
    }
    return text;
}

}  // namespace lakemover::loader
