// See literal.hpp.
#include "source/odbc/literal.hpp"

namespace lakemover::source::odbc {

namespace {

std::string doubled(std::string_view text, char closing) {
    std::string out;
    for (const char c : text) {
        out += c;
        if (c == closing) {
            out += c;
        }
    }
    return out;
}

}  // namespace

std::string quote_name(std::string_view name) { return "[" + doubled(name, ']') + "]"; }

std::string quote_unicode(std::string_view text) { return "N'" + doubled(text, '\'') + "'"; }

std::string hex(std::string_view bytes) {
    static constexpr const char* kDigits = "0123456789abcdef";
    std::string text;
    text.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        text += kDigits[byte >> 4U];
        text += kDigits[byte & 15U];
    }
    return text;
}

}  // namespace lakemover::source::odbc
