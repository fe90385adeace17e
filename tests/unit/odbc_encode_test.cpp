// ODBC's C values as COPY BINARY fields, at the boundaries of each type.
#include <gtest/gtest.h>

#include <cstring>

#include "source/error.hpp"
#include "source/odbc/encode.hpp"
#include "source/odbc/literal.hpp"

namespace {

using namespace lakemover::source;
using namespace lakemover::source::odbc;

// The field without its length word, after checking that.
std::string field(const std::string& out) {
    EXPECT_GE(out.size(), 4U);
    EXPECT_EQ(hex(out.substr(0, 4)),
              hex(std::string{static_cast<char>((out.size() - 4) >> 24U), static_cast<char>((out.size() - 4) >> 16U),
                              static_cast<char>((out.size() - 4) >> 8U), static_cast<char>(out.size() - 4)}))
        << "the length word";
    return hex(out.substr(4));
}

template <class T> std::string encoded(const char* type, const char* codec, const T& value, Losses* counted = nullptr) {
    Losses losses;
    std::string out;
    make_encoder(parse_sql_type(type), codec, Policy(), losses)
        ->value(reinterpret_cast<const char*>(&value), sizeof value, out);
    if (counted != nullptr) {
        *counted = losses;
    }
    return field(out);
}

std::string decimal(const char* type, const std::string& text) {
    Losses losses;
    std::string out;
    make_encoder(parse_sql_type(type), "numeric", Policy(), losses)->value(text.data(), text.size(), out);
    return field(out);
}

std::string wide(const char* type, const char* codec, const std::u16string& text, Losses& losses) {
    std::string out;
    make_encoder(parse_sql_type(type), codec, Policy(), losses)
        ->value(reinterpret_cast<const char*>(text.data()), 2 * text.size(), out);
    return out.substr(4);
}

SQL_TIMESTAMP_STRUCT moment(SQLSMALLINT y, SQLUSMALLINT mo, SQLUSMALLINT d, SQLUSMALLINT h, SQLUSMALLINT mi,
                            SQLUSMALLINT s, SQLUINTEGER ns) {
    return {y, mo, d, h, mi, s, ns};
}

TEST(OdbcEncode, Integers) {
    EXPECT_EQ(encoded("bit", "bool", SQLCHAR{1}), "01");
    EXPECT_EQ(encoded("tinyint", "int2", SQLCHAR{255}), "00ff");
    EXPECT_EQ(encoded("smallint", "int2", SQLSMALLINT{-32768}), "8000");
    EXPECT_EQ(encoded("int", "int4", SQLINTEGER{-1}), "ffffffff");
    EXPECT_EQ(encoded("bigint", "int8", SQLBIGINT{9007199254740993}), "0020000000000001");
    EXPECT_EQ(encoded("int", "int2", SQLINTEGER{32767}), "7fff");
    EXPECT_THROW(encoded("int", "int2", SQLINTEGER{32768}), Error) << "no value is cut to fit";
}

TEST(OdbcEncode, FloatsKeepTheirBits) {
    EXPECT_EQ(encoded("float", "float8", -0.0), "8000000000000000");
    EXPECT_EQ(encoded("real", "float4", 0.1F), "3dcccccd");
}

TEST(OdbcEncode, DecimalsAreExact) {
    // ndigits, weight, sign, dscale, base-10000 digits
    EXPECT_EQ(decimal("decimal(5,0)", "0"), "0000000000000000");
    EXPECT_EQ(decimal("decimal(10,4)", "-214748.3648"),
              "0003000140000004"
              "0015128c0e40");
    EXPECT_EQ(decimal("decimal(10,4)", ".5000"),
              "0001ffff00000004"
              "1388");
    EXPECT_EQ(decimal("money", "922337203685477.5807"),
              "0005000300000004"
              "039a"
              "0d2c"
              "0170"
              "1565"
              "16af");
    EXPECT_EQ(decimal("decimal(38,10)", "-9999999999999999999999999999.9999999999"),
              "000a00064000000a"
              "270f270f270f270f270f270f270f"
              "270f270f26ac");
    EXPECT_THROW(decimal("decimal(5,0)", "1e3"), Error);
}

TEST(OdbcEncode, Moments) {
    const SQL_DATE_STRUCT first{1, 1, 1};
    EXPECT_EQ(encoded("date", "date", first), "fff4dbf9");
    EXPECT_EQ(encoded("datetime2(7)", "timestamp", moment(2000, 1, 1, 0, 0, 0, 0)), "0000000000000000");
    EXPECT_EQ(encoded("datetime2(7)", "timestamp", moment(1999, 12, 31, 23, 59, 59, 999999000)), "ffffffffffffffff");
    Losses losses;
    EXPECT_EQ(encoded("datetime2(7)", "timestamp", moment(1999, 12, 31, 23, 59, 59, 999999900), &losses),
              "ffffffffffffffff")
        << "the seventh digit is cut off: rounding would make it the next day";
    EXPECT_EQ(losses.precision, 1);
    // Ticks of 1/300 s, however the driver gives them.
    EXPECT_EQ(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, 3333333)), "0000000000000bb8");
    EXPECT_EQ(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, 3000000), &losses), "0000000000000bb8");
    EXPECT_EQ(losses.precision, 0) << "a datetime loses nothing";
    EXPECT_EQ(encoded("time(7)", "time", moment(1900, 1, 1, 23, 59, 59, 999999900), &losses), "000000141dd75fff");
    EXPECT_EQ(losses.precision, 1);
    EXPECT_THROW(encoded("datetime2(7)", "timestamp", moment(0, 1, 1, 0, 0, 0, 0)), Error);
}

TEST(OdbcEncode, GuidGroupsAreNumbers) {
    const SQLGUID guid{0xFFEEDDCC, 0xBBAA, 0x9988, {0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, 0x00}};
    EXPECT_EQ(encoded("uniqueidentifier", "uuid", guid), "ffeeddccbbaa99887766554433221100");
}

TEST(OdbcEncode, TextKeepsWhatPostgresCanHold) {
    Losses losses;
    EXPECT_EQ(wide("nvarchar(9)", "varchar", u"a\u00E9\u65E5\U0001F600  ", losses),
              "a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80  ");
    EXPECT_EQ(losses.nul + losses.surrogate, 0);
    EXPECT_EQ(wide("nvarchar(9)", "text", std::u16string(u"a\0b\0", 4), losses), "ab");
    EXPECT_EQ(losses.nul, 1) << "values are counted, not characters";
    const char16_t lone[] = {u'x', 0xDC00, 0xD800};
    EXPECT_EQ(wide("nvarchar(9)", "text", std::u16string(lone, 3), losses), "x\xEF\xBF\xBD\xEF\xBF\xBD");
    EXPECT_EQ(losses.surrogate, 1);
    EXPECT_EQ(wide("nchar(5)", "bpchar", u"ab   ", losses), "ab");
    EXPECT_EQ(wide("nvarchar(5)", "varchar", u"", losses), "");
}

TEST(OdbcEncode, PiecesMayBeCutAnywhere) {
    const std::u16string text = u"x\U0001F600y\u65E5";
    const auto* bytes = reinterpret_cast<const char*>(text.data());
    const std::size_t size = 2 * text.size();
    for (std::size_t first = 0; first <= size; ++first) {
        for (std::size_t second = first; second <= size; ++second) {
            Losses losses;
            const auto encoder = make_long_encoder(parse_sql_type("nvarchar(max)"), "text", Policy(), losses);
            std::string out = "before";
            encoder->begin(out);
            encoder->piece(bytes, first, out);
            encoder->piece(bytes + first, second - first, out);
            encoder->piece(bytes + second, size - second, out);
            encoder->finish(out);
            ASSERT_EQ(out.substr(10), "x\xF0\x9F\x98\x80y\xE6\x97\xA5") << first << " " << second;
            ASSERT_EQ(losses.surrogate, 0);
        }
    }
}

TEST(OdbcEncode, PoliciesFailWhenAsked) {
    Losses losses;
    const Policy policy = parse_policy({{"nul", "fail"}, {"surrogate", "fail"}});
    const auto encoder = make_encoder(parse_sql_type("nvarchar(5)"), "text", policy, losses);
    std::string out;
    const char16_t nul[] = {u'a', 0};
    EXPECT_THROW(encoder->value(reinterpret_cast<const char*>(nul), sizeof nul, out), Error);
    EXPECT_TRUE(out.empty()) << "nothing of a refused value is left";
    EXPECT_THROW(parse_policy({{"nul", "ignore"}}), Error);
}

TEST(OdbcEncode, WhatCannotBecomeWhat) {
    EXPECT_FALSE(can_encode(parse_sql_type("money"), "uuid"));
    EXPECT_FALSE(can_encode(parse_sql_type("datetime2(7)"), "int4"));
    EXPECT_TRUE(can_encode(parse_sql_type("nvarchar(max)"), "jsonb"));
    EXPECT_TRUE(can_encode(parse_sql_type("rowversion"), "int8"));
    Losses losses;
    EXPECT_THROW(make_encoder(parse_sql_type("float"), "numeric", Policy(), losses), Error);
}

}  // namespace
