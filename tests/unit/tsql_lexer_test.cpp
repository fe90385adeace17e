// The T-SQL lexer: token kinds and positions, and any bytes at all.
#include <gtest/gtest.h>

#include <random>

#include "tsql/lexer.hpp"

namespace {

using lakemover::tsql::lex;
using lakemover::tsql::Lexed;
using lakemover::tsql::Tok;

// One letter per kind and the value: "w:SELECT v:@x".
std::string shown(std::string_view sql) {
    static constexpr std::string_view kLetters = "$wqsnidfmbvgogE";
    std::string text;
    for (const auto& t : lex(sql).tokens) {
        if (t.kind == Tok::kEnd) break;
        if (!text.empty()) text += ' ';
        text += t.kind == Tok::kGlobal ? 'G' : kLetters[static_cast<std::size_t>(t.kind)];
        text += ':' + t.value;
    }
    return text;
}

TEST(TsqlLexer, Names) {
    EXPECT_EQ(shown("SELECT [a b]]c].\"d\"\"e\" FROM #t, ##g"), "w:SELECT q:a b]c o:. q:d\"e w:FROM w:#t o:, w:##g");
    EXPECT_EQ(shown("naïve$x @v# @@ROWCOUNT"), "w:naïve$x v:@v# G:@@ROWCOUNT");
}

TEST(TsqlLexer, QuotedIdentifierOff) {
    EXPECT_EQ(shown("SET QUOTED_IDENTIFIER OFF \"a\" SET QUOTED_IDENTIFIER ON \"a\""),
              "w:SET w:QUOTED_IDENTIFIER w:OFF s:a w:SET w:QUOTED_IDENTIFIER w:ON q:a");
}

TEST(TsqlLexer, Strings) {
    EXPECT_EQ(shown("'it''s' N'x' n'' 'a\\\nb' N"), "s:it's n:x n: s:ab w:N");
    EXPECT_EQ(shown("'open"), "E:unterminated string");
    EXPECT_EQ(shown("[open"), "E:unterminated name");
}

TEST(TsqlLexer, Numbers) {
    EXPECT_EQ(shown("1 1.5 .5 1. 1e5 1.5E-3 1e 0xFf 0x $12.50 1-1"),
              "i:1 d:1.5 d:.5 d:1. f:1e5 f:1.5E-3 f:1e b:0xFf b:0x m:$12.50 i:1 o:- i:1");
}

TEST(TsqlLexer, Operators) {
    EXPECT_EQ(shown("a<=b!>c<>d+=1 t::m() *"), "w:a o:<= w:b o:!> w:c o:<> w:d o:+= i:1 w:t o::: w:m o:( o:) o:*");
    EXPECT_EQ(shown("a ? b"), "w:a E:unexpected character w:b");
}

TEST(TsqlLexer, Go) {
    EXPECT_EQ(shown("SELECT 1\nGO\n go 5 -- five\nSELECT go\nGO FROM"),
              "w:SELECT i:1 g:GO g:go 5  w:SELECT w:go w:GO w:FROM");
    EXPECT_EQ(shown("'a\nGO\nb' /*\nGO\n*/ x"), "s:a\nGO\nb w:x");
}

TEST(TsqlLexer, CommentsAreKept) {
    const Lexed l = lex("-- one\nSELECT /* a /* nested */ b */ 1 -- two\r\n");
    ASSERT_EQ(l.comments.size(), 3U);
    EXPECT_EQ(l.comments[0].text, "-- one");
    EXPECT_TRUE(l.comments[0].own_line);
    EXPECT_EQ(l.comments[1].text, "/* a /* nested */ b */");
    EXPECT_EQ(l.comments[2].text, "-- two");
    EXPECT_FALSE(l.comments[2].own_line);
    EXPECT_EQ(shown("a /* open /* x */"), "w:a E:unterminated comment");
}

TEST(TsqlLexer, Positions) {
    const Lexed l = lex("\xEF\xBB\xBFé [x]\n  'y\n' z");
    ASSERT_EQ(l.tokens.size(), 5U);
    EXPECT_EQ(l.tokens[1].at.line, 1);
    EXPECT_EQ(l.tokens[1].at.column, 4);  // the byte order mark counts as a character
    EXPECT_EQ(l.tokens[2].at.line, 2);
    EXPECT_EQ(l.tokens[2].at.column, 3);
    EXPECT_EQ(l.tokens[3].at.line, 3);
    EXPECT_EQ(l.tokens[3].at.column, 3);
    EXPECT_EQ(l.tokens[3].end, l.tokens[4].at.offset);
}

// Every byte is in a token, in a comment or white space, in order, whatever the input.
TEST(TsqlLexer, AnyBytes) {
    std::mt19937 random(20240901);
    static constexpr std::string_view kBytes = "aN'\"[]@#$-/*\n .0xeE1;(<!\\\xC3\xFF\0GO";
    for (int round = 0; round < 3000; ++round) {
        std::string sql;
        const std::size_t length = random() % 120;
        for (std::size_t i = 0; i < length; ++i) {
            sql += round % 2 == 0 ? static_cast<char>(random()) : kBytes[random() % kBytes.size()];
        }
        const Lexed l = lex(sql);
        std::size_t at = 0;
        std::size_t comment = 0;
        for (const auto& t : l.tokens) {
            for (; comment < l.comments.size() && l.comments[comment].at.offset < t.at.offset; ++comment) {
                ASSERT_GE(l.comments[comment].at.offset, at);
            }
            ASSERT_GE(t.at.offset, at);
            ASSERT_EQ(t.text, sql.substr(t.at.offset, t.end - t.at.offset));
            at = t.end;
        }
        ASSERT_EQ(l.tokens.back().kind, Tok::kEnd);
        ASSERT_EQ(l.tokens.back().at.offset, sql.size());
    }
}

}  // namespace
