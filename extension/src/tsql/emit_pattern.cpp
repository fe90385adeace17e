// LIKE's character classes and PATINDEX, as regular expressions. Zone: pure; throws Unconvertible.
#include "tsql/emitter.hpp"

namespace lakemover::tsql {

namespace {

std::string escaped(char c) {
    const bool special = std::string_view("\\.[]{}()*+?^$|").find(c) != std::string_view::npos;
    return (special ? "\\" : "") + std::string(1, c);
}

}  // namespace

// The regular expression of a constant pattern, as a literal. anywhere: for PATINDEX, which looks behind a leading % for
// the place where the rest begins.
std::string Emitter::regex_of(const std::string& pattern, const Position& at, bool anywhere) {
    std::size_t from = 0;
    std::size_t to = pattern.size();
    const bool open = !pattern.empty() && pattern[0] == '%';
    while (from < to && pattern[from] == '%') ++from;
    // A % at the end of a class is none.
    const std::size_t last_class = pattern.rfind(']');
    const std::size_t free = last_class == std::string::npos ? from : std::max(from, last_class + 1);
    std::size_t end = to;
    while (end > free && pattern[end - 1] == '%') --end;
    std::string regex = open ? "" : "^";
    for (std::size_t i = from; i < end; ++i) {
        if (pattern[i] == '%') {
            regex += ".*";
        } else if (pattern[i] == '_') {
            regex += ".";
        } else if (pattern[i] == '[') {
            const std::size_t close = pattern.find(']', i + 1);
            if (close == std::string::npos || close == i + 1)
                refuse(at, "pattern " + pattern, "its [ ] are not complete", "use a regular expression (~)");
            regex += "[";
            std::size_t c = i + 1;
            if (pattern[c] == '^') {
                regex += "^";
                ++c;
            }
            for (const std::size_t first = c; c < close; ++c) {
                if (pattern[c] == '-' && c > first && c + 1 < close) {
                    const auto digit = [](char d) { return d >= '0' && d <= '9'; };
                    if (!digit(pattern[c - 1]) || !digit(pattern[c + 1]))
                        doubt(at, "range of letters in a pattern",
                              "SQL Server's collation decides which letters lie between two others",
                              "check the collation, or name the letters");
                    regex += "-";
                } else {
                    regex += pattern[c] == '-' ? "\\-" : escaped(pattern[c]);
                }
            }
            regex += "]";
            i = close;
        } else {
            regex += escaped(pattern[i]);
        }
    }
    if (end == to) regex += "$";
    if (anywhere && from == to) refuse(at, "PATINDEX", "its pattern is empty", "look at it");
    return literal(regex);
}

Out Emitter::patindex(const Expr& e) {
    const Type integer{Family::kInt, "integer"};
    if (e.args.size() != 2) refuse(e.at, "PATINDEX()", "its number of arguments is not the known one", "check it");
    if (!library()) refuse(e.at, "PATINDEX()", "it has no rule here", "use regexp_instr()");
    strings_compared(e.at, {Family::kString, "text"}, {Family::kString, "text"});
    const Expr& pattern = *e.args[0];
    const std::string value = text(*e.args[1]);
    if (pattern.kind != Ex::kString) return {"lakemover_tsql.patindex(" + text(pattern) + ", " + value + ")", integer};
    const std::string regex = regex_of(pattern.text, e.at, true);
    if (pattern.text[0] == '%') return {"regexp_instr(" + value + ", " + regex + ")", integer};
    return {"(" + value + " ~ " + regex + ")::integer", integer};
}

}  // namespace lakemover::tsql
