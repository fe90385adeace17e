// Two assessments compared: resolved, new, changed; what only looks different is none of them.
#include <gtest/gtest.h>

#include "loader/report/assessment_diff.hpp"
#include "loader/util/error.hpp"

using lakemover::loader::compare_assessments;
using lakemover::loader::comparison_text;
using nlohmann::json;

namespace {

json finding(const std::string& check, const std::string& severity, const std::string& object,
             const std::string& message) {
    return {{"check", check},       {"title", "Title of " + check},
            {"severity", severity}, {"schema", "s"},
            {"object", object},     {"column", nullptr},
            {"message", message}};
}

json assessment(int id, int score, json findings) {
    return {{"assessment",
             {{"id", id},
              {"taken_at", "2026-01-31T12:00:00+00:00"},
              {"score", score},
              {"status", "blocked"},
              {"counts", {{"blocker", 1}, {"warning", 2}, {"info", 3}}}}},
            {"source", {{"identity", "7/shop"}}},
            {"checks", json::array()},
            {"findings", std::move(findings)}};
}

TEST(AssessmentDiff, TellsResolvedNewAndChanged) {
    const json before = assessment(
        1, 38,
        {finding("naming", "BLOCKER", "a b", "the name contains a space"),
         finding("naming", "BLOCKER", "gone", "the name contains a hyphen"),
         finding("large_table", "WARNING", "big", "has 10 GB"), finding("index", "WARNING", "same", "stays")});
    const json after = assessment(
        2, 78,
        {finding("naming", "INFO", "a b", "the plan maps it to a_b"),
         finding("reserved", "BLOCKER", "user", "is a word"), finding("large_table", "WARNING", "big", "has 11 GB"),
         finding("index", "WARNING", "same", "stays")});
    const json d = compare_assessments(before, after);
    ASSERT_EQ(d["resolved"].size(), 2U);
    EXPECT_EQ(d["resolved"][0]["object"], "a b");
    EXPECT_EQ(d["resolved"][0]["now"], "the plan maps it to a_b");
    EXPECT_EQ(d["resolved"][1]["object"], "gone");
    EXPECT_TRUE(d["resolved"][1]["now"].is_null());
    ASSERT_EQ(d["new"].size(), 1U);
    EXPECT_EQ(d["new"][0]["object"], "user");
    ASSERT_EQ(d["changed"].size(), 1U);
    EXPECT_EQ(d["changed"][0]["message_before"], "has 10 GB");
    EXPECT_EQ(d["changed"][0]["message"], "has 11 GB");
    const std::string text = comparison_text(d);
    EXPECT_NE(text.find("score 38 → 78"), std::string::npos) << text;
    EXPECT_NE(text.find("Resolved (2)"), std::string::npos) << text;
    EXPECT_NE(text.find("now: the plan maps it to a_b"), std::string::npos) << text;
}

TEST(AssessmentDiff, SeveralFindingsOfOnePlaceAreToldApartByTheirWords) {
    const json before = assessment(
        1, 90,
        {finding("not_validated", "WARNING", "t", "check one"), finding("not_validated", "WARNING", "t", "check two"),
         finding("data_orphan", "WARNING", "t", "orphans (seen in a sample)")});
    const json after = assessment(2, 92,
                                  {finding("not_validated", "WARNING", "t", "check two"),
                                   finding("data_orphan", "WARNING", "t", "orphans (all rows looked at)")});
    const json d = compare_assessments(before, after);
    ASSERT_EQ(d["resolved"].size(), 1U);
    EXPECT_EQ(d["resolved"][0]["message"], "check one");
    EXPECT_TRUE(d["new"].empty());
    EXPECT_TRUE(d["changed"].empty()) << d["changed"].dump();
}

TEST(AssessmentDiff, AnotherSeverityIsAChange) {
    const json d = compare_assessments(assessment(1, 1, {finding("data_nul", "WARNING", "t", "NUL")}),
                                       assessment(2, 1, {finding("data_nul", "BLOCKER", "t", "NUL")}));
    ASSERT_EQ(d["changed"].size(), 1U);
    EXPECT_EQ(d["changed"][0]["severity_before"], "WARNING");
}

TEST(AssessmentDiff, RefusesWhatCannotBeCompared) {
    const json good = assessment(1, 1, json::array());
    json other = good;
    other["source"]["identity"] = "8/shop";
    EXPECT_THROW(compare_assessments(good, other), lakemover::loader::Error);
    EXPECT_THROW(compare_assessments(json::object(), good), lakemover::loader::Error);
    // A document that was cut would call what it left out resolved.
    json cut = good;
    cut["checks"] = {{{"id", "index"}, {"warnings", 300}, {"left_out", 100}}};
    EXPECT_THROW(compare_assessments(cut, good), lakemover::loader::Error);
}

}  // namespace
