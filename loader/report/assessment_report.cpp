// The assessment as one HTML file: score, blockers and next steps first, then the evidence.
#include "loader/report/assessment_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <vector>

#include "loader/report/assessment_inventory.hpp"
#include "loader/report/assessment_parts.hpp"
#include "loader/report/html.hpp"
#include "loader/report/reference_graph.hpp"
#include "loader/util/error.hpp"
#include "loader_templates.hpp"

namespace lakemover::loader {
namespace {

using namespace report;

// 10 000 tables must stay a page that a browser opens and a person can send.
constexpr std::size_t kMaxBlockerRows = 500;
constexpr std::size_t kMaxWarningRows = 200;
constexpr std::size_t kMaxInfoRows = 100;
constexpr std::size_t kMaxExamples = 4;
constexpr std::size_t kMaxRemedies = 300;

struct Severity {
    const char* name;
    const char* kind;
    const char* one;
    const char* many;
    const char* count_key;  // of a check in the document
    std::size_t limit;
};
constexpr std::array<Severity, 3> kSeverities{{{"BLOCKER", "bad", "blocker", "blockers", "blockers", kMaxBlockerRows},
                                               {"WARNING", "warn", "warning", "warnings", "warnings", kMaxWarningRows},
                                               {"INFO", "info", "note", "notes", "infos", kMaxInfoRows}}};

// schema.object.column of a finding, with what is missing left out.
std::string object_of(const json& finding) {
    std::string name;
    for (const char* key : {"schema", "object", "column"})
        if (const std::string part = text_field(finding, key); !part.empty()) name += (name.empty() ? "" : ".") + part;
    return name.empty() ? "(whole source)" : one_line(name);
}

// "blocked: 1 BLOCKER must be resolved" as a sentence under a headline that says the first word already.
std::string as_sentence(std::string text, const std::string& status) {
    if (text.starts_with(status + ": ")) text.erase(0, status.size() + 2);
    if (text.empty()) return text;
    if (text.front() >= 'a' && text.front() <= 'z') text.front() = static_cast<char>(text.front() - 'a' + 'A');
    return shorten(text, 500) + (text.ends_with('.') ? "" : ".");
}

struct Check {
    std::string title, detects, recommendation;
    std::int64_t total = 0;  // of this severity; the document may hold fewer findings
    std::vector<const json*> findings;
};

class AssessmentPage {
public:
    explicit AssessmentPage(const json& document)
        : document_(document), assessment_(field(document, "assessment")), source_(field(document, "source")) {
        if (!field(document, "findings").is_array() || !integer_field(assessment_, "score"))
            throw Error(Exit::kOther, "this is not an assessment: there is no score, or no list of findings");
    }

    std::string html() {
        group_findings();
        hero();
        blockers();
        next_steps();
        remedies();
        findings();
        add_inventory(data_, document_);
        add_load_order(data_, document_);
        references();
        add_types_and_names(data_, document_);
        add_outside(data_, document_);
        add_code(data_, document_);
        add_estimate(data_, document_);
        add_checklist(data_, document_);
        add_settings(data_, document_);
        load_path();
        quiet_checks();
        about();
        return render(templates::kAssessmentMustache, data_,
                      "Migration assessment: " + text_field(assessment_, "source"));
    }

private:
    // Checks keep the order of the findings; a check whose findings have two severities shows up under both.
    void group_findings() {
        std::map<std::string, const json*> registry;
        for (const json& check : field(document_, "checks")) registry[text_field(check, "id")] = &check;
        std::array<std::map<std::string, std::size_t>, kSeverities.size()> places;
        for (const json& finding : field(document_, "findings")) {
            const std::string severity = text_field(finding, "severity");
            const std::string id = text_field(finding, "check");
            for (std::size_t s = 0; s < kSeverities.size(); ++s) {
                if (severity != kSeverities[s].name) continue;
                const auto [place, added] = places[s].try_emplace(id, groups_[s].size());
                if (added) {
                    const auto known = registry.find(id);
                    static const json kUnknown;
                    const json& check = known == registry.end() ? kUnknown : *known->second;
                    const std::string title = text_field(finding, "title");
                    groups_[s].push_back({title.empty() ? id : title,
                                          text_field(check, "detects"),
                                          text_field(check, "recommendation"),
                                          integer_field(check, kSeverities[s].count_key).value_or(0),
                                          {}});
                }
                groups_[s][place->second].findings.push_back(&finding);
            }
        }
        for (std::size_t s = 0; s < kSeverities.size(); ++s)
            for (Check& check : groups_[s]) {
                check.total = std::max(check.total, as_count(check.findings.size()));
                counts_[s] += check.total;
            }
    }

    static std::string anchor_of(std::size_t severity, std::size_t check) {
        return fmt::format("{}-{}", kSeverities[severity].kind, check + 1);
    }

    void hero() {
        const auto score = static_cast<int>(integer_field(assessment_, "score").value_or(0));
        const std::string status = text_field(assessment_, "status");
        const char* kind = counts_[0] > 0 ? "bad" : status == "ready" ? "good" : "warn";
        data_["dial"] = svg_gauge(score, kind);
        data_["edge"] = counts_[0] > 0 ? "bad" : "good";
        data_["source"] = one_line(text_field(assessment_, "source"));
        const std::string engine = text_field(source_, "engine");
        data_["engine"] = engine == "postgres"    ? "PostgreSQL"
                          : engine == "sqlserver" ? "SQL Server"
                          : engine == "azure_sql" ? "Azure SQL"
                                                  : one_line(engine);
        data_["database"] = optional_text(one_line(text_field(source_, "database")));
        data_["taken_at"] = format_time(text_field(assessment_, "taken_at"));
        data_["headline"] = counts_[0] > 0      ? "Not ready: " + plural(counts_[0], "blocker", "blockers")
                            : status == "ready" ? std::string("Ready to migrate")
                                                : "Ready, after a review";
        data_["status"] = as_sentence(text_field(assessment_, "status_text"), status);
        Node chips = new_list();
        for (std::size_t s = 0; s < kSeverities.size(); ++s) {
            Node chip;
            chip["kind"] = counts_[s] == 0 ? (s == 0 ? "good" : "none") : kSeverities[s].kind;
            chip["anchor"] = groups_[s].empty() ? "findings" : anchor_of(s, 0);
            chip["text"] = plural(counts_[s], kSeverities[s].one, kSeverities[s].many);
            chips.push_back(chip);
        }
        data_["chips"] = std::move(chips);
    }

    void blockers() {
        Node list = new_list();
        for (std::size_t c = 0; c < groups_[0].size(); ++c) {
            const Check& check = groups_[0][c];
            Node node;
            node["title"] = check.title;
            node["count"] = plural(check.total, "finding", "findings");
            node["anchor"] = anchor_of(0, c);
            Node examples = new_list();
            const std::size_t shown = std::min(check.findings.size(), kMaxExamples);
            for (std::size_t i = 0; i < shown; ++i) {
                Node example;
                example["name"] = shorten(object_of(*check.findings[i]), 80);
                example["sep"] = i + 1 < shown;
                examples.push_back(example);
            }
            node["examples"] = std::move(examples);
            set_more(node, "more", check.total, shown);
            list.push_back(node);
        }
        set_list(data_, "blockers", std::move(list));
    }

    void next_steps() {
        Node list = new_list();
        const auto step = [&list](const std::string& text, const std::string& command = {}) {
            Node node;
            node["text"] = text;
            node["command"] = optional_text(command);
            list.push_back(node);
        };
        if (counts_[0] > 0) {
            step(
                "Resolve each blocker: correct it on the source, or override it in the plan (a new name, \"keep, "
                "quoted\", or "
                "an exclusion).",
                "lakemover plan");
            step("Assess again: an override resolves its blocker.", "lakemover --assess-only");
        }
        if (counts_[1] > 0)
            step("Review the " + plural(counts_[1], "warning", "warnings") + ": none of them stops the migration.");
        step(counts_[0] > 0 ? "With no blocker left, start the migration." : "Start the migration.", "lakemover");
        data_["steps"] = std::move(list);
    }

    void remedies() {
        std::string script;
        std::size_t total = 0;
        for (const Check& check : groups_[0])
            for (const json* finding : check.findings) {
                const std::string remedy = text_field(*finding, "remedy_sql");
                if (remedy.empty() || ++total > kMaxRemedies) continue;
                script += remedy + (remedy.ends_with(';') ? "\n" : ";\n");
            }
        if (total > kMaxRemedies) script += fmt::format("-- {} more: see lakemover.finding\n", total - kMaxRemedies);
        data_["has_remedies"] = total > 0;
        data_["remedy_count"] = plural(as_count(total), "statement", "statements");
        data_["remedy_script"] = script;
    }

    void findings() {
        Node severities = new_list();
        Node checks = new_list();
        for (std::size_t s = 0; s < kSeverities.size(); ++s) {
            Node pick;
            pick["kind"] = kSeverities[s].kind;
            pick["label"] = kSeverities[s].name;
            severities.push_back(pick);
            for (std::size_t c = 0; c < groups_[s].size(); ++c) checks.push_back(check_node(s, c));
        }
        data_["severities"] = std::move(severities);
        data_["checks"] = std::move(checks);
    }

    Node check_node(std::size_t severity, std::size_t number) const {
        const Check& check = groups_[severity][number];
        const Severity& kind = kSeverities[severity];
        Node node;
        node["kind"] = kind.kind;
        node["severity"] = kind.name;
        node["anchor"] = anchor_of(severity, number);
        node["open"] = severity == 0;
        node["title"] = check.title;
        node["count"] = format_count(check.total);
        node["detects"] = optional_text(check.detects);
        node["recommendation"] = optional_text(check.recommendation);
        const std::size_t shown = std::min(check.findings.size(), kind.limit);
        bool has_remedy = false;
        Node rows = new_list();
        for (std::size_t i = 0; i < shown; ++i) {
            const json& finding = *check.findings[i];
            Node row;
            row["object"] = object_of(finding);
            row["message"] = shorten(text_field(finding, "message"), 500);
            // The check's own recommendation stands above the table once.
            const std::string advice = text_field(finding, "recommendation");
            row["advice"] = optional_text(advice == check.recommendation ? "" : shorten(advice, 300));
            const std::string remedy = text_field(finding, "remedy_sql");
            has_remedy = has_remedy || !remedy.empty();
            row["remedy"] = optional_text(shorten(remedy, 400));
            rows.push_back(row);
        }
        node["rows"] = std::move(rows);
        node["has_remedy"] = has_remedy;
        set_more(node, "more", check.total, shown);
        return node;
    }

    // How the rows will travel, from what the checks counted.
    void load_path() {
        const json& plan = field(document_, "plan");
        const std::string profile = text_field(plan, "profile");
        std::map<std::string, const json*> checks;
        for (const json& check : field(document_, "checks")) checks[text_field(check, "id")] = &check;
        const auto found = [&checks](const char* id) -> std::int64_t {
            if (!checks.contains(id)) return 0;
            const json& check = *checks.at(id);
            return integer_field(check, "warnings").value_or(0) + integer_field(check, "infos").value_or(0);
        };
        Node list = new_list();
        const auto add = [&list](const std::string& text) {
            Node node;
            node["text"] = text;
            list.push_back(node);
        };
        add("All tables are read in one snapshot of the source and pass through the staging server to the loader, "
            "which writes "
            "them into the target with COPY over TLS. No rows are kept on the way.");
        if (const auto n = found("primary_key"); n > 0)
            add(plural(n, "table has", "tables have") +
                " no primary key: rows are read by another unique key, by physical ranges, or in one pass.");
        if (const auto n = found("text_copy"); n > 0)
            add(plural(n, "table is", "tables are") +
                " copied as text, since a type in it has no binary form. All others go in binary.");
        if (const auto n = found("large_table"); n > 0)
            add(plural(n, "large table is", "large tables are") + " cut into ranges that are loaded in parallel.");
        if (profile == "portable")
            add("Type profile portable: json, jsonb and xml become text, times become timestamp in UTC.");
        else if (profile == "native")
            add("Type profile native: every type stays itself.");
        else
            add("There is no plan yet; the type profile is chosen when it is made.");
        const auto excluded = integer_field(plan, "excluded_tables").value_or(0);
        const auto renamed = integer_field(plan, "renamed_tables").value_or(0);
        const auto kept = integer_field(plan, "kept_quoted_tables").value_or(0);
        if (excluded + renamed + kept > 0)
            add("Decisions in the plan: " + plural(excluded, "table", "tables") + " excluded, " +
                format_count(renamed) + " renamed, " + format_count(kept) + " kept with a quoted name.");
        set_list(data_, "path", std::move(list));
    }

    void references() {
        const ReferenceGraph graph = draw_references(document_);
        data_["graph"] = optional_text(graph.svg);
        data_["graph_caption"] = graph.caption;
    }

    static std::string why_not_checked(const std::string& id) {
        if (id.starts_with("data_")) return "the rows were not looked at";
        if (id.starts_with("target_") || id == "missing_extension")
            return "a fact about the target is missing; it is read when the loader connects to the target";
        return "a catalog view of the source could not be read";
    }

    // Silence is not a pass: what was not checked, and what was and found nothing.
    void quiet_checks() {
        Node skipped = new_list();
        std::string passed;
        for (const json& check : field(document_, "checks")) {
            const std::string result = text_field(check, "result");
            const std::string title = one_line(text_field(check, "title"));
            if (result == "passed") {
                passed += (passed.empty() ? "" : ", ") + title;
            } else if (result == "not checked" || result == "disabled") {
                Node node;
                node["title"] = title;
                node["reason"] =
                    result == "disabled" ? "turned off in lakemover.check" : why_not_checked(text_field(check, "id"));
                skipped.push_back(node);
            }
        }
        data_["passed"] = optional_text(passed);
        set_list(data_, "not_checked", std::move(skipped));
    }

    void about() {
        const std::int64_t blocked = std::min<std::int64_t>(80, 20 * counts_[0]);
        const std::int64_t warned = std::min<std::int64_t>(20, 2 * counts_[1]);
        data_["score_text"] = fmt::format(
            "Score {}: 100, minus 20 for each blocker (at most 80; here {}), minus 2 for each warning (at most 20; "
            "here {}). "
            "Notes cost nothing.",
            text_field(assessment_, "score"), blocked, warned);
        Node list = new_list();
        add_fact(list, "Source version", text_field(source_, "version"));
        add_fact(list, "Source identity", text_field(source_, "identity"));
        add_fact(list, "Encoding", text_field(source_, "encoding"));
        add_fact(list, "Collation", text_field(source_, "collation"));
        if (const auto bytes = number_of(field(source_, "size_bytes")))
            add_fact(list, "Database size", format_bytes(*bytes));
        if (const auto seconds = number_of(field(assessment_, "seconds")))
            add_fact(list, "Assessed in", format_seconds(*seconds));
        add_fact(list, "Assessed at", format_time(text_field(assessment_, "taken_at")));
        add_fact(list, "Id for acceptance", text_field(assessment_, "signoff"));
        data_["about"] = std::move(list);
    }

    const json& document_;
    const json& assessment_;
    const json& source_;
    Node data_;
    std::array<std::vector<Check>, kSeverities.size()> groups_;
    std::array<std::int64_t, kSeverities.size()> counts_{};
};

}  // namespace

std::string render_assessment_html(const nlohmann::json& assessment) { return AssessmentPage(assessment).html(); }

}  // namespace lakemover::loader
