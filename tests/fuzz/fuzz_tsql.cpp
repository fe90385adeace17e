// Any bytes as T-SQL: the lexer loses nothing (its tokens, comments and the blanks between them are the input), and the
// converter comes to an end with a result for whatever it is given.
#include "fuzz.hpp"
#include "tsql/convert.hpp"
#include "tsql/lexer.hpp"

using namespace lakemover::tsql;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string sql(reinterpret_cast<const char*>(data), size);
    const Lexed lexed = lex(sql);
    fuzz::require(!lexed.tokens.empty() && lexed.tokens.back().kind == Tok::kEnd, "the last token is the end", sql);
    // Comments lie between tokens, both in their order.
    std::size_t at = sql.starts_with("\xEF\xBB\xBF") ? 3 : 0;
    std::size_t comment = 0;
    const auto skip_to = [&](std::size_t to) {
        while (at < to) {
            if (comment < lexed.comments.size() && lexed.comments[comment].at.offset == at) {
                const std::string& text = lexed.comments[comment++].text;
                fuzz::require(sql.compare(at, text.size(), text) == 0, "a comment is not what was written", sql, text);
                at += text.size();
            } else {
                const char c = sql[at];
                fuzz::require(c == ' ' || (c >= '\t' && c <= '\r'), "something that is no blank is in no token", sql,
                              sql.substr(at));
                ++at;
            }
        }
        fuzz::require(at == to, "a comment reaches into a token", sql);
    };
    int line = 1;
    for (const Token& token : lexed.tokens) {
        fuzz::require(token.end >= token.at.offset && token.end <= sql.size(), "a token's place", sql, token.text);
        skip_to(token.at.offset);
        fuzz::require(sql.compare(token.at.offset, token.end - token.at.offset, token.text) == 0,
                      "a token is not what was written", sql, token.text);
        fuzz::require(token.kind == Tok::kEnd || token.end > token.at.offset, "an empty token", sql);
        fuzz::require(token.at.line >= line, "lines go backwards", sql);
        line = token.at.line;
        at = token.end;
    }
    fuzz::require(at == sql.size() && comment == lexed.comments.size(), "the end is not in a token", sql);

    if (size <= 2048)
        for (const Converted& result : convert(sql, {{"dbo.t", "public.t"}}))
            fuzz::require(result.score >= 0 && class_name(result.result) != nullptr, "a result without a class", sql);
    return 0;
}
