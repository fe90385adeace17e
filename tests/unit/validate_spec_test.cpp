// The table spec as validation reads it: forms, key, policy, hash key, column sums.
#include <gtest/gtest.h>

#include "loader/util/error.hpp"
#include "loader/validate/table_spec.hpp"

namespace {

using lakemover::codec::Kind;
using lakemover::loader::TableSpec;
using nlohmann::json;

json column(const char* name, const char* codec, const char* source_type, const char* target_type) {
    return {{"name", name},   {"target_name", name},   {"source_type", source_type}, {"target_type", target_type},
            {"codec", codec}, {"target_codec", codec}, {"select", nullptr}};
}

json spec() {
    return {{"table_id", 5},
            {"source_schema", "s"},
            {"source_table", "T"},
            {"target_schema", "s"},
            {"target_table", "t"},
            {"format", "binary"},
            {"copies_rows", true},
            {"key", {"b", "a"}},
            {"columns",
             {column("a", "int4", "integer", "integer"), column("b", "text", "text", "text"),
              column("n", "numeric", "numeric(9,2)", "numeric(9,2)")}}};
}

TEST(TableSpec, ReadsColumnsAndKey) {
    const TableSpec t = lakemover::loader::parse_table_spec(spec());
    EXPECT_EQ(t.source_name(), "s.T");
    EXPECT_EQ(t.columns.size(), 3U);
    EXPECT_EQ(t.key, (std::vector<std::size_t>{1, 0}));
    EXPECT_EQ(t.columns[2].form.kind, Kind::kNumeric);
    EXPECT_TRUE(t.policy().empty());
}

TEST(TableSpec, DeclaredLossesAreNamed) {
    json document = spec();
    document["columns"][0]["select"] = "a::text";
    document["columns"][1]["target_codec"] = "bpchar";
    document["columns"][1]["source_type"] = "character varying(3)";
    document["columns"][2]["target_type"] = "numeric(12,4)";
    const TableSpec t = lakemover::loader::parse_table_spec(document);
    EXPECT_EQ(t.columns[1].form.kind, Kind::kBpchar);
    EXPECT_EQ(t.columns[2].form.kind, Kind::kNumericValue);
    EXPECT_EQ(t.policy().size(), 3U);
}

TEST(TableSpec, WhatPoliciesDidIsSaid) {
    json document = spec();
    document["engine"] = "sqlserver";
    document["columns"] = {column("c", "varchar", "nchar(4)", "character varying(4)"),
                           column("p", "bpchar", "char(4)", "character(4)"), column("t", "time", "time(7)", "time(6)"),
                           column("u", "time", "time(7)", "time(6)")};
    document["columns"][2]["policy"] = {{"precision", "round"}};
    document["key"] = json::array();
    const TableSpec t = lakemover::loader::parse_table_spec(document);
    EXPECT_EQ(t.policy(), (std::vector<std::string>{"column c of type nchar(4) became character varying(4): copied and "
                                                    "compared without the padding"}));
    EXPECT_EQ(t.loss("c", "nul", "2"), "column c: U+0000 was taken out of 2 values");
    EXPECT_EQ(t.loss("c", "surrogate", "1"), "column c: half surrogate pairs became U+FFFD in 1 value");
    EXPECT_EQ(t.loss("t", "precision", "3"), "column t: seconds were rounded to six digits in 3 values");
    EXPECT_EQ(t.loss("u", "precision", "3"), "column u: digits of a second behind the sixth were cut off in 3 values");
}

TEST(TableSpec, KeyThatIsNotCopiedIsNoKey) {
    json document = spec();
    document["key"] = {"a", "gone"};
    EXPECT_TRUE(lakemover::loader::parse_table_spec(document).key.empty());
}

TEST(TableSpec, FirstPassIsWithoutTheColumnsOfTheSecond) {
    json document = spec();
    document["columns"].insert(document["columns"].begin(), column("lob", "bytea", "bytea", "bytea"));
    document["columns"][0]["pass"] = 2;
    const TableSpec whole = lakemover::loader::parse_table_spec(document);
    EXPECT_EQ(whole.columns.size(), 4U);
    EXPECT_EQ(whole.second_pass(), (std::vector<std::string>{"lob"}));
    EXPECT_EQ(whole.key, (std::vector<std::size_t>{2, 1}));
    const TableSpec first = lakemover::loader::parse_table_spec(document, 1);
    EXPECT_EQ(first.columns.size(), 3U);
    EXPECT_TRUE(first.second_pass().empty());
    EXPECT_EQ(first.key, (std::vector<std::size_t>{1, 0}));
}

TEST(TableSpec, RefusesOtherDocuments) {
    EXPECT_THROW(lakemover::loader::parse_table_spec(json::object()), lakemover::loader::Error);
    json document = spec();
    document["columns"][0]["codec"] = "record(int4";
    EXPECT_THROW(lakemover::loader::parse_table_spec(document), lakemover::loader::Error);
}

TEST(TableSpec, HashKey) {
    const auto key = lakemover::codec::parse_hash_key("\\x000102030405060708090a0b0c0d0eff");
    EXPECT_EQ(key[1], 1);
    EXPECT_EQ(key[15], 255);
    EXPECT_EQ(lakemover::codec::parse_hash_key("000102030405060708090a0b0c0d0eff"), key);
    EXPECT_THROW(lakemover::codec::parse_hash_key("\\x00"), std::invalid_argument);
    EXPECT_THROW(lakemover::codec::parse_hash_key("zz0102030405060708090a0b0c0d0eff"), std::invalid_argument);
}

TEST(TableSpec, ColumnSumsSurviveJson) {
    const std::vector<lakemover::codec::ColumnStats> stats{{3, ~std::uint64_t{0}, 12}, {0, 0, 0}};
    const json document = json::parse(lakemover::loader::column_stats_json(stats).dump());
    EXPECT_EQ(lakemover::loader::parse_column_stats(document), stats);
    EXPECT_THROW(lakemover::loader::parse_column_stats(json::parse("[[1,2,3]]")), lakemover::loader::Error);
}

}  // namespace
