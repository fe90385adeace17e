// What is made of the target's words about a refused row, and rows known again by their bytes.
#include <gtest/gtest.h>

#include "loader/engine/bad_rows.hpp"

namespace lakemover::loader {
namespace {

TableSpec spec_of(const std::string& table, const std::vector<std::string>& columns) {
    TableSpec spec;
    spec.target_table = table;
    for (const std::string& name : columns) {
        ColumnSpec column;
        column.name = column.target_name = name;
        spec.columns.push_back(column);
    }
    return spec;
}

Error refused(const std::string& state, const std::string& detail) {
    Error e(Exit::kOther, "target: value too long", detail, {}, state);
    e.peer = "target";
    e.of_rows = true;
    return e;
}

TEST(BadRows, OnlyDataErrorsOfTheRows) {
    EXPECT_TRUE(refuses_rows(refused("22001", "")));
    EXPECT_TRUE(refuses_rows(refused("23514", "")));
    EXPECT_FALSE(refuses_rows(refused("42501", "")));
    Error lost = refused("22001", "");
    lost.connection_lost = true;
    EXPECT_FALSE(refuses_rows(lost));
    Error ledger = refused("23505", "");
    ledger.of_rows = false;
    EXPECT_FALSE(refuses_rows(ledger));
}

TEST(BadRows, LineAndColumnFromTheContext) {
    const TableSpec spec = spec_of("t", {"v", "v, long", "other"});
    const Error binary = refused("22001", "COPY t, line 17, column v");
    EXPECT_EQ(refused_line(binary, spec), 17U);
    EXPECT_EQ(refusal_of(binary, spec).column, "v");
    EXPECT_EQ(refusal_of(binary, spec).reason, "value too long");
    const Error text = refused("22P02", "some detail\nCOPY t, line 3, column v, long: \"x, column other\"");
    EXPECT_EQ(refused_line(text, spec), 3U);
    EXPECT_EQ(refusal_of(text, spec).column, "v, long");
}

TEST(BadRows, ContextOfATriggerIsNoColumn) {
    const TableSpec spec = spec_of("t", {"v"});
    const Error e =
        refused("23514", "PL/pgSQL function house.refuse() line 3 at RAISE\nCOPY t, line 5: \"1, column v\"");
    EXPECT_EQ(refused_line(e, spec), 5U);
    EXPECT_EQ(refusal_of(e, spec).column, "");
}

TEST(BadRows, NoHintInAnotherLanguageOrOfAnotherTable) {
    const TableSpec spec = spec_of("t", {"v"});
    EXPECT_FALSE(refused_line(refused("22001", "COPY t, Zeile 17, Spalte v"), spec));
    EXPECT_FALSE(refused_line(refused("22001", "COPY other, line 17, column v"), spec));
    EXPECT_FALSE(refused_line(refused("22001", "COPY t, line 99999999999999999999999"), spec));
}

TEST(BadRows, EqualRowsAreTakenAsOftenAsTheyWereRefused) {
    RefusedRows rows(codec::HashKey{});
    rows.add("same", {"22001", "reason", "v"});
    rows.add("same", {"22001", "reason", "v"});
    rows.add("other", {"23514", "check", ""});
    EXPECT_FALSE(rows.take("third"));
    EXPECT_TRUE(rows.take("same"));
    EXPECT_EQ(rows.take("other")->sqlstate, "23514");
    EXPECT_TRUE(rows.take("same"));
    EXPECT_FALSE(rows.take("same"));
    EXPECT_EQ(rows.size(), 0U);
}

TEST(BadRows, TextThatEveryServerTakes) {
    EXPECT_EQ(safe_text("a\tb \xc3\xa4"), "a\tb \xc3\xa4");
    EXPECT_EQ(safe_text("x\xffy"), "x\xef\xbf\xbdy");
    EXPECT_EQ(safe_text(std::string("x\0y", 3)), "x\xef\xbf\xbdy");
}

}  // namespace
}  // namespace lakemover::loader
