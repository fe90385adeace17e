// The PostgreSQL dialect: quoting, chunk predicates, statements for either side, and plans it must refuse.
#include <gtest/gtest.h>

#include <string>

#include "source/dialect.hpp"

namespace {

using namespace lakemover::source;

const Dialect& dialect() { return postgres_dialect(); }

ColumnSpec column(std::string name, std::string type, std::string codec) {
    ColumnSpec c;
    c.name = name;
    c.target_name = "t_" + name;
    c.source_type = type;
    c.target_type = std::move(type);
    c.codec = codec;
    c.target_codec = std::move(codec);
    return c;
}

TableSpec orders() {
    TableSpec spec;
    spec.table_id = 1;
    spec.source_schema = "sales";
    spec.source_table = "Order \"Lines\"";
    spec.target_schema = "sales";
    spec.target_table = "order_lines";
    spec.kind = "r";
    spec.columns = {column("order_id", "bigint", "int8"), column("line no", "integer", "int4"),
                    column("note", "text", "text")};
    spec.key = {"order_id", "line no"};
    return spec;
}

ChunkRange keyset(std::vector<std::string> lower, std::vector<std::string> upper) {
    ChunkRange range;
    range.method = ChunkMethod::kKeyset;
    if (!lower.empty()) range.lower = std::move(lower);
    if (!upper.empty()) range.upper = std::move(upper);
    return range;
}

TEST(PostgresDialect, QuotesIdentifiers) {
    EXPECT_EQ(dialect().quote_identifier("plain"), "\"plain\"");
    EXPECT_EQ(dialect().quote_identifier("a\"b; DROP"), "\"a\"\"b; DROP\"");
    EXPECT_EQ(dialect().qualified("s", "t"), "\"s\".\"t\"");
}

TEST(PostgresDialect, QuotesLiteralsWithAndWithoutBackslash) {
    EXPECT_EQ(dialect().quote_literal("it's"), "'it''s'");
    EXPECT_EQ(dialect().quote_literal("a\\'b"), " E'a\\\\''b'");
}

TEST(PostgresDialect, CopiesAWholeTableWithOnly) {
    EXPECT_EQ(dialect().copy_out(orders(), {}),
              "COPY (SELECT \"order_id\", \"line no\", \"note\" FROM ONLY \"sales\".\"Order \"\"Lines\"\"\" AS t) TO "
              "STDOUT (FORMAT binary)");
}

TEST(PostgresDialect, ComparesCompositeKeysAsRows) {
    EXPECT_EQ(dialect().chunk_predicate(orders(), keyset({"10", "2"}, {"20", "1"})),
              "(\"order_id\", \"line no\") >= ROW('10'::bigint, '2'::integer) AND "
              "(\"order_id\", \"line no\") < ROW('20'::bigint, '1'::integer)");
}

TEST(PostgresDialect, ComparesSingleKeysWithoutRow) {
    TableSpec spec = orders();
    spec.key = {"note"};
    EXPECT_EQ(dialect().chunk_predicate(spec, keyset({"o'x"}, {})), "\"note\" >= 'o''x'::text");
    EXPECT_EQ(dialect().chunk_predicate(spec, keyset({}, {"z"})), "\"note\" < 'z'::text");
    EXPECT_EQ(dialect().chunk_predicate(spec, keyset({}, {})), "");
}

TEST(PostgresDialect, LeavesTheLiteralOfAnUncopiedKeyColumnUntyped) {
    TableSpec spec = orders();
    spec.key = {"secret"};
    EXPECT_EQ(dialect().chunk_predicate(spec, keyset({"1"}, {})), "\"secret\" >= '1'");
    EXPECT_FALSE(spec.key_is_copied());
    EXPECT_THROW(dialect().sample_in_key_order(spec, {}, 10), Error);
}

TEST(PostgresDialect, RefusesBoundsThatDoNotFitTheKey) {
    EXPECT_THROW(dialect().chunk_predicate(orders(), keyset({"10"}, {})), Error);
    TableSpec keyless = orders();
    keyless.key.clear();
    EXPECT_THROW(dialect().chunk_predicate(keyless, keyset({"10"}, {})), Error);
    ChunkRange single;
    single.lower = {"1"};
    EXPECT_THROW(dialect().chunk_predicate(orders(), single), Error);
}

TEST(PostgresDialect, CtidBoundsAreFirstTuplesOfPages) {
    ChunkRange range;
    range.method = ChunkMethod::kCtid;
    range.lower = {"0"};
    range.upper = {"4294967295"};
    EXPECT_EQ(dialect().chunk_predicate(orders(), range), "ctid >= '(0,0)'::tid AND ctid < '(4294967295,0)'::tid");
    for (const char* bad : {"", "1,0)' OR true --", "-1", "1 ", "12345678901"}) {
        range.lower = {bad};
        EXPECT_THROW(dialect().chunk_predicate(orders(), range), Error) << bad;
    }
}

TEST(PostgresDialect, FilterMayEndInACommentAndCannotWidenTheChunk) {
    TableSpec spec = orders();
    spec.key = {"order_id"};
    spec.row_filter = "a OR b -- both";
    const std::string sql = dialect().copy_out(spec, keyset({"1"}, {}));
    EXPECT_NE(sql.find("WHERE \"order_id\" >= '1'::bigint AND (\na OR b -- both\n)) TO STDOUT"), std::string::npos)
        << sql;
    EXPECT_EQ(dialect().count(spec, Side::kTarget), "SELECT count(*) FROM ONLY \"sales\".\"order_lines\" AS t");
    EXPECT_NE(dialect().count(spec, Side::kSource).find("a OR b"), std::string::npos);
}

TEST(PostgresDialect, SelectReplacesTheColumnOnTheSourceOnly) {
    TableSpec spec = orders();
    spec.columns[2].select = "upper(note)";
    EXPECT_NE(dialect().copy_out(spec, {}).find("\"line no\", (\nupper(note)\n) FROM"), std::string::npos);
    EXPECT_EQ(dialect().copy_in(spec),
              "COPY \"sales\".\"order_lines\" (\"t_order_id\", \"t_line no\", \"t_note\") FROM STDIN (FORMAT binary)");
}

TEST(PostgresDialect, SecondPassGoesThroughATableOfTheSession) {
    TableSpec spec = orders();
    spec.table_id = 42;
    spec.key = {"order_id", "line no"};
    spec.columns[2].pass = 2;
    EXPECT_EQ(dialect().copy_in(spec.first_pass()),
              "COPY \"sales\".\"order_lines\" (\"t_order_id\", \"t_line no\") FROM STDIN (FORMAT binary)");
    EXPECT_EQ(dialect().fill_table(spec),
              "CREATE TEMPORARY TABLE lakemover_fill_42 ON COMMIT DELETE ROWS AS SELECT \"t_order_id\", \"t_line no\", "
              "\"t_note\" FROM ONLY \"sales\".\"order_lines\" AS t WITH NO DATA");
    EXPECT_EQ(dialect().fill_copy(spec),
              "COPY pg_temp.lakemover_fill_42 (\"t_order_id\", \"t_line no\", \"t_note\") FROM STDIN (FORMAT binary)");
    EXPECT_EQ(
        dialect().fill_update(spec),
        "UPDATE ONLY \"sales\".\"order_lines\" AS t SET \"t_note\" = s.\"t_note\" FROM pg_temp.lakemover_fill_42 AS "
        "s WHERE t.\"t_order_id\" = s.\"t_order_id\" AND t.\"t_line no\" = s.\"t_line no\"");
    spec.key.clear();
    EXPECT_THROW(dialect().fill_update(spec), Error);
    EXPECT_THROW(dialect().fill_update(orders()), Error);
}

TEST(PostgresDialect, TextFormatOnBothSides) {
    TableSpec spec = orders();
    spec.format = CopyFormat::kText;
    EXPECT_NE(dialect().copy_out(spec, {}).find("(FORMAT text)"), std::string::npos);
    EXPECT_NE(dialect().copy_in(spec).find("(FORMAT text)"), std::string::npos);
    EXPECT_NE(dialect().copy_back(spec).find("%RANGE%) TO STDOUT (FORMAT text)"), std::string::npos);
}

TEST(PostgresDialect, RefusesToReadAPartitionedParent) {
    TableSpec spec = orders();
    spec.copies_rows = false;
    EXPECT_THROW(dialect().copy_out(spec, {}), Error);
    EXPECT_THROW(dialect().count(spec, Side::kSource), Error);
}

TEST(PostgresDialect, SamplesPagesOnlyForARealPercentage) {
    EXPECT_EQ(dialect().key_quantiles(orders(), 4, 0).find("TABLESAMPLE"), std::string::npos);
    EXPECT_EQ(dialect().key_quantiles(orders(), 4, 100).find("TABLESAMPLE"), std::string::npos);
    EXPECT_NE(dialect().key_quantiles(orders(), 4, 2.5).find("TABLESAMPLE SYSTEM (2.500000) REPEATABLE (1)"),
              std::string::npos);
    EXPECT_NE(dialect().copy_sample(orders(), 10, 1e-12).find("SYSTEM (0.000001)"), std::string::npos);
}

TEST(PostgresDialect, QuantilesAreOrderedByTheOperatorOfThePredicates) {
    EXPECT_NE(dialect().key_quantiles(orders(), 4, 0).find("ORDER BY \"order_id\" USING <, \"line no\" USING <"),
              std::string::npos);
}

TEST(PostgresDialect, FindsTargetRowsByTypedKey) {
    const std::string sql = dialect().sample_by_key(orders());
    EXPECT_NE(sql.find("t.\"t_order_id\" = (k.tuple ->> 0)::bigint AND t.\"t_line no\" = (k.tuple ->> 1)::integer"),
              std::string::npos);
    EXPECT_NE(sql.find("ARRAY[k.tuple ->> 0, k.tuple ->> 1]::text[] AS row_key"), std::string::npos);
}

TEST(PostgresDialect, KeylessRuleIsTheSameTextOnBothSides) {
    TableSpec spec = orders();
    spec.target_table = spec.source_table;
    for (ColumnSpec& c : spec.columns) c.target_name = c.name;
    std::string target = dialect().sample_keyless(spec, Side::kTarget, "10000");
    for (std::size_t at = target.find("t.\""); at != std::string::npos; at = target.find("t.\"", at))
        target.erase(at, 2);
    EXPECT_EQ(dialect().sample_keyless(spec, Side::kSource, "10000"), target);
}

TEST(PostgresDialect, CanonicalTextNamesTheFormOfEachType) {
    const auto md5_of = [](const char* codec) {
        TableSpec spec = orders();
        spec.columns = {column("c", "x", codec)};
        spec.key.clear();
        return dialect().rows_keyless(spec, Side::kSource, "1");
    };
    EXPECT_NE(md5_of("bytea").find("encode((\"c\"), 'hex')"), std::string::npos);
    EXPECT_NE(md5_of("float8").find("float8send"), std::string::npos);
    EXPECT_NE(md5_of("float4").find("float4send"), std::string::npos);
    EXPECT_NE(md5_of("timestamptz").find("AT TIME ZONE 'UTC'"), std::string::npos);
    EXPECT_NE(md5_of("timestamp").find("'YYYY-MM-DD HH24:MI:SS.US'"), std::string::npos);
    EXPECT_NE(md5_of("bpchar").find("rtrim"), std::string::npos);
    EXPECT_EQ(md5_of("varchar").find("rtrim"), std::string::npos);  // trailing blanks are data there
    EXPECT_NE(md5_of("bool").find("left((\"c\")::text, 1)"), std::string::npos);
}

}  // namespace
