// The frozen plan as the dialects read it: defaults, refusals, bounds, and arrays in text form.
#include <gtest/gtest.h>

#include "source/spec.hpp"

namespace {

using namespace lakemover::source;

constexpr const char* kSpec =
    R"({"table_id":16402,"source_schema":"sales","source_table":"Order Lines","target_schema":"s2",
 "target_table":"order_lines","kind":"r","format":"text","row_filter":null,"chunking":"keyset","batch_rows":null,
 "est_rows":100000,"est_bytes":12345678,"pages":1507,
 "columns":[{"name":"id","target_name":"Id","source_type":"bigint","target_type":"bigint","codec":"int8","select":null,
             "target_codec":"int8","not_null":true,"scale":null},
            {"name":"x","source_type":"jsonb","codec":"text","select":"x::text",
             "policy":{"nul":"fail","precision":"round"}}],
 "key":["id"],"copies_rows":true})";

TEST(SourceSpec, ReadsWhatThePlannerWrites) {
    const TableSpec spec = parse_table_spec(kSpec);
    EXPECT_EQ(spec.table_id, 16402);
    EXPECT_EQ(spec.source_table, "Order Lines");
    EXPECT_EQ(spec.target_schema, "s2");
    EXPECT_EQ(spec.format, CopyFormat::kText);
    EXPECT_FALSE(spec.row_filter.has_value());
    EXPECT_EQ(spec.pages, 1507);
    ASSERT_EQ(spec.columns.size(), 2U);
    EXPECT_EQ(spec.columns[0].target_name, "Id");
    EXPECT_TRUE(spec.columns[0].not_null);
    EXPECT_EQ(spec.columns[1].target_name, "x");
    EXPECT_EQ(spec.columns[1].select, "x::text");
    EXPECT_TRUE(spec.columns[0].policy.empty());
    EXPECT_EQ(spec.columns[1].policy, (std::map<std::string, std::string>{{"nul", "fail"}, {"precision", "round"}}));
    EXPECT_TRUE(spec.key_is_copied());
}

TEST(SourceSpec, FirstPassLeavesColumnsOut) {
    std::string text = kSpec;
    text.replace(text.find("\"codec\":\"text\""), 14, "\"pass\":2,\"codec\":\"text\"");
    const TableSpec spec = parse_table_spec(text);
    EXPECT_EQ(spec.columns[0].pass, 1);
    EXPECT_EQ(spec.columns[1].pass, 2);
    const TableSpec first = spec.first_pass();
    ASSERT_EQ(first.columns.size(), 1U);
    EXPECT_EQ(first.columns[0].name, "id");
    EXPECT_EQ(parse_table_spec(kSpec).first_pass().columns.size(), 2U);
}

TEST(SourceSpec, SaysWhichFieldIsMissing) {
    try {
        parse_table_spec(R"({"table_id":1,"source_schema":"s"})");
        FAIL() << "accepted a plan without a table name";
    } catch (const Error& e) {
        EXPECT_EQ(e.kind, ErrorKind::kConfig);
        EXPECT_NE(e.detail.find("source_table"), std::string::npos);
    }
    EXPECT_THROW(parse_table_spec("{"), Error);
    EXPECT_THROW(parse_table_spec("[]"), Error);
    EXPECT_THROW(
        parse_table_spec(R"({"table_id":1,"source_schema":"s","source_table":"t","format":"csv","columns":[]})"),
        Error);
}

TEST(ChunkRange, ReadsBounds) {
    const ChunkRange range = parse_chunk_range("keyset", R"(["1","a\"b"])", std::nullopt);
    ASSERT_TRUE(range.lower.has_value());
    EXPECT_EQ(*range.lower, (std::vector<std::string>{"1", "a\"b"}));
    EXPECT_FALSE(range.upper.has_value());
    EXPECT_THROW(parse_chunk_range("hash", std::nullopt, std::nullopt), Error);
    EXPECT_THROW(parse_chunk_range("keyset", "[null]", std::nullopt), Error);
}

TEST(TextArray, ReadsQuotedElements) {
    EXPECT_EQ(parse_text_array("{}"), std::vector<std::string>{});
    EXPECT_EQ(parse_text_array("{1}"), std::vector<std::string>{"1"});
    EXPECT_EQ(parse_text_array(R"({a,"b,c","d\"\\e","NULL",""})"),
              (std::vector<std::string>{"a", "b,c", "d\"\\e", "NULL", ""}));
    for (const char* bad : {"", "{", "a", "{NULL}", "{a,,b}", "{\"a}", "{\"a\"b}"}) {
        EXPECT_THROW(parse_text_array(bad), Error) << bad;
    }
}

}  // namespace
