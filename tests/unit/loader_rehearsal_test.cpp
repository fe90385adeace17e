// What a rehearsal says about the whole.
#include <gtest/gtest.h>

#include "loader/engine/rehearsal.hpp"

namespace lakemover::loader {
namespace {

using nlohmann::json;

json figures() {
    return {{"rows", 1000},
            {"whole_rows", 10000},
            {"bytes", 1e6},
            {"whole_bytes", 1e7},
            {"workers", 4},
            {"foreign_keys", 2},
            {"phases", {{"preflight", 1}, {"assess", 2}, {"load", 20}, {"finish", 3}, {"validate", 4}}}};
}

TEST(Rehearsal, Share) {
    EXPECT_DOUBLE_EQ(parse_share("5%"), 0.05);
    EXPECT_DOUBLE_EQ(parse_share("0.5"), 0.005);
    EXPECT_DOUBLE_EQ(parse_share("100%"), 1);
    for (const char* wrong : {"", "0", "-1", "100.1%", "5%%", "five", "%", "nan", "5 %"})
        EXPECT_THROW(parse_share(wrong), Error) << wrong;
}

TEST(Rehearsal, GrowsWithBytesAndKeysALittleMore) {
    const auto f = forecast_whole(figures());
    ASSERT_TRUE(f);
    EXPECT_DOUBLE_EQ(f->load_s, 200);
    EXPECT_DOUBLE_EQ(f->validate_s, 40);
    EXPECT_DOUBLE_EQ(f->fixed_s, 3);
    EXPECT_GT(f->finish_s, 30);
    EXPECT_LT(f->finish_s, 60);
    EXPECT_NE(f->basis.find("10.0 % of the whole"), std::string::npos) << f->basis;
    EXPECT_NE(f->basis.find("not in it: 2 foreign keys"), std::string::npos) << f->basis;
    EXPECT_EQ(f->basis.find("upper bound"), std::string::npos) << f->basis;
}

TEST(Rehearsal, ShortOnesSaySo) {
    json short_one = figures();
    short_one["phases"]["load"] = 0.5;
    EXPECT_NE(forecast_whole(short_one)->basis.find("upper bound"), std::string::npos);
}

TEST(Rehearsal, NothingLoadedIsNoForecast) {
    json none = figures();
    none["bytes"] = 0;
    EXPECT_FALSE(forecast_whole(none));
    none = figures();
    none["phases"].erase("load");
    EXPECT_FALSE(forecast_whole(none));
    EXPECT_FALSE(forecast_whole(json::object()));
}

TEST(Rehearsal, GoOrNot) {
    const auto f = forecast_whole(figures());
    EXPECT_EQ(no_go(Exit::kSuccess, "REHEARSED", "", f, std::nullopt, 0), "");
    EXPECT_EQ(no_go(Exit::kSuccess, "REHEARSED", "", std::nullopt, 10, 0), "");
    EXPECT_EQ(no_go(Exit::kIncomplete, "INCOMPLETE", "a table failed", f, std::nullopt, 0),
              "INCOMPLETE: a table failed");
    EXPECT_EQ(no_go(Exit::kSuccess, "REHEARSED", "", f, 1000, 0), "");
    EXPECT_NE(no_go(Exit::kSuccess, "REHEARSED", "", f, 100, 0).find("would be missed"), std::string::npos);
}

}  // namespace
}  // namespace lakemover::loader
