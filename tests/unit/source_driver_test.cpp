// The libpq driver against servers that refuse, stall and lie: errors by kind and SQLSTATE, cancel while
// connecting, and COPY streams that lose data in every way that must not pass for the end of a table.
#include <gtest/gtest.h>

#include <algorithm>

#include "source/resolve.hpp"
#include "source_fake_server.hpp"

namespace {

using namespace lakemover::source;
using namespace lakemover::test;
using Clock = std::chrono::steady_clock;

std::string settle(const std::string& sql, const char* pid = "4242") {
    if (sql.empty()) return login();
    if (sql.find("pg_backend_pid") != std::string::npos) return row({"15.4", "d", "u", "UTF8", pid, ""}) + ready();
    if (sql.find("pg_control_system") != std::string::npos) return row({"77"}) + ready();
    return complete("SET") + ready();
}

Error failure(const ConnectParams& params) {
    PollWaiter waiter;
    try {
        connect(params, waiter);
    } catch (const Error& e) {
        return e;
    }
    ADD_FAILURE() << "the connection succeeded";
    return {ErrorKind::kInternal, "", ""};
}

Error refusal(const std::string& bytes) {
    const FakeServer server([bytes](const std::string&) { return bytes; });
    return failure(server.params());
}

TEST(Driver, DescribesTheServer) {
    const FakeServer server([](const std::string& sql) { return settle(sql); });
    PollWaiter waiter;
    const auto connection = connect(server.params(), waiter);
    EXPECT_EQ(connection->info().identity, "77/d");
    EXPECT_EQ(connection->info().version_num, 150004);
    EXPECT_FALSE(connection->info().tls);
    EXPECT_TRUE(connection->usable());
    connection->abandon();
    EXPECT_FALSE(connection->usable());
    EXPECT_THROW(connection->exec("SELECT 1"), Error);
}

TEST(Driver, PutsServerRefusalsIntoKinds) {
    Error e = refusal(error("28P01", "password authentication failed for user \"u\""));
    EXPECT_EQ(e.kind, ErrorKind::kAuth);
    EXPECT_EQ(e.sqlstate, "28P01");
    EXPECT_EQ(e.detail, "password authentication failed for user \"u\"");
    EXPECT_NE(e.hint.find("user mapping"), std::string::npos);
    e = refusal(error("28000", "no pg_hba.conf entry for host"));
    EXPECT_EQ(e.sqlstate, "28000");
    EXPECT_NE(e.hint.find("pg_hba.conf"), std::string::npos);
    e = refusal(error("3D000", "database \"d\" does not exist"));
    EXPECT_EQ(e.sqlstate, "3D000");
    EXPECT_NE(e.hint.find("dbname"), std::string::npos);
    e = refusal(error("53300", "too many"));
    EXPECT_EQ(e.kind, ErrorKind::kTransient);
    e = refusal(error("57P03", "the database system is starting up"));
    EXPECT_EQ(e.kind, ErrorKind::kTransient);
}

TEST(Driver, RefusesOldServersAndPoolers) {
    const FakeServer old([](const std::string& sql) { return sql.empty() ? login("11.22") : settle(sql); });
    Error e = failure(old.params());
    EXPECT_EQ(e.kind, ErrorKind::kUnsupported);
    EXPECT_NE(e.hint.find("12 to 17"), std::string::npos);
    const FakeServer pooler([](const std::string& sql) { return settle(sql, "1"); });
    e = failure(pooler.params());
    EXPECT_EQ(e.kind, ErrorKind::kUnsupported);
    EXPECT_NE(std::string(e.what()).find("pooler"), std::string::npos);
}

TEST(Driver, TellsAServerWithoutTls) {
    const FakeServer server([](const std::string& sql) { return settle(sql); });
    ConnectParams params = server.params();
    params.options["sslmode"] = "require";
    const Error e = failure(params);
    EXPECT_EQ(e.sqlstate, "08001");
    EXPECT_NE(std::string(e.what()).find("no TLS"), std::string::npos);
    EXPECT_NE(e.hint.find("sslmode"), std::string::npos);
}

TEST(Driver, TellsAClosedPort) {
    ConnectParams params;
    {
        const FakeServer gone([](const std::string&) { return std::string(); });
        params = gone.params();
    }
    const Error e = failure(params);
    EXPECT_EQ(e.kind, ErrorKind::kConnect);
    EXPECT_EQ(e.sqlstate, "08001");
    EXPECT_NE(e.hint.find("port"), std::string::npos);
}

TEST(Driver, WantsThePasswordToBeAskedFor) {
    const FakeServer server([](const std::string& sql) { return settle(sql); });
    ConnectParams params = server.params();
    params.password_required = true;
    EXPECT_EQ(failure(params).sqlstate, "2F003");
    params.password = "x";
    EXPECT_NE(std::string(failure(params).what()).find("did not ask"), std::string::npos);
}

TEST(Driver, GivesUpOnASilentServer) {
    const FakeServer silent([](const std::string&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2000));
        return std::string();
    });
    ConnectParams params = silent.params();
    params.connect_timeout_s = 1;
    const auto start = Clock::now();
    EXPECT_NE(failure(params).detail.find("no answer within 1 seconds"), std::string::npos);
    EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(1800));
}

TEST(Driver, CancelTakesEffectWhileConnectingAndExecuting) {
    const FakeServer silent([](const std::string& sql) {
        if (sql.find("pg_sleep") == std::string::npos && !sql.empty()) return settle(sql);
        if (sql.empty()) return login();
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        return std::string();
    });
    PollWaiter plain;
    const auto connection = connect(silent.params(), plain);
    CancelAfter cancel(200);
    connection->set_waiter(cancel);
    const auto start = Clock::now();
    EXPECT_THROW(connection->query("SELECT pg_sleep(1000)"), Cancelled);
    EXPECT_LT(Clock::now() - start, std::chrono::milliseconds(1000));
    EXPECT_FALSE(connection->usable()) << "half-read protocol is reused";
    const FakeServer mute([](const std::string&) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        return std::string();
    });
    CancelAfter again(200);
    EXPECT_THROW(connect(mute.params(), again), Cancelled);
}

TEST(Driver, KeepsTheConnectionAfterAStatementsError) {
    const FakeServer server([](const std::string& sql) {
        return sql == "bad" ? message('E', zero("SERROR") + zero("VERROR") + zero("C42501") +
                                               zero("Mpermission denied for table t") + '\0') +
                                  ready()
                            : settle(sql);
    });
    PollWaiter waiter;
    const auto connection = connect(server.params(), waiter);
    try {
        connection->exec("bad");
        FAIL() << "the error was swallowed";
    } catch (const Error& e) {
        EXPECT_EQ(e.sqlstate, "42501");
        EXPECT_STREQ(e.what(), "source: permission denied for table t");
    }
    EXPECT_TRUE(connection->usable());
}

TEST(Resolve, KnowsNumbersAndNamesTheUnknown) {
    PollWaiter waiter;
    EXPECT_EQ(resolve_host("::1", waiter, 1), std::vector<std::string>{"::1"});
    try {
        resolve_host("no-such-host.invalid", waiter, 20);
        FAIL() << "resolved a name that cannot exist";
    } catch (const Error& e) {
        EXPECT_EQ(e.sqlstate, "08001");
        EXPECT_NE(std::string(e.what()).find("no-such-host.invalid"), std::string::npos);
    }
}

// COPY: what the server sends after its CopyOutResponse, and what must come of it.
const std::string kHeader = std::string("PGCOPY\n\377\r\n\0", 11) + be32(0) + be32(0);
const std::string kRow = be16(1) + be32(3) + "abc";

std::string data(const std::string& bytes) { return message('d', bytes); }
std::string copying() { return message('H', std::string(1, '\1') + be16(1) + be16(1)); }

struct Copied {
    std::string bytes;
    std::int64_t rows = 0;
    std::string failure;  // SQLSTATE
    bool usable = false;
};

Copied copy(const std::string& stream, std::size_t want = 1U << 20U) {
    const FakeServer server(
        [stream](const std::string& sql) { return sql.rfind("COPY", 0) == 0 ? copying() + stream : settle(sql); });
    PollWaiter waiter;
    const auto connection = connect(server.params(), waiter);
    Copied copied;
    try {
        const auto out = connection->copy_out("COPY (SELECT 1) TO STDOUT (FORMAT binary)", CopyFormat::kBinary);
        while (out->read(copied.bytes, want)) {}
        copied.rows = out->rows();
    } catch (const Error& e) {
        copied.failure = e.sqlstate;
    }
    copied.usable = connection->usable();
    return copied;
}

std::string good_end(int rows) {
    return data("\377\377") + message('c', "") + complete("COPY " + std::to_string(rows)) + ready();
}

TEST(Copy, PassesOnTuplesWithoutHeaderAndTrailer) {
    const Copied whole = copy(data(kHeader + kRow) + data(kRow) + good_end(2));
    EXPECT_EQ(whole.failure, "");
    EXPECT_EQ(whole.bytes, kRow + kRow);
    EXPECT_EQ(whole.rows, 2);
    EXPECT_TRUE(whole.usable);
    EXPECT_EQ(copy(data(kHeader) + data(kRow) + good_end(1)).bytes, kRow);
    EXPECT_EQ(copy(data(kHeader) + good_end(0)).bytes, "");
    EXPECT_EQ(copy(data(kHeader + kRow) + data(kRow) + good_end(2), 4).bytes, kRow + kRow) << "rows cut over blocks";
}

TEST(Copy, RowsThatGotLostAreAnError) {
    EXPECT_EQ(copy(data(kHeader + kRow) + good_end(2)).failure, "08P01");
    EXPECT_EQ(copy(data(kHeader + kRow) + data(kRow) + good_end(1)).failure, "08P01");
}

TEST(Copy, DataWithoutItsEndMarkerIsAnError) {
    EXPECT_EQ(copy(data(kHeader + kRow) + message('c', "") + complete("COPY 1") + ready()).failure, "08P01");
    EXPECT_EQ(copy(data(kHeader + kRow) + data("\377\377") + data(kRow) + good_end(2)).failure, "08P01");
    EXPECT_EQ(copy(data(kRow) + good_end(1)).failure, "08P01") << "a header is missing";
}

TEST(Copy, AnErrorOrABrokenConnectionIsNeverTheEnd) {
    const Copied error_late = copy(data(kHeader + kRow) + error("40001", "conflict with recovery"));
    EXPECT_EQ(error_late.failure, "40001");
    EXPECT_FALSE(error_late.usable);
    const Copied after_trailer =
        copy(data(kHeader + kRow) + data("\377\377") + message('c', "") + error("57P01", "terminating"));
    EXPECT_EQ(after_trailer.failure, "57P01");
    const FakeServer stalled([](const std::string& sql) {
        return sql.rfind("COPY", 0) == 0 ? copying() + data(kHeader + kRow) : settle(sql);
    });
    PollWaiter waiter;
    CancelAfter cancel(200);
    const auto connection = connect(stalled.params(), waiter);
    connection->set_waiter(cancel);
    std::string bytes;
    const auto out = connection->copy_out("COPY (SELECT 1) TO STDOUT (FORMAT binary)", CopyFormat::kBinary);
    EXPECT_THROW(out->read(bytes, 1U << 20U), Cancelled);
    EXPECT_FALSE(connection->usable());
}

TEST(Copy, GivingUpEarlyDropsTheConnection) {
    const FakeServer server([](const std::string& sql) {
        return sql.rfind("COPY", 0) == 0 ? copying() + data(kHeader + kRow) + data(kRow) + good_end(2) : settle(sql);
    });
    PollWaiter waiter;
    const auto connection = connect(server.params(), waiter);
    {
        const auto out = connection->copy_out("COPY (SELECT 1) TO STDOUT (FORMAT binary)", CopyFormat::kBinary);
        std::string bytes;
        EXPECT_TRUE(out->read(bytes, 4));
    }
    EXPECT_FALSE(connection->usable());
}

}  // namespace
