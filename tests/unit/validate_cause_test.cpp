// Differences in words.
#include <gtest/gtest.h>

#include "loader/validate/cause.hpp"

namespace {

using lakemover::codec::Kind;
using lakemover::loader::cause_of;

TEST(Cause, NullAndEmpty) {
    EXPECT_EQ(cause_of(Kind::kText, std::nullopt, ""), "NULL became empty text");
    EXPECT_EQ(cause_of(Kind::kText, "", std::nullopt), "empty text became NULL");
    EXPECT_EQ(cause_of(Kind::kInt4, std::nullopt, "1"), "NULL became a value");
    EXPECT_EQ(cause_of(Kind::kInt4, "1", std::nullopt), "value became NULL");
}

TEST(Cause, Text) {
    const auto c = [](const char* s, const char* t) { return cause_of(Kind::kText, s, t); };
    EXPECT_EQ(c("caf\xc3\xa9 noir", "caf\xc3\xa9"), "truncated at 4 characters");
    EXPECT_EQ(c("abc", ""), "became empty");
    EXPECT_EQ(c("abc  ", "abc"), "trailing blanks lost");
    EXPECT_EQ(c("abc", "abc "), "padding: trailing blanks added");
    EXPECT_EQ(c("abc", "abcd"), "text added at the end");
    EXPECT_EQ(c("a\r\nb", "a\nb"), "line ends: carriage returns differ");
    EXPECT_EQ(c("caf\xc3\xa9", "caf\xc3\x83\xc2\xa9"), "encoding: UTF-8 taken for Latin-1 and encoded again");
    EXPECT_EQ(c("caf\xc3\x83\xc2\xa9", "caf\xc3\xa9"), "encoding: decoded once too often");
    EXPECT_EQ(c("caf\xc3\xa9 \xe2\x82\xac", "caf? ?"), "encoding: characters replaced");
    EXPECT_EQ(c("Anna", "anna"), "upper and lower case");
    EXPECT_EQ(c("abc1", "abc3"), "one bit differs in byte 4");
    EXPECT_EQ(c("left", "gone"), "other text");
}

TEST(Cause, Numbers) {
    const auto c = [](const char* s, const char* t) { return cause_of(Kind::kNumeric, s, t); };
    EXPECT_EQ(c("1.5", "1.50"), "scale: equal by value, other number of decimals");
    EXPECT_EQ(c("1.2345", "1.23"), "precision: cut to 2 decimals");
    EXPECT_EQ(c("1.2345", "1.2300"), "precision: cut to 2 decimals");
    EXPECT_EQ(c("1.2375", "1.24"), "precision: rounded to 2 decimals");
    EXPECT_EQ(c("12.35", "12.36"), "last digit");
    EXPECT_EQ(c("12.35", "-12.35"), "sign");
    EXPECT_EQ(c("12", "99999"), "other number");
    EXPECT_EQ(cause_of(Kind::kFloat8, "0.1", "0.10000000149"), "precision: equal in the first six digits");
    EXPECT_EQ(cause_of(Kind::kFloat8, "0.1", "0.2"), "other number");
}

TEST(Cause, Moments) {
    const auto c = [](const char* s, const char* t) { return cause_of(Kind::kTimestamp, s, t); };
    EXPECT_EQ(c("2024-03-01 12:00:00.000000", "2024-03-01 14:00:00.000000"), "time zone: off by +02:00");
    EXPECT_EQ(c("2024-03-01 12:00:00.123456", "2024-03-01 06:30:00.123456"), "time zone: off by -05:30");
    EXPECT_EQ(c("2024-03-01 12:00:00.123456", "2024-03-01 12:00:00.123457"), "off by 1 microseconds");
    EXPECT_EQ(c("2024-03-01 12:00:00.123456", "2024-03-01 12:00:00.123000"), "precision: microseconds lost");
    EXPECT_EQ(c("2024-03-01 12:00:00.123456", "2024-03-01 12:00:00.000000"), "precision: fraction of a second lost");
    EXPECT_EQ(c("2024-03-01 12:00:00.000000", "2025-07-01 12:00:00.000000"), "other time");
    EXPECT_EQ(c("infinity", "2025-07-01 12:00:00.000000"), "other time");
}

TEST(Cause, Bytes) {
    EXPECT_EQ(cause_of(Kind::kBytea, "\\x0102", "\\x01"), "truncated at 1 bytes");
    EXPECT_EQ(cause_of(Kind::kBytea, "0102", "01"), "truncated at 1 bytes");
    EXPECT_EQ(cause_of(Kind::kBytea, "0102", "0103"), "other bytes");
}

TEST(Cause, AsksTheDatabaseOnlyForOtherLetters) {
    const std::string nfc = "caf\xc3\xa9";
    const std::string nfd = "cafe\xcc\x81";
    EXPECT_TRUE(lakemover::loader::worth_normalising(cause_of(Kind::kText, nfc, nfd), nfc, nfd));
    EXPECT_FALSE(lakemover::loader::worth_normalising("other text", "abc", "xyz"));
    EXPECT_FALSE(lakemover::loader::worth_normalising("last digit", nfc, nfd));
}

}  // namespace
