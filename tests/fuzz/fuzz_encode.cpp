// SQL Server's values as COPY BINARY fields, decoded by code that shares nothing with the encoders: the loader's own
// decoder for numbers, and plain arithmetic here for characters and times.
#include <ctime>
#include <optional>
#include <vector>

#include "codec/canonical.hpp"
#include "fuzz.hpp"
#include "loader/validate/value_form.hpp"
#include "loader/validate/wire_value.hpp"
#include "source/error.hpp"
#include "source/odbc/encode.hpp"

using namespace lakemover;
using namespace lakemover::source;
using namespace lakemover::source::odbc;

namespace {

// The payload behind a length word that must be right; nullopt when the value was refused, and then nothing is left of it.
std::optional<std::string> encoded(const SqlType& type, const char* codec, std::string_view value, const Policy& policy,
                                   Losses& losses) {
    std::string out = "before";
    try {
        make_encoder(type, codec, policy, losses)->value(value.data(), value.size(), out);
    } catch (const source::Error&) {
        fuzz::require(out == "before", "a refused value leaves bytes", value, out);
        return std::nullopt;
    }
    fuzz::require(out.size() >= 10 && out.starts_with("before"), "no field", value, out);
    const auto length = loader::read_integer(std::string_view(out).substr(6, 4), 4);
    fuzz::require(static_cast<std::size_t>(length) == out.size() - 10, "the length word", value, out);
    return out.substr(10);
}

void decimals(fuzz::Input& in) {
    const int precision = 1 + in.byte() % 38;
    const int scale = in.byte() % (precision + 1);
    const SqlType type = parse_sql_type("decimal(" + std::to_string(precision) + "," + std::to_string(scale) + ")");
    Losses losses;
    // As drivers write it: sign, digits, point, in all their ways.
    const std::uint8_t form = in.byte();
    std::string before;
    std::string behind;
    for (int i = in.byte() % (precision - scale + 1); i > 0; --i) before += static_cast<char>('0' + in.byte() % 10);
    for (int i = 0; i < scale; ++i) behind += static_cast<char>('0' + in.byte() % 10);
    const std::string sign = (form & 1U) != 0 ? "-" : (form & 2U) != 0 ? "+" : "";
    if (before.empty() && scale == 0) before = "0";
    std::string text = sign + before;
    if (scale > 0) text += "." + behind;
    const auto payload = encoded(type, "numeric", text, Policy(), losses);
    fuzz::require(payload.has_value(), "a decimal is refused", text);
    before.erase(0, std::min(before.find_first_not_of('0'), before.size()));
    std::string wanted = (before.empty() ? "0" : before) + (scale > 0 ? "." + behind : "");
    if (sign == "-" && wanted.find_first_not_of("0.") != std::string::npos) wanted.insert(0, "-");
    const std::string found = loader::display_value(codec::form_of("numeric"), codec::Format::kBinary, *payload);
    fuzz::require(found == wanted, "a decimal changes", wanted, found);
    std::string canonical;
    loader::append_canonical(canonical, codec::form_of("numeric"), codec::Format::kBinary, *payload);
    const auto as_text = encoded(type, "text", text, Policy(), losses);
    fuzz::require(as_text == wanted, "a decimal as text", wanted, as_text.value_or("refused"));
    // Anything at all: refused, or a number that is written and read again as the same.
    const std::string_view any = in.rest();
    if (const auto value = encoded(type, "numeric", any, Policy(), losses)) {
        const std::string shown = loader::display_value(codec::form_of("numeric"), codec::Format::kBinary, *value);
        fuzz::require(encoded(type, "numeric", shown, Policy(), losses) == value, "a decimal is not stable", any,
                      shown);
    }
}

void integers(fuzz::Input& in) {
    const auto value = static_cast<std::int64_t>(in.number(8)) >> (in.byte() % 64);
    Losses losses;
    const std::string_view wire(reinterpret_cast<const char*>(&value), 8);
    const std::string wanted = std::to_string(value);
    for (const auto& [codec, width] : {std::pair{"int2", 2}, std::pair{"int4", 4}, std::pair{"int8", 8}}) {
        const auto payload = encoded(parse_sql_type("bigint"), codec, wire, Policy(), losses);
        const std::int64_t limit = width == 8 ? INT64_MAX : (std::int64_t{1} << (8 * width - 1)) - 1;
        fuzz::require(payload.has_value() == (value <= limit && value >= -limit - 1), "the range of an integer", codec,
                      wanted);
        if (payload)
            fuzz::require(loader::read_integer(*payload, static_cast<std::size_t>(width)) == value,
                          "an integer changes", wanted);
        const auto from_decimal = encoded(parse_sql_type("decimal(38,0)"), codec, wanted, Policy(), losses);
        fuzz::require(from_decimal == payload, "a decimal as an integer", codec, wanted);
    }
    const auto numeric = encoded(parse_sql_type("bigint"), "numeric", wire, Policy(), losses);
    fuzz::require(
        numeric && loader::display_value(codec::form_of("numeric"), codec::Format::kBinary, *numeric) == wanted,
        "an integer as numeric", wanted);
    const auto real = encoded(parse_sql_type("bigint"), "float8", wire, Policy(), losses);
    const auto exact = static_cast<long double>(static_cast<double>(value)) == static_cast<long double>(value);
    fuzz::require(real.has_value() == exact, "an integer in double precision", wanted);
}

// One code point after the other, what PostgreSQL cannot store as the policy says.
std::optional<std::u32string> code_points(const std::u16string& text, const Policy& policy) {
    std::u32string points;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char16_t u = text[i];
        const bool high = u >= 0xd800 && u < 0xdc00;
        const bool low = u >= 0xdc00 && u < 0xe000;
        if (u == 0) {
            if (policy.nul == Policy::Nul::kFail) return std::nullopt;
        } else if (high && i + 1 < text.size() && text[i + 1] >= 0xdc00 && text[i + 1] < 0xe000) {
            points += static_cast<char32_t>(0x10000 + (u - 0xd800) * 0x400 + (text[++i] - 0xdc00));
        } else if (high || low) {
            if (policy.surrogate == Policy::Surrogate::kFail) return std::nullopt;
            points += U'\xfffd';
        } else {
            points += u;
        }
    }
    return points;
}

std::u32string from_utf8(std::string_view text) {
    std::u32string points;
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        const std::size_t length = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        fuzz::require(i + length <= text.size() && first < 0xf8 && (first < 0x80 || first >= 0xc2), "not UTF-8", text);
        char32_t point = length == 1 ? first : first & (0xffU >> (length + 1));
        for (std::size_t k = 1; k < length; ++k) {
            const auto next = static_cast<unsigned char>(text[i + k]);
            fuzz::require((next & 0xc0U) == 0x80, "not UTF-8", text);
            point = point << 6U | (next & 0x3fU);
        }
        static constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
        fuzz::require(point >= kLeast[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff), "not UTF-8",
                      text);
        points += point;
        i += length;
    }
    return points;
}

void texts(fuzz::Input& in) {
    const std::uint8_t flags = in.byte();
    Policy policy;
    if ((flags & 1U) != 0) policy.nul = Policy::Nul::kFail;
    if ((flags & 2U) != 0) policy.surrogate = Policy::Surrogate::kFail;
    const bool ascii = (flags & 4U) != 0;
    const std::size_t cut = 1 + in.byte() % 37;
    std::u16string text;
    for (std::string_view raw = in.rest(); raw.size() >= 2; raw.remove_prefix(ascii ? 1 : 2))
        text +=
            ascii
                ? static_cast<char16_t>(raw[0] & 0x7f)
                : static_cast<char16_t>(static_cast<unsigned char>(raw[0]) * 256 + static_cast<unsigned char>(raw[1]));
    const std::string_view wire(reinterpret_cast<const char*>(text.data()), 2 * text.size());
    const SqlType type = parse_sql_type("nvarchar(max)");
    const auto wanted = code_points(text, policy);
    Losses losses;
    const auto whole = encoded(parse_sql_type("nvarchar(4000)"), "text", wire, policy, losses);
    fuzz::require(whole.has_value() == wanted.has_value(), "what is refused", wire);
    if (whole) {
        fuzz::require(from_utf8(*whole) == *wanted, "text changes", wire, *whole);
        fuzz::require((losses.nul > 0) == (text.find(u'\0') != std::u16string::npos), "NULs are counted", wire);
    }
    // The same in pieces, cut anywhere.
    Losses again;
    std::string out = "before";
    const auto pieces = make_long_encoder(type, "text", policy, again);
    try {
        pieces->begin(out);
        for (std::size_t at = 0; at < wire.size(); at += cut) {
            const std::string_view piece = wire.substr(at, cut);
            pieces->piece(piece.data(), piece.size(), out);
        }
        pieces->finish(out);
        fuzz::require(whole && out.substr(10) == *whole, "text in pieces is another", wire, out);
        fuzz::require(again.nul == losses.nul && again.surrogate == losses.surrogate, "losses in pieces", wire);
    } catch (const source::Error&) {
        fuzz::require(!whole, "text in pieces is refused", wire);
    }
    // char(n) loses its padding and nothing else.
    const auto padded = encoded(parse_sql_type("nchar(4000)"), "bpchar", wire, policy, losses);
    fuzz::require(padded.has_value() == whole.has_value(), "what is refused", wire);
    if (padded) {
        std::string trimmed = *whole;
        while (!trimmed.empty() && trimmed.back() == ' ') trimmed.pop_back();
        fuzz::require(*padded == trimmed, "padding", trimmed, *padded);
    }
}

void moments(fuzz::Input& in) {
    const bool plausible = in.byte() % 8 != 0;
    SQL_TIMESTAMP_STRUCT v{};
    v.year = static_cast<SQLSMALLINT>(in.number(2));
    v.month = static_cast<SQLUSMALLINT>(in.byte());
    v.day = static_cast<SQLUSMALLINT>(in.byte());
    v.hour = static_cast<SQLUSMALLINT>(in.byte());
    v.minute = static_cast<SQLUSMALLINT>(in.byte());
    v.second = static_cast<SQLUSMALLINT>(in.byte());
    v.fraction = static_cast<SQLUINTEGER>(in.number(4));
    if (plausible) {
        v.year = static_cast<SQLSMALLINT>(1 + (v.year & 0x7fff) % 9999);
        v.month = static_cast<SQLUSMALLINT>(1 + v.month % 12);
        v.day = static_cast<SQLUSMALLINT>(1 + v.day % 31);
        v.hour %= 24;
        v.minute %= 60;
        v.second %= 60;
        v.fraction = v.fraction % 10000000 * 100;
    }
    Policy policy;
    policy.precision = static_cast<Policy::Precision>(in.byte() % 3);
    const std::string_view wire(reinterpret_cast<const char*>(&v), sizeof v);
    Losses losses;
    const auto payload = encoded(parse_sql_type("datetime2(7)"), "timestamp", wire, policy, losses);
    // glibc's calendar: a date that is none comes back as another one.
    std::tm tm{};
    tm.tm_year = v.year - 1900;
    tm.tm_mon = v.month - 1;
    tm.tm_mday = v.day;
    const std::time_t midnight = timegm(&tm);
    const bool valid = v.year >= 1 && v.year <= 9999 && tm.tm_mon == v.month - 1 && tm.tm_mday == v.day &&
                       tm.tm_year == v.year - 1900 && v.hour < 24 && v.minute < 60 && v.second < 60 &&
                       v.fraction <= 999999999;
    const SQLUINTEGER tenths = v.fraction / 100;
    const bool seventh = tenths % 10 != 0;
    fuzz::require(payload.has_value() == (valid && !(seventh && policy.precision == Policy::Precision::kFail)),
                  "which moments there are", wire);
    if (!payload) return;
    const std::int64_t micros = (static_cast<std::int64_t>(midnight) - 946684800) * 1000000 +
                                ((v.hour * 60 + v.minute) * 60 + v.second) * std::int64_t{1000000} + tenths / 10 +
                                (policy.precision == Policy::Precision::kRound && tenths % 10 >= 5 ? 1 : 0);
    fuzz::require(loader::read_integer(*payload, 8) == micros, "a moment changes", wire);
    fuzz::require(losses.precision == (seventh ? 1 : 0), "the seventh digit is counted", wire);
    const auto date = encoded(parse_sql_type("date"), "date", wire.substr(0, sizeof(SQL_DATE_STRUCT)), policy, losses);
    fuzz::require(date && loader::read_integer(*date, 4) == (midnight - 946684800) / 86400, "a date changes", wire);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzz::Input in(data, size);
    switch (in.byte() % 4) {
        case 0: decimals(in); break;
        case 1: integers(in); break;
        case 2: texts(in); break;
        default: moments(in); break;
    }
    return 0;
}
