// T-SQL tokens with their positions. Zone: pure. Never throws for bad input: what cannot be a token
// becomes an error token with a message, and lexing goes on.
#pragma once
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lakemover::tsql {

enum class Tok {
    kEnd,       // always the last token
    kWord,      // identifier or keyword; also #temp and ##global names
    kQuoted,    // [name] or "name"
    kString,    // '…', and "…" under SET QUOTED_IDENTIFIER OFF
    kNString,   // N'…'
    kInteger,   // 12
    kDecimal,   // 1.5
    kFloat,     // 1e5
    kMoney,     // $12.50
    kBinary,    // 0xFF
    kVariable,  // @x
    kGlobal,    // @@rowcount
    kOperator,  // + <= != ::, and punctuation
    kGo,        // GO alone on its line, with its count
    kError      // unterminated string, name or comment; a byte that starts nothing
};

struct Position {
    std::size_t offset = 0;  // byte offset in the input
    int line = 1;            // from 1
    int column = 1;          // from 1, in characters
};

struct Token {
    Tok kind = Tok::kEnd;
    std::string text;   // as written, case kept
    std::string value;  // name without brackets, string without quotes; else the text
    std::string upper;  // words in upper case, for keyword comparison; operators as they are; else empty
    Position at;
    std::size_t end = 0;  // offset behind the token
};

struct Comment {
    std::string text;  // with its -- or /* */
    Position at;
    bool own_line = true;  // false when a token stands before it on its line
};

struct Lexed {
    std::vector<Token> tokens;
    std::vector<Comment> comments;
};

// line: that of the text's first character, when it is a part of another text.
Lexed lex(std::string_view sql, int line = 1);

// The tokens that begin at one of the offsets from..to-1.
std::span<const Token> tokens_between(const Lexed& lexed, std::size_t from, std::size_t to);

// ASCII only: T-SQL's keywords are, and names are compared by their collation's owner.
std::string upper_ascii(std::string_view text);
std::string lower_ascii(std::string_view text);

}  // namespace lakemover::tsql
