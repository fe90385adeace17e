// Conditions and queries of foreign tables in T-SQL: what is exact, what is a superset, what is not written at all.
#include <gtest/gtest.h>

#include "source/odbc/foreign.hpp"

namespace {

using namespace lakemover::source;
using namespace lakemover::source::odbc;
using Kind = ForeignCondition::Kind;

ForeignColumn column(const std::string& type, const std::string& codec, const std::string& name = "c") {
    ForeignColumn c;
    c.name = name;
    c.type = type;
    c.codec = codec;
    return c;
}

ForeignCondition compare(const ForeignColumn& c, const std::string& op, const std::string& value) {
    ForeignCondition condition;
    condition.kind = Kind::kCompare;
    condition.column = c;
    condition.op = op;
    condition.values = {value};
    return condition;
}

ForeignCondition list(const ForeignColumn& c, Kind kind, std::vector<std::string> values) {
    ForeignCondition condition;
    condition.kind = kind;
    condition.column = c;
    condition.values = std::move(values);
    return condition;
}

ForeignCondition junction(Kind kind, std::vector<ForeignCondition> parts) {
    ForeignCondition condition;
    condition.kind = kind;
    condition.parts = std::move(parts);
    return condition;
}

// "= sql", "~ sql" of a superset, or "-".
std::string written(const ForeignCondition& condition) {
    const auto checked = condition_sql(condition);
    return !checked ? "-" : (checked->checked == Checked::kExactly ? "= " : "~ ") + checked->sql;
}

TEST(OdbcForeign, NumbersAreOfTheColumnsTypeWhereTheyFit) {
    EXPECT_EQ(written(compare(column("int", "int4"), "=", "5")), "= t.[c] = CAST('5' AS int)");
    EXPECT_EQ(written(compare(column("int", "int4"), "<", "-2147483648")), "= t.[c] < CAST('-2147483648' AS int)");
    EXPECT_EQ(written(compare(column("int", "int4"), "<", "2147483648")), "= t.[c] < CAST('2147483648' AS bigint)");
    EXPECT_EQ(written(compare(column("bigint", "int8"), "=", "-9223372036854775808")),
              "= t.[c] = CAST('-9223372036854775808' AS bigint)");
    EXPECT_EQ(written(compare(column("bigint", "int8"), "<", "9223372036854775808")),
              "= t.[c] < CAST('9223372036854775808' AS decimal(19,0))");
    EXPECT_EQ(written(compare(column("tinyint", "int2"), ">", "-1")), "= t.[c] > CAST('-1' AS bigint)");
    EXPECT_EQ(written(compare(column("tinyint", "int2"), "=", "255")), "= t.[c] = CAST('255' AS tinyint)");
    EXPECT_EQ(written(compare(column("smallint", "int2"), "=", "1.50")), "= t.[c] = CAST('1.5' AS decimal(2,1))");
    EXPECT_EQ(written(compare(column("decimal(10,2)", "numeric"), "=", "-0.00")),
              "= t.[c] = CAST('0' AS decimal(10,2))");
    EXPECT_EQ(written(compare(column("money", "numeric"), "=", "-0.0001")), "= t.[c] = CAST('-0.0001' AS money)");
    EXPECT_EQ(written(compare(column("money", "numeric"), "=", "922337203685477.5807")),
              "= t.[c] = CAST('922337203685477.5807' AS decimal(19,4))");
}

TEST(OdbcForeign, NumbersThatWouldBeRoundedStayHere) {
    EXPECT_EQ(written(compare(column("decimal(38,10)", "numeric"), "=", "0.00000000001")), "-");
    EXPECT_EQ(written(compare(column("decimal(38,0)", "numeric"), "=", "0.5")), "-");
    EXPECT_EQ(written(compare(column("int", "numeric"), "<", "NaN")), "-");
    EXPECT_EQ(written(compare(column("int", "numeric"), "<", "Infinity")), "-");
    EXPECT_EQ(written(compare(column("int", "text"), "=", "5")), "-") << "text is compared as text";
    ForeignColumn cut = column("decimal(10,2)", "numeric");
    cut.codec_digits = 1;
    EXPECT_EQ(written(compare(cut, "=", "1.5")), "-");
    cut.codec_digits = 2;
    EXPECT_EQ(written(compare(cut, "=", "1.5")), "= t.[c] = CAST('1.5' AS decimal(10,2))");
    ForeignColumn tens = column("int", "numeric");
    tens.codec_digits = -1;
    EXPECT_EQ(written(compare(tens, "=", "10")), "-");
}

TEST(OdbcForeign, FloatsAreLookedForAround) {
    const ForeignColumn f = column("float", "float8");
    EXPECT_EQ(
        written(compare(f, "=", "0")),
        "~ (t.[c] >= CAST(-9.9999999999999996E-281 AS float) AND t.[c] <= CAST(9.9999999999999996E-281 AS float))");
    EXPECT_EQ(written(compare(f, "<", "-1")), "~ (t.[c] <= CAST(-9.9999999999900002E-01 AS float))");
    EXPECT_EQ(written(compare(f, "<", "1.7976931348623157e+308")), "-") << "every row";
    for (const char* value : {"NaN", "Infinity", "-Infinity", "", "1x"}) {
        EXPECT_EQ(written(compare(f, "=", value)), "-") << value;
    }
    EXPECT_EQ(written(compare(f, "<>", "1")), "-") << "around a value there is no outside";
    EXPECT_EQ(written(compare(column("real", "float8"), "=", "0.1")), "-") << "not the value's own type";
}

TEST(OdbcForeign, StringsFindAtLeastTheirEquals) {
    ForeignColumn v = column("varchar(20)", "varchar");
    v.collation = "Latin1_General_CI_AS";
    EXPECT_EQ(written(compare(v, "=", "it's")),
              "~ t.[c] = CAST(CAST(N'it''s' AS nvarchar(20)) COLLATE Latin1_General_CI_AS AS varchar(20))");
    EXPECT_EQ(written(compare(v, "=", "\xC3\xA9")),
              "~ t.[c] = CAST(N'\xC3\xA9' AS nvarchar(4000)) COLLATE Latin1_General_CI_AS");
    ForeignColumn n = column("nvarchar(20)", "text");
    n.collation = "x; DROP TABLE t";
    EXPECT_EQ(written(compare(n, "=", "")), "~ t.[c] = CAST(N'' AS nvarchar(20))");
    EXPECT_EQ(written(compare(column("nchar(4)", "bpchar"), "=", "a   ")), "~ t.[c] = CAST(N'a' AS nvarchar(4))");
    EXPECT_EQ(written(list(n, Kind::kAny, {"a", "b"})),
              "~ t.[c] IN (CAST(N'a' AS nvarchar(20)), CAST(N'b' AS nvarchar(20)))");
    EXPECT_EQ(written(list(n, Kind::kNone, {"a"})), "-") << "would lose what is equal to the source alone";
    for (const char* op : {"<>", "<", ">="}) {
        EXPECT_EQ(written(compare(n, op, "a")), "-") << op;
    }
    EXPECT_EQ(written(compare(n, "=", "a\\\nb")), "-") << "T-SQL takes a backslash before a line break away";
    EXPECT_EQ(written(compare(n, "=", "a\xEF\xBF\xBD")), "-");
    EXPECT_EQ(written(compare(n, "=", std::string(4001, 'a'))), "-");
    EXPECT_EQ(written(compare(v, "=", "a?")), "-");
    EXPECT_EQ(written(compare(column("ntext", "text"), "=", "a")), "-") << "has no comparison";
    EXPECT_EQ(written(compare(column("xml", "text"), "=", "a")), "-");
}

TEST(OdbcForeign, MomentsAreLookedForASecondAround) {
    const ForeignColumn d = column("datetime2(7)", "timestamp");
    EXPECT_EQ(written(compare(d, "=", "2024-02-29 23:59:59.5")),
              "~ (t.[c] >= CONVERT(datetime2(7), '2024-02-29 23:59:58', 121) AND "
              "t.[c] <= CONVERT(datetime2(7), '2024-03-01 00:00:01', 121))");
    EXPECT_EQ(written(compare(d, "<", "0001-01-01 00:00:00")),
              "~ (t.[c] <= CONVERT(datetime2(7), '0001-01-01 00:00:01', 121))");
    EXPECT_EQ(written(compare(d, ">", "0001-01-01 00:00:00")), "-") << "every row";
    EXPECT_EQ(written(compare(column("datetime", "timestamp"), ">=", "1700-01-01 00:00:00")), "-");
    EXPECT_EQ(written(compare(column("smalldatetime", "timestamp"), "<=", "2024-01-01 00:00:30")),
              "~ (t.[c] <= CONVERT(smalldatetime, '2024-01-01 00:02:00', 120))");
    EXPECT_EQ(written(compare(column("datetimeoffset(7)", "timestamptz"), ">", "2024-01-01 00:00:00+00")),
              "~ (t.[c] >= CONVERT(datetimeoffset(7), '2023-12-31 23:59:59 +00:00', 121))");
    EXPECT_EQ(written(compare(column("time(3)", "time"), ">=", "24:00:00")),
              "~ (t.[c] >= CAST('23:59:59' AS time(3)))");
    EXPECT_EQ(written(compare(column("time(3)", "time"), "<", "00:00:00")), "~ (t.[c] <= CAST('00:00:01' AS time(3)))");
    for (const char* value : {"infinity", "-infinity", "2024-02-29 12:00:00 BC", "10000-01-01 00:00:00"}) {
        EXPECT_EQ(written(compare(d, "<", value)), "-") << value;
    }
    EXPECT_EQ(written(compare(d, "<>", "2024-02-29 12:00:00")), "-");
    EXPECT_EQ(written(compare(column("date", "date"), "<>", "2024-02-29")),
              "= t.[c] <> CONVERT(date, '2024-02-29', 23)");
    EXPECT_EQ(written(compare(column("date", "date"), "<", "infinity")), "-");
    EXPECT_EQ(written(compare(column("date", "timestamp"), "=", "2024-02-29 00:00:00")), "-");
}

TEST(OdbcForeign, ConjunctionsMayDropAPartDisjunctionsMayNot) {
    const ForeignCondition exact = compare(column("int", "int4", "a"), "=", "1");
    const ForeignCondition loose = compare(column("nvarchar(5)", "text", "b"), "=", "x");
    const ForeignCondition none = compare(column("nvarchar(5)", "text", "b"), "<", "x");
    EXPECT_EQ(written(junction(Kind::kAnd, {exact, exact})),
              "= (t.[a] = CAST('1' AS int) AND t.[a] = CAST('1' AS int))");
    EXPECT_EQ(written(junction(Kind::kAnd, {exact, none})), "~ (t.[a] = CAST('1' AS int))");
    EXPECT_EQ(written(junction(Kind::kOr, {exact, loose})),
              "~ (t.[a] = CAST('1' AS int) OR t.[b] = CAST(N'x' AS nvarchar(5)))");
    EXPECT_EQ(written(junction(Kind::kOr, {exact, none})), "-");
    EXPECT_EQ(written(junction(Kind::kOr, {exact, junction(Kind::kAnd, {none, loose})})),
              "~ (t.[a] = CAST('1' AS int) OR (t.[b] = CAST(N'x' AS nvarchar(5))))");
    EXPECT_EQ(written(junction(Kind::kAnd, {none})), "-");
    EXPECT_EQ(written(junction(Kind::kOr, {})), "-");
}

TEST(OdbcForeign, NullsBitsAndGuids) {
    ForeignCondition null = compare(column("xml", "text", "a]b"), "", "");
    null.kind = Kind::kIsNull;
    EXPECT_EQ(written(null), "= t.[a]]b] IS NULL");
    null.kind = Kind::kIsNotNull;
    EXPECT_EQ(written(null), "= t.[a]]b] IS NOT NULL");
    null.column.type = "made_up";
    EXPECT_EQ(written(null), "-");
    EXPECT_EQ(written(compare(column("bit", "bool"), "=", "f")), "= t.[c] = CAST('0' AS bit)");
    const ForeignColumn u = column("uniqueidentifier", "uuid");
    const std::string guid = "00112233-4455-6677-8899-aabbccddeeff";
    EXPECT_EQ(written(list(u, Kind::kNone, {guid})), "= t.[c] NOT IN (CAST('" + guid + "' AS uniqueidentifier))");
    EXPECT_EQ(written(compare(u, "<", guid)), "-") << "another order";
    EXPECT_EQ(written(compare(column("varbinary(8)", "bytea"), "=", "\\x00")), "-");
    EXPECT_EQ(written(list(column("int", "int4"), Kind::kAny, {})), "-");
    EXPECT_EQ(written(list(column("int", "int4"), Kind::kAny, std::vector<std::string>(1001, "1"))), "-");
}

TEST(OdbcForeign, Selects) {
    ForeignQuery query;
    query.schema = "d]o";
    query.table = "t";
    query.columns = {column("nvarchar(5)", "varchar", "n"), column("money", "numeric", "m"),
                     column("bit", "bool", "b")};
    query.conditions = {compare(column("int", "int4", "a"), ">", "1"), compare(column("bit", "bool", "b"), "=", "t")};
    query.limit = 3;
    EXPECT_EQ(foreign_dialect(true).select(query),
              "SELECT TOP (3) CAST(t.[n] AS varbinary(10)), CONVERT(varchar(41), CAST(t.[m] AS decimal(19,4))), "
              "CONVERT(varchar(20), t.[b]) FROM [d]]o].[t] AS t WHERE t.[a] > CAST('1' AS int) AND "
              "t.[b] = CAST('1' AS bit)");
    query.columns.clear();
    query.conditions.clear();
    query.limit.reset();
    EXPECT_EQ(foreign_dialect(false).select(query), "SELECT 1 FROM [d]]o].[t] AS t");
    query.sample_percent = 12.5;
    EXPECT_EQ(foreign_dialect(false).select(query),
              "SELECT 1 FROM [d]]o].[t] AS t TABLESAMPLE SYSTEM (12.500000 PERCENT)");
    query.sample_percent = 100;
    query.count = true;
    query.outside_points = true;
    EXPECT_EQ(foreign_dialect(false).select(query), "SELECT COUNT_BIG(*) FROM [d]]o].[t] AS t WITH (SNAPSHOT)");
    query.columns = {column("vector(3)", "text")};
    query.count = false;
    EXPECT_THROW(foreign_dialect(false).select(query), Error);
}

TEST(OdbcForeign, TypesFromTheCatalog) {
    EXPECT_EQ(declared_type("nvarchar", -1, 0, 0), "nvarchar(max)");
    EXPECT_EQ(declared_type("nchar", 20, 0, 0), "nchar(10)");
    EXPECT_EQ(declared_type("varbinary", 20, 0, 0), "varbinary(20)");
    EXPECT_EQ(declared_type("numeric", 9, 10, 2), "decimal(10,2)");
    EXPECT_EQ(declared_type("time", 5, 16, 7), "time(7)");
    EXPECT_EQ(declared_type("float", 4, 24, 0), "real");
    EXPECT_EQ(declared_type("timestamp", 8, 0, 0), "rowversion");
    EXPECT_EQ(declared_type("sysname", 256, 0, 0), "nvarchar(128)");
    EXPECT_EQ(declared_type("xml", -1, 0, 0), "xml");
}

TEST(OdbcForeign, FormsForDeclaredTypes) {
    EXPECT_EQ(read_codec(parse_sql_type("money"), "float8"), "numeric");
    EXPECT_EQ(read_codec(parse_sql_type("real"), "float8"), "float8");
    EXPECT_EQ(read_codec(parse_sql_type("real"), "numeric"), "float4");
    EXPECT_EQ(read_codec(parse_sql_type("int"), "bool"), "numeric");
    EXPECT_EQ(read_codec(parse_sql_type("bit"), "bool"), "bool");
    EXPECT_EQ(read_codec(parse_sql_type("datetime2(7)"), "varchar"), "text");
    EXPECT_EQ(read_codec(parse_sql_type("datetimeoffset(7)"), "timestamptz"), "timestamptz");
    EXPECT_EQ(read_codec(parse_sql_type("varchar(5)"), "bytea"), "text");
    EXPECT_EQ(read_codec(parse_sql_type("varbinary(5)"), "text"), "bytea");
}

}  // namespace
