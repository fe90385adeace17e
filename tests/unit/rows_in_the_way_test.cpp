// What a server says of a duplicate is SQL that can be asked for more of them, whatever the names in it.
#include <gtest/gtest.h>

#include "loader/engine/rows_in_the_way.hpp"

namespace lakemover::loader {
namespace {

TEST(RowsInTheWay, KeyOfDetail) {
    EXPECT_EQ(key_of_detail("Key (id)=(5) is duplicated."), "id");
    EXPECT_EQ(key_of_detail("Key (a, lower(b))=(1, x) is duplicated."), "a, lower(b)");
    EXPECT_EQ(key_of_detail("Schlüssel »(a)=(1)« ist doppelt vorhanden."), "a");
    EXPECT_EQ(key_of_detail(R"(Key ("a)=(b")=(1) is duplicated.)"), R"("a)=(b")");
    EXPECT_EQ(key_of_detail(R"(Key ("a""(", replace(b, ')'::text, ''''::text))=(1, y) is duplicated.)"),
              R"("a""(", replace(b, ')'::text, ''''::text))");
}

TEST(RowsInTheWay, NoKeyInDetail) {
    for (const char* text : {"", "no parentheses", "Key (id) is not there.", "Key (id", "Key ()=(1)", "Key (\"a)=(1)"})
        EXPECT_EQ(key_of_detail(text), std::nullopt) << text;
}

TEST(RowsInTheWay, PredicateOfIndex) {
    EXPECT_EQ(predicate_of_index("CREATE UNIQUE INDEX i ON t USING btree (a)"), "");
    EXPECT_EQ(predicate_of_index("CREATE UNIQUE INDEX i ON t USING btree (a) WHERE (b > 0)"), "(b > 0)");
    EXPECT_EQ(predicate_of_index("CREATE UNIQUE INDEX \" WHERE \" ON t USING btree (replace(a, ' WHERE '::text, "
                                 "''::text)) WHERE (a <> ' WHERE '::text)"),
              "(a <> ' WHERE '::text)");
    EXPECT_EQ(predicate_of_index("CREATE UNIQUE INDEX \"never closed WHERE a"), "");
}

}  // namespace
}  // namespace lakemover::loader
