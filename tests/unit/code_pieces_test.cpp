// The statements of a converted object, told apart by their text.
#include <gtest/gtest.h>

#include "loader/convert/pieces.hpp"

namespace lakemover::loader {
namespace {

ConvertedObject object(const std::string& kind, const std::string& name, const std::string& sql) {
    ConvertedObject o;
    o.kind = kind;
    o.name = name;
    o.sql = sql;
    o.details = {{"relation", "dbo.orders"}};
    return o;
}

TEST(CodePieces, View) {
    const auto pieces =
        pieces_of(object("view", "dbo.v", "-- why\nCREATE OR REPLACE VIEW dbo.v AS\nSELECT 1 AS a;\n"), false);
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0].kind, "view");
    EXPECT_EQ(pieces[0].object, "dbo.v");
    EXPECT_EQ(pieces[0].sql, "-- why\nCREATE VIEW dbo.v AS\nSELECT 1 AS a;\n");
}

TEST(CodePieces, RoutineWithItsArguments) {
    ConvertedObject o =
        object("procedure", "dbo.p",
               "CREATE OR REPLACE PROCEDURE dbo.p(p_a integer)\nLANGUAGE plpgsql\nAS $lakemover$\nBEGIN\n"
               "CREATE OR REPLACE VIEW x AS SELECT 1;\nEND;\n$lakemover$;\n");
    EXPECT_TRUE(pieces_of(o, false).empty()) << "without a signature nothing could be undone";
    o.signatures = {"dbo.p(integer)"};
    const auto pieces = pieces_of(o, false);
    ASSERT_EQ(pieces.size(), 1U);
    EXPECT_EQ(pieces[0].kind, "procedure");
    EXPECT_EQ(pieces[0].object, "dbo.p(integer)");
    EXPECT_EQ(pieces[0].sql.find("CREATE PROCEDURE dbo.p"), 0U);
    EXPECT_NE(pieces[0].sql.find("\nCREATE OR REPLACE VIEW x"), std::string::npos) << "a body is left as it is";
}

TEST(CodePieces, TriggerOfSeveralFunctions) {
    const std::string function =
        "()\nRETURNS trigger\nLANGUAGE plpgsql\nAS $lakemover1$\nBEGIN\n    RETURN NULL;\nEND;\n$lakemover1$;\n";
    ConvertedObject o = object("trigger", "dbo.t",
                               "CREATE OR REPLACE FUNCTION dbo.t_insert" + function +
                                   "CREATE OR REPLACE TRIGGER t_insert\nAFTER INSERT ON dbo.orders\nFOR EACH STATEMENT "
                                   "EXECUTE FUNCTION dbo.t_insert();\nCREATE OR REPLACE FUNCTION dbo.t_delete" +
                                   function +
                                   "CREATE OR REPLACE TRIGGER t_delete\nAFTER DELETE ON dbo.orders\nFOR EACH STATEMENT "
                                   "EXECUTE FUNCTION dbo.t_delete();\n-- the end\n");
    o.signatures = {"dbo.t_insert()", "dbo.t_delete()"};
    const auto pieces = pieces_of(o, true);
    ASSERT_EQ(pieces.size(), 6U);
    EXPECT_EQ(pieces[0].kind, "trigger function");
    EXPECT_EQ(pieces[0].object, "dbo.t_insert()");
    EXPECT_EQ(pieces[1].object, "t_insert ON dbo.orders");
    EXPECT_EQ(pieces[2].sql, "ALTER TABLE dbo.orders DISABLE TRIGGER t_insert");
    EXPECT_EQ(pieces[4].kind, "trigger");
    EXPECT_NE(pieces[4].sql.find("-- the end"), std::string::npos);
    EXPECT_EQ(pieces_of(o, false).size(), 4U);
}

TEST(CodePieces, WhatIsNotExpectedIsNotGuessed) {
    EXPECT_TRUE(pieces_of(object("view", "dbo.v", ""), false).empty());
    EXPECT_TRUE(pieces_of(object("view", "dbo.v", "-- all of it is a comment\n"), false).empty());
    EXPECT_TRUE(pieces_of(object("view", "dbo.v", "CREATE OR REPLACE SEQUENCE dbo.v;\n"), false).empty());
    EXPECT_TRUE(pieces_of(object("view", "dbo.v",
                                 "CREATE OR REPLACE VIEW a AS SELECT 1;\nCREATE OR REPLACE VIEW b AS SELECT 2;\n"),
                          false)
                    .empty());
}

}  // namespace
}  // namespace lakemover::loader
