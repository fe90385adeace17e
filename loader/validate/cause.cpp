// Puts a difference between two values into words. Pure.
#include "loader/validate/cause.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace lakemover::loader {

namespace {

using codec::Kind;

constexpr const char* kOtherText = "other text";

bool starts_with(const std::string& text, const std::string& start) {
    return text.compare(0, start.size(), start) == 0;
}

bool only(const std::string& text, const char* characters) {
    return text.find_first_not_of(characters) == std::string::npos;
}

std::size_t characters(const std::string& utf8) {
    return static_cast<std::size_t>(std::count_if(
        utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

std::string lower(std::string text) {
    std::transform(text.begin(), text.end(), text.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    return text;
}

std::string without(const std::string& text, char unwanted) {
    std::string kept;
    std::copy_if(text.begin(), text.end(), std::back_inserter(kept), [&](char c) { return c != unwanted; });
    return kept;
}

// Each byte of UTF-8 taken for a character of Latin-1 and encoded once more.
std::string encoded_twice(const std::string& utf8) {
    std::string twice;
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x80) {
            twice.push_back(c);
        } else {
            twice.push_back(static_cast<char>(0xc0U | (byte >> 6U)));
            twice.push_back(static_cast<char>(0x80U | (byte & 0x3fU)));
        }
    }
    return twice;
}

// Whether target is source with its non-ASCII characters replaced by ? or U+FFFD.
bool replaced(const std::string& source, const std::string& target) {
    std::size_t s = 0;
    std::size_t t = 0;
    bool any = false;
    while (s < source.size() && t < target.size()) {
        const auto lead = static_cast<unsigned char>(source[s]);
        const std::size_t width = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
        if (source.compare(s, width, target, t, width) == 0) {
            s += width;
            t += width;
        } else if (lead >= 0x80 && (target[t] == '?' || target.compare(t, 3, "\xef\xbf\xbd") == 0)) {
            any = true;
            s += width;
            t += target[t] == '?' ? 1 : 3;
        } else {
            return false;
        }
    }
    return any && s == source.size() && t == target.size();
}

// The only bit that differs, if it is only one.
std::optional<std::size_t> single_bit(const std::string& a, const std::string& b) {
    if (a.size() != b.size()) return std::nullopt;
    std::optional<std::size_t> at;
    for (std::size_t i = 0; i < a.size(); ++i) {
        const auto difference =
            static_cast<unsigned char>(static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]));
        if (difference == 0) continue;
        if (at || std::popcount(difference) != 1) return std::nullopt;
        at = i;
    }
    return at;
}

std::string text_cause(const std::string& source, const std::string& target) {
    if (starts_with(source, target)) {
        if (only(source.substr(target.size()), " ")) return "trailing blanks lost";
        return target.empty() ? "became empty" : "truncated at " + std::to_string(characters(target)) + " characters";
    }
    if (starts_with(target, source)) {
        return only(target.substr(source.size()), " ") ? "padding: trailing blanks added" : "text added at the end";
    }
    if (without(source, '\r') == without(target, '\r')) return "line ends: carriage returns differ";
    if (without(source, '\0') == target) return "zero characters lost";
    if (encoded_twice(source) == target) return "encoding: UTF-8 taken for Latin-1 and encoded again";
    if (encoded_twice(target) == source) return "encoding: decoded once too often";
    if (replaced(source, target)) return "encoding: characters replaced";
    // Letters first: a and A differ in a single bit too.
    if (lower(source) == lower(target)) return "upper and lower case";
    if (const auto at = single_bit(source, target)) return "one bit differs in byte " + std::to_string(*at + 1);
    return kOtherText;
}

struct Number {
    bool negative = false;
    std::string whole;
    std::string fraction;
};

std::optional<Number> parse_number(const std::string& text) {
    Number n;
    std::size_t at = 0;
    if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
        n.negative = text[0] == '-';
        at = 1;
    }
    const std::size_t point = std::min(text.find('.'), text.size());
    n.whole = text.substr(at, point - at);
    n.fraction = point < text.size() ? text.substr(point + 1) : "";
    if (n.whole.empty() || !only(n.whole, "0123456789") || !only(n.fraction, "0123456789")) return std::nullopt;
    return n;
}

std::string number_cause(const std::string& source, const std::string& target) {
    const auto s = parse_number(source);
    const auto t = parse_number(target);
    if (!s || !t) return "other number";
    const auto trimmed = [](std::string fraction) {
        fraction.erase(fraction.find_last_not_of('0') + 1);
        return fraction;
    };
    const bool same_whole = s->whole == t->whole;
    if (s->negative != t->negative) {
        return same_whole && s->fraction == t->fraction ? "sign" : "other number";
    }
    if (same_whole && trimmed(s->fraction) == trimmed(t->fraction))
        return "scale: equal by value, other number of decimals";
    if (same_whole && t->fraction.size() < s->fraction.size() && starts_with(s->fraction, t->fraction)) {
        return "precision: cut to " + std::to_string(t->fraction.size()) + " decimals";
    }
    if (const std::string kept = trimmed(t->fraction); same_whole && kept.size() < trimmed(s->fraction).size()) {
        if (starts_with(s->fraction, kept)) return "precision: cut to " + std::to_string(kept.size()) + " decimals";
        const std::string common = s->fraction.substr(0, kept.size());
        if (!kept.empty() && common.substr(0, kept.size() - 1) == kept.substr(0, kept.size() - 1)) {
            return "precision: rounded to " + std::to_string(kept.size()) + " decimals";
        }
    }
    if (source.size() == target.size() && source.compare(0, source.size() - 1, target, 0, target.size() - 1) == 0) {
        return "last digit";
    }
    return "other number";
}

std::string float_cause(const std::string& source, const std::string& target) {
    char* end = nullptr;
    const double s = std::strtod(source.c_str(), &end);
    const bool source_parsed = end == source.c_str() + source.size();
    const double t = std::strtod(target.c_str(), &end);
    // Level 3 and 4 show the bytes of floats in hexadecimal; those are not worth parsing twice.
    if (!source_parsed || end != target.c_str() + target.size() || s != s || t != t) return "other number";
    if (s == -t) return "sign";
    const double size = s < 0 ? -s : s;
    const double off = s < t ? t - s : s - t;
    return off <= size * 1e-6 ? "precision: equal in the first six digits" : "other number";
}

// Microseconds of a text YYYY-MM-DD HH:MM:SS.ffffff, days counted as if each month had 31: enough for differences
// within a month, and others are not explained.
std::optional<std::int64_t> micros_of(const std::string& text) {
    int year = 0;
    int month = 0;
    int day = 0;
    int hour = 0;
    int minute = 0;
    int second = 0;
    int micros = 0;
    if (std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d.%6d", &year, &month, &day, &hour, &minute, &second, &micros) < 6) {
        return std::nullopt;
    }
    const std::int64_t days = (std::int64_t{year} * 12 + month) * 31 + day;
    return ((days * 24 + hour) * 60 + minute) * 60'000'000 + std::int64_t{second} * 1'000'000 + micros;
}

std::string moment_cause(const std::string& source, const std::string& target) {
    constexpr std::int64_t kSecond = 1'000'000;
    constexpr std::int64_t kQuarter = 15 * 60 * kSecond;
    const auto s = micros_of(source);
    const auto t = micros_of(target);
    if (!s || !t) return "other time";
    const std::int64_t off = *t - *s;
    const std::int64_t size = off < 0 ? -off : off;
    if (size != 0 && size % kQuarter == 0 && size <= 56 * kQuarter) {
        const std::int64_t minutes = size / (60 * kSecond);
        const auto two = [](std::int64_t n) { return (n < 10 ? "0" : "") + std::to_string(n); };
        return std::string("time zone: off by ") + (off < 0 ? "-" : "+") + two(minutes / 60) + ":" + two(minutes % 60);
    }
    if (off < 0 && size < kSecond && *t % kSecond == 0) return "precision: fraction of a second lost";
    if (size < kSecond && *t % 1000 == 0) return "precision: microseconds lost";
    if (size < kSecond) return "off by " + std::to_string(off) + " microseconds";
    return "other time";
}

// Hexadecimal digits, with or without \\x in front.
std::string bytes_cause(std::string source, std::string target) {
    for (std::string* hex : {&source, &target}) {
        if (starts_with(*hex, "\\x")) hex->erase(0, 2);
    }
    if (starts_with(source, target)) return "truncated at " + std::to_string(target.size() / 2) + " bytes";
    if (starts_with(target, source)) return "bytes added at the end";
    return "other bytes";
}

}  // namespace

std::string cause_of(Kind kind, const Shown& source, const Shown& target) {
    if (!source) return target && target->empty() ? "NULL became empty text" : "NULL became a value";
    if (!target) return source->empty() ? "empty text became NULL" : "value became NULL";
    switch (kind) {
        case Kind::kText:
        case Kind::kBpchar:
        case Kind::kJson:
        case Kind::kJsonb:
        case Kind::kUser: return text_cause(*source, *target);
        case Kind::kEnum: return "other label";
        case Kind::kInt2:
        case Kind::kInt4:
        case Kind::kInt8:
        case Kind::kNumeric:
        case Kind::kNumericValue: return number_cause(*source, *target);
        case Kind::kFloat4:
        case Kind::kFloat8: return float_cause(*source, *target);
        case Kind::kTimestamp:
        case Kind::kTimestamptz: return moment_cause(*source, *target);
        case Kind::kBytea: return bytes_cause(*source, *target);
        default: return "other value";
    }
}

bool worth_normalising(const std::string& cause, const Shown& source, const Shown& target) {
    const auto beyond_ascii = [](const Shown& text) {
        return text && std::any_of(text->begin(), text->end(),
                                   [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; });
    };
    return cause == kOtherText && (beyond_ascii(source) || beyond_ascii(target));
}

}  // namespace lakemover::loader
