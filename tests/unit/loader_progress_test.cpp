// What a person sees of a run's progress.
#include <gtest/gtest.h>

#include "loader/cli/progress.hpp"
#include "loader/engine/cancel.hpp"

namespace lakemover::loader {
namespace {

TEST(Progress, Counts) {
    EXPECT_EQ(human_count(0), "0");
    EXPECT_EQ(human_count(999), "999");
    EXPECT_EQ(human_count(1000), "1,000");
    EXPECT_EQ(human_count(1234567), "1,234,567");
    EXPECT_EQ(human_count(-1234), "-1,234");
    EXPECT_EQ(human_count(-999), "-999");
}

TEST(Progress, Bytes) {
    EXPECT_EQ(human_bytes(0), "0 B");
    EXPECT_EQ(human_bytes(1023), "1023 B");
    EXPECT_EQ(human_bytes(1536), "1.5 kB");
    EXPECT_EQ(human_bytes(20.0 * 1024 * 1024), "20 MB");
    EXPECT_EQ(human_bytes(3.0 * 1024 * 1024 * 1024 * 1024), "3.0 TB");
}

TEST(Progress, ShareFollowsThePhase) {
    nlohmann::json p{{"phase", "load"},  {"tables", 4},           {"tables_loaded", 1},      {"chunks", 10},
                     {"chunks_done", 5}, {"rows_copied", 12345},  {"bytes_copied", 1048576}, {"seconds", 2.0},
                     {"statements", 10}, {"statements_done", 10}, {"tables_validated", 0}};
    const std::string load = progress_line(p, 100);
    const auto filled = std::count(load.begin(), load.end(), '#');
    const auto open =
        std::count(load.begin(), load.end(), '.') - 1;  // "512.0"-like figures do not occur here, one in the rate may
    EXPECT_NEAR(static_cast<double>(filled), static_cast<double>(open), 2) << load;
    EXPECT_NE(load.find("1/4 tables"), std::string::npos) << load;
    EXPECT_NE(load.find("12,345 rows"), std::string::npos) << load;
    EXPECT_NE(load.find("512 kB/s"), std::string::npos) << load;
    p["phase"] = "finish";
    const std::string finish = progress_line(p, 100);
    EXPECT_EQ(finish.find("#."), std::string::npos) << finish;
    p["phase"] = "validate";
    const std::string validate = progress_line(p, 100);
    EXPECT_EQ(std::count(validate.begin(), validate.end(), '#'), 0) << validate;
}

TEST(Progress, MoreThanEverythingIsAFullBar) {
    const nlohmann::json p{{"phase", "validate"}, {"tables", 4}, {"tables_validated", 5}, {"seconds", 1.0}};
    const std::string line = progress_line(p, 100);
    EXPECT_EQ(line.find("]"), line.find("#]") + 1) << line;
}

TEST(Progress, ARunThatHasNotStartedHasALine) {
    EXPECT_NO_THROW((void)progress_line({{"phase", "queued"}, {"seconds", nullptr}}, 20));
}

TEST(Cancel, FirstReasonStays) {
    CancelToken token;
    EXPECT_NO_THROW(token.check());
    token.raise("first");
    token.raise("second");
    EXPECT_EQ(token.why(), "first");
    try {
        token.check();
        FAIL();
    } catch (const Error& e) {
        EXPECT_EQ(e.exit_code, Exit::kCancelled);
        EXPECT_NE(std::string(e.what()).find("first"), std::string::npos);
    }
}

}  // namespace
}  // namespace lakemover::loader
