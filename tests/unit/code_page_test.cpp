// The page with source and result side by side: every name and every text escaped, what is to be looked at marked.
#include <gtest/gtest.h>

#include "loader/report/code_page.hpp"

namespace lakemover::loader {
namespace {

using nlohmann::json;

json object(const std::string& name, const std::string& result) {
    return {
        {"kind", "procedure"},
        {"source_name", name},
        {"target_name", "dbo.p"},
        {"class", result},
        {"score", 3.5},
        {"verified", false},
        {"reason", "<i>reason</i>"},
        {"outcome", "left out"},
        {"why", "<u>why</u>"},
        {"notes",
         json::array(
             {{{"line", 8}, {"construct", "<b>x</b>"}, {"why", "a & b"}, {"todo", "\"do\""}, {"severity", "manual"}}})},
        {"source_sql", "one\n<script>alert(1)</script>\nthree"},
        {"first_line", 7},
        {"sql", "BEGIN\n    -- FIXME(lakemover): line 8: x: why: todo\nEND"}};
}

TEST(CodePage, EscapesAndMarks) {
    const std::string html =
        render_code_html({{"of", "run 1 of <source>"}, {"objects", json::array({object("dbo.\"<a>\"\n", "manual")})}});
    for (const char* raw : {"<script>alert", "<i>reason", "<u>why", "<b>x</b>", "<source>", "\"<a>\"", "a & b"})
        EXPECT_EQ(html.find(raw), std::string::npos) << raw;
    EXPECT_NE(html.find("<mark class=\"line\" data-n=\"8\">&lt;script&gt;"), std::string::npos)
        << "the line of the note";
    EXPECT_NE(html.find("<span class=\"line\" data-n=\"7\">one"), std::string::npos) << "numbered as in its file";
    EXPECT_NE(html.find("<mark class=\"line\" data-n=\"2\">    -- FIXME"), std::string::npos);
    EXPECT_NE(html.find("left out"), std::string::npos);
    EXPECT_EQ(html.find("http://"), std::string::npos) << "nothing from elsewhere";
    EXPECT_EQ(html.find("https://"), std::string::npos);
}

TEST(CodePage, CountsAndNothing) {
    const std::string html = render_code_html(
        {{"of", "x"},
         {"objects", json::array({object("a", "equivalent"), object("b", "review"), object("c", "review")})}});
    EXPECT_NE(html.find("2 review"), std::string::npos);
    EXPECT_NE(html.find("1 equivalent"), std::string::npos);
    EXPECT_NE(html.find("0 manual"), std::string::npos);
    EXPECT_NE(render_code_html({{"of", "x"}, {"objects", json::array()}}).find("There are none"), std::string::npos);
    json bare = object("d", "manual");
    bare["source_sql"] = nullptr;
    bare["sql"] = nullptr;
    EXPECT_NE(render_code_html({{"of", "x"}, {"objects", json::array({bare})}}).find("does not show its text"),
              std::string::npos);
}

}  // namespace
}  // namespace lakemover::loader
