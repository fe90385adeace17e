// Secrets from files, variables and commands: what is taken, what is refused, and that a cancel ends the command.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <thread>

#include "source/secret.hpp"

namespace {

using namespace lakemover::source;
using Clock = std::chrono::steady_clock;

class PollWaiter : public Waiter {
public:
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override {
        pollfd one{fd, static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
        return ::poll(&one, 1, static_cast<int>(timeout_ms)) > 0;
    }
};

struct Cancelled {};

// Gives up at the first wait after a while, as the backend's waiter does when the user cancels.
class CancellingWaiter final : public PollWaiter {
public:
    bool wait(int fd, bool readable, bool writable, long /*timeout_ms*/) override {
        if (PollWaiter::wait(fd, readable, writable, 100)) return true;
        throw Cancelled{};
    }
};

class SecretFile : public ::testing::Test {
protected:
    void SetUp() override {
        std::string pattern = (std::filesystem::temp_directory_path() / "lm-secret-XXXXXX").string();
        ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
        dir_ = pattern;
    }
    void TearDown() override { std::filesystem::remove_all(dir_); }
    std::string write(const std::string& text) const {
        const std::string path = dir_ + "/secret";
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    std::string dir_;
};

TEST_F(SecretFile, DropsOneLineBreakAndKeepsBlanks) {
    EXPECT_EQ(read_secret_file(write(" p@ss;'w ord \n")), " p@ss;'w ord ");
    EXPECT_EQ(read_secret_file(write("x\r\n")), "x");
    EXPECT_EQ(read_secret_file(write("x\n\n")), "x\n");
}

TEST_F(SecretFile, RefusesWhatIsNoPassword) {
    EXPECT_THROW(read_secret_file(write("\n")), Error);
    EXPECT_THROW(read_secret_file(write("")), Error);
    EXPECT_THROW(read_secret_file(write(std::string("a\0b", 3))), Error);
    EXPECT_THROW(read_secret_file(write(std::string(70000, 'x'))), Error);
    EXPECT_THROW(read_secret_file("relative"), Error);
    EXPECT_THROW(read_secret_file(dir_), Error);
    EXPECT_THROW(read_secret_file(dir_ + "/missing"), Error);
}

TEST_F(SecretFile, DoesNotHangOnAPipeThatNobodyWrites) {
    const std::string path = dir_ + "/pipe";
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
    EXPECT_THROW(read_secret_file(path), Error);
}

TEST(SecretEnv, NamesTheMissingVariable) {
    ::setenv("LM_TEST_SECRET", "v", 1);
    EXPECT_EQ(read_secret_env("LM_TEST_SECRET"), "v");
    ::unsetenv("LM_TEST_SECRET");
    try {
        read_secret_env("LM_TEST_SECRET");
        FAIL() << "took a variable that is not set";
    } catch (const Error& e) {
        EXPECT_NE(std::string(e.what()).find("LM_TEST_SECRET"), std::string::npos);
    }
}

TEST(SecretCommand, TakesWhatItPrints) {
    PollWaiter waiter;
    EXPECT_EQ(run_secret_command("printf 'a b\\n'; exec 1>&-; sleep 0.2", waiter, 10), "a b");
}

TEST(SecretCommand, FailsWithItsStatusAndWithoutItsOutput) {
    PollWaiter waiter;
    try {
        run_secret_command("echo hunter2; exit 3", waiter, 10);
        FAIL() << "accepted a failed command";
    } catch (const Error& e) {
        EXPECT_NE(e.detail.find("status 3"), std::string::npos);
        EXPECT_EQ((std::string(e.what()) + e.detail + e.hint).find("hunter2"), std::string::npos);
    }
    EXPECT_THROW(run_secret_command("true", waiter, 10), Error);
}

TEST_F(SecretFile, TimeoutAndCancelEndTheCommandWithItsChildren) {
    const auto command = [this](const char* name) { return "(sleep 1.5; touch " + dir_ + "/" + name + ") & wait"; };
    const auto start = Clock::now();
    PollWaiter plain;
    EXPECT_THROW(run_secret_command(command("timeout"), plain, 1), Error);
    CancellingWaiter cancelling;
    EXPECT_THROW(run_secret_command(command("cancel"), cancelling, 30), Cancelled);
    EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(1450));
    std::this_thread::sleep_for(std::chrono::milliseconds(1700));
    EXPECT_FALSE(std::filesystem::exists(dir_ + "/timeout")) << "the timed out command's child went on";
    EXPECT_FALSE(std::filesystem::exists(dir_ + "/cancel")) << "the cancelled command's child went on";
}

}  // namespace
