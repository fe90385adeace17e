// The command of --on-event: what it gets, what it does not get, and that it harms nobody.
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "loader/engine/event_command.hpp"

using lakemover::loader::EventCommand;
using lakemover::loader::without_secrets;
using nlohmann::json;

namespace {

class EventCommandTest : public ::testing::Test {
protected:
    void SetUp() override {
        char name[] = "/tmp/lm_event_XXXXXX";
        ASSERT_NE(mkdtemp(name), nullptr);
        directory_ = name;
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }
    std::string file(const char* name) const {
        std::ifstream in(directory_ + "/" + name);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string directory_;
};

TEST_F(EventCommandTest, GetsTheEventAsJson) {
    const EventCommand command("cat > '" + directory_ + "/event'; echo not shown");
    EXPECT_EQ(command.tell("run_done", {{"run", 7}, {"reason", "quote ' \" and\nline \xff"}}), "");
    const json event = json::parse(file("event"));
    EXPECT_EQ(event["event"], "run_done");
    EXPECT_EQ(event["run"], 7);
    EXPECT_TRUE(event["time"].is_string());
    EXPECT_EQ(file("event").back(), '\n');
}

TEST_F(EventCommandTest, GetsMoreThanAPipeHolds) {
    const EventCommand command("wc -c > '" + directory_ + "/size'");
    EXPECT_EQ(command.tell("run_failed", {{"error", std::string(1 << 20, 'x')}}), "");
    EXPECT_GT(std::stoi(file("size")), 1 << 20);
}

TEST_F(EventCommandTest, OneThatDoesNotReadIsNoFailure) {
    EXPECT_EQ(EventCommand("exit 0").tell("run_done", {{"error", std::string(1 << 20, 'x')}}), "");
}

TEST_F(EventCommandTest, FailureIsAMessage) {
    EXPECT_NE(EventCommand("exit 3").tell("run_done", {}).find("failed with status 3"), std::string::npos);
    EXPECT_NE(EventCommand("kill -9 $$").tell("run_done", {}).find("failed with status 137"), std::string::npos);
    EXPECT_NE(EventCommand("/no/such/command 2> /dev/null").tell("run_done", {}).find("127"), std::string::npos);
    // It may hold what is not for everybody.
    EXPECT_EQ(EventCommand("exit 3 # s3cret").tell("run_done", {}).find("s3cret"), std::string::npos);
}

TEST_F(EventCommandTest, ItsTimeIsLimitedAndItsChildrenGoWithIt) {
    const auto start = std::chrono::steady_clock::now();
    const EventCommand command("sleep 60 & echo $! > '" + directory_ + "/pid'; sleep 60",
                               std::chrono::milliseconds(500));
    EXPECT_NE(command.tell("run_paused", {}).find("was ended"), std::string::npos);
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
    const std::string pid = file("pid");
    ASSERT_FALSE(pid.empty());
    for (int i = 0; i < 100; ++i) {
        // A zombie that nobody has collected yet is gone all the same.
        std::ifstream stat("/proc/" + std::to_string(std::stoi(pid)) + "/stat");
        std::string text{std::istreambuf_iterator<char>(stat), {}};
        if (text.empty() || text.find(") Z ") != std::string::npos) return;
        usleep(50000);
    }
    FAIL() << "process " << pid << " is still there";
}

TEST_F(EventCommandTest, NoCommandDoesNothing) { EXPECT_EQ(EventCommand("").tell("run_done", {}), ""); }

TEST(EventCommandEnvironment, HoldsNoSecret) {
    const char* const environment[] = {"PATH=/bin",
                                       "SOURCE_PASSWORD=a",
                                       "LAKEBASE_PASSWORD_FILE=b",
                                       "PGPASSWORD=c",
                                       "LAKEMOVER_STAGING=password=d",
                                       "api_token=e",
                                       "AWS_SECRET_ACCESS_KEY=f",
                                       "SOURCE_HOST=h",
                                       nullptr};
    EXPECT_EQ(without_secrets(environment), (std::vector<std::string>{"PATH=/bin", "SOURCE_HOST=h"}));
    EXPECT_TRUE(without_secrets(nullptr).empty());
}

}  // namespace
