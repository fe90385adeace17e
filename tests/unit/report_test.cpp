// The HTML reports: escaping of hostile names, grouping, limits, and that a page never claims more than its data.
#include <gtest/gtest.h>

#include <regex>
#include <set>

#include "loader/report/assessment_report.hpp"
#include "loader/report/html.hpp"
#include "loader/report/run_report.hpp"
#include "loader/util/error.hpp"

using lakemover::loader::render_assessment_html;
using lakemover::loader::render_run_html;
using nlohmann::json;
namespace report = lakemover::loader::report;

namespace {

const std::string kHostile =
    "<script>alert('x')</script>\"><img src=x onerror=alert(1)>{{score}}{{{body}}}&amp;\xe2\x80\xae\x01\n--";

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

void expect_links_lead_somewhere(const std::string& html) {
    const std::regex link("href=\"#([^\"]+)\"");
    for (std::sregex_iterator found(html.begin(), html.end(), link), end; found != end; ++found) {
        const std::string anchor = (*found)[1];
        EXPECT_TRUE(has(html, "id=\"" + anchor + "\"")) << anchor;
    }
}

json finding(const std::string& check, const std::string& severity, const std::string& object) {
    return {{"check", check},
            {"title", "Title of " + check},
            {"severity", severity},
            {"schema", "s"},
            {"object", object},
            {"column", nullptr},
            {"message", "about " + object},
            {"recommendation", "do"},
            {"remedy_sql", nullptr}};
}

json assessment() {
    json findings = json::array();
    findings.push_back(finding("naming", "BLOCKER", "Order Lines"));
    findings.push_back(finding("naming", "BLOCKER", "a-b"));
    findings.push_back(finding("primary_key", "WARNING", "log"));
    findings.push_back(finding("naming", "INFO", "renamed one"));
    findings[0]["remedy_sql"] = "UPDATE lakemover.plan_table SET target_table = 'order_lines' WHERE table_id = 1";
    return {
        {"assessment",
         {{"source", "shop"},
          {"taken_at", "2026-01-31T12:00:00.5+00:00"},
          {"score", 58},
          {"status", "blocked"},
          {"status_text", "blocked: 2 BLOCKERs must be resolved before a run"}}},
        {"source", {{"engine", "postgres"}, {"database", "shopdb"}}},
        {"checks",
         {{{"id", "naming"},
           {"title", "Naming"},
           {"recommendation", "do"},
           {"result", "found"},
           {"blockers", 2},
           {"infos", 1}},
          {{"id", "primary_key"}, {"title", "Keys"}, {"recommendation", "do"}, {"result", "found"}, {"warnings", 250}},
          {{"id", "encoding"}, {"title", "Source Encoding"}, {"result", "passed"}},
          {{"id", "missing_extension"}, {"title", "Missing Extensions"}, {"result", "not checked"}}}},
        {"findings", findings},
        {"inventory",
         {{"counts", {{"tables", 1234}, {"views", 0}}},
          {"table_bytes", 3000},
          {"index_bytes", 1000},
          {"largest_tables",
           {{{"schema", "s"},
             {"table", "big"},
             {"row_estimate", nullptr},
             {"table_bytes", 3000},
             {"index_bytes", 1000}}}}}},
        {"load_order",
         {{"tables",
           {{{"schema", "s"}, {"table", "parent"}, {"rank", 0}, {"cycle", nullptr}},
            {{"schema", "s"}, {"table", "a"}, {"rank", 1}, {"cycle", 1}},
            {{"schema", "s"}, {"table", "b"}, {"rank", 1}, {"cycle", 1}}}},
          {"cycles",
           {{{"cycle", 1},
             {"tables", {"s.a", "s.b"}},
             {"foreign_keys", {{{"name", "a_b_fkey"}, {"table", "s.a"}, {"references", "s.b"}}}}}}}}},
        {"plan", {{"profile", "native"}}}};
}

json table(int id, const std::string& state) {
    json result = {{"table_id", id},
                   {"source_name", "s.t" + std::to_string(id)},
                   {"target_name", "s.t" + std::to_string(id)},
                   {"state", state},
                   {"rows_copied", 1000},
                   {"bytes_copied", 2048},
                   {"source_rows", 1000},
                   {"target_rows", 1000},
                   {"validation", json::array()}};
    for (int level = 0; level <= 4; ++level)
        result["validation"].push_back(
            {{"level", level}, {"verdict", "equal"}, {"rows_covered", 1000}, {"detail", json::object()}});
    return result;
}

json run() {
    return {{"run",
             {{"run_id", 7},
              {"source", "shop"},
              {"state", "done"},
              {"verdict", "SUCCESS"},
              {"exit_code", 0},
              {"seconds", 12.5}}},
            {"tables", {table(1, "done"), table(2, "done")}},
            {"criteria", {{{"name", "Counts match"}, {"holds", true}, {"evidence", "2 tables"}}}}};
}

// A document as lakemover report makes it of a run that goes on.
TEST(RunReport, SaysWhereTheTimeWentAndWhatIsLeft) {
    json document = run();
    document["timings"] = {{{"phase", "load"}, {"seconds", 10}}};
    document["stages"] = {{{"stage", "source_wait"}, {"seconds", 6}, {"bytes", 10485760}},
                          {{"stage", "read"}, {"seconds", 8}, {"bytes", 10485760}},
                          {{"stage", "send"}, {"seconds", 2}, {"bytes", 10485760}},
                          {{"stage", "validate"}, {"seconds", 3}, {"bytes", nullptr}}};
    document["tables"][0]["stages"] = {{{"stage", "read"}, {"seconds", 8}, {"bytes", 10485760}},
                                       {{"stage", "count"}, {"seconds", 1.5}, {"bytes", nullptr}}};
    document["run"]["state"] = "running";
    document["run"]["verdict"] = nullptr;
    document["forecast"] = {{"text", "at least 50 s left (load 50 s)"}};
    const std::string html = render_run_html(document);
    EXPECT_TRUE(has(html, "What held up the load most: the source: workers waited for its rows, 60 % of their time."));
    EXPECT_TRUE(has(html, "<th scope=\"row\">Target<br>"));
    EXPECT_TRUE(has(html, "5.0 MB/s"));
    EXPECT_TRUE(has(html, "Tables that took most"));
    EXPECT_EQ(count(html, "<td class=\"num\">9.5 s</td>"), 1U);  // reading and count
    EXPECT_TRUE(has(html, "The run has not ended. Forecast: at least 50 s left (load 50 s)."));
}

// Everything that a browser would act on, outside our own style and script elements.
void expect_inert(const std::string& html) {
    EXPECT_EQ(count(html, "<script"), 1U);
    EXPECT_EQ(count(html, "</script"), 1U);
    EXPECT_EQ(count(html, "<style"), 1U);
    EXPECT_EQ(count(html, "<img"), 0U);
    // Attribute values are quoted and cannot end early; what is left outside them must not be a handler.
    const std::string markup =
        std::regex_replace(html.substr(html.find("<body>"), html.rfind("<script>") - html.find("<body>")),
                           std::regex("\"[^\"]*\""), "\"\"");
    EXPECT_FALSE(std::regex_search(markup, std::regex("<[a-zA-Z][^>]*\\son[a-z]+\\s*=")));
    EXPECT_FALSE(std::regex_search(html, std::regex("(src|href)=\"(?!#)")));
    EXPECT_FALSE(has(html, "@import"));
    EXPECT_FALSE(has(html, "url("));
    EXPECT_TRUE(has(html, "default-src 'none'"));
    EXPECT_EQ(html.find('\x01'), std::string::npos);
    EXPECT_FALSE(has(html, "\xe2\x80\xae"));
}

// Every string of the document that is not an identifier of ours becomes hostile, keys stay.
void poison(json& value, const std::set<std::string>& keep, const std::string& key = {}) {
    if (value.is_string()) {
        if (!keep.contains(key)) value = kHostile;
    } else if (value.is_structured()) {
        for (auto it = value.begin(); it != value.end(); ++it) poison(*it, keep, value.is_object() ? it.key() : key);
    }
}

TEST(ReportText, EscapeKeepsTextAndDefusesTheRest) {
    EXPECT_EQ(report::escape("a<b>&\"'"), "a&lt;b&gt;&amp;&quot;&#39;");
    EXPECT_EQ(report::escape("naïve 表 🚚"), "naïve 表 🚚");
    EXPECT_EQ(report::escape("a\tb\nc"), "a\tb\nc");
    EXPECT_EQ(report::escape(std::string_view("a\0b\x7f", 4)), "a\u2400b\u2421");
    EXPECT_EQ(report::escape("x\u202ey\u200bz\ufeff"), "x[U+202E]y[U+200B]z[U+FEFF]");
    EXPECT_EQ(report::escape("\xff|\xc0\xaf|\xed\xa0\x80|\xe2\x82"),
              "\ufffd|\ufffd\ufffd|\ufffd\ufffd\ufffd|\ufffd\ufffd");
}

TEST(ReportText, OneLineShowsBreaks) { EXPECT_EQ(report::one_line("a\nb\tc\rd"), "a\u240ab\u2409c\u240dd"); }

TEST(ReportText, ShortenCutsBetweenCharacters) {
    EXPECT_EQ(report::shorten("abc", 3), "abc");
    EXPECT_EQ(report::shorten("aéé", 2), "a…");
    EXPECT_EQ(report::shorten("aéé", 3), "aé…");
}

TEST(ReportText, Numbers) {
    EXPECT_EQ(report::format_count(0), "0");
    EXPECT_EQ(report::format_count(999), "999");
    EXPECT_EQ(report::format_count(1000), "1,000");
    EXPECT_EQ(report::format_count(-1234567), "-1,234,567");
    EXPECT_EQ(report::format_count(-999), "-999");
    EXPECT_EQ(report::format_bytes(0), "0 B");
    EXPECT_EQ(report::format_bytes(1536), "1.5 kB");
    EXPECT_EQ(report::format_bytes(10.0 * 1024 * 1024 * 1024), "10.0 GB");
    EXPECT_EQ(report::format_bytes(734003200), "700 MB");
    EXPECT_EQ(report::format_seconds(0.0123), "12 ms");
    EXPECT_EQ(report::format_seconds(9.99), "10 s");
    EXPECT_EQ(report::format_seconds(200), "3 min 20 s");
    EXPECT_EQ(report::format_seconds(7500), "2 h 5 min");
    EXPECT_EQ(report::format_time("2026-01-31T12:00:00.5+00:00"), "2026-01-31 12:00:00 UTC");
    EXPECT_EQ(report::format_time("2026-01-31T12:00:00+05:30"), "2026-01-31 12:00:00 +05:30");
    EXPECT_EQ(report::format_time(""), "");
}

TEST(AssessmentReport, FirstScreenSaysWhatItIs) {
    const std::string html = render_assessment_html(assessment());
    EXPECT_TRUE(has(html, "<h1>Not ready: 2 blockers</h1>"));
    EXPECT_TRUE(has(html, "2 BLOCKERs must be resolved before a run."));
    EXPECT_TRUE(has(html, "aria-label=\"Score 58 of 100\""));
    EXPECT_TRUE(has(html, "What to do next"));
    EXPECT_TRUE(has(html, "2026-01-31 12:00:00 UTC"));
    EXPECT_TRUE(has(html, "target_table = &#39;order_lines&#39; WHERE table_id = 1;"));
    expect_inert(html);
}

TEST(AssessmentReport, ReadyHasNoBlockerSteps) {
    json document = assessment();
    document["findings"] = json::array({finding("primary_key", "WARNING", "log")});
    document["assessment"]["status"] = "ready";
    document["checks"][1]["warnings"] = 1;
    const std::string html = render_assessment_html(document);
    EXPECT_TRUE(has(html, "<h1>Ready to migrate</h1>"));
    EXPECT_FALSE(has(html, "Resolve each blocker"));
    EXPECT_FALSE(has(html, "id=\"remedies\""));
}

TEST(AssessmentReport, FindingsAreGroupedBySeverityThenCheck) {
    const std::string html = render_assessment_html(assessment());
    // naming has findings of two severities: two groups.
    EXPECT_EQ(count(html, "<details data-group="), 3U);
    const auto blocker = html.find("id=\"bad-1\"");
    const auto warning = html.find("id=\"warn-1\"");
    const auto info = html.find("id=\"info-1\"");
    ASSERT_NE(info, std::string::npos);
    EXPECT_LT(blocker, warning);
    EXPECT_LT(warning, info);
    EXPECT_EQ(count(html, "<tr data-row=\"bad\">"), 2U);
    expect_links_lead_somewhere(html);
}

TEST(AssessmentReport, CutFindingsAreCounted) {
    const std::string html = render_assessment_html(assessment());
    EXPECT_TRUE(has(html, "250 warnings"));
    EXPECT_TRUE(has(html, "249 more of this check"));
}

TEST(AssessmentReport, CyclesAndUncheckedAreVisible) {
    const std::string html = render_assessment_html(assessment());
    EXPECT_TRUE(has(html, "Cycle 1</span>"));
    EXPECT_TRUE(has(html, "a_b_fkey (s.a → s.b)"));
    EXPECT_EQ(count(html, "↻1"), 2U);
    EXPECT_TRUE(has(html, "id=\"not-checked\""));
    EXPECT_TRUE(has(html, "Checked without a finding: Source Encoding."));
    EXPECT_TRUE(has(html, "unknown"));  // rows of a table without statistics
}

TEST(AssessmentReport, HostileNamesAreText) {
    json document = assessment();
    poison(document, {"severity", "id", "check", "status", "result", "engine"});
    const std::string html = render_assessment_html(document);
    expect_inert(html);
    EXPECT_TRUE(has(html, "&lt;script&gt;alert("));
    EXPECT_TRUE(has(html, "{{score}}"));  // data is never a template
    EXPECT_TRUE(has(html, "[U+202E]"));
}

TEST(AssessmentReport, TenThousandTablesStaySmall) {
    json document = assessment();
    json& tables = document["load_order"]["tables"];
    json& findings = document["findings"];
    for (int i = 0; i < 10000; ++i) {
        const std::string name = "a_rather_long_table_name_as_they_are_in_real_life_" + std::to_string(i);
        tables.push_back({{"schema", "some_schema"}, {"table", name}, {"rank", i % 7}, {"cycle", nullptr}});
        for (const char* check : {"naming", "reserved"}) {
            findings.push_back(finding(check, "BLOCKER", name));
            findings.back()["remedy_sql"] = "UPDATE lakemover.plan_table SET target_table = 'x' WHERE table_id = 1";
        }
        for (const char* check : {"primary_key", "trigger"}) findings.push_back(finding(check, "WARNING", name));
        for (const char* check : {"foreign_key", "index"}) findings.push_back(finding(check, "INFO", name));
    }
    const std::string html = render_assessment_html(document);
    EXPECT_LT(html.size(), 5U * 1024 * 1024);
    EXPECT_TRUE(has(html, "20,002 blockers"));
    EXPECT_TRUE(has(html, "and 1,"));  // tables of a step that are not listed are counted
}

TEST(AssessmentReport, AnythingElseIsRefused) {
    EXPECT_THROW(render_assessment_html(json::object()), lakemover::loader::Error);
    EXPECT_THROW(render_assessment_html(run()), lakemover::loader::Error);
    EXPECT_THROW(render_run_html(assessment()), lakemover::loader::Error);
    EXPECT_THROW(render_run_html(json(nullptr)), lakemover::loader::Error);
}

TEST(RunReport, SuccessShowsCriteriaAndLevels) {
    const std::string html = render_run_html(run());
    EXPECT_TRUE(has(html, "<h1>SUCCESS</h1>"));
    EXPECT_TRUE(has(html, "Every criterion below holds."));
    EXPECT_TRUE(has(html, "2 of 2 tables done"));
    EXPECT_EQ(count(html, "title=\"level 2: equal, 1,000 rows\""), 2U);
    EXPECT_TRUE(has(html, "4.0 kB"));
    EXPECT_FALSE(has(html, "id=\"differences\""));
    EXPECT_FALSE(has(html, "id=\"failed\""));
    expect_inert(html);
}

TEST(RunReport, MissingLevelIsNotEqual) {
    json document = run();
    document["tables"][0]["validation"].erase(3);
    const std::string html = render_run_html(document);
    EXPECT_EQ(count(html, "title=\"level 3: not run\""), 1U);
    EXPECT_EQ(count(html, "title=\"level 3: equal, 1,000 rows\""), 1U);
}

TEST(RunReport, VerdictThatItsCriteriaContradictIsCalledOut) {
    json document = run();
    document["criteria"].push_back({{"name", "Checksums"}, {"holds", false}, {"evidence", "1 differs"}});
    const std::string html = render_run_html(document);
    EXPECT_TRUE(has(html, "do not rely on this verdict"));
    EXPECT_FALSE(has(html, "Every criterion below holds"));
    EXPECT_TRUE(has(html, "class=\"disc bad\""));

    document["criteria"][1]["holds"] = nullptr;
    EXPECT_TRUE(has(render_run_html(document), "Not every criterion could be judged"));
}

TEST(RunReport, DoneTableThatDiffersIsNotGreen) {
    json document = run();
    document["tables"][1]["validation"][2]["verdict"] = "different";
    document["run"]["verdict"] = "VALIDATION FAILED";
    const std::string html = render_run_html(document);
    EXPECT_TRUE(has(html, "<span class=\"badge bad\">different</span>"));
    EXPECT_TRUE(has(html, "1 table differs"));
    EXPECT_LT(html.find("<span class=\"name\">s.t2</span>"),
              html.find("<span class=\"name\">s.t1</span>"));  // problems first
}

TEST(RunReport, UncomparedTableIsNeitherGreenNorCalledDifferent) {
    json document = run();
    document["tables"][1]["validation"][3]["verdict"] = "not comparable";
    document["tables"][1]["validation"][3]["detail"] = {{"reason", "no vector for this type"}};
    document["run"]["verdict"] = "VALIDATION FAILED";
    document["run"]["exit_code"] = 5;
    const std::string html = render_run_html(document);
    EXPECT_TRUE(has(html, "<span class=\"badge warn\">not proven</span>"));
    EXPECT_TRUE(has(html, "1 table not proven"));
    EXPECT_TRUE(has(html, "1 of 2 tables done"));
    EXPECT_TRUE(has(html, "it is not proven that the target holds the same data"));
    EXPECT_FALSE(has(html, "does not hold the same data"));
    EXPECT_TRUE(has(html, "no vector for this type"));
    expect_links_lead_somewhere(html);
}

TEST(RunReport, FailuresComeWithTheirReasons) {
    json document = run();
    document["run"]["verdict"] = "INCOMPLETE";
    document["tables"][0]["state"] = "failed";
    document["tables"][0]["error"] = "value too long";
    document["statements_failed"] = {
        {{"stage", "fk"}, {"object", "s.t1"}, {"sql", "ALTER TABLE x"}, {"error", "violates\nDETAIL: y"}}};
    document["differences"] = {{{"table_id", 2},
                                {"row_key", "{9}"},
                                {"column_name", "c"},
                                {"source_value", ""},
                                {"target_value", nullptr},
                                {"cause", "'' and NULL"}}};
    document["not_moved"] = {{{"kind", "view"}, {"name", "s.v"}, {"reason", "not moved by this version"}}};
    document["excluded"] = {"s.scratch"};
    const std::string html = render_run_html(document);
    for (const char* part : {"id=\"failed\"", "value too long", "id=\"statements\"", "ALTER TABLE x",
                             "id=\"differences\"", ">NULL<", "id=\"not-moved\"", "s.scratch", "--on-existing"})
        EXPECT_TRUE(has(html, part)) << part;
    EXPECT_TRUE(has(html, "<th scope=\"row\" class=\"name\">s.t2</th>"));  // a difference names its table
    expect_links_lead_somewhere(html);
}

TEST(RunReport, RefusedRunPointsToTheAssessment) {
    json document = run();
    document["run"]["verdict"] = "FAILED";
    document["run"]["exit_code"] = 3;
    document["run"]["error"] = "the assessment found 2 blockers";
    document["tables"] = json::array();
    document["criteria"] = json::array();
    const std::string html = render_run_html(document);
    EXPECT_TRUE(has(html, "refused before anything was written"));
    EXPECT_TRUE(has(html, "assessment.html beside this page"));
    EXPECT_FALSE(has(html, "--on-existing"));
    EXPECT_TRUE(has(html, "The run ended before they were judged."));
}

TEST(RunReport, DeclaredLossesAreSpelledOut) {
    json document = run();
    document["tables"][0]["validation"][3]["verdict"] = "equal under policy";
    document["tables"][0]["validation"][3]["detail"] = {{"reason", "trailing blanks of char(n)"}};
    const std::string html = render_run_html(document);
    EXPECT_TRUE(has(html, "id=\"policy\""));
    EXPECT_TRUE(has(html, "trailing blanks of char(n)"));
}

TEST(RunReport, HostileNamesAreText) {
    json document = run();
    document["tables"][0]["state"] = "failed";
    document["tables"][0]["error"] = "e";
    document["statements_failed"] = {{{"stage", "fk"}, {"object", "o"}, {"sql", "q"}, {"error", "e"}}};
    document["differences"] = {{{"table_id", 2},
                                {"row_key", "k"},
                                {"column_name", "c"},
                                {"source_value", "v"},
                                {"target_value", "w"},
                                {"source_hex", "h"},
                                {"target_hex", "h"},
                                {"cause", "c"}}};
    document["not_moved"] = {{{"kind", "view"}, {"name", "v"}, {"reason", "r"}}};
    document["warnings"] = {{{"message", "m"}, {"at", "now"}}};
    document["run"]["options"] = {{"k", "v"}};
    document["run"]["error"] = "e";
    document["snapshot"] = {{"state", "s"}, {"error", "e"}};
    poison(document, {});
    expect_inert(render_run_html(document));
}

TEST(RunReport, TenThousandTablesStaySmall) {
    json document = run();
    for (int i = 3; i < 10003; ++i) document["tables"].push_back(table(i, i % 50 == 0 ? "failed" : "done"));
    const std::string html = render_run_html(document);
    EXPECT_LT(html.size(), 5U * 1024 * 1024);
    EXPECT_TRUE(has(html, "8,002 more tables are in reconciliation.json"));
    EXPECT_TRUE(has(html, "9,802 of 10,002 tables done"));
}

}  // namespace
