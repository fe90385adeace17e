// The lexer: one pass, each step takes at least one byte, so it ends on any input. Zone: pure.
#include "tsql/lexer.hpp"

#include <algorithm>
#include <array>

namespace lakemover::tsql {

namespace {

char to_upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
// Bytes of multi-byte characters count as letters: T-SQL takes letters of any script.
bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool starts_name(char c) { return is_letter(c) || c == '_' || c == '#'; }
bool continues_name(char c) { return is_letter(c) || is_digit(c) || c == '_' || c == '#' || c == '@' || c == '$'; }

class Lexer {
public:
    Lexer(std::string_view sql, int line) : sql_(sql) { at_.line = line; }

    Lexed run() {
        if (sql_.substr(0, 3) == "\xEF\xBB\xBF") take(3);  // SSMS writes a byte order mark
        while (!done()) {
            const char c = peek();
            if (c == '\n') line_has_token_ = false;
            if (is_space(c)) {
                take(1);
            } else if (c == '-' && peek(1) == '-') {
                line_comment();
            } else if (c == '/' && peek(1) == '*') {
                block_comment();
            } else {
                token();
                line_has_token_ = true;
            }
        }
        start_ = at_;
        add(Tok::kEnd, "");
        return std::move(out_);
    }

private:
    bool done() const { return at_.offset >= sql_.size(); }
    char peek(std::size_t ahead = 0) const {
        return at_.offset + ahead < sql_.size() ? sql_[at_.offset + ahead] : '\0';
    }
    // Every byte passes here, so line and column are always right.
    void take(std::size_t n) {
        for (; n > 0 && !done(); --n) {
            const auto c = static_cast<unsigned char>(sql_[at_.offset++]);
            if (c == '\n') {
                ++at_.line;
                at_.column = 1;
            } else if (c < 0x80 || c >= 0xC0) {
                ++at_.column;
            }
        }
    }
    std::string_view taken() const { return sql_.substr(start_.offset, at_.offset - start_.offset); }

    void add(Tok kind, std::string value) {
        Token t;
        t.kind = kind;
        t.text = std::string(taken());
        t.value = std::move(value);
        if (kind == Tok::kWord) {
            t.upper = upper_ascii(t.text);
        } else if (kind == Tok::kOperator) {
            t.upper = t.text;
        }
        t.at = start_;
        t.end = at_.offset;
        out_.tokens.push_back(std::move(t));
        watch_quoted_identifier();
    }
    void add(Tok kind) { add(kind, std::string(taken())); }

    // SET QUOTED_IDENTIFIER ON|OFF changes what "…" means from there on.
    void watch_quoted_identifier() {
        const std::size_t n = out_.tokens.size();
        if (n < 3) return;
        const Token& value = out_.tokens[n - 1];
        if (value.upper != "ON" && value.upper != "OFF") return;
        if (out_.tokens[n - 2].upper == "QUOTED_IDENTIFIER" && out_.tokens[n - 3].upper == "SET") {
            quoted_identifier_ = value.upper == "ON";
        }
    }

    void comment(bool own_line, Position at) {
        std::string text(sql_.substr(at.offset, at_.offset - at.offset));
        while (!text.empty() && is_space(text.back())) text.pop_back();
        out_.comments.push_back({std::move(text), at, own_line});
    }
    void line_comment() {
        const Position at = at_;
        while (!done() && peek() != '\n') take(1);
        comment(!line_has_token_, at);
    }
    void block_comment() {
        const Position at = at_;
        start_ = at_;
        take(2);
        for (int depth = 1; depth > 0;) {
            if (done()) {
                add(Tok::kError, "unterminated comment");
                return;
            }
            if (peek() == '*' && peek(1) == '/') {
                take(2);
                --depth;
            } else if (peek() == '/' && peek(1) == '*') {
                take(2);
                ++depth;
            } else {
                take(1);
            }
        }
        comment(!line_has_token_, at);
    }

    void token() {
        start_ = at_;
        const char c = peek();
        if ((c == 'N' || c == 'n') && peek(1) == '\'') {
            take(1);
            quoted('\'', Tok::kNString, "string");
        } else if (c == '\'') {
            quoted('\'', Tok::kString, "string");
        } else if (c == '"') {
            quoted('"', quoted_identifier_ ? Tok::kQuoted : Tok::kString, "name");
        } else if (c == '[') {
            quoted(']', Tok::kQuoted, "name");
        } else if (c == '@' && (continues_name(peek(1)) || peek(1) == '@')) {
            const bool global = peek(1) == '@';
            take(global ? 2 : 1);
            while (continues_name(peek())) take(1);
            add(global ? Tok::kGlobal : Tok::kVariable);
        } else if (starts_name(c) || (c == '$' && is_letter(peek(1)))) {
            word();
        } else if (is_digit(c) || (c == '.' && is_digit(peek(1)))) {
            number();
        } else if (c == '$' && (is_digit(peek(1)) || peek(1) == '.')) {
            take(1);
            while (is_digit(peek()) || peek() == '.' || peek() == ',') take(1);
            add(Tok::kMoney);
        } else {
            operators();
        }
    }

    // A doubled closing quote stands for one; a backslash before a line end joins the lines.
    void quoted(char close, Tok kind, const char* what) {
        take(1);
        std::string value;
        for (;;) {
            if (done()) {
                add(Tok::kError, std::string("unterminated ") + what);
                return;
            }
            if (peek() == close) {
                take(1);
                if (peek() != close) break;
            } else if (close == '\'' && peek() == '\\' && (peek(1) == '\n' || (peek(1) == '\r' && peek(2) == '\n'))) {
                take(peek(1) == '\n' ? 2 : 3);
                continue;
            }
            value += peek();
            take(1);
        }
        add(kind, std::move(value));
    }

    void word() {
        take(1);
        while (continues_name(peek())) take(1);
        if (upper_ascii(taken()) == "GO" && !line_has_token_ && rest_is_count()) {
            while (!done() && peek() != '\n' && !(peek() == '-' && peek(1) == '-')) take(1);
            add(Tok::kGo);
            return;
        }
        add(Tok::kWord);
    }
    // GO counts only when nothing but a number, a semicolon or a comment follows on its line.
    bool rest_is_count() const {
        for (std::size_t i = 0;; ++i) {
            const char c = peek(i);
            if (at_.offset + i >= sql_.size() || c == '\n' || (c == '-' && peek(i + 1) == '-')) return true;
            if (!is_space(c) && !is_digit(c) && c != ';') return false;
        }
    }

    void number() {
        if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'X')) {
            take(2);
            while (is_hex(peek())) take(1);
            add(Tok::kBinary);
            return;
        }
        Tok kind = Tok::kInteger;
        while (is_digit(peek())) take(1);
        if (peek() == '.') {
            kind = Tok::kDecimal;
            take(1);
            while (is_digit(peek())) take(1);
        }
        if (peek() == 'e' || peek() == 'E') {  // 1e is 1e0
            kind = Tok::kFloat;
            take(1);
            if ((peek() == '+' || peek() == '-') && is_digit(peek(1))) take(1);
            while (is_digit(peek())) take(1);
        }
        add(kind);
    }

    void operators() {
        static constexpr std::array<std::string_view, 15> kTwo = {
            "<=", ">=", "<>", "!=", "!<", "!>", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "::"};
        const std::string_view next = sql_.substr(at_.offset, 2);
        for (const std::string_view op : kTwo) {
            if (next == op) {
                take(2);
                add(Tok::kOperator);
                return;
            }
        }
        const bool known = std::string_view("+-*/%&|^~=<>(),.;:").find(peek()) != std::string_view::npos;
        take(1);
        if (known) {
            add(Tok::kOperator);
        } else {
            add(Tok::kError, "unexpected character");
        }
    }

    std::string_view sql_;
    Position at_;
    Position start_;
    Lexed out_;
    bool quoted_identifier_ = true;
    bool line_has_token_ = false;
};

}  // namespace

std::string upper_ascii(std::string_view text) {
    std::string result(text);
    for (char& c : result) c = to_upper(c);
    return result;
}

std::string lower_ascii(std::string_view text) {
    std::string result(text);
    for (char& c : result) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return result;
}

std::span<const Token> tokens_between(const Lexed& lexed, std::size_t from, std::size_t to) {
    const auto before = [](const Token& t, std::size_t offset) { return t.at.offset < offset; };
    const auto begin = std::lower_bound(lexed.tokens.begin(), lexed.tokens.end(), from, before);
    return {begin, std::lower_bound(begin, lexed.tokens.end(), to, before)};
}

Lexed lex(std::string_view sql, int line) { return Lexer(sql, line).run(); }

}  // namespace lakemover::tsql
