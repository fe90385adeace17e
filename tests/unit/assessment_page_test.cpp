// The parts of the assessment page beside its findings: the drawing of references, types, estimate, checklist.
#include <gtest/gtest.h>

#include "loader/report/assessment_report.hpp"
#include "loader/report/reference_graph.hpp"

using lakemover::loader::render_assessment_html;
using lakemover::loader::report::draw_references;
using nlohmann::json;

namespace {

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

json table(int id, int rank, const std::string& name, json cycle = nullptr) {
    return {{"table_id", id}, {"schema", "s"}, {"table", name}, {"rank", rank}, {"cycle", std::move(cycle)}};
}

json document(json tables, json references) {
    return {{"assessment", {{"source", "shop"}, {"score", 100}, {"status", "ready"}}},
            {"source", {{"engine", "postgres"}, {"settings", {{"wal_level", "replica"}, {"in_recovery", false}}}}},
            {"checks", json::array()},
            {"findings", json::array()},
            {"load_order", {{"tables", std::move(tables)}}},
            {"references", std::move(references)}};
}

TEST(ReferenceGraph, DrawsEachReferenceAndMarksCycles) {
    const auto graph = draw_references(
        document({table(1, 0, "parent"), table(2, 1, "a", 1), table(3, 1, "b", 1), table(4, 0, "alone")},
                 {{2, 1}, {2, 3}, {3, 2}}));
    EXPECT_EQ(count(graph.svg, "<rect "), 3U);  // one alone references nothing
    EXPECT_FALSE(has(graph.svg, "alone"));
    EXPECT_EQ(count(graph.svg, "<path class=\"edge\""), 1U);
    EXPECT_EQ(count(graph.svg, "<path class=\"edge warn\""), 2U);
    EXPECT_TRUE(has(graph.svg, "s.a ↻1"));
    EXPECT_TRUE(has(graph.svg, ">rank 1</text>"));
    EXPECT_TRUE(has(graph.svg, "role=\"img\""));
    EXPECT_EQ(graph.caption, "All 3 tables that reference others or are referenced, 3 references.");
}

TEST(ReferenceGraph, WithoutReferencesThereIsNone) {
    EXPECT_TRUE(draw_references(document({table(1, 0, "a")}, json::array())).svg.empty());
    EXPECT_TRUE(draw_references(document({table(1, 0, "a")}, {{1, 99}, "nonsense", {1, "x"}, {1}})).svg.empty());
    EXPECT_TRUE(draw_references(json::object()).svg.empty());
}

TEST(ReferenceGraph, NamesAreText) {
    const auto graph = draw_references(
        document({table(1, 0, "</svg><script>alert(1)</script>"), table(2, 1, "b\"onload=\"x")}, {{2, 1}}));
    EXPECT_FALSE(has(graph.svg, "<script"));
    EXPECT_FALSE(has(graph.svg, "\"onload"));
    EXPECT_TRUE(has(graph.svg, "&lt;/svg&gt;"));
}

// Height of the drawing: the fourth number of its viewBox.
int height(const std::string& svg) {
    const std::string start = "viewBox=\"0 0 960 ";
    const auto at = svg.find(start);
    return at == std::string::npos ? -1 : std::stoi(svg.substr(at + start.size()));
}

TEST(ReferenceGraph, FitsOntoAPageWhateverComes) {
    json tables = json::array();
    json references = json::array();
    for (int i = 0; i < 10000; ++i) {
        tables.push_back(table(i, i % 300, "table_" + std::to_string(i), i < 4 ? json(1) : json()));
        if (i > 0) references.push_back({i, (i * 7) % i});
    }
    const auto graph = draw_references(document(tables, references));
    EXPECT_LE(height(graph.svg), 1250);
    EXPECT_GT(height(graph.svg), 800);
    EXPECT_LT(graph.svg.size(), 300U * 1024);
    EXPECT_EQ(count(graph.svg, " ↻1"), 4U);  // cycles are never left out
    EXPECT_TRUE(has(graph.caption, "of 10,000 tables that reference others")) << graph.caption;
}

TEST(AssessmentPage, ShowsItsParts) {
    json d = document({table(1, 0, "a"), table(2, 1, "b")}, {{2, 1}});
    d["types"] = {{{"source", "integer"}, {"target", "integer"}, {"columns", 1200}, {"note", nullptr}},
                  {{"source", "money"}, {"target", "numeric(19,4)"}, {"columns", 3}, {"note", "four digits"}},
                  {{"source", "vector"}, {"target", nullptr}, {"columns", 1}, {"note", nullptr}}};
    d["names"] = {
        {"total", 7},
        {"listed", {{{"kind", "table"}, {"source", "s.\"A b\""}, {"target", "s.a_b"}, {"kept_quoted", false}}}}};
    d["outside"] = {
        {{"kind", "login"},
         {"count", 40},
         {"listed", {{{"name", "<b>app"}, {"detail", "disabled"}}, {{"name", "second"}, {"detail", nullptr}}}}}};
    d["estimate"] = {{"duration", {{"seconds", nullptr}, {"not_estimated", "nothing was measured"}}},
                     {"target_disk",
                      {{"rows_bytes", 1024},
                       {"index_bytes", 1024},
                       {"sort_bytes", 1024},
                       {"wal_bytes", 2048},
                       {"total_bytes", 3072},
                       {"basis", "sizes on the source"}}},
                     {"source_growth", {{"bytes_per_second", 2048}, {"basis", "10 s of WAL"}}}};
    d["checklist"] = {
        {{"phase", "fall-back"}, {"step", "Go back"}, {"reason", nullptr}, {"command", "lakemover rollback"}},
        {{"phase", "before"}, {"step", "Rehearse"}, {"reason", "measures"}, {"command", nullptr}}};
    const std::string html = render_assessment_html(d);
    EXPECT_TRUE(has(html, "integer (1,200)"));
    EXPECT_TRUE(has(html, "<td class=\"name\">numeric(19,4)</td>"));
    EXPECT_TRUE(has(html, "<td class=\"name\">unknown</td>"));
    EXPECT_FALSE(has(html, "<th scope=\"row\" class=\"name\">integer</th>"));
    EXPECT_TRUE(has(html, "s.a_b"));
    EXPECT_TRUE(has(html, "6 more: lakemover.plan_table"));
    EXPECT_TRUE(has(html, "&lt;b&gt;app"));
    EXPECT_TRUE(has(html, "and 38 more"));
    EXPECT_TRUE(has(html, "not estimated"));
    EXPECT_TRUE(has(html, "nothing was measured"));
    EXPECT_TRUE(has(html, "2.0 kB/s"));
    EXPECT_TRUE(has(html, "sizes on the source"));
    EXPECT_LT(html.find("<h3>Before</h3>"), html.find("<h3>Fall-back</h3>"));
    EXPECT_FALSE(has(html, "<h3>Cut-over</h3>"));
    EXPECT_TRUE(has(html, "<code>lakemover rollback</code>"));
    EXPECT_TRUE(has(html, "<dt>wal level</dt><dd>replica</dd>"));
    EXPECT_TRUE(has(html, "<dt>in recovery</dt><dd>no</dd>"));
    EXPECT_TRUE(has(html, "class=\"graph\""));
}

TEST(AssessmentPage, OfAnOlderAssessmentDoesWithoutThem) {
    json d = document({table(1, 0, "a")}, json::array());
    d.erase("references");
    const std::string html = render_assessment_html(d);
    for (const char* id : {"id=\"types\"", "id=\"names\"", "id=\"outside\"", "id=\"estimate\"", "id=\"checklist\""})
        EXPECT_FALSE(has(html, id)) << id;
    EXPECT_FALSE(has(html, "class=\"graph\""));
}

TEST(AssessmentPage, SaysWhyACheckWasNotMade) {
    json d = document({table(1, 0, "a")}, json::array());
    for (const char* id : {"data_nul", "target_version", "mail"})
        d["checks"].push_back({{"id", id}, {"title", id}, {"result", "not checked"}});
    const std::string html = render_assessment_html(d);
    EXPECT_TRUE(has(html, "<b>data_nul</b>: the rows were not looked at"));
    EXPECT_TRUE(has(html, "<b>target_version</b>: a fact about the target is missing"));
    EXPECT_TRUE(has(html, "<b>mail</b>: a catalog view of the source could not be read"));
}

}  // namespace
