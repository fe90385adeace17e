// T-SQL to PL/pgSQL: rules as golden text, form does not matter, and no input breaks it. That the
// results run is tested in tests/pgtap/tsql_convert.sql.
#include <gtest/gtest.h>

#include <random>

#include "tsql/convert.hpp"

namespace {

using namespace lakemover::tsql;

Converted one(const std::string& sql) {
    std::vector<Converted> all = convert(sql, {});
    EXPECT_EQ(all.size(), 1U) << sql;
    return all.empty() ? Converted{} : std::move(all[0]);
}

// The statements of a procedure, without its frame.
std::string body(const std::string& statements) {
    const std::string sql = one("CREATE PROC p @s varchar(10), @i int, @b bit AS " + statements).sql;
    const std::size_t from = sql.find("BEGIN\n") + 6;
    return sql.substr(from, sql.rfind("END\n$") - from);
}

TEST(TsqlConvert, Statements) {
    EXPECT_EQ(body("SET @i += 1 SET @b = 1"), "    p_i := p_i + (1);\n    p_b := true;\n");
    EXPECT_EQ(
        body("IF @i = 1 PRINT 'a' ELSE IF @i = 2 PRINT 'b' ELSE PRINT 'c'"),
        "    IF p_i = 1 THEN\n        RAISE NOTICE '%', 'a';\n    ELSIF p_i = 2 THEN\n        RAISE NOTICE '%', 'b';\n"
        "    ELSE\n        RAISE NOTICE '%', 'c';\n    END IF;\n");
    EXPECT_EQ(
        body("WHILE @i > 0 BEGIN SET @i = @i - 1; IF @i = 3 BREAK; CONTINUE END"),
        "    WHILE p_i > 0 LOOP\n        p_i := p_i - 1;\n        IF p_i = 3 THEN\n            EXIT;\n        END IF;\n"
        "        CONTINUE;\n    END LOOP;\n");
    EXPECT_EQ(body("DELETE TOP (5) FROM dbo.t WHERE a = 1"),
              "    DELETE FROM dbo.t\n    WHERE ctid = ANY (ARRAY(SELECT ctid FROM dbo.t WHERE a = 1 LIMIT 5));\n");
    EXPECT_EQ(body("INSERT INTO t (a) OUTPUT inserted.id INTO u (i) SELECT 1"),
              "    WITH lm_output AS (\n        INSERT INTO t (a)\n    SELECT 1\n    RETURNING t.id\n    )\n"
              "    INSERT INTO u (i) SELECT * FROM lm_output;\n");
    EXPECT_EQ(body("MERGE t AS a USING u AS b ON a.i = b.i WHEN MATCHED THEN UPDATE SET x = b.x WHEN NOT MATCHED THEN "
                   "INSERT (i) VALUES (b.i);"),
              "    MERGE INTO t AS a\n    USING u AS b\n    ON a.i = b.i\n    WHEN MATCHED THEN UPDATE SET x = b.x\n"
              "    WHEN NOT MATCHED THEN INSERT (i) VALUES (b.i);\n");
    EXPECT_EQ(body("IF OBJECT_ID('tempdb..#x') IS NOT NULL DROP TABLE #x"), "    DROP TABLE IF EXISTS tmp_x;\n");
}

TEST(TsqlConvert, CommentsStay) {
    EXPECT_EQ(body("-- one\nSET @i = 1 -- two\n/* three */ SET @i = 2"),
              "    -- one\n    p_i := 1;\n    -- two\n    /* three */\n    p_i := 2;\n");
}

TEST(TsqlConvert, LineBreaksInStringsDoNotBecomeLayout) {
    EXPECT_EQ(body("PRINT 'a\n  b\\c'"), "    RAISE NOTICE '%', E'a\\n  b\\\\c';\n");
}

TEST(TsqlConvert, Classes) {
    EXPECT_EQ(one("CREATE PROC p AS SET NOCOUNT ON DELETE FROM t WHERE a = 1").result, Class::kEquivalent);
    EXPECT_EQ(one("CREATE PROC p AS BEGIN TRY DELETE FROM t END TRY BEGIN CATCH THROW END CATCH").result,
              Class::kReview);
    const Converted c = one("CREATE PROC p AS\nDELETE FROM t\nGOTO x\nDELETE FROM u");
    EXPECT_EQ(c.result, Class::kManual);
    ASSERT_EQ(c.notes.size(), 1U);
    EXPECT_EQ(c.notes[0].line, 3);
    EXPECT_NE(c.sql.find("-- FIXME(lakemover): line 3: statement:"), std::string::npos);
    EXPECT_NE(c.sql.find("--   GOTO x"), std::string::npos);
    EXPECT_NE(c.sql.find("DELETE FROM u;"), std::string::npos);
    EXPECT_GT(one("CREATE PROC p AS EXEC('x')").score, one("CREATE PROC p AS DELETE x").score + 10);
}

// Each of these has no known equivalent: it must not come out as if it had.
TEST(TsqlConvert, RefusesWhatItDoesNotKnow) {
    for (const char* statement : {"SELECT @s = @s + name FROM t",
                                  "SELECT a FROM t FOR XML PATH('')",
                                  "SELECT * FROM t PIVOT (SUM(x) FOR y IN ([a])) p",
                                  "EXEC sp_executesql N'SELECT 1'",
                                  "SET @i = TRY_CAST(@s AS int)",
                                  "SET @i = PATINDEX('%a%', @s)",
                                  "SELECT 1 WHERE @s LIKE '[a-z]%'",
                                  "SAVE TRAN x",
                                  "ROLLBACK",
                                  "UPDATE a SET x = 1 FROM t a LEFT JOIN u ON u.i = a.i",
                                  "INSERT INTO t EXEC q",
                                  "SELECT * INTO x FROM t",
                                  "DELETE FROM srv.db.dbo.t",
                                  "DELETE FROM other.dbo.t",
                                  "SELECT * FROM sys.objects",
                                  "SET @s = @i + @s",
                                  "WAITFOR DELAY '0:0:1'",
                                  "UPDATE t SET a = 1 OUTPUT deleted.a INTO u",
                                  "SELECT TOP 10 PERCENT a FROM t",
                                  "SET @s = CONVERT(varchar(20), GETDATE(), 0)",
                                  "SELECT * FROM ##g",
                                  "IF @@ERROR <> 0 RETURN",
                                  "SET ROWCOUNT 5",
                                  "SELECT a COLLATE Latin1_General_BIN FROM t"}) {
        EXPECT_EQ(one(std::string("CREATE PROC p @s varchar(10), @i int AS ") + statement).result, Class::kManual)
            << statement;
    }
}

TEST(TsqlConvert, FormDoesNotMatter) {
    const std::string a = one("CREATE PROCEDURE [dbo].[P] @A int AS\nBEGIN\n  UPDATE [T] SET [X] = @A WHERE [Y] = 1;\n "
                              " DELETE FROM T;\nEND")
                              .sql;
    EXPECT_EQ(one("create proc dbo.p @a INT as begin update t set x=@a where y=1 delete from t end").sql, a);
}

// Text in a note or a comment can end neither the comment nor the function.
TEST(TsqlConvert, NothingEscapes) {
    const Converted c =
        one("CREATE PROC p AS SELECT [a\nb] FROM t /* $lakemover1$ */\nPRINT '$lakemover$; DROP TABLE x; --' -- last");
    EXPECT_NE(c.sql.find("AS $lakemover2$\n"), std::string::npos);
    EXPECT_EQ(c.result, Class::kManual);
    EXPECT_NE(c.sql.find("-- last\n"), std::string::npos);
}

TEST(TsqlConvert, AnyTokens) {
    static constexpr const char* kWords[] = {
        "SELECT", "FROM", "WHERE",      "(",      ")",        "(",        ")",         ",",     "=",      "+",
        "@x",     "t",    "[a b]",      "'s'",    "1",        "BEGIN",    "END",       "IF",    "ELSE",   "WHILE",
        "INSERT", "INTO", "VALUES",     "UPDATE", "SET",      "DELETE",   "MERGE",     "USING", "ON",     "JOIN",
        "WITH",   "AS",   "CREATE",     "PROC p", "FUNCTION", "DECLARE",  "@x",        "int",   "CURSOR", "FOR",
        "FETCH",  "EXEC", "RETURN",     "OUTPUT", "ISNULL(",  "CONVERT(", "GETDATE()", "OVER",  "ORDER",  "BY",
        "\nGO\n", ";",    ".",          "*",      "UNION",    "TOP",      "IN",        "NOT",   "NULL",   "CASE",
        "WHEN",   "THEN", "@@ROWCOUNT", "-- c\n"};
    std::mt19937 random(4711);
    for (int round = 0; round < 20000; ++round) {
        std::string sql = round % 2 == 0 ? "CREATE PROC p @x int AS " : "CREATE PROC p @x int AS SELECT a FROM t ";
        const std::size_t length = random() % 30;
        for (std::size_t i = 0; i < length; ++i) sql += std::string(kWords[random() % std::size(kWords)]) + " ";
        for (const Converted& c : convert(sql, {})) {
            ASSERT_FALSE(c.sql.empty()) << sql;
            ASSERT_TRUE(c.result != Class::kManual || c.sql.find("FIXME(lakemover)") != std::string::npos) << sql;
        }
    }
}

}  // namespace
