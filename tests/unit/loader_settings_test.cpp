// Settings, .env files and secrets of the command line.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <tuple>

#include "loader/config/settings.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

namespace fs = std::filesystem;

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (fs::temp_directory_path() / "lm-unit-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() { fs::remove_all(path_); }
    fs::path operator/(const char* name) const { return path_ / name; }

private:
    fs::path path_;
};

Settings valid() {
    Settings s;
    s.target.host = "example";
    return s;
}

std::string usage_error(const Settings& s) {
    try {
        check_settings(s);
    } catch (const Error& e) {
        EXPECT_EQ(e.exit_code, Exit::kUsage);
        EXPECT_FALSE(e.hint.empty()) << e.what() << " has no hint";
        return e.what();
    }
    return "";
}

TEST(Settings, DefaultsAreValid) { EXPECT_EQ(usage_error(valid()), ""); }

TEST(Settings, RefusesATargetWithoutTls) {
    for (const char* mode : {"disable", "allow", "prefer"}) {
        Settings s = valid();
        s.target.sslmode = mode;
        EXPECT_NE(usage_error(s).find("refused"), std::string::npos) << mode;
    }
    for (const char* mode : {"require", "verify-ca", "verify-full"}) {
        Settings s = valid();
        s.target.sslmode = mode;
        EXPECT_EQ(usage_error(s), "") << mode;
    }
    Settings socket = valid();
    socket.target.host = "/var/run/postgresql";
    EXPECT_NE(usage_error(socket).find("Unix socket"), std::string::npos);
}

TEST(Settings, NamesTheVariableAndTheValue) {
    Settings type = valid();
    type.source.type = "oracle";
    EXPECT_NE(usage_error(type).find("SOURCE_DB_TYPE: \"oracle\""), std::string::npos);
    Settings port = valid();
    port.target.port = "54x32";
    EXPECT_NE(usage_error(port).find("LAKEBASE_PORT: \"54x32\""), std::string::npos);
    Settings big = valid();
    big.source.port = "65536";
    EXPECT_NE(usage_error(big).find("SOURCE_PORT"), std::string::npos);
    Settings existing = valid();
    existing.on_existing = "overwrite";
    EXPECT_NE(usage_error(existing).find("--on-existing"), std::string::npos);
    Settings memory = valid();
    memory.memory_target_mb = 1;
    EXPECT_NE(usage_error(memory).find("MAX_MEMORY_TARGET_MB"), std::string::npos);
}

TEST(Settings, PoliciesAreForSqlServer) {
    using Member = std::string Settings::*;
    for (const auto& [flag, member, good] :
         {std::tuple<const char*, Member, const char*>{"--char-as", &Settings::char_as, "varchar"},
          {"--ci", &Settings::ci, "icu"},
          {"--on-nul", &Settings::on_nul, "fail"},
          {"--on-surrogate", &Settings::on_surrogate, "fail"},
          {"--on-seventh-digit", &Settings::on_seventh_digit, "round"}}) {
        Settings s = valid();
        s.*member = good;
        EXPECT_EQ(usage_error(s), std::string(flag) + " is for SQL Server sources");
        s.source.type = "sqlserver";
        EXPECT_EQ(usage_error(s), "");
        s.*member = "Strip";
        EXPECT_NE(usage_error(s).find(std::string(flag) + ": \"Strip\""), std::string::npos);
        Settings own = valid();
        own.staging = "host=/tmp";
        own.*member = good;
        EXPECT_EQ(usage_error(own), "") << "its source is defined elsewhere";
    }
}

TEST(Settings, OwnStagingKeepsTheSourcesPassword) {
    Settings s = valid();
    s.staging = "host=/tmp";
    s.source.password.value = "hunter2";
    const std::string message = usage_error(s);
    EXPECT_NE(message.find("LAKEMOVER_STAGING"), std::string::npos);
    EXPECT_EQ(message.find("hunter2"), std::string::npos);
}

TEST(Dotenv, ReadsTheUsualForms) {
    using Pair = std::pair<std::string, std::string>;
    EXPECT_EQ(parse_dotenv_line("A=b", 1), Pair("A", "b"));
    EXPECT_EQ(parse_dotenv_line("  export A_1 = b c  ", 1), Pair("A_1", "b c"));
    EXPECT_EQ(parse_dotenv_line("A=\"b # c\"", 1), Pair("A", "b # c"));
    EXPECT_EQ(parse_dotenv_line("A='b\"c'", 1), Pair("A", "b\"c"));
    EXPECT_EQ(parse_dotenv_line("A=p=q;{x}@", 1), Pair("A", "p=q;{x}@"));
    EXPECT_EQ(parse_dotenv_line("A=", 1), Pair("A", ""));
    EXPECT_EQ(parse_dotenv_line("A=b\r", 1), Pair("A", "b"));
    EXPECT_EQ(parse_dotenv_line("# A=b", 1), std::nullopt);
    EXPECT_EQ(parse_dotenv_line("   ", 1), std::nullopt);
}

TEST(Dotenv, ErrorsNameTheLineAndNeverItsText) {
    for (const char* line : {"hunter2", "1A=hunter2", "A B=hunter2", "A=\"hunter2", "=hunter2"}) {
        try {
            parse_dotenv_line(line, 7);
            FAIL() << line;
        } catch (const Error& e) {
            EXPECT_NE(std::string(e.what()).find("line 7"), std::string::npos) << line;
            EXPECT_EQ(std::string(e.what()).find("hunter2"), std::string::npos) << line;
        }
    }
}

TEST(Dotenv, TheEnvironmentWins) {
    const TemporaryDirectory dir;
    std::ofstream(dir / ".env") << "LM_TEST_A=file\nLM_TEST_B=file\n";
    fs::permissions(dir / ".env", fs::perms::owner_read | fs::perms::owner_write);
    setenv("LM_TEST_A", "environment", 1);
    unsetenv("LM_TEST_B");
    load_dotenv((dir / ".env").string());
    EXPECT_STREQ(std::getenv("LM_TEST_A"), "environment");
    EXPECT_STREQ(std::getenv("LM_TEST_B"), "file");
    unsetenv("LM_TEST_A");
    unsetenv("LM_TEST_B");
}

TEST(Dotenv, RefusesAFileThatOthersCanWrite) {
    const TemporaryDirectory dir;
    std::ofstream(dir / ".env") << "LM_TEST_C=file\n";
    ASSERT_EQ(chmod((dir / ".env").c_str(), 0666), 0);
    EXPECT_THROW(load_dotenv((dir / ".env").string()), Error);
    EXPECT_EQ(std::getenv("LM_TEST_C"), nullptr);
    EXPECT_NO_THROW(load_dotenv((dir / "missing").string()));
}

TEST(Secret, ValueFileAndCommand) {
    const TemporaryDirectory dir;
    Secret value{"X", "a b", "", ""};
    EXPECT_EQ(value.read(), "a b");
    std::ofstream(dir / "secret") << "from file\n";
    const Secret file{"X", "", (dir / "secret").string(), ""};
    EXPECT_EQ(file.read(), "from file");
    const Secret command{"X", "", "", "printf 'one;{two}\\n'"};
    EXPECT_EQ(command.read(), "one;{two}");
    EXPECT_FALSE(Secret{}.given());
}

TEST(Secret, IsReadAnewEachTime) {
    const TemporaryDirectory dir;
    const std::string counter = (dir / "n").string();
    const Secret command{"X", "", "", "echo x >> " + counter + "; wc -l < " + counter};
    EXPECT_EQ(command.read(), "1");
    EXPECT_EQ(command.read(), "2");
}

TEST(Secret, FailuresNameTheVariable) {
    try {
        (void)Secret{"LAKEBASE_PASSWORD", "", "/nonexistent/secret", ""}.read();
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(std::string(e.what()).find("LAKEBASE_PASSWORD_FILE"), std::string::npos);
    }
    try {
        (void)Secret{"LAKEBASE_PASSWORD", "", "", "echo hunter2; exit 3"}.read();
        FAIL();
    } catch (const Error& e) {
        EXPECT_NE(std::string(e.what()).find("LAKEBASE_PASSWORD_COMMAND"), std::string::npos);
        EXPECT_EQ((std::string(e.what()) + e.detail).find("hunter2"), std::string::npos)
            << "what the command printed may be a secret";
        EXPECT_NE(e.detail.find("3"), std::string::npos);
    }
}

}  // namespace
}  // namespace lakemover::loader
