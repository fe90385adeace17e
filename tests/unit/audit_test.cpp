// The audit directory: permissions, hash chain, atomic replacement, a full disk, a runnable ddl.sql.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <functional>
#include <regex>
#include <sstream>
#include <thread>
#include <vector>

#include "loader/audit/audit_dir.hpp"
#include "loader/audit/chained_log.hpp"
#include "loader/audit/ddl_script.hpp"
#include "loader/audit/utc_time.hpp"
#include "loader/util/error.hpp"

namespace fs = std::filesystem;
using lakemover::loader::AuditDir;
using lakemover::loader::ddl_script_entry;
using lakemover::loader::DdlOutcome;
using lakemover::loader::Error;
using lakemover::loader::Exit;
using lakemover::loader::verify_chain;

namespace {

class AuditTest : public ::testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "lakemover-audit-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        base_ = name;
    }
    void TearDown() override { fs::remove_all(base_); }

    static std::string read(const fs::path& file) {
        std::ifstream in(file, std::ios::binary);
        std::stringstream text;
        text << in.rdbuf();
        return text.str();
    }
    static unsigned mode(const fs::path& file) {
        struct stat info {};
        EXPECT_EQ(::stat(file.c_str(), &info), 0) << file;
        return info.st_mode & 07777U;
    }
    // Runs body in a child whose files may not grow beyond limit: what a full disk looks like, without a disk.
    static int with_file_limit(rlim_t limit, const std::function<void()>& body) {
        const pid_t child = ::fork();
        if (child == 0) {
            std::signal(SIGXFSZ, SIG_IGN);
            const rlimit bound{limit, limit};
            if (::setrlimit(RLIMIT_FSIZE, &bound) != 0) ::_exit(99);
            try {
                body();
            } catch (const Error& error) {
                const bool named = std::string(error.what()).find("audit directory") != std::string::npos;
                ::_exit(named && !error.hint.empty() ? static_cast<int>(error.exit_code) : 98);
            }
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : 97;
    }

    fs::path base_;
};

TEST_F(AuditTest, DirectoryIsTimestampedAndPrivate) {
    ::umask(022);
    const auto audit = AuditDir::create(base_ / "new" / "deeper", "shop");
    EXPECT_TRUE(std::regex_match(audit.path().filename().string(), std::regex(R"(\d{8}T\d{6}Z-shop(-\d+)?)")))
        << audit.path();
    EXPECT_EQ(mode(audit.path()), 0700U);
    for (const char* name : {"events.jsonl", "batches.jsonl", "validation.jsonl", "ddl.sql"})
        EXPECT_EQ(mode(audit.path() / name), 0600U) << name;
}

TEST_F(AuditTest, TwoRunsInOneSecondGetTwoDirectories) {
    const auto first = AuditDir::create(base_, "shop");
    const auto second = AuditDir::create(base_, "shop");
    EXPECT_NE(first.path(), second.path());
}

TEST_F(AuditTest, LabelCannotLeaveTheBase) {
    const auto audit = AuditDir::create(base_, "../../etc/x y\n\xc3\xa9");
    EXPECT_EQ(audit.path().parent_path(), base_);
    EXPECT_EQ(audit.path().string().find('\n'), std::string::npos);
}

TEST_F(AuditTest, UnusableBaseIsAConfigurationError) {
    std::ofstream(base_ / "file") << "x";
    try {
        AuditDir::create(base_ / "file" / "below", "shop");
        FAIL() << "no error";
    } catch (const Error& error) {
        EXPECT_EQ(error.exit_code, Exit::kUsage);
        EXPECT_NE(std::string(error.what()).find((base_ / "file" / "below").string()), std::string::npos);
        EXPECT_NE(error.hint.find("LAKEMOVER_AUDIT_DIR"), std::string::npos);
    }
}

TEST_F(AuditTest, UnwritableBaseIsAConfigurationError) {
    fs::permissions(base_, fs::perms::owner_read | fs::perms::owner_exec);
    const fs::path base = base_;
    const pid_t child = ::fork();
    if (child == 0) {
        if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(96);  // root ignores permissions
        try {
            AuditDir::create(base, "shop");
        } catch (const Error& error) {
            ::_exit(static_cast<int>(error.exit_code));
        }
        ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    fs::permissions(base_, fs::perms::owner_all);
    EXPECT_EQ(WEXITSTATUS(status), static_cast<int>(Exit::kUsage));
    EXPECT_TRUE(fs::is_empty(base_));
}

TEST_F(AuditTest, EventsAreNumberedTimedAndChained) {
    auto audit = AuditDir::create(base_, "shop");
    audit.event({{"kind", "opened"}});
    audit.set_run("42");
    audit.event({{"kind", "loaded"}, {"seq", 999}, {"prev", "forged"}, {"message", "line\nbreak \u2028 ü"}});
    audit.event({{"kind", "done"}}, AuditDir::Sync::kCommit);

    const std::string text = read(audit.path() / "events.jsonl");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 3);
    EXPECT_EQ(verify_chain(text), std::nullopt);
    std::istringstream lines(text);
    std::string line;
    for (int n = 1; std::getline(lines, line); ++n) {
        const auto event = nlohmann::json::parse(line);
        EXPECT_EQ(event.at("seq"), n);
        EXPECT_EQ(event.at("run"), n == 1 ? "" : "42");
        EXPECT_TRUE(std::regex_match(event.at("time").get<std::string>(),
                                     std::regex(R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)")));
    }
}

TEST_F(AuditTest, BytesThatAreNotUtf8DoNotEndTheRun) {
    auto audit = AuditDir::create(base_, "shop");
    audit.event({{"table", std::string("caf\xe9")}});
    EXPECT_EQ(verify_chain(read(audit.path() / "events.jsonl")), std::nullopt);
}

TEST_F(AuditTest, ChainFindsEveryKindOfTampering) {
    auto audit = AuditDir::create(base_, "shop");
    for (int i = 0; i < 5; ++i) audit.event({{"rows", i}});
    const std::string good = read(audit.path() / "events.jsonl");
    ASSERT_EQ(verify_chain(good), std::nullopt);
    std::vector<std::string> lines;
    std::istringstream in(good);
    for (std::string line; std::getline(in, line);) lines.push_back(line + "\n");
    auto joined = [](const std::vector<std::string>& all) {
        std::string text;
        for (const auto& line : all) text += line;
        return text;
    };

    auto changed = lines;
    changed[1].replace(changed[1].find("\"rows\":1"), 8, "\"rows\":7");
    ASSERT_TRUE(verify_chain(joined(changed)));
    EXPECT_EQ(verify_chain(joined(changed))->line, 3);

    auto removed = lines;
    removed.erase(removed.begin() + 2);
    EXPECT_EQ(verify_chain(joined(removed)).value().line, 3);

    auto swapped = lines;
    std::swap(swapped[2], swapped[3]);
    EXPECT_EQ(verify_chain(joined(swapped)).value().line, 3);

    auto doubled = lines;
    doubled.insert(doubled.begin() + 1, lines[0]);
    EXPECT_EQ(verify_chain(joined(doubled)).value().line, 2);

    auto headless = lines;
    headless.erase(headless.begin());
    EXPECT_EQ(verify_chain(joined(headless)).value().line, 1);

    EXPECT_EQ(verify_chain(good.substr(0, good.size() - 3)).value().line, 5);
    EXPECT_EQ(verify_chain("not json\n").value().line, 1);
}

TEST_F(AuditTest, ThreadsShareOneChain) {
    auto audit = AuditDir::create(base_, "shop");
    std::vector<std::thread> threads;
    for (int t = 0; t < 8; ++t)
        threads.emplace_back([&audit, t] {
            for (int i = 0; i < 250; ++i) {
                audit.event({{"thread", t}, {"i", i}});
                if (i % 50 == 0) audit.write("summary.json", std::string(1000, static_cast<char>('a' + t)));
            }
        });
    for (auto& thread : threads) thread.join();
    const std::string text = read(audit.path() / "events.jsonl");
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2000);
    EXPECT_EQ(verify_chain(text), std::nullopt);
    const std::string summary = read(audit.path() / "summary.json");
    EXPECT_EQ(summary, std::string(1000, summary.at(0)));
}

TEST_F(AuditTest, FullDiskNamesTheDirectoryAndLeavesWholeLines) {
    auto audit = AuditDir::create(base_, "shop");
    const int code = with_file_limit(4096, [&] {
        for (int i = 0; i < 1000; ++i) audit.event({{"i", i}, {"text", std::string(100, 'x')}});
    });
    EXPECT_EQ(code, static_cast<int>(Exit::kOther));
    const std::string text = read(audit.path() / "events.jsonl");
    EXPECT_GT(text.size(), 3000U);
    EXPECT_LE(text.size(), 4096U);
    EXPECT_EQ(verify_chain(text), std::nullopt);
}

TEST_F(AuditTest, LogGoesOnWhereItWasWhenSpaceIsBack) {
    const int code = with_file_limit(RLIM_INFINITY, [this] {
        auto audit = AuditDir::create(base_, "shop");
        audit.event({{"kind", "first"}});
        const rlimit tight{400, RLIM_INFINITY};
        if (::setrlimit(RLIMIT_FSIZE, &tight) != 0) ::_exit(95);
        bool failed = false;
        try {
            audit.event({{"text", std::string(2000, 'x')}});
        } catch (const Error&) {
            failed = true;
        }
        const rlimit wide{RLIM_INFINITY, RLIM_INFINITY};
        if (!failed || ::setrlimit(RLIMIT_FSIZE, &wide) != 0) ::_exit(94);
        audit.event({{"kind", "second"}});
    });
    EXPECT_EQ(code, 0);
    const auto dir = fs::directory_iterator(base_)->path();
    const std::string text = read(dir / "events.jsonl");
    EXPECT_EQ(verify_chain(text), std::nullopt);
    EXPECT_NE(text.find("second"), std::string::npos);
}

TEST_F(AuditTest, FullDiskAtTheStartIsAConfigurationError) {
    const int code = with_file_limit(10, [this] { AuditDir::create(base_, "shop"); });
    EXPECT_EQ(code, static_cast<int>(Exit::kUsage));
}

TEST_F(AuditTest, FailedReplacementKeepsTheOldContent) {
    auto audit = AuditDir::create(base_, "shop");
    audit.write("report.html", "old");
    const int code = with_file_limit(4096, [&] { audit.write("report.html", std::string(10000, 'n')); });
    EXPECT_EQ(code, static_cast<int>(Exit::kOther));
    EXPECT_EQ(read(audit.path() / "report.html"), "old");
    for (const auto& entry : fs::directory_iterator(audit.path()))
        EXPECT_NE(entry.path().filename().string().front(), '.') << entry.path();

    audit.write("report.html", "new");
    EXPECT_EQ(read(audit.path() / "report.html"), "new");
    EXPECT_EQ(mode(audit.path() / "report.html"), 0600U);
}

TEST_F(AuditTest, OnlyPlainNamesAreWritten) {
    auto audit = AuditDir::create(base_, "shop");
    for (const char* name : {"", "../x", "a/b", ".hidden", "a b", "x\n"})
        EXPECT_THROW(audit.write(name, "x"), Error) << name;
}

TEST_F(AuditTest, LinkInPlaceOfAFileIsReplacedNotFollowed) {
    auto audit = AuditDir::create(base_, "shop");
    std::ofstream(base_ / "victim") << "precious";
    fs::create_symlink(base_ / "victim", audit.path() / "report.html");
    audit.write("report.html", "new");
    EXPECT_EQ(read(base_ / "victim"), "precious");
    EXPECT_EQ(read(audit.path() / "report.html"), "new");
}

TEST(DdlScript, DoneIsAStatement) {
    DdlOutcome outcome;
    outcome.stage = "key";
    outcome.object = "sales.orders";
    outcome.seconds = 0.0125;
    const std::string text = ddl_script_entry("ALTER TABLE sales.orders ADD PRIMARY KEY (id)", outcome, "T");
    EXPECT_EQ(text, "\n-- T  key  sales.orders: done in 0.013 s\nALTER TABLE sales.orders ADD PRIMARY KEY (id);\n");
}

TEST(DdlScript, TerminatorIsNeitherDoubledNorSwallowedByAComment) {
    EXPECT_TRUE(ddl_script_entry("SELECT 1;\n", {}, "T").ends_with("\nSELECT 1;\n"));
    EXPECT_TRUE(ddl_script_entry("SELECT 1 -- one;", {}, "T").ends_with("\nSELECT 1 -- one;\n;\n"));
}

TEST(DdlScript, FailedAndSkippedAreComments) {
    DdlOutcome outcome;
    outcome.state = DdlOutcome::State::kFailed;
    outcome.error = "relation exists\nDETAIL: it does";
    const std::string text = ddl_script_entry("CREATE TABLE a (\n  x int\n)", outcome, "T");
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_TRUE(line.empty() || line.starts_with("--")) << line;
    EXPECT_NE(text.find("-- DETAIL: it does"), std::string::npos);
    EXPECT_NE(text.find("FAILED"), std::string::npos);
}

TEST(DdlScript, NamesAndErrorsCannotBecomeStatements) {
    DdlOutcome outcome;
    outcome.object = "a\nDROP TABLE x;\rDROP TABLE y;\r\n";
    outcome.error = "boom\rDROP TABLE z;";
    const std::string text = ddl_script_entry("SELECT 1", outcome, "T");
    std::size_t at = 0;
    while ((at = text.find("DROP", at)) != std::string::npos) {
        EXPECT_EQ(text.substr(at - 3, 3), "-- ");
        ++at;
    }
}

TEST(UtcTime, Forms) {
    const auto at = std::chrono::sys_days{std::chrono::year{2026} / 2 / 3} + std::chrono::hours{4} +
                    std::chrono::minutes{5} + std::chrono::seconds{6} + std::chrono::microseconds{70};
    EXPECT_EQ(lakemover::loader::utc_timestamp(at), "2026-02-03T04:05:06.000070Z");
    EXPECT_EQ(lakemover::loader::utc_compact(at), "20260203T040506Z");
    EXPECT_EQ(
        lakemover::loader::utc_timestamp(lakemover::loader::UtcClock::time_point{} - std::chrono::microseconds{1}),
        "1969-12-31T23:59:59.999999Z");
}

TEST(Sha256, KnownAnswer) {
    EXPECT_EQ(lakemover::loader::sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
