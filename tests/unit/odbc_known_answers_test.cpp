// The known answers: each is what its encoder makes of it, and a real endpoint, when there is one, gives them.
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdlib>
#include <sstream>

#include "source/error.hpp"
#include "source/odbc/encode.hpp"
#include "source/odbc/known_answers.hpp"
#include "source/odbc/types.hpp"

using namespace lakemover::source;
using namespace lakemover::source::odbc;

namespace {

std::string tuple_of(const std::vector<KnownAnswer>& answers) {
    std::string tuple{'\0', static_cast<char>(answers.size())};
    for (const KnownAnswer& answer : answers) {
        for (int shift = 24; shift >= 0; shift -= 8) {
            tuple += static_cast<char>(answer.field.size() >> shift);
        }
        tuple += answer.field;
    }
    return tuple;
}

TEST(OdbcKnownAnswers, EveryTypeHasItsPair) {
    for (const Reading reading : {Reading::kBound, Reading::kPieces}) {
        for (const KnownAnswer& answer : known_answers(reading)) {
            EXPECT_TRUE(can_encode(parse_sql_type(answer.type), answer.codec)) << answer.type;
        }
    }
}

TEST(OdbcKnownAnswers, ADifferenceNamesTheType) {
    auto answers = known_answers(Reading::kBound);
    const std::string tuple = tuple_of(answers);
    EXPECT_TRUE(wrong_fields(answers, tuple).empty());
    answers[3].field[0] = 1;
    ASSERT_EQ(wrong_fields(answers, tuple).size(), 1U);
    EXPECT_EQ(wrong_fields(answers, tuple)[0], "int: 80000000 instead of 01000000");
    EXPECT_FALSE(wrong_fields(known_answers(Reading::kBound), tuple + tuple).empty()) << "two rows";
    EXPECT_FALSE(wrong_fields(known_answers(Reading::kBound), "").empty()) << "no row";
    for (std::size_t cut = 0; cut < tuple.size(); ++cut) {
        EXPECT_FALSE(wrong_fields(known_answers(Reading::kBound), tuple.substr(0, cut)).empty()) << cut;
    }
    EXPECT_EQ(wrong_texts({answers[3]}, {TextValue("7")}, false),
              std::vector<std::string>{"int: \"7\" instead of \"-2147483648\""});
    EXPECT_EQ(wrong_texts({answers[3]}, {std::nullopt}, false),
              std::vector<std::string>{"int: NULL instead of \"-2147483648\""});
}

class PollWaiter : public Waiter {
public:
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override {
        pollfd one{fd, static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
        return ::poll(&one, 1, static_cast<int>(timeout_ms)) > 0;
    }
};

// LAKEMOVER_TEST_MSSQL=host,port,database,user,password, as in tests/e2e/sqlserver.sh.
TEST(OdbcKnownAnswers, AnEndpointGivesThem) {
    const char* endpoint = std::getenv("LAKEMOVER_TEST_MSSQL");
    if (endpoint == nullptr) {
        GTEST_SKIP() << "needs an endpoint: LAKEMOVER_TEST_MSSQL=host,port,database,user,password";
    }
    std::vector<std::string> part;
    std::istringstream parts(endpoint);
    for (std::string one; std::getline(parts, one, ',');) {
        part.push_back(one);
    }
    ASSERT_GE(part.size(), 5U);
    ConnectParams params;
    params.engine = "sqlserver";
    params.options = {{"host", part[0]}, {"port", part[1]}, {"dbname", part[2]}, {"trust_server_certificate", "yes"}};
    params.user = part[3];
    params.password = part[4];
    PollWaiter waiter;
    OdbcConnection connection(params, waiter);
    for (const std::string& wrong : ask_known_answers(connection)) {
        ADD_FAILURE() << wrong;
    }
}

}  // namespace
