// Text and numbers for the reports.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

#include "loader/report/html.hpp"

namespace lakemover::loader::report {
namespace {

struct Decoded {
    char32_t code;
    std::size_t length;  // 0: not UTF-8
};

// Strict: no overlong forms, no surrogates, nothing above U+10FFFF.
Decoded decode(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = byte(0);
    if (lead < 0x80) return {lead, 1};
    const std::size_t length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4 || text.size() < length) return {0, 0};
    char32_t code = lead & (0xffU >> (length + 1));
    for (std::size_t i = 1; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return {0, 0};
        code = (code << 6) | (byte(i) & 0x3fU);
    }
    constexpr std::array<char32_t, 5> kSmallest{0, 0, 0x80, 0x800, 0x10000};
    if (code < kSmallest[length] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {0, 0};
    return {code, length};
}

bool hides_or_reorders(char32_t c) {
    return (c >= 0x80 && c < 0xa0) || c == 0xad || c == 0x200b || c == 0x200e || c == 0x200f ||
           (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff ||
           (c >= 0xe0000 && c <= 0xe007f);
}

// U+2400.. are drawings of the C0 characters.
void append_control_picture(std::string& out, unsigned char c) {
    const unsigned picture = c == 0x7f ? 0x21 : c;
    out += '\xe2';
    out += '\x90';
    out += static_cast<char>(0x80 + picture);
}

}  // namespace

std::string escape(std::string_view text) {
    std::string out;
    out.reserve(text.size() + text.size() / 8);
    while (!text.empty()) {
        const auto [code, length] = decode(text);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            text.remove_prefix(1);
            continue;
        }
        switch (code) {
            case '&': out += "&amp;"; break;
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '"': out += "&quot;"; break;
            case '\'': out += "&#39;"; break;
            default:
                if ((code < 0x20 && code != '\n' && code != '\t') || code == 0x7f)
                    append_control_picture(out, static_cast<unsigned char>(code));
                else if (hides_or_reorders(code))
                    out += fmt::format("[U+{:04X}]", static_cast<std::uint32_t>(code));
                else
                    out += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return out;
}

std::string shorten(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return std::string(text);
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return std::string(text.substr(0, end)) + "…";
}

std::string one_line(std::string_view text, std::size_t limit) {
    std::string out;
    for (const char c : shorten(text, limit)) {
        if (c == '\n' || c == '\t' || c == '\r')
            append_control_picture(out, static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out;
}

std::string format_count(std::int64_t value) {
    std::string digits = std::to_string(value);
    const std::size_t first = digits.front() == '-' ? 1 : 0;
    for (std::size_t at = digits.size(); at > first + 3;) digits.insert(at -= 3, 1, ',');
    return digits;
}

std::string format_bytes(double bytes) {
    static constexpr std::array<const char*, 6> kUnits{"B", "kB", "MB", "GB", "TB", "PB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < kUnits.size()) {
        bytes /= 1024;
        ++unit;
    }
    const int decimals = unit == 0 || bytes >= 99.95 ? 0 : 1;
    return fmt::format("{:.{}f} {}", bytes, decimals, kUnits.at(unit));
}

std::string format_seconds(double seconds) {
    if (!(seconds >= 0)) return "";
    if (seconds < 0.9995) return fmt::format("{:.0f} ms", seconds * 1000);
    if (seconds < 9.95) return fmt::format("{:.1f} s", seconds);
    const auto whole = static_cast<std::int64_t>(std::llround(seconds));
    if (whole < 60) return fmt::format("{} s", whole);
    if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
    return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

std::string format_time(std::string_view iso) {
    constexpr std::size_t kToSeconds = 19;
    if (iso.size() < kToSeconds || (iso[10] != 'T' && iso[10] != ' ')) return one_line(iso);
    std::string text(iso.substr(0, kToSeconds));
    text[10] = ' ';
    const std::size_t zone = iso.find_first_of("Z+-", kToSeconds);
    if (zone == std::string_view::npos) return text;
    const std::string_view offset = iso.substr(zone);
    const bool utc = offset == "Z" || offset == "+00:00" || offset == "+00" || offset == "+0000";
    return one_line(text + " " + (utc ? "UTC" : std::string(offset)));
}

std::string plural(std::int64_t count, std::string_view one, std::string_view many) {
    return format_count(count) + " " + std::string(count == 1 ? one : many);
}

const json& field(const json& object, std::string_view key) {
    static const json kNull;
    if (!object.is_object()) return kNull;
    const auto found = object.find(std::string(key));
    return found == object.end() ? kNull : *found;
}

std::string text_of(const json& value) {
    if (value.is_null()) return {};
    if (value.is_string()) return value.get<std::string>();
    if (value.is_number_integer()) return value.dump();
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

std::string text_field(const json& object, std::string_view key) { return text_of(field(object, key)); }

std::optional<double> number_of(const json& value) {
    if (value.is_number()) return value.get<double>();
    if (!value.is_string()) return std::nullopt;
    const auto& text = value.get_ref<const std::string&>();
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return number;
}

std::optional<std::int64_t> integer_field(const json& object, std::string_view key) {
    const json& value = field(object, key);
    if (value.is_number_integer()) return value.get<std::int64_t>();
    const auto number = number_of(value);
    if (!number || std::abs(*number) > 9e18) return std::nullopt;
    return static_cast<std::int64_t>(*number);
}

bool bool_field(const json& object, std::string_view key, bool otherwise) {
    const json& value = field(object, key);
    return value.is_boolean() ? value.get<bool>() : otherwise;
}

}  // namespace lakemover::loader::report
