#include <gtest/gtest.h>

#include "loader/engine/point.hpp"

namespace lakemover::loader {
namespace {

TEST(SharedPoint, ConsecutiveSessionsThatFoundTheSameOthersOpenSeeTheSame) {
    EXPECT_EQ(point_difference({{10, {3, 7}}}), "");
    EXPECT_EQ(point_difference({{10, {3, 7}}, {11, {3, 7, 10}}, {12, {3, 7, 10, 11}}}), "");
    // Opened at the same time, they need not see each other in the order of their numbers.
    EXPECT_EQ(point_difference({{12, {11}}, {10, {}}, {11, {10}}}), "");
}

TEST(SharedPoint, ATransactionThatBeganBetweenTwoSessions) {
    // 11 may have committed before 12 was fixed: then 12 sees it and 10 does not.
    EXPECT_NE(point_difference({{10, {}}, {12, {10}}}).find("10 and 12"), std::string::npos);
    EXPECT_NE(point_difference({{10, {}}, {12, {10, 11}}}), "");
}

TEST(SharedPoint, ATransactionThatEndedBetweenTwoSessions) {
    // 7 was open for the first and not for the second: its commit was in the log before, and became visible between them.
    EXPECT_NE(point_difference({{10, {7}}, {11, {10}}}).find("ended"), std::string::npos);
    EXPECT_NE(point_difference({{10, {3}}, {11, {3, 10}}, {12, {10, 11}}}), "");
    EXPECT_NE(point_difference({{10, {}}, {11, {7, 10}}}), "");
}

TEST(SharedPoint, NumbersMustNotRepeat) { EXPECT_NE(point_difference({{10, {}}, {10, {}}}), ""); }

TEST(SharedPoint, MarksAreReadInAnyOrder) {
    const PointMarks marks = PointMarks::parse(R"({"number": 5, "active": [4, 2, 9007199254740993]})");
    EXPECT_EQ(marks.number, 5);
    EXPECT_EQ(marks.active, (std::vector<std::int64_t>{2, 4, 9007199254740993}));
    EXPECT_ANY_THROW(PointMarks::parse(R"({"active": []})"));
}

}  // namespace
}  // namespace lakemover::loader
