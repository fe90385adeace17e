// T-SQL of planned tables, canonical text of what the engine gives, and the rules of errors and arrays.
#include <gtest/gtest.h>

#include "source/odbc/canonical.hpp"
#include "source/odbc/dialect.hpp"
#include "source/odbc/handles.hpp"
#include "source/odbc/pg_array.hpp"
#include "source/odbc/sample.hpp"

namespace {

using namespace lakemover::source;
using namespace lakemover::source::odbc;

ColumnSpec column(const std::string& name, const std::string& native, const std::string& codec) {
    ColumnSpec c;
    c.name = name;
    c.target_name = name;
    c.source_type = native;
    c.target_codec = codec;
    c.codec = codec;
    return c;
}

TableSpec spec() {
    TableSpec s;
    s.source_schema = "dbo";
    s.source_table = "a]b";
    s.chunking = "keyset";
    s.columns = {column("k1", "int", "int4"), column("k2", "uniqueidentifier", "uuid"),
                 column("txt", "nvarchar(5)", "varchar")};
    s.key = {"k1", "k2"};
    return s;
}

TEST(OdbcDialect, NamesAreBracketed) {
    EXPECT_EQ(quote_name("a]b [x"), "[a]]b [x]");
    EXPECT_EQ(source_table(spec()), "[dbo].[a]]b] AS t");
    TableSpec s = spec();
    s.memory_optimized = true;
    EXPECT_EQ(source_table(s), "[dbo].[a]]b] AS t WITH (SNAPSHOT)");
}

TEST(OdbcDialect, CompositeBoundsCompareLikeTuples) {
    ChunkRange range;
    range.method = ChunkMethod::kKeyset;
    range.lower = {"5", "00000000-0000-0000-0000-000000000001"};
    EXPECT_EQ(where_clause(spec(), range),
              " WHERE (t.[k1] > CAST('5' AS int) OR (t.[k1] = CAST('5' AS int) AND (t.[k2] >= "
              "CAST('00000000-0000-0000-0000-000000000001' AS uniqueidentifier)))) AND t.[k1] >= CAST('5' AS int)");
    range.lower = {"1"};
    EXPECT_THROW(where_clause(spec(), range), Error) << "a bound with too few values";
}

// SQLGetData may only be used behind the last bound column.
TEST(OdbcDialect, UnboundedColumnsStandLast) {
    TableSpec s = spec();
    s.columns = {column("body", "nvarchar(max)", "text"), column("id", "int", "int4"), column("doc", "xml", "text"),
                 column("v", "varbinary(9)", "bytea")};
    EXPECT_EQ(copied_columns(s, false), "t.[id], t.[v], t.[body], CAST(t.[doc] AS nvarchar(max))");
}

TEST(OdbcDialect, AFilterMayEndInAComment) {
    TableSpec s = spec();
    s.row_filter = "k1 > 3 -- yes";
    EXPECT_EQ(count_rows(s), "SELECT COUNT_BIG(*) FROM [dbo].[a]]b] AS t WHERE (\nk1 > 3 -- yes\n)");
}

TEST(OdbcDialect, BoundsAreTheEnginesOwnBytes) {
    EXPECT_EQ(bound_expression(parse_sql_type("varchar(9)"), "q.k0", true),
              "CAST(CAST(q.k0 AS nvarchar(9)) AS varbinary(18))");
    EXPECT_EQ(bound_expression(parse_sql_type("nchar(9)"), "q.k0", false), "N'=' + CAST(q.k0 AS nvarchar(9))");
    // An nvarchar beside a varchar key would scan; the code page is that of the column's collation.
    EXPECT_EQ(bound_literal(parse_sql_type("varchar(9)"), "Latin1_General_CI_AS", "\\x61006200"),
              "CAST(CAST(0x61006200 AS nvarchar(9)) COLLATE Latin1_General_CI_AS AS varchar(9))");
    EXPECT_EQ(bound_literal(parse_sql_type("varchar(9)"), "Latin1_General_CI_AS", "=a'b\xC3\xA9"),
              "CAST(CAST(N'a''b\xC3\xA9' AS nvarchar(9)) COLLATE Latin1_General_CI_AS AS varchar(9))");
    EXPECT_EQ(bound_literal(parse_sql_type("nvarchar(9)"), "Latin1_General_BIN2", "\\x3dd8"),
              "CAST(0x3dd8 AS nvarchar(9)) COLLATE Latin1_General_BIN2");
    EXPECT_EQ(bound_literal(parse_sql_type("datetime"), "", "2024-02-29 23:59:59.997"),
              "CONVERT(datetime, '2024-02-29 23:59:59.997', 121)");
    EXPECT_EQ(bound_literal(parse_sql_type("datetime2(7)"), "", "2024-02-29 23:59:59.9999999"),
              "CONVERT(datetime2(7), '2024-02-29 23:59:59.9999999', 121)");
    EXPECT_EQ(bound_literal(parse_sql_type("float"), "", "\\x3fb999999999999a"),
              "CAST(1.0000000000000001E-01 AS float)");
    EXPECT_EQ(bound_literal(parse_sql_type("real"), "", "\\xbdcccccd"), "CAST(-1.0000000149011612E-01 AS real)");
    EXPECT_EQ(bound_literal(parse_sql_type("decimal(38,4)"), "", "-1.5000"), "CAST('-1.5000' AS decimal(38,4))");
    EXPECT_EQ(bound_literal(parse_sql_type("binary(2)"), "", "\\x00ff"), "CAST(0x00ff AS varbinary(2))");
    EXPECT_THROW(bound_literal(parse_sql_type("int"), "", "1'; DROP TABLE x --"), Error);
    EXPECT_THROW(bound_literal(parse_sql_type("varchar(9)"), "", "0x61"), Error);
    EXPECT_EQ(bound_literal(parse_sql_type("varchar(9)"), "x; DROP TABLE y", "\\x6100"),
              "CAST(CAST(0x6100 AS nvarchar(9)) AS varchar(9))");
}

TEST(OdbcDialect, WhatIsReadOfEachType) {
    const auto select = [](const char* type) { return select_expression(parse_sql_type(type), "t.[c]", true); };
    EXPECT_EQ(select("money"), "CAST(t.[c] AS decimal(19,4))");
    EXPECT_EQ(select("smallmoney"), "CAST(t.[c] AS decimal(10,4))");
    EXPECT_EQ(select("nvarchar(50)"), "CAST(t.[c] AS varbinary(100))");
    EXPECT_EQ(select("nvarchar(max)"), "CAST(t.[c] AS varbinary(max))");
    EXPECT_EQ(select("datetimeoffset(7)"), "CAST(SWITCHOFFSET(t.[c], '+00:00') AS datetime2(7))");
    EXPECT_EQ(select("int"), "t.[c]");
    EXPECT_THROW(parse_sql_type("vector(3)"), Error);
    EXPECT_THROW(parse_sql_type("decimal(x)"), Error);
}

TEST(OdbcCanonical, TextOfTheEngineBecomesTheTargets) {
    const auto text = [](const char* type, const char* codec, const char* value) {
        return canonical_value(parse_sql_type(type), codec, Policy(), false, TextValue(value)).value();
    };
    EXPECT_EQ(text("bit", "bool", "1"), "t");
    EXPECT_EQ(text("datetime", "timestamp", "2024-02-29 23:59:59.997"), "2024-02-29 23:59:59.997000");
    EXPECT_EQ(text("datetime2(7)", "timestamp", "2024-02-29 23:59:59.9999999"), "2024-02-29 23:59:59.999999");
    EXPECT_EQ(text("smalldatetime", "timestamp", "2024-02-29 23:59:00"), "2024-02-29 23:59:00.000000");
    EXPECT_EQ(text("date", "timestamp", "2024-02-29"), "2024-02-29 00:00:00.000000");
    EXPECT_EQ(text("uniqueidentifier", "uuid", "FFEEDDCC-BBAA-9988-7766-554433221100"),
              "ffeeddcc-bbaa-9988-7766-554433221100");
    for (const char* codec : {"bpchar", "varchar", "text"}) {
        EXPECT_EQ(text("char(5)", codec, "ab   "), "ab") << codec;
        EXPECT_EQ(text("nchar(5)", codec, " ab  "), " ab") << codec;
    }
    EXPECT_EQ(text("varchar(5)", "varchar", "ab   "), "ab   ");
    EXPECT_EQ(text("varbinary(5)", "bytea", "\\x00ff"), "00ff");
    EXPECT_EQ(text("rowversion", "int8", "\\x00000000000007d1"), "2001");
    EXPECT_EQ(
        canonical_value(parse_sql_type("nvarchar(5)"), "varchar", Policy(), true, TextValue("\\x6100000062003dd8"))
            .value(),
        "ab\xEF\xBF\xBD")
        << "U+0000 goes, half a surrogate pair becomes U+FFFD";
}

TEST(OdbcCanonical, PolicyRoundsAsTheEncoderDoes) {
    Policy round;
    round.precision = Policy::Precision::kRound;
    const auto text = [&round](const char* type, const char* codec, const char* value) {
        return canonical_value(parse_sql_type(type), codec, round, false, TextValue(value)).value();
    };
    EXPECT_EQ(text("datetime2(7)", "timestamp", "2024-02-28 23:59:59.9999999"), "2024-02-29 00:00:00.000000");
    EXPECT_EQ(text("datetime2(7)", "timestamp", "2023-12-31 23:59:59.9999995"), "2024-01-01 00:00:00.000000");
    EXPECT_EQ(text("datetime2(7)", "timestamp", "2023-12-31 23:59:59.0000094"), "2023-12-31 23:59:59.000009");
    EXPECT_EQ(text("datetime2(7)", "timestamp", "2023-12-31 23:59:59.0000095"), "2023-12-31 23:59:59.000010");
    EXPECT_EQ(text("datetime2(7)", "timestamp", "9999-12-31 23:59:59.9999999"), "10000-01-01 00:00:00.000000");
    EXPECT_EQ(text("time(7)", "time", "12:59:59.9999999"), "13:00:00.000000");
    EXPECT_EQ(text("time(7)", "time", "23:59:59.9999999"), "23:59:59.999999") << "a time has no next day";
    EXPECT_EQ(text("datetime2(7)", "text", "2024-02-28 23:59:59.9999999"), "2024-02-28 23:59:59.9999999");
}

TEST(OdbcCanonical, FloatsAreBytesAndKeysAreWhatTheTargetReads) {
    const auto text = [](const char* type, const char* codec, const char* value) {
        return canonical_value(parse_sql_type(type), codec, Policy(), false, TextValue(value)).value();
    };
    EXPECT_EQ(text("float", "float8", "\\x8000000000000000"), "8000000000000000") << "-0.0";
    EXPECT_EQ(text("real", "float4", "\\xBDCCCCCD"), "bdcccccd");
    EXPECT_EQ(text("real", "float8", "\\xbdcccccd"), "bfb99999a0000000");
    EXPECT_EQ(text("int", "float8", "-3"), "c008000000000000");
    EXPECT_EQ(key_text("float8", "3fb999999999999a"), "0.1");
    EXPECT_EQ(key_text("float4", "bdcccccd"), "-0.1");
    EXPECT_EQ(key_text("bytea", "00ff"), "\\x00ff");
    EXPECT_EQ(key_text("timestamptz", "2024-02-29 00:00:00.000000"), "2024-02-29 00:00:00.000000+00");
    EXPECT_EQ(key_text("int4", "5"), "5");
}

TEST(OdbcCanonical, ExpressionsOfEachType) {
    const auto sql = [](const char* type, const char* codec) {
        return canonical_expression(parse_sql_type(type), "c", codec, true);
    };
    EXPECT_EQ(sql("datetime", "timestamp"), "CONVERT(varchar(23), c, 121)");
    EXPECT_EQ(sql("datetime2(3)", "timestamp"), "CONVERT(varchar(27), CAST(c AS datetime2(7)), 121)");
    EXPECT_EQ(sql("datetime2(3)", "text"), "CONVERT(varchar(27), c, 121)");
    EXPECT_EQ(sql("datetimeoffset(7)", "text"), "CONVERT(varchar(34), SWITCHOFFSET(c, '+00:00'), 121)");
    EXPECT_EQ(sql("time(7)", "time"), "CONVERT(varchar(16), CAST(c AS time(7)), 121)");
    EXPECT_EQ(sql("float", "float8"), "CAST(c AS binary(8))");
    EXPECT_EQ(sql("money", "numeric"), "CONVERT(varchar(41), CAST(c AS decimal(19,4)))");
    EXPECT_EQ(sql("ntext", "text"), "CAST(CAST(c AS nvarchar(max)) AS varbinary(max))");
    EXPECT_EQ(sql("hierarchyid", "text"), "c.ToString()");
    EXPECT_EQ(sql("geography", "text"), "c.AsTextZM()");
}

TEST(OdbcCanonical, CsvTellsNullFromEmptyAndQuotes) {
    // md5 of: "a""b",,""
    EXPECT_EQ(csv_hash({TextValue("a\"b"), std::nullopt, TextValue("")}, CsvHash::kMd5), md5_hex("\"a\"\"b\",,\"\""));
    EXPECT_NE(csv_hash({TextValue("")}, CsvHash::kMd5), csv_hash({std::nullopt}, CsvHash::kMd5));
    EXPECT_EQ(csv_hash({TextValue("abc")}, CsvHash::kSha256),
              "6cc43f858fbb763301637b5af970e2a46b46f461f27e5a0f41e009c59b827b25");
}

TEST(OdbcCanonical, LongValuesAreShownByTheirBeginningLengthAndMd5) {
    const std::string text(3000, 'x');
    EXPECT_EQ(shown_text("text", text), text.substr(0, 2048) + "... (3000 characters, MD5 " + md5_hex(text) + ")");
    EXPECT_EQ(shown_text("int4", "5"), "5");
    EXPECT_EQ(shown_hex("int4", "5"), "35");
}

TEST(OdbcArray, ElementsAreQuoted) {
    EXPECT_EQ(pg_text_array({TextValue("a\"b\\"), std::nullopt, TextValue("NULL")}), "{\"a\\\"b\\\\\",NULL,\"NULL\"}");
    EXPECT_EQ(parse_text_array(pg_text_array({TextValue("x,\"y\\ z"), TextValue("")})),
              (std::vector<std::string>{"x,\"y\\ z", ""}));
}

TEST(OdbcErrors, NumbersDecideKindAndSqlState) {
    const Error login = error_of({{"28000", 18456, "[FreeTDS][SQL Server]Login failed for user 'x'."},
                                  {"08001", 0, "[FreeTDS][SQL Server]Unable to connect to data source"}},
                                 "connecting");
    EXPECT_EQ(login.kind, ErrorKind::kAuth);
    EXPECT_EQ(login.sqlstate, "28000");
    EXPECT_NE(login.detail.find("Unable to connect"), std::string::npos) << "every record is told";
    EXPECT_EQ(error_of({{"40001", 1205, "deadlock victim"}}, "reading").kind, ErrorKind::kTransient);
    EXPECT_EQ(error_of({{"HY000", 40613, "database is not currently available"}}, "reading").kind,
              ErrorKind::kTransient);
    EXPECT_EQ(error_of({{"42000", 229, "SELECT permission was denied"}}, "reading").sqlstate, "42501");
    EXPECT_EQ(error_of({}, "reading").sqlstate, "HV000");
    EXPECT_FALSE(
        is_failure({{"01000", 5701, "Changed database context"}, {"01004", 0, "String data, right truncation"}}));
    EXPECT_TRUE(is_failure({{"01000", 0, "a message"}, {"22012", 8134, "Divide by zero error encountered."}}));
    EXPECT_FALSE(is_failure({}));
}

TEST(OdbcText, WideTextGoesBothWays) {
    const std::string text = "a\xC3\xA9\xE6\x97\xA5\xF0\x9F\x98\x80";
    const WideText wide = to_wide(text);
    EXPECT_EQ(wide.size(), 6U) << "five units and the end";
    EXPECT_EQ(from_wide(wide.data(), wide.size() - 1), text);
    const SQLWCHAR lone[] = {0xD83D, 'x'};
    EXPECT_EQ(from_wide(lone, 2), "\xEF\xBF\xBDx");
    EXPECT_EQ(to_wide("\xFF").at(0), 0xFFFD);
}

TEST(OdbcSample, KeylessRowsAreChosenByTheirMd5Alone) {
    TableSpec s = spec();
    s.key.clear();
    const Sample sample(s, false);
    std::vector<TextRow> kept;
    const auto source = [](const std::string&, const RowUse& use) {
        for (int i = 0; i < 1000; ++i) {
            use({std::to_string(i), TextValue("00000000-0000-0000-0000-000000000000"), std::nullopt});
        }
    };
    sample.pass_keyless(1000, 100, source, [&](std::vector<TextRow>& rows) { kept = rows; });
    ASSERT_FALSE(kept.empty());
    EXPECT_LT(kept.size(), 100U);
    for (const TextRow& row : kept) {
        EXPECT_EQ(row[1]->front(), '0') << "a row whose MD5 does not start with zero";
    }
    sample.pass_keyless(1000, 1000, source, [&](std::vector<TextRow>& rows) { kept = rows; });
    EXPECT_EQ(kept.size(), 1000U);
}

}  // namespace
