// From ODBC's C buffers to fields of COPY BINARY: boundary values of each pair of types.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>

#include "source/error.hpp"
#include "source/odbc/encode.hpp"
#include "source/odbc/literal.hpp"
#include "source/odbc/types.hpp"

using namespace lakemover::source;
using namespace lakemover::source::odbc;

namespace {

template <class T> std::string raw(const T& value) { return {reinterpret_cast<const char*>(&value), sizeof value}; }

struct Result {
    std::string payload;
    Losses losses;
};

Result encoded(const char* type, const char* codec, const std::string& cell, const Policy& policy = {}) {
    Result result;
    std::string out = "before";
    // The cell ends where its bytes do, so that reading past it is seen by ASan.
    const std::vector<char> buffer(cell.begin(), cell.end());
    make_encoder(parse_sql_type(type), codec, policy, result.losses)->value(buffer.data(), buffer.size(), out);
    EXPECT_EQ(out.substr(0, 6), "before");
    std::uint32_t length = 0;
    std::memcpy(&length, out.data() + 6, 4);
    EXPECT_EQ(__builtin_bswap32(length), out.size() - 10) << type << " as " << codec;
    result.payload = out.substr(10);
    return result;
}

std::string field(const char* type, const char* codec, const std::string& cell, const Policy& policy = {}) {
    return hex(encoded(type, codec, cell, policy).payload);
}

std::string text_field(const char* type, const char* codec, const std::string& cell, const Policy& policy = {}) {
    return encoded(type, codec, cell, policy).payload;
}

std::string failure(const char* type, const char* codec, const std::string& cell, const Policy& policy = {}) {
    std::string out = "before";
    Losses losses;
    try {
        make_encoder(parse_sql_type(type), codec, policy, losses)->value(cell.data(), cell.size(), out);
    } catch (const Error& e) {
        EXPECT_EQ(e.kind, ErrorKind::kData);
        EXPECT_EQ(out, "before") << "a failed value leaves nothing behind";
        return e.sqlstate;
    }
    return "none";
}

std::string units(std::u16string_view text) { return {reinterpret_cast<const char*>(text.data()), 2 * text.size()}; }

std::string moment(int year, int month, int day, int hour, int minute, int second, unsigned nanoseconds) {
    SQL_TIMESTAMP_STRUCT t{};
    t.year = static_cast<SQLSMALLINT>(year);
    t.month = static_cast<SQLUSMALLINT>(month);
    t.day = static_cast<SQLUSMALLINT>(day);
    t.hour = static_cast<SQLUSMALLINT>(hour);
    t.minute = static_cast<SQLUSMALLINT>(minute);
    t.second = static_cast<SQLUSMALLINT>(second);
    t.fraction = nanoseconds;
    return raw(t);
}

std::string day(int year, int month, int of_month) {
    SQL_DATE_STRUCT d{};
    d.year = static_cast<SQLSMALLINT>(year);
    d.month = static_cast<SQLUSMALLINT>(month);
    d.day = static_cast<SQLUSMALLINT>(of_month);
    return raw(d);
}

std::int64_t int8_of(const Result& result) {
    std::uint64_t value = 0;
    std::memcpy(&value, result.payload.data(), 8);
    return static_cast<std::int64_t>(__builtin_bswap64(value));
}

const Policy kRound = {Policy::Nul::kStrip, Policy::Surrogate::kReplace, Policy::Precision::kRound};

TEST(OdbcFields, Integers) {
    EXPECT_EQ(field("bit", "bool", raw<unsigned char>(1)), "01");
    EXPECT_EQ(field("bit", "bool", raw<unsigned char>(0)), "00");
    EXPECT_EQ(field("bit", "int4", raw<unsigned char>(1)), "00000001");
    EXPECT_EQ(field("tinyint", "int2", raw<unsigned char>(255)), "00ff") << "unsigned";
    EXPECT_EQ(field("smallint", "int2", raw<std::int16_t>(-32768)), "8000");
    EXPECT_EQ(field("smallint", "int8", raw<std::int16_t>(-1)), "ffffffffffffffff");
    EXPECT_EQ(field("int", "int4", raw<std::int32_t>(INT32_MIN)), "80000000");
    EXPECT_EQ(field("int", "int8", raw<std::int32_t>(INT32_MIN)), "ffffffff80000000");
    EXPECT_EQ(field("bigint", "int8", raw<std::int64_t>(INT64_MIN)), "8000000000000000");
    EXPECT_EQ(field("bigint", "int8", raw<std::int64_t>(INT64_MAX)), "7fffffffffffffff");
    EXPECT_EQ(text_field("bigint", "text", raw<std::int64_t>(INT64_MIN)), "-9223372036854775808");
    EXPECT_EQ(field("bigint", "int4", raw<std::int64_t>(-2147483648LL)), "80000000");
    EXPECT_EQ(failure("bigint", "int4", raw<std::int64_t>(2147483648LL)), "22003");
    EXPECT_EQ(failure("int", "int2", raw<std::int32_t>(-32769)), "22003");
    // numeric: ndigits, weight, sign, dscale, base-10000 digits
    EXPECT_EQ(field("int", "numeric", raw<std::int32_t>(0)), "0000000000000000");
    EXPECT_EQ(field("int", "numeric", raw<std::int32_t>(10000)), "00010001000000000001");
    EXPECT_EQ(field("bigint", "numeric", raw<std::int64_t>(INT64_MIN)), "0005000440000000039a0d2c0170156516b0");
    EXPECT_EQ(field("bigint", "float8", raw<std::int64_t>(1LL << 53)), "4340000000000000");
    EXPECT_EQ(failure("bigint", "float8", raw<std::int64_t>((1LL << 53) + 1)), "22003");
    EXPECT_EQ(failure("bigint", "float8", raw<std::int64_t>(INT64_MAX)), "22003");
}

TEST(OdbcFields, ErrorsNameTheValue) {
    std::string out;
    Losses losses;
    try {
        make_encoder(parse_sql_type("bigint"), "int4", {}, losses)->value(raw<std::int64_t>(3000000000).data(), 8, out);
        FAIL();
    } catch (const Error& e) {
        EXPECT_STREQ(e.what(), "value 3000000000 is out of range for type integer");
    }
}

TEST(OdbcFields, FloatsAreTheirBytes) {
    EXPECT_EQ(field("real", "float4", raw(-0.0F)), "80000000");
    EXPECT_EQ(field("real", "float8", raw(0.1F)), "3fb99999a0000000");
    EXPECT_EQ(field("float", "float8", raw(1.7976931348623157e308)), "7fefffffffffffff");
    EXPECT_EQ(field("float(53)", "float8", raw(5e-324)), "0000000000000001");
    EXPECT_EQ(field("float(24)", "float4", raw(1.5F)), "3fc00000") << "up to 24 bits it is a real";
}

TEST(OdbcFields, DecimalsAreExact) {
    EXPECT_EQ(field("decimal(38,0)", "numeric", "99999999999999999999999999999999999999"),
              "000a0009000000000063270f270f270f270f270f270f270f270f270f");
    EXPECT_EQ(field("decimal(38,38)", "numeric", "-.99999999999999999999999999999999999999"),
              "000affff40000026270f270f270f270f270f270f270f270f270f26ac");
    EXPECT_EQ(field("decimal(10,4)", "numeric", "0.5000"), "0001ffff000000041388");
    EXPECT_EQ(field("decimal(10,4)", "numeric", ".5"), "0001ffff000000041388") << "however the driver writes it";
    EXPECT_EQ(field("decimal(10,4)", "numeric", "-0.0001"), "0001ffff400000040001");
    EXPECT_EQ(field("decimal(10,6)", "numeric", "0.000001"), "0001fffe000000060064");
    EXPECT_EQ(field("decimal(10,4)", "numeric", "0"), "0000000000000004");
    EXPECT_EQ(field("decimal(10,4)", "numeric", "-0.0000"), "0000000000000004") << "zero has no sign";
    EXPECT_EQ(field("decimal(12,1)", "numeric", "100000000.0"), "00010002000000010001") << "no zero digits behind";
    EXPECT_EQ(field("decimal(12,1)", "numeric", "10001.5"), "0003000100000001000100011388");
    EXPECT_EQ(field("money", "numeric", "-922337203685477.5808"), "0005000340000004039a0d2c0170156516b0");
    EXPECT_EQ(text_field("money", "text", "-922337203685477.5808"), "-922337203685477.5808");
    EXPECT_EQ(text_field("smallmoney", "text", "-.5"), "-0.5000");
    EXPECT_EQ(text_field("decimal(5,2)", "text", "-0.00"), "0.00");
    EXPECT_EQ(text_field("decimal(5,0)", "text", "-7"), "-7");
    EXPECT_EQ(field("decimal(19,0)", "int8", "-9223372036854775808"), "8000000000000000");
    EXPECT_EQ(failure("decimal(19,0)", "int8", "9223372036854775808"), "22003");
    EXPECT_EQ(failure("decimal(38,0)", "int2", "32768"), "22003");
    EXPECT_FALSE(can_encode(parse_sql_type("decimal(5,1)"), "int8"));
    for (const char* bad :
         {"", "-", ".", "1e5", "1,5", "0.00001", "--1", "1 2", "NaN", "999999999999999999999999999999999999999"}) {
        EXPECT_EQ(failure("decimal(10,4)", "numeric", bad), "22P02") << bad;
    }
}

TEST(OdbcFields, Dates) {
    EXPECT_EQ(field("date", "date", day(2000, 1, 1)), "00000000");
    EXPECT_EQ(field("date", "date", day(1999, 12, 31)), "ffffffff");
    EXPECT_EQ(field("date", "date", day(1, 1, 1)), "fff4dbf9");
    EXPECT_EQ(field("date", "date", day(9999, 12, 31)), "002c95d3");
    EXPECT_EQ(text_field("date", "text", day(1, 1, 1)), "0001-01-01");
    EXPECT_EQ(int8_of(encoded("date", "timestamp", day(2000, 1, 2))), 86400000000);
    EXPECT_EQ(failure("date", "date", day(2023, 2, 29)), "22008");
    EXPECT_EQ(failure("date", "date", day(1900, 2, 29)), "22008");
    EXPECT_EQ(failure("date", "date", day(0, 1, 1)), "22008");
    EXPECT_EQ(failure("date", "date", day(2023, 13, 1)), "22008");
}

TEST(OdbcFields, DatetimeTicksAreWhatTheServerShows) {
    // One tick as different drivers return it.
    for (const unsigned nanoseconds : {3333333U, 3333300U, 3000000U, 3330000U}) {
        EXPECT_EQ(int8_of(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, nanoseconds))), 3000);
    }
    for (const unsigned nanoseconds : {6666666U, 6666667U, 6660000U, 7000000U}) {
        EXPECT_EQ(int8_of(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, nanoseconds))), 7000);
    }
    EXPECT_EQ(int8_of(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, 996666666))), 997000);
    // Every tick, from both extremes.
    for (unsigned tick = 0; tick < 300; ++tick) {
        const unsigned shown = (tick * 10 + 1) / 3 * 1000;
        EXPECT_EQ(int8_of(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, tick * 10000000U / 3))), shown);
        EXPECT_EQ(int8_of(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, shown * 1000))), shown);
    }
    EXPECT_EQ(text_field("datetime", "text", moment(1753, 1, 1, 0, 0, 0, 3333333)), "1753-01-01 00:00:00.003");
    EXPECT_EQ(encoded("datetime", "timestamp", moment(2000, 1, 1, 0, 0, 0, 3333333)).losses.precision, 0)
        << "no digit of a datetime is lost";
}

TEST(OdbcFields, SeventhDigit) {
    const std::string last = moment(1999, 12, 31, 23, 59, 59, 999999900);
    const Result cut = encoded("datetime2(7)", "timestamp", last);
    EXPECT_EQ(int8_of(cut), -1);
    EXPECT_EQ(cut.losses.precision, 1);
    const Result rounded = encoded("datetime2(7)", "timestamp", last, kRound);
    EXPECT_EQ(int8_of(rounded), 0) << "the next day";
    EXPECT_EQ(rounded.losses.precision, 1);
    EXPECT_EQ(int8_of(encoded("datetime2(7)", "timestamp", moment(2000, 1, 1, 0, 0, 0, 400), kRound)), 0);
    EXPECT_EQ(int8_of(encoded("datetime2(7)", "timestamp", moment(2000, 1, 1, 0, 0, 0, 500), kRound)), 1);
    EXPECT_EQ(encoded("datetime2(7)", "timestamp", moment(2000, 1, 1, 0, 0, 0, 123456000)).losses.precision, 0);
    const Policy strict = parse_policy({{"precision", "fail"}});
    for (const char* codec : {"timestamp", "timestamptz"}) {
        EXPECT_EQ(failure("datetime2(7)", codec, last, strict), "22008");
        EXPECT_EQ(failure("datetimeoffset(7)", codec, last, strict), "22008");
        EXPECT_EQ(int8_of(encoded("datetime2(7)", codec, moment(1999, 12, 31, 23, 59, 59, 999999000), strict)), -1);
    }
    EXPECT_EQ(text_field("datetime2(7)", "text", last, strict), "1999-12-31 23:59:59.9999999") << "text has room";
    EXPECT_EQ(text_field("datetime2(3)", "text", moment(1, 1, 1, 0, 0, 0, 120000000)), "0001-01-01 00:00:00.120");
    EXPECT_EQ(text_field("datetime2(0)", "text", moment(1, 1, 1, 0, 0, 0, 0)), "0001-01-01 00:00:00");
    EXPECT_EQ(text_field("smalldatetime", "text", moment(2079, 6, 6, 23, 59, 0, 0)), "2079-06-06 23:59:00");
    EXPECT_EQ(text_field("datetimeoffset(7)", "text", last), "1999-12-31 23:59:59.9999999 +00:00");
}

TEST(OdbcFields, MomentsFromFirstToLast) {
    EXPECT_EQ(int8_of(encoded("datetime2(7)", "timestamp", moment(1, 1, 1, 0, 0, 0, 0))), -63082281600000000);
    EXPECT_EQ(int8_of(encoded("datetime2(7)", "timestamp", moment(9999, 12, 31, 23, 59, 59, 999999000))),
              252455615999999999);
    EXPECT_EQ(int8_of(encoded("datetimeoffset(7)", "timestamptz", moment(2000, 2, 29, 12, 0, 0, 0))),
              (59LL * 86400 + 43200) * 1000000);
    EXPECT_EQ(int8_of(encoded("smalldatetime", "timestamptz", moment(1900, 1, 1, 0, 0, 0, 0))), -36524LL * 86400000000);
    EXPECT_EQ(failure("datetime2(7)", "timestamp", moment(2000, 1, 1, 24, 0, 0, 0)), "22008");
    EXPECT_EQ(failure("datetime2(7)", "timestamp", moment(2000, 1, 1, 0, 0, 60, 0)), "22008");
    EXPECT_EQ(failure("datetime2(7)", "timestamp", moment(2000, 1, 1, 0, 0, 0, 1000000000)), "22008");
}

TEST(OdbcFields, TimeHasNoNextDay) {
    const std::string last = moment(1900, 1, 1, 23, 59, 59, 999999900);
    EXPECT_EQ(int8_of(encoded("time(7)", "time", last)), 86399999999);
    EXPECT_EQ(failure("time(7)", "time", last, parse_policy({{"precision", "fail"}})), "22008");
    const Result rounded = encoded("time(7)", "time", last, kRound);
    EXPECT_EQ(int8_of(rounded), 86399999999) << "not 24:00:00, and not 00:00:00";
    EXPECT_EQ(rounded.losses.precision, 1);
    EXPECT_EQ(int8_of(encoded("time(7)", "time", moment(0, 0, 0, 12, 0, 0, 500), kRound)), 43200000001)
        << "the driver's date does not matter";
    EXPECT_EQ(text_field("time(7)", "text", moment(0, 0, 0, 1, 2, 3, 100)), "01:02:03.0000001");
    EXPECT_EQ(text_field("time(0)", "varchar", moment(0, 0, 0, 1, 2, 3, 0)), "01:02:03");
}

TEST(OdbcFields, UuidsAndBytes) {
    SQLGUID guid{};
    guid.Data1 = 0x00112233;
    guid.Data2 = 0x4455;
    guid.Data3 = 0x6677;
    for (int i = 0; i < 8; ++i) {
        guid.Data4[i] = static_cast<BYTE>(0x88 + 0x11 * i);
    }
    EXPECT_EQ(field("uniqueidentifier", "uuid", raw(guid)), "00112233445566778899aabbccddeeff");
    EXPECT_EQ(text_field("uniqueidentifier", "text", raw(guid)), "00112233-4455-6677-8899-aabbccddeeff");
    EXPECT_EQ(field("varbinary(9)", "bytea", ""), "");
    EXPECT_EQ(field("binary(3)", "bytea", std::string("\0\xff\0", 3)), "00ff00") << "its zeros are data";
    const std::string version("\x7f\xff\xff\xff\xff\xff\xff\xff", 8);
    EXPECT_EQ(field("rowversion", "bytea", version), "7fffffffffffffff");
    EXPECT_EQ(field("timestamp", "int8", version), "7fffffffffffffff");
    EXPECT_EQ(failure("rowversion", "int8", std::string("\x80\0\0\0\0\0\0\0", 8)), "22003");
    EXPECT_EQ(failure("rowversion", "int8", "short"), "22P03");
}

TEST(OdbcFields, Text) {
    EXPECT_EQ(text_field("nvarchar(9)", "text", units(u"")), "");
    EXPECT_EQ(text_field("nvarchar(9)", "varchar", units(u"a \u00e9\u65e5\U0001f600 ")),
              "a \xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80 ");
    EXPECT_EQ(text_field("char(9)", "bpchar", units(u" ab\u3000  ")), " ab\xE3\x80\x80") << "U+0020 only";
    EXPECT_EQ(text_field("nchar(3)", "varchar", units(u"   ")), "");
    EXPECT_EQ(text_field("varchar(9)", "text", units(u"ab  ")), "ab  ") << "there they are data";
    EXPECT_EQ(text_field("nvarchar(99)", "jsonb", units(u"{}")), "\x01{}");
    EXPECT_EQ(text_field("nvarchar(99)", "json", units(u"{}")), "{}");
    EXPECT_EQ(failure("nvarchar(9)", "text", "abc"), "22P03") << "half a unit";
    EXPECT_EQ(text_field("nvarchar(9)", "text", units(u"\uffff\u07ff\u0800\u007f\u0080")),
              "\xEF\xBF\xBF\xDF\xBF\xE0\xA0\x80\x7F\xC2\x80");
}

TEST(OdbcFields, XmlDeclaresNoEncodingOfItsOwn) {
    EXPECT_EQ(text_field("nvarchar(99)", "xml", units(u"<?xml version=\"1.0\" encoding='utf-16'?><a/>")),
              "<?xml version=\"1.0\"                  ?><a/>");
    EXPECT_EQ(text_field("nvarchar(99)", "xml", units(u"<a encoding='utf-16'/>")), "<a encoding='utf-16'/>");
    EXPECT_EQ(text_field("nvarchar(99)", "xml", units(u"<?xml encoding=")), "<?xml encoding=");
}

TEST(OdbcFields, NulsAndLoneSurrogatesFollowThePolicy) {
    const auto with = [](std::u16string_view text) { return encoded("nvarchar(99)", "text", units(text)); };
    const Result nuls = with(std::u16string_view(u"a\0b\0", 4));
    EXPECT_EQ(nuls.payload, "ab");
    EXPECT_EQ(nuls.losses.nul, 1) << "values, not characters";
    const char16_t high[] = {0xD83D, 'x'};
    EXPECT_EQ(with({high, 2}).payload, "\xEF\xBF\xBDx");
    const char16_t ends[] = {'x', 0xD83D};
    EXPECT_EQ(with({ends, 2}).payload, "x\xEF\xBF\xBD");
    const char16_t low[] = {0xDE00, 0xD83D, 0xD83D, 0xDE00, 0xDE00};
    const Result mixed = with({low, 5});
    EXPECT_EQ(mixed.payload, "\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x98\x80\xEF\xBF\xBD");
    EXPECT_EQ(mixed.losses.surrogate, 1);
    const char16_t then_nul[] = {0xD83D, 0};
    EXPECT_EQ(with({then_nul, 2}).payload, "\xEF\xBF\xBD");
    Policy strict = parse_policy({{"nul", "fail"}, {"surrogate", "fail"}});
    EXPECT_EQ(failure("nvarchar(99)", "text", units(std::u16string_view(u"a\0", 2)), strict), "22021");
    EXPECT_EQ(failure("nvarchar(99)", "text", units({ends, 2}), strict), "22021");
    EXPECT_EQ(failure("nvarchar(99)", "text", units({low, 1}), strict), "22021");
    // Of char(n) the NUL goes first, then the padding; a lone half in front of it stays a character.
    EXPECT_EQ(text_field("nchar(6)", "varchar", units(std::u16string_view(u"ab \0  ", 6))), "ab");
    EXPECT_EQ(text_field("nchar(4)", "varchar", units({ends, 2}) + units(u"  ")), "x\xEF\xBF\xBD");
    EXPECT_EQ(failure("nchar(6)", "varchar", units(std::u16string_view(u"ab \0  ", 6)), strict), "22021");
    EXPECT_THROW(parse_policy({{"nul", "keep"}}), Error);
    EXPECT_THROW(parse_policy({{"nil", "strip"}}), Error);
}

// As the plan's char_as = varchar and its edits of target types have it.
TEST(OdbcFields, CharBecomesVarcharWithoutItsPadding) {
    for (const char* type : {"char(4)", "nchar(4)"}) {
        for (const char* codec : {"bpchar", "varchar", "text", "citext"}) {
            EXPECT_EQ(text_field(type, codec, units(u"ab  ")), "ab") << type << codec;
            EXPECT_EQ(text_field(type, codec, units(u" ab ")), " ab") << type << codec;
            EXPECT_EQ(text_field(type, codec, units(u"    ")), "") << type << codec;
            EXPECT_EQ(text_field(type, codec, units(u"a\t  ")), "a\t") << "blanks alone are padding";
        }
    }
    EXPECT_EQ(text_field("nvarchar(4)", "varchar", units(u"ab  ")), "ab  ");
}

TEST(OdbcFields, ErrorsOfPoliciesSayWhatToPlan) {
    const auto hint = [](const char* type, const char* codec, const std::string& cell, const Policy& policy) {
        std::string out = "before";
        Losses losses;
        try {
            make_encoder(parse_sql_type(type), codec, policy, losses)->value(cell.data(), cell.size(), out);
        } catch (const Error& e) {
            EXPECT_EQ(out, "before");
            EXPECT_EQ(losses.nul + losses.surrogate + losses.precision, 0);
            return e.hint;
        }
        return std::string("no error");
    };
    const Policy strict = parse_policy({{"nul", "fail"}, {"surrogate", "fail"}, {"precision", "fail"}});
    EXPECT_NE(hint("nvarchar(9)", "text", units(std::u16string_view(u"a\0", 2)), strict).find("on_nul = 'strip'"),
              std::string::npos);
    const char16_t high[] = {0xD83D};
    EXPECT_NE(hint("nvarchar(9)", "text", units({high, 1}), strict).find("on_surrogate = 'replace'"),
              std::string::npos);
    const std::string last = moment(2024, 2, 29, 23, 59, 59, 999999900);
    EXPECT_NE(hint("datetime2(7)", "timestamp", last, strict).find("on_seventh_digit = 'truncate'"), std::string::npos);
}

// Every kind of character at every distance from the blocks that are converted at once.
TEST(OdbcFields, EveryOffsetOfAnUnusualCharacter) {
    const std::u16string tails[] = {u"\u00e9", u"\u65e5", u"\U0001f600", std::u16string(1, u'\0')};
    const std::string utf8[] = {"\xC3\xA9", "\xE6\x97\xA5", "\xF0\x9F\x98\x80", ""};
    for (std::size_t n = 0; n < 700; n += n < 70 ? 1 : 61) {
        for (std::size_t t = 0; t < 4; ++t) {
            EXPECT_EQ(text_field("nvarchar(max)", "text",
                                 units(std::u16string(n, u'x') + tails[t] + std::u16string(n, u'y') + tails[t])),
                      std::string(n, 'x') + utf8[t] + std::string(n, 'y') + utf8[t]);
        }
    }
}

std::string pieces(const char* type, const char* codec, const std::string& bytes, std::size_t size, Losses& losses) {
    std::string out = "before";
    const auto encoder = make_long_encoder(parse_sql_type(type), codec, {}, losses);
    encoder->begin(out);
    for (std::size_t i = 0; i < bytes.size(); i += size) {
        const std::vector<char> piece(bytes.begin() + static_cast<std::ptrdiff_t>(i),
                                      bytes.begin() + static_cast<std::ptrdiff_t>(std::min(bytes.size(), i + size)));
        encoder->piece(piece.data(), piece.size(), out);
    }
    encoder->finish(out);
    std::uint32_t length = 0;
    std::memcpy(&length, out.data() + 6, 4);
    EXPECT_EQ(__builtin_bswap32(length), out.size() - 10);
    return out.substr(10);
}

TEST(OdbcFields, PiecesCutAnywhere) {
    std::u16string text = u"abc\u00e9\u65e5\U0001f600 and more ASCII text than a block holds ";
    text += char16_t{0xD83D};
    text += u'z';
    text += u'\0';
    text += char16_t{0xDE00};
    text += u"\U0001f600";
    const std::string whole = text_field("nvarchar(max)", "text", units(text));
    for (std::size_t size = 1; size <= 2 * text.size(); ++size) {
        Losses losses;
        EXPECT_EQ(pieces("nvarchar(max)", "text", units(text), size, losses), whole) << size;
        EXPECT_EQ(losses.nul, 1);
        EXPECT_EQ(losses.surrogate, 1);
    }
    Losses losses;
    EXPECT_EQ(pieces("varchar(max)", "text", "", 1, losses), "");
    EXPECT_EQ(pieces("varbinary(max)", "bytea", std::string("\0\1\2", 3), 2, losses), std::string("\0\1\2", 3));
    EXPECT_EQ(pieces("varbinary(max)", "bytea", "", 2, losses), "");
    EXPECT_THROW(pieces("nvarchar(max)", "text", "abc", 2, losses), Error) << "ends within a unit";
    EXPECT_EQ(pieces("ntext", "jsonb", units(u"[1]"), 3, losses), "\x01[1]");
    EXPECT_EQ(pieces("nchar(9)", "bpchar", units(u"a   "), 3, losses), "a");
}

TEST(OdbcFields, AnEncoderOfPiecesIsUsedAgainAfterAnError) {
    Losses losses;
    const Policy strict = parse_policy({{"nul", "fail"}});
    const auto encoder = make_long_encoder(parse_sql_type("nvarchar(max)"), "text", strict, losses);
    std::string out;
    encoder->begin(out);
    const char16_t bad[] = {0xD83D, 0};
    EXPECT_THROW(encoder->piece(reinterpret_cast<const char*>(bad), 4, out), Error);
    out.clear();
    encoder->begin(out);
    encoder->piece(units(u"ok").data(), 4, out);
    encoder->finish(out);
    EXPECT_EQ(out, std::string("\0\0\0\2ok", 6));
    EXPECT_EQ(losses.surrogate, 0);
}

TEST(OdbcFields, PairsWithoutAConversionAreRefused) {
    Losses losses;
    for (const auto& [type, codec] : std::vector<std::pair<const char*, const char*>>{{"float", "float4"},
                                                                                      {"float", "numeric"},
                                                                                      {"datetime", "date"},
                                                                                      {"date", "time"},
                                                                                      {"time(7)", "timestamp"},
                                                                                      {"tinyint", "bool"},
                                                                                      {"bigint", "bytea"},
                                                                                      {"varbinary(9)", "text"},
                                                                                      {"nvarchar(9)", "uuid"},
                                                                                      {"nvarchar(9)", "name"},
                                                                                      {"uniqueidentifier", "bytea"}}) {
        EXPECT_FALSE(can_encode(parse_sql_type(type), codec)) << type << " " << codec;
        EXPECT_THROW(make_encoder(parse_sql_type(type), codec, {}, losses), Error) << type << " " << codec;
    }
    for (const char* type :
         {"bit",   "tinyint",          "smallint", "int",           "bigint",       "decimal(9,2)",      "money",
          "date",  "time(7)",          "datetime", "smalldatetime", "datetime2(7)", "datetimeoffset(7)", "char(9)",
          "ntext", "uniqueidentifier", "xml",      "sql_variant",   "hierarchyid",  "geography",         "geometry"}) {
        EXPECT_TRUE(can_encode(parse_sql_type(type), "text")) << type;
    }
}

TEST(OdbcNativeTypes, NamesAndTheirArguments) {
    EXPECT_EQ(parse_sql_type("NVARCHAR(MAX)").length, -1);
    EXPECT_EQ(parse_sql_type("decimal(18, 4)").scale, 4);
    EXPECT_EQ(parse_sql_type("decimal").precision, 18);
    EXPECT_EQ(parse_sql_type("datetime2").scale, 7);
    EXPECT_EQ(parse_sql_type("sysname").length, 128);
    EXPECT_EQ(parse_sql_type("varchar").length, 1);
    EXPECT_EQ(parse_sql_type("image").length, -1);
    for (const char* bad : {"", "varchar(", "varchar(0)", "varchar(8001)", "nvarchar(4001)", "decimal(39,0)",
                            "decimal(5,6)", "time(8)", "varchar(-1)", "json", "cursor", "dbo.mytype"}) {
        EXPECT_THROW(parse_sql_type(bad), Error) << bad;
    }
    EXPECT_EQ(binding_of(parse_sql_type("varchar(8000)"), true).element_bytes, 16002U);
    EXPECT_EQ(binding_of(parse_sql_type("nvarchar(4000)"), true).element_bytes, 8000U);
    EXPECT_TRUE(binding_of(parse_sql_type("text"), true).is_long());
    EXPECT_EQ(binding_of(parse_sql_type("time(7)"), true).c_type, SQL_C_TYPE_TIMESTAMP)
        << "SQL_C_TYPE_TIME has no fraction";
    EXPECT_GE(binding_of(parse_sql_type("decimal(38,38)"), true).element_bytes, 42U);
}

}  // namespace
