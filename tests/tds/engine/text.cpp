// UTF-8, UTF-16 and code pages of the test server.
#include <algorithm>
#include <array>

#include "engine/text.hpp"

namespace tds {

namespace {

// What code page 1252 has at 0x80 to 0x9F; 0 where it has nothing.
constexpr std::array<char16_t, 32> kWindows1252 = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                   0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

void append_utf8(std::string& out, char32_t c) {
    if (c < 0x80) {
        out += static_cast<char>(c);
    } else if (c < 0x800) {
        out += static_cast<char>(0xC0U | c >> 6U);
        out += static_cast<char>(0x80U | (c & 0x3FU));
    } else if (c < 0x10000) {
        out += static_cast<char>(0xE0U | c >> 12U);
        out += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
        out += static_cast<char>(0x80U | (c & 0x3FU));
    } else {
        out += static_cast<char>(0xF0U | c >> 18U);
        out += static_cast<char>(0x80U | (c >> 12U & 0x3FU));
        out += static_cast<char>(0x80U | (c >> 6U & 0x3FU));
        out += static_cast<char>(0x80U | (c & 0x3FU));
    }
}

}  // namespace

bool is_utf8_collation(const std::string& collation) { return collation.ends_with("_UTF8"); }
bool is_binary_collation(const std::string& collation) { return collation.find("_BIN") != std::string::npos; }
bool is_case_sensitive(const std::string& collation) { return collation.find("_CS") != std::string::npos; }

std::string utf8(const std::u16string& text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        char32_t c = text[i];
        if (c >= 0xD800 && c < 0xDC00 && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000) {
            c = 0x10000 + ((c - 0xD800) << 10U) + (text[++i] - 0xDC00U);
        } else if (c >= 0xD800 && c < 0xE000) {
            c = 0xFFFD;
        }
        append_utf8(out, c);
    }
    return out;
}

std::u16string utf16(const std::string& bytes) {
    std::u16string out;
    out.reserve(bytes.size());
    for (std::size_t i = 0; i < bytes.size();) {
        const auto lead = static_cast<unsigned char>(bytes[i]);
        const std::size_t size = lead < 0x80 ? 1 : lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 0;
        char32_t c = size == 1 ? lead : size == 2 ? lead & 0x1FU : size == 3 ? lead & 0x0FU : lead & 0x07U;
        bool right = size > 0 && i + size <= bytes.size();
        for (std::size_t k = 1; right && k < size; ++k) {
            const auto next = static_cast<unsigned char>(bytes[i + k]);
            right = (next & 0xC0U) == 0x80U;
            c = c << 6U | (next & 0x3FU);
        }
        if (!right) {
            out += u'\uFFFD';
            ++i;
            continue;
        }
        i += size;
        if (c >= 0x10000) {
            out += static_cast<char16_t>(0xD800 + ((c - 0x10000) >> 10U));
            out += static_cast<char16_t>(0xDC00 + ((c - 0x10000) & 0x3FFU));
        } else {
            out += static_cast<char16_t>(c);
        }
    }
    return out;
}

std::string to_code_page(const std::u16string& text, const std::string& collation) {
    if (is_utf8_collation(collation)) {
        return utf8(text);
    }
    std::string out;
    out.reserve(text.size());
    for (const char16_t c : text) {
        char byte = '?';
        if (c < 0x80 || (c >= 0xA0 && c <= 0xFF)) {
            byte = static_cast<char>(c);
        } else {
            for (std::size_t i = 0; i < kWindows1252.size(); ++i) {
                // What the page leaves open passes as it is.
                if (kWindows1252[i] == c || (kWindows1252[i] == 0 && c == 0x80 + i)) {
                    byte = static_cast<char>(0x80 + i);
                }
            }
        }
        out += byte;
    }
    return out;
}

std::u16string from_code_page(const std::string& bytes, const std::string& collation) {
    if (is_utf8_collation(collation)) {
        return utf16(bytes);
    }
    std::u16string out;
    out.reserve(bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        const bool special = byte >= 0x80 && byte < 0xA0 && kWindows1252[byte - 0x80U] != 0;
        out += special ? kWindows1252[byte - 0x80U] : static_cast<char16_t>(byte);
    }
    return out;
}

char16_t folded(char16_t c) {
    if ((c >= u'A' && c <= u'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7)) {
        return static_cast<char16_t>(c + 32);
    }
    return c;
}

int compare_text(const std::u16string& a, const std::u16string& b, const std::string& collation) {
    // Trailing blanks do not count, in any collation.
    const std::size_t m = a.find_last_not_of(u' ') + 1;
    const std::size_t n = b.find_last_not_of(u' ') + 1;
    const bool fold = !is_binary_collation(collation) && !is_case_sensitive(collation);
    for (std::size_t i = 0; i < m || i < n; ++i) {
        const char16_t x = i < m ? a[i] : u' ';
        const char16_t y = i < n ? b[i] : u' ';
        const char16_t fx = fold ? folded(x) : x;
        const char16_t fy = fold ? folded(y) : y;
        if (fx != fy) {
            return fx < fy ? -1 : 1;
        }
    }
    return 0;
}

bool same_name(const std::string& a, const std::string& b) {
    const auto plain = [](const std::string& text) {
        return std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
    };
    if (plain(a) && plain(b) && a.size() != b.size()) {
        return false;
    }
    return a == b || compare_text(utf16(a), utf16(b), "SQL_Latin1_General_CP1_CI_AS") == 0;
}

std::string lower_name(const std::string& name) {
    std::u16string wide = utf16(name);
    for (char16_t& c : wide) {
        c = folded(c);
    }
    return utf8(wide);
}

}  // namespace tds
