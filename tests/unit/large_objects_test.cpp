// Large objects as a table of pieces: the queries of both sides, bounds of batches, and bounds that are none.
#include <gtest/gtest.h>

#include <string>

#include "source/dialect.hpp"
#include "source/postgres/large_objects.hpp"

namespace {

using namespace lakemover::source;

TableSpec objects() {
    return parse_table_spec(R"({"table_id": 2613, "source_schema": "pg_catalog", "source_table": "pg_largeobject",
        "kind": "large objects", "format": "binary", "chunking": "keyset", "key": ["loid", "position"], "columns": [
        {"name": "loid", "source_type": "bigint", "codec": "int8"}, {"name": "position", "source_type": "bigint", "codec": "int8"},
        {"name": "data", "source_type": "bytea", "codec": "bytea"}]})");
}

ChunkRange between(std::vector<std::string> lower, std::vector<std::string> upper) {
    ChunkRange range;
    range.method = ChunkMethod::kKeyset;
    if (!lower.empty()) range.lower = std::move(lower);
    if (!upper.empty()) range.upper = std::move(upper);
    return range;
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(LargeObjects, APieceIsWholePages) { EXPECT_EQ(kLargeObjectPiece % 2048, 0); }

TEST(LargeObjects, TheSourceIsReadByFunctionsThatEveryReaderMayCall) {
    const std::string sql = postgres_dialect().copy_out(objects(), {});
    EXPECT_EQ(sql.rfind("COPY (SELECT \"loid\", \"position\", (\npg_catalog.lo_get(t.loid::pg_catalog.oid, t.position, "
                        "131072)\n) FROM (",
                        0),
              0U)
        << sql;
    EXPECT_FALSE(has(sql, "pg_largeobject ")) << sql;
    EXPECT_FALSE(has(sql, "WHERE")) << sql;
    EXPECT_TRUE(has(sql, "generate_series((0)::bigint, greatest(z.bytes - 1, 0), 131072)")) << sql;
}

TEST(LargeObjects, ABatchReadsNoMoreThanItsObjects) {
    const std::string sql =
        postgres_dialect().copy_out(objects(), between({"16400", "262144"}, {"4294967295", "131072"}));
    EXPECT_TRUE(has(sql, "WHERE m.oid >= '16400'::pg_catalog.oid AND m.oid <= '4294967295'::pg_catalog.oid")) << sql;
    EXPECT_TRUE(has(sql, "CASE m.oid WHEN '16400'::pg_catalog.oid THEN 262144 ELSE 0 END")) << sql;
    EXPECT_TRUE(has(
        sql,
        "greatest(CASE m.oid WHEN '4294967295'::pg_catalog.oid THEN least(z.bytes, 131072) ELSE z.bytes END - 1, 0)"))
        << sql;
}

TEST(LargeObjects, AnUpperBoundAtTheBeginningLeavesTheObjectOut) {
    const std::string sql = postgres_dialect().copy_out(objects(), between({}, {"16401", "0"}));
    EXPECT_TRUE(has(sql, "WHERE m.oid < '16401'::pg_catalog.oid")) << sql;
    EXPECT_FALSE(has(sql, "CASE")) << sql;
}

TEST(LargeObjects, BoundsThatAreNoneAreRefused) {
    for (const std::vector<std::string>& bound : {std::vector<std::string>{"1"},
                                                  {"1", "2", "3"},
                                                  {"x", "0"},
                                                  {"1; DROP", "0"},
                                                  {"1", "-131072"},
                                                  {"1", "5"},
                                                  {"4294967296", "0"}}) {
        EXPECT_THROW((void)postgres_dialect().copy_out(objects(), between(bound, {})), Error) << bound[0];
        EXPECT_THROW((void)postgres_dialect().copy_out(objects(), between({}, bound)), Error) << bound[0];
    }
}

TEST(LargeObjects, TheTargetIsAskedForTheRunsObjectsOnly) {
    TableSpec spec = objects();
    EXPECT_TRUE(has(postgres_dialect().count(spec, Side::kTarget), "m.oid = ANY ('{}'::pg_catalog.oid[])"));
    spec.large_objects = "{7,8}";
    for (const std::string& sql : {postgres_dialect().count(spec, Side::kTarget), postgres_dialect().copy_back(spec),
                                   postgres_dialect().sample_by_key(spec), postgres_dialect().rows_by_key(spec)}) {
        EXPECT_TRUE(has(sql, "m.oid = ANY ('{7,8}'::pg_catalog.oid[])")) << sql;
        EXPECT_FALSE(has(sql, "ONLY")) << sql;
    }
    EXPECT_TRUE(has(postgres_dialect().copy_back(spec),
                    "SELECT \"loid\", \"position\", pg_catalog.lo_get(t.loid::pg_catalog.oid"));
    EXPECT_FALSE(has(postgres_dialect().count(spec, Side::kSource), "ANY"));
}

TEST(LargeObjects, PiecesWaitInATemporaryTable) {
    EXPECT_EQ(postgres_dialect().copy_in(objects()),
              "COPY pg_temp.lakemover_large_object (\"loid\", \"position\", \"data\") FROM STDIN (FORMAT binary)");
}

}  // namespace
