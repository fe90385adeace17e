// The T-SQL parser: shapes of statements, recovery, and inputs that are no T-SQL at all.
#include <gtest/gtest.h>

#include <random>

#include "tsql/parser.hpp"

namespace {

using namespace lakemover::tsql;

// Statement kinds with their bodies: "If(Set)(Block(Print))"; an unknown one with line:column.
std::string shape(const std::vector<StmtPtr>& list);
std::string shape(const Stmt& s) {
    static constexpr const char* kNames[] = {
        "Unknown",     "Declare",   "Set",   "Option",   "Select",     "Insert",      "Update",     "Delete",
        "Merge",       "If",        "While", "Block",    "Try",        "Return",      "Break",      "Continue",
        "Print",       "Raiserror", "Throw", "Exec",     "Begin",      "Commit",      "Rollback",   "Save",
        "Cursor",      "Open",      "Fetch", "Close",    "Deallocate", "CreateTable", "CreateType", "AlterTable",
        "CreateIndex", "DropTable", "Drop",  "Truncate", "Goto",       "Label",       "Procedure",  "Function",
        "View",        "Trigger",   "Use",   "Go"};
    std::string text = kNames[static_cast<std::size_t>(s.kind)];
    if (s.kind == St::kUnknown) text += std::to_string(s.error_at.line) + ":" + std::to_string(s.error_at.column);
    if (!s.body.empty()) text += "(" + shape(s.body) + ")";
    if (!s.otherwise.empty()) text += "(" + shape(s.otherwise) + ")";
    return text;
}
std::string shape(const std::vector<StmtPtr>& list) {
    std::string text;
    for (const StmtPtr& s : list) text += (text.empty() ? "" : " ") + shape(*s);
    return text;
}
std::string shape(std::string_view sql) {
    const Lexed lexed = lex(sql);
    return shape(parse(lexed, sql).statements);
}

// An expression with all its structure in parentheses.
std::string tree(const Expr& e) {
    std::string text = e.kind == Ex::kBinaryOp || e.kind == Ex::kUnary ? e.text : "";
    if (e.args.empty()) return e.kind == Ex::kColumn ? e.name.back() : e.text;
    std::string inner;
    for (const ExprPtr& a : e.args) inner += (inner.empty() ? "" : " ") + (a ? tree(*a) : "-");
    return "(" + text + (text.empty() ? "" : " ") + inner + ")";
}
std::string tree(const std::string& expression) {
    const std::string sql = "SET @x = " + expression;
    const Lexed lexed = lex(sql);
    const Script script = parse(lexed, sql);
    return script.statements.size() == 1 && script.statements[0]->value ? tree(*script.statements[0]->value) : "?";
}

TEST(TsqlParser, Precedence) {
    EXPECT_EQ(tree("1 + 2 * 3 - 4"), "(- (+ 1 (* 2 3)) 4)");
    EXPECT_EQ(tree("a = 1 OR b = 2 AND NOT c = 3"), "(OR (= a 1) (AND (= b 2) (NOT (= c 3))))");
    EXPECT_EQ(tree("a & 1 + 2"), "(+ (& a 1) 2)");  // & and + have one precedence
    EXPECT_EQ(tree("-a % ~b"), "(% (- a) (~ b))");
    EXPECT_EQ(tree("a BETWEEN 1 AND 2 AND b LIKE 'x' ESCAPE '!'"), "(AND (a 1 2) (b x !))");
}

TEST(TsqlParser, StatementsWithoutSemicolons) {
    EXPECT_EQ(
        shape(
            "DECLARE @a int = 1, @b TABLE (id int PRIMARY KEY) SET @a = 2 IF @a > 1 PRINT 'x' ELSE BEGIN SELECT 1 END"),
        "Declare Set If(Print)(Block(Select))");
    EXPECT_EQ(shape("WHILE 1 = 1 BEGIN IF @x IS NULL BREAK; CONTINUE END RETURN 3"),
              "While(Block(If(Break) Continue)) Return");
    EXPECT_EQ(shape("BEGIN TRY BEGIN TRAN UPDATE t SET a = 1 COMMIT END TRY BEGIN CATCH ROLLBACK; THROW; END CATCH"),
              "Try(Begin Update Commit)(Rollback Throw)");
    EXPECT_EQ(shape("SET NOCOUNT ON SET XACT_ABORT ON EXEC dbo.p 1, @b = @c OUTPUT SELECT 1"),
              "Option Option Exec Select");
}

TEST(TsqlParser, Queries) {
    EXPECT_EQ(
        shape(";WITH c (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM c) SELECT TOP (5) WITH TIES x = a, b.* FROM c AS b "
              "LEFT JOIN (d INNER JOIN e ON d.i = e.i) ON d.a = b.a CROSS APPLY dbo.f(b.a) AS g(z) "
              "WHERE a IN (SELECT 1) AND EXISTS (SELECT * FROM t WITH (NOLOCK)) GROUP BY a HAVING COUNT(*) > 1 "
              "ORDER BY a DESC OFFSET 1 ROWS FETCH NEXT 2 ROWS ONLY OPTION (RECOMPILE)"),
        "Select");
    EXPECT_EQ(shape("SELECT ROW_NUMBER() OVER (PARTITION BY a ORDER BY b ROWS UNBOUNDED PRECEDING) rn, LEFT(a, 1) FROM "
                    "t (NOLOCK), u"),
              "Select");
    EXPECT_EQ(shape("SELECT * FROM t PIVOT (SUM(x) FOR y IN ([a], [b])) AS p"), "Select");
    EXPECT_EQ(
        shape("SELECT STUFF((SELECT ',' + n FROM t FOR XML PATH(''), TYPE).value('.', 'nvarchar(max)'), 1, 1, '')"),
        "Select");
}

TEST(TsqlParser, Dml) {
    EXPECT_EQ(shape("INSERT INTO t (a, b) OUTPUT inserted.id INTO @ids VALUES (1, 2), (3, DEFAULT) INSERT t EXEC p"),
              "Insert Insert(Exec)");
    EXPECT_EQ(
        shape("UPDATE TOP (1) x SET x.a += 1, @b = c = 2 OUTPUT deleted.a FROM t x JOIN u ON u.i = x.i WHERE x.a = 1"),
        "Update");
    EXPECT_EQ(shape("DELETE x FROM t x WHERE x.a = 1 DELETE FROM t"), "Delete Delete");
    EXPECT_EQ(
        shape("MERGE t AS a USING (SELECT 1 AS i) AS b ON a.i = b.i WHEN MATCHED AND a.x > 1 THEN UPDATE SET x = 1 "
              "WHEN NOT MATCHED THEN INSERT (i) VALUES (b.i) WHEN NOT MATCHED BY SOURCE THEN DELETE OUTPUT $action;"),
        "Merge");
}

TEST(TsqlParser, Routines) {
    EXPECT_EQ(shape("CREATE PROC [dbo].[p] @a int = 1, @b varchar(10) OUTPUT WITH RECOMPILE AS SET NOCOUNT ON SELECT "
                    "1\nGO\nSELECT 2"),
              "Procedure(Option Select) Go Select");
    EXPECT_EQ(shape("CREATE FUNCTION f (@a int) RETURNS int WITH SCHEMABINDING AS BEGIN RETURN @a END"),
              "Function(Block(Return))");
    EXPECT_EQ(shape("CREATE FUNCTION f (@a int) RETURNS TABLE AS RETURN (SELECT 1 AS x)"), "Function");
    EXPECT_EQ(shape("CREATE FUNCTION f () RETURNS @t TABLE (a int NOT NULL) AS BEGIN INSERT @t VALUES (1) RETURN END"),
              "Function(Block(Insert Return))");
    EXPECT_EQ(shape("CREATE OR ALTER VIEW v AS SELECT 1 AS a WITH CHECK OPTION\nGO\nCREATE TRIGGER r ON t AFTER "
                    "INSERT, UPDATE AS IF UPDATE(a) RETURN"),
              "View Go Trigger(If(Return))");
}

TEST(TsqlParser, GoesOnBehindWhatItDoesNotKnow) {
    EXPECT_EQ(shape("SET @a = 1\nWAITFOR DELAY '00:00:01'\nSET @b = 2"), "Set Unknown2:1 Set");
    EXPECT_EQ(shape("CREATE PROC p AS\nBEGIN\n  SELECT 1 +\n  PRINT 'x'\nEND\nGO\nSELECT 2"),
              "Procedure(Block(Unknown4:3 Print)) Go Select");
    EXPECT_EQ(shape("CREATE PROC p @a\nAS SELECT 1\nGO\nSELECT 2"), "Unknown2:4 Go Select");
    EXPECT_EQ(shape("END END"), "Unknown1:1 Unknown1:5");
}

TEST(TsqlParser, DeepNestingIsAnError) {
    for (const std::string& open :
         {std::string("("), std::string("CASE WHEN "), std::string("NOT "), std::string("-"), std::string("f(")}) {
        std::string sql = "SET @x = ";
        for (int i = 0; i < 20000; ++i) sql += open;
        EXPECT_EQ(shape(sql).substr(0, 7), "Unknown") << open;
    }
    std::string sum = "SET @x = 1";
    for (int i = 0; i < 100000; ++i) sum += " + 1";
    EXPECT_EQ(shape(sum).substr(0, 7), "Unknown");
    std::string blocks;
    for (int i = 0; i < 20000; ++i) blocks += "BEGIN ";
    EXPECT_NE(shape(blocks).find("Unknown"), std::string::npos);
    std::string unions = "SELECT 1";
    for (int i = 0; i < 20000; ++i) unions += " UNION SELECT 1";
    EXPECT_EQ(shape(unions).substr(0, 7), "Unknown");
}

// Words of the language in any order: it ends, and nothing is lost: statements cover the input.
TEST(TsqlParser, AnyTokens) {
    static constexpr const char* kWords[] = {
        "SELECT", "FROM",   "WHERE", "(",      ")",      "(",      ")",        ",",       "=",      "+",       "@x",
        "t",      "[a b]",  "'s'",   "1",      "BEGIN",  "END",    "IF",       "ELSE",    "WHILE",  "TRY",     "CATCH",
        "CASE",   "WHEN",   "THEN",  "INSERT", "INTO",   "VALUES", "UPDATE",   "SET",     "DELETE", "MERGE",   "USING",
        "ON",     "JOIN",   "WITH",  "AS",     "CREATE", "PROC",   "FUNCTION", "TRIGGER", "VIEW",   "DECLARE", "TABLE",
        "int",    "CURSOR", "FOR",   "FETCH",  "EXEC",   "RETURN", "OUTPUT",   "OVER",    "ORDER",  "BY",      "\nGO\n",
        ";",      ".",      "*",     "UNION",  "TOP",    "IN",     "NOT",      "NULL",    "\n"};
    std::mt19937 random(77);
    for (int round = 0; round < 20000; ++round) {
        std::string sql;
        const std::size_t length = random() % 40;
        for (std::size_t i = 0; i < length; ++i) sql += std::string(kWords[random() % std::size(kWords)]) + " ";
        const Lexed lexed = lex(sql);
        const Script script = parse(lexed, sql);
        std::size_t at = 0;
        for (const StmtPtr& s : script.statements) {
            ASSERT_EQ(sql.substr(at, s->at.offset - at).find_first_not_of(" \n;"), std::string::npos) << sql;
            ASSERT_GT(s->end, at) << sql;
            at = s->end;
        }
        ASSERT_EQ(sql.substr(at).find_first_not_of(" \n;"), std::string::npos) << sql;
    }
}

}  // namespace
