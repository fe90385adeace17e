// The catalog queries' texts: every topic expands, and stays within what all versions have.
#include <gtest/gtest.h>

#include <string>

#include "source/postgres/catalog.hpp"

namespace lakemover::source {
namespace {

TEST(Catalog, EveryTopicHasAQueryOnEveryVersion) {
    EXPECT_EQ(catalog_topics().size(), 23U + 1U + static_cast<unsigned>(kSequenceValueParts));
    for (const auto topic : catalog_topics()) {
        for (const int version : {120000, 130011, 150020, 170010}) {
            const auto query = catalog_query(topic, version);
            ASSERT_TRUE(query.has_value()) << topic;
            EXPECT_NE(query->find("SELECT"), std::string_view::npos) << topic;
        }
    }
}

TEST(Catalog, NoFragmentIsLeftUnexpanded) {
    for (const auto topic : catalog_topics()) {
        EXPECT_EQ(catalog_query(topic, 150000)->find('$'), std::string_view::npos) << topic;
    }
}

TEST(Catalog, QueriesAreSingleStatements) {
    for (const auto topic : catalog_topics()) {
        EXPECT_EQ(catalog_query(topic, 150000)->find(';'), std::string_view::npos) << topic;
    }
}

TEST(Catalog, UnknownTopicsAndOldServersHaveNone) {
    EXPECT_FALSE(catalog_query("nothing", 150000));
    EXPECT_FALSE(catalog_query("", 150000));
    EXPECT_FALSE(catalog_query("sequence_value_8", 150000));
    EXPECT_FALSE(catalog_query("table", 119999));
}

TEST(Catalog, SequenceValuesAreReadInDisjointParts) {
    for (int part = 0; part < kSequenceValueParts; ++part) {
        const auto query = catalog_query("sequence_value_" + std::to_string(part), 150000);
        ASSERT_TRUE(query.has_value());
        EXPECT_NE(query->find("(hashoid(x.seqrelid) & 7) = " + std::to_string(part)), std::string_view::npos);
    }
}

}  // namespace
}  // namespace lakemover::source
