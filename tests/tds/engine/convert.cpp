// See convert.hpp.
#include "engine/convert.hpp"

#include <array>
#include <cmath>
#include <cstring>
#include <limits>

#include "engine/moments.hpp"
#include "engine/numbers.hpp"
#include "engine/text.hpp"

namespace tds {

namespace {

SqlError not_allowed(const Type& from, const Type& to) {
    return {529, 16,
            "Explicit conversion from data type " + base_name(from) + " to " + base_name(to) + " is not allowed."};
}

SqlError not_converted(const std::string& text, const Type& from, const Type& to) {
    if (to.is_moment()) {
        return {241, 16, "Conversion failed when converting date and/or time from character string."};
    }
    return {to.kind == Kind::kUniqueidentifier ? 8169 : 245, 16,
            "Conversion failed when converting the " + base_name(from) + " value '" + text.substr(0, 100) +
                "' to data type " + base_name(to) + "."};
}

void range_of(const Type& type, Int128& low, Int128& high) {
    switch (type.kind) {
        case Kind::kTinyint:
            low = 0;
            high = 255;
            break;
        case Kind::kSmallint:
            low = -32768;
            high = 32767;
            break;
        case Kind::kInt:
        case Kind::kSmallmoney:
            low = std::numeric_limits<std::int32_t>::min();
            high = std::numeric_limits<std::int32_t>::max();
            break;
        default: low = std::numeric_limits<std::int64_t>::min(); high = std::numeric_limits<std::int64_t>::max();
    }
}

std::string ascii(const Value& value) { return utf8(std::get<std::u16string>(value)); }

std::string big_endian(std::uint64_t bits, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; --i) {
        out += static_cast<char>(bits >> static_cast<unsigned>(8 * i) & 0xFFU);
    }
    return out;
}

std::uint64_t from_big_endian(const std::string& bytes) {
    std::uint64_t bits = 0;
    for (const char c : bytes.size() > 8 ? bytes.substr(bytes.size() - 8) : bytes) {
        bits = bits << 8U | static_cast<unsigned char>(c);
    }
    return bits;
}

std::string hex(const std::string& bytes) {
    static constexpr const char* kDigits = "0123456789ABCDEF";
    std::string text;
    for (const char c : bytes) {
        text += kDigits[static_cast<unsigned char>(c) >> 4U];
        text += kDigits[static_cast<unsigned char>(c) & 15U];
    }
    return text;
}

// The wire has the first three groups in little endian.
constexpr std::array<std::size_t, 16> kGuidText = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};

std::string guid_text(const std::string& bytes) {
    std::string text;
    for (std::size_t i = 0; i < 16; ++i) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text += '-';
        }
        text += hex(bytes.substr(kGuidText[i], 1));
    }
    return text;
}

Value parse_guid(std::string text, const Type& from, const Type& to) {
    const std::string given = text;
    if (text.size() >= 38 && text[0] == '{') {
        text = text.substr(1, 36);
    }
    text = text.substr(0, 36);
    std::string bytes(16, '\0');
    std::size_t digit = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const std::size_t value =
            std::string("0123456789ABCDEF").find(static_cast<char>(std::toupper(static_cast<unsigned char>(text[i]))));
        if (dash ? text[i] != '-' : value == std::string::npos) {
            throw not_converted(given, from, to);
        }
        if (!dash) {
            char& byte = bytes[kGuidText.at(digit / 2)];
            byte = static_cast<char>(static_cast<unsigned char>(byte) << 4U | value);
            ++digit;
        }
    }
    if (digit != 32) {
        throw not_converted(given, from, to);
    }
    return bytes;
}

std::u16string fitted_text(std::u16string text, const Type& to) {
    if (to.is_narrow()) {
        std::string bytes = to_code_page(text, collation_of(to));
        if (to.length != kMaxLength && bytes.size() > static_cast<std::size_t>(to.length)) {
            bytes.resize(static_cast<std::size_t>(to.length));
        }
        if (to.kind == Kind::kChar) {
            bytes.resize(static_cast<std::size_t>(to.length), ' ');
        }
        return from_code_page(bytes, collation_of(to));
    }
    if (to.length != kMaxLength && to.kind != Kind::kXml && text.size() > static_cast<std::size_t>(to.length)) {
        text.resize(static_cast<std::size_t>(to.length));
    }
    if (to.kind == Kind::kNchar) {
        text.resize(static_cast<std::size_t>(to.length), u' ');
    }
    return text;
}

std::string fitted_bytes(std::string bytes, const Type& to) {
    if (to.length != kMaxLength && bytes.size() > static_cast<std::size_t>(to.length)) {
        bytes.resize(static_cast<std::size_t>(to.length));
    }
    if (to.kind == Kind::kBinary) {
        bytes.resize(static_cast<std::size_t>(to.length), '\0');
    }
    return bytes;
}

std::string utf16_bytes(const std::u16string& text) {
    std::string bytes;
    for (const char16_t c : text) {
        bytes += static_cast<char>(c & 0xFFU);
        bytes += static_cast<char>(c >> 8U);
    }
    return bytes;
}

std::u16string bytes_utf16(const std::string& bytes) {
    std::u16string text;
    for (std::size_t i = 0; i < bytes.size(); i += 2) {
        const auto high = i + 1 < bytes.size() ? static_cast<unsigned char>(bytes[i + 1]) : 0U;
        text += static_cast<char16_t>(static_cast<unsigned char>(bytes[i]) | high << 8U);
    }
    return text;
}

std::string plain_text(const Value& value, const Type& from, const Type& to, int style) {
    switch (from.kind) {
        case Kind::kReal:
        case Kind::kFloat: return float_text(std::get<double>(value), style == 3 ? 17 : style > 0 ? 15 : 6);
        case Kind::kDecimal: return decimal_text(std::get<Int128>(value), from.scale);
        case Kind::kMoney:
        case Kind::kSmallmoney:
            return style == 2 ? decimal_text(std::get<std::int64_t>(value), 4)
                              : decimal_text(rescaled(std::get<std::int64_t>(value), 4, 2), 2);
        case Kind::kUniqueidentifier: return guid_text(std::get<std::string>(value));
        default: break;
    }
    if (from.is_integer()) {
        return std::to_string(std::get<std::int64_t>(value));
    }
    if (from.is_moment()) {
        return moment_text(std::get<Moment>(value), from, style);
    }
    throw not_allowed(from, to);
}

Value to_text(const Value& value, const Type& from, const Type& to, int style) {
    std::u16string text;
    if (from.is_character() || from.kind == Kind::kXml) {
        text = std::get<std::u16string>(value);
    } else if (from.is_binary()) {
        const std::string& bytes = std::get<std::string>(value);
        if (style == 1 || style == 2) {
            text = utf16((style == 1 ? "0x" : "") + hex(bytes));
        } else {
            text = to.is_wide() ? bytes_utf16(bytes) : from_code_page(bytes, collation_of(to));
        }
    } else {
        text = utf16(plain_text(value, from, to, style));
        const bool number = !from.is_moment();
        if (number && to.length != kMaxLength && static_cast<int>(text.size()) > to.length) {
            if (from.is_integer() && from.kind != Kind::kBigint) {
                return fitted_text(u"*", to);
            }
            throw overflow(to);
        }
    }
    return fitted_text(text, to);
}

// Ten-thousandths, a decimal's digits, or an integer.
Value to_exact(const Value& value, const Type& from, const Type& to) {
    const int scale = to.is_money() ? 4 : to.kind == Kind::kDecimal ? to.scale : 0;
    Int128 number = 0;
    if (from.is_character()) {
        const std::string text = ascii(value);
        if (to.kind == Kind::kBit && (same_name(text, "true") || same_name(text, "false"))) {
            return std::int64_t{same_name(text, "true")};
        }
        if (to.is_integer() && text.find('.') != std::string::npos) {
            throw not_converted(text, from, to);
        }
        const bool blank = text.find_first_not_of(' ') == std::string::npos;
        try {
            // An empty string is 0 for integers and money, and nothing for a decimal.
            number = blank && to.kind != Kind::kDecimal ? 0 : parse_decimal(text, scale, base_name(to));
        } catch (const SqlError& e) {
            if (to.is_integer() && e.number == 8114) {
                throw not_converted(text, from, to);
            }
            throw;
        }
    } else if (from.is_integer()) {
        number = rescaled(std::get<std::int64_t>(value), 0, scale);
    } else if (from.is_money()) {
        number = rescaled(std::get<std::int64_t>(value), 4, scale);
    } else if (from.kind == Kind::kDecimal) {
        const Int128 given = std::get<Int128>(value);
        // To an integer a decimal is cut, to fewer decimals it is rounded.
        number = to.is_integer() ? given / power_of_ten(from.scale) : rescaled(given, from.scale, scale);
    } else if (from.kind == Kind::kFloat || from.kind == Kind::kReal) {
        const long double scaled =
            static_cast<long double>(std::get<double>(value)) * static_cast<long double>(power_of_ten(scale));
        if (!(std::fabs(scaled) < 1e38L)) {
            throw overflow(to);
        }
        number = static_cast<Int128>(to.is_integer() ? scaled : std::round(scaled));
    } else if (from.is_binary() && to.is_integer()) {
        const std::uint64_t bits = from_big_endian(std::get<std::string>(value));
        number = to.kind == Kind::kBigint     ? static_cast<std::int64_t>(bits)
                 : to.kind == Kind::kInt      ? static_cast<std::int32_t>(bits)
                 : to.kind == Kind::kSmallint ? static_cast<std::int16_t>(bits)
                                              : static_cast<std::int64_t>(bits & 0xFFU);
    } else {
        throw not_allowed(from, to);
    }
    if (to.kind == Kind::kDecimal) {
        check_precision(number, to);
        return number;
    }
    if (to.kind == Kind::kBit) {
        return std::int64_t{number != 0};
    }
    Int128 low = 0;
    Int128 high = 0;
    range_of(to, low, high);
    if (number < low || number > high) {
        throw overflow(to);
    }
    return static_cast<std::int64_t>(number);
}

Value to_float(const Value& value, const Type& from, const Type& to) {
    double number = 0;
    if (from.is_character()) {
        const std::string text = ascii(value);
        char* end = nullptr;
        number = std::strtod(text.c_str(), &end);
        if (end == text.c_str() || std::string(end).find_first_not_of(' ') != std::string::npos) {
            throw SqlError(8114, 16, "Error converting data type " + base_name(from) + " to " + base_name(to) + ".");
        }
    } else if (from.kind == Kind::kFloat || from.kind == Kind::kReal) {
        number = std::get<double>(value);
    } else if (from.is_integer()) {
        number = static_cast<double>(std::get<std::int64_t>(value));
    } else if (from.is_money() || from.kind == Kind::kDecimal) {
        number = std::strtod(plain_text(value, from, to, 2).c_str(), nullptr);
    } else {
        throw not_allowed(from, to);
    }
    if (to.kind == Kind::kReal) {
        if (std::fabs(number) > static_cast<double>(std::numeric_limits<float>::max())) {
            throw overflow(to);
        }
        return static_cast<double>(static_cast<float>(number));
    }
    return number;
}

Value to_binary(const Value& value, const Type& from, const Type& to, int style) {
    std::string bytes;
    if (from.is_binary() || from.kind == Kind::kUniqueidentifier) {
        bytes = std::get<std::string>(value);
    } else if (from.is_wide() && style <= 0) {
        bytes = utf16_bytes(std::get<std::u16string>(value));
    } else if (from.is_character()) {
        bytes = to_code_page(std::get<std::u16string>(value), collation_of(from));
        if (style == 1 || style == 2) {
            std::string text = bytes.substr(style == 1 ? 2 : 0);
            bytes.clear();
            for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
                bytes += static_cast<char>(std::stoi(text.substr(i, 2), nullptr, 16));
            }
        }
    } else if (from.is_integer()) {
        const int size = from.kind == Kind::kBigint     ? 8
                         : from.kind == Kind::kInt      ? 4
                         : from.kind == Kind::kSmallint ? 2
                                                        : 1;
        bytes = big_endian(static_cast<std::uint64_t>(std::get<std::int64_t>(value)), size);
    } else if (from.kind == Kind::kFloat || from.kind == Kind::kReal) {
        std::uint64_t bits = 0;
        const double number = std::get<double>(value);
        if (from.kind == Kind::kReal) {
            const auto single = static_cast<float>(number);
            std::uint32_t half = 0;
            std::memcpy(&half, &single, sizeof half);
            bits = half;
        } else {
            std::memcpy(&bits, &number, sizeof bits);
        }
        bytes = big_endian(bits, from.kind == Kind::kReal ? 4 : 8);
    } else {
        throw not_allowed(from, to);
    }
    // Numbers lose their first bytes, and are padded on the left; everything else loses its last.
    const bool number = from.is_integer() || from.kind == Kind::kFloat || from.kind == Kind::kReal;
    if (number && to.length != kMaxLength) {
        const auto length = static_cast<std::size_t>(to.length);
        if (bytes.size() > length) {
            bytes = bytes.substr(bytes.size() - length);
        } else if (to.kind == Kind::kBinary) {
            bytes = std::string(length - bytes.size(), '\0') + bytes;
        }
    }
    return fitted_bytes(bytes, to);
}

Value to_moment(const Value& value, const Type& from, const Type& to) {
    if (from.is_character()) {
        const auto moment = parse_moment(ascii(value));
        if (!moment) {
            throw not_converted(ascii(value), from, to);
        }
        // Only the older types refuse an offset; the others read the local time.
        if (moment->offset != 0 && (to.kind == Kind::kDatetime || to.kind == Kind::kSmalldatetime)) {
            throw not_converted(ascii(value), from, to);
        }
        return fitted(*moment, to);
    }
    if (from.is_integer() && (to.kind == Kind::kDatetime || to.kind == Kind::kSmalldatetime)) {
        return fitted({days_of(1900, 1, 1) + static_cast<std::int32_t>(std::get<std::int64_t>(value)), 0, 0}, to);
    }
    if (!from.is_moment()) {
        throw not_allowed(from, to);
    }
    Moment moment = std::get<Moment>(value);
    if (from.kind == Kind::kTime) {
        moment.days = days_of(1900, 1, 1);
    }
    return fitted(moment, to);
}

}  // namespace

Value convert(const Value& value, const Type& from, const Type& to, int style) {
    if (is_null(value)) {
        return {};
    }
    if (from.kind == Kind::kVariant) {
        const Variant& inner = std::get<std::vector<Variant>>(value).at(0);
        return to.kind == Kind::kVariant ? value : convert(inner.value, inner.type, to, style);
    }
    if (to.kind == Kind::kVariant) {
        return std::vector<Variant>{{from, value}};
    }
    if (to.is_character()) {
        return to_text(value, from, to, style);
    }
    if (to.kind == Kind::kXml) {
        if (from.is_character() || from.kind == Kind::kXml) {
            return std::get<std::u16string>(value);
        }
        throw not_allowed(from, to);
    }
    if (to.is_integer() || to.is_money() || to.kind == Kind::kDecimal) {
        return to_exact(value, from, to);
    }
    if (to.kind == Kind::kFloat || to.kind == Kind::kReal) {
        return to_float(value, from, to);
    }
    if (to.is_binary()) {
        return to_binary(value, from, to, style);
    }
    if (to.is_moment()) {
        return to_moment(value, from, to);
    }
    if (from.is_character()) {
        return parse_guid(ascii(value), from, to);
    }
    if (from.kind == Kind::kUniqueidentifier) {
        return value;
    }
    if (from.is_binary()) {
        std::string bytes = std::get<std::string>(value);
        bytes.resize(16, '\0');
        return bytes;
    }
    throw not_allowed(from, to);
}

Value assigned(const Value& value, const Type& from, const Type& to, const std::string& column) {
    Value result = convert(value, from, to);
    if (is_null(result) || to.length == kMaxLength || !(to.is_character() || to.is_binary())) {
        return result;
    }
    Type unbounded = to;
    unbounded.length = kMaxLength;
    unbounded.kind = to.is_wide() ? Kind::kNvarchar : to.is_narrow() ? Kind::kVarchar : Kind::kVarbinary;
    const Value whole = convert(value, from, unbounded);
    const bool cut = to.is_binary() ? std::get<std::string>(whole).size() > static_cast<std::size_t>(to.length)
                                    : compare(whole, result, unbounded) != 0;
    if (cut) {
        throw SqlError(2628, 16, "String or binary data would be truncated in column '" + column + "'.");
    }
    return result;
}

int compare(const Value& a, const Value& b, const Type& type) {
    const auto order = [](const auto& x, const auto& y) { return x < y ? -1 : y < x ? 1 : 0; };
    if (type.is_character()) {
        return compare_text(std::get<std::u16string>(a), std::get<std::u16string>(b), collation_of(type));
    }
    if (type.kind == Kind::kUniqueidentifier) {
        static constexpr std::array<std::size_t, 16> kOrder = {10, 11, 12, 13, 14, 15, 8, 9, 6, 7, 4, 5, 0, 1, 2, 3};
        for (const std::size_t i : kOrder) {
            const auto x = static_cast<unsigned char>(std::get<std::string>(a)[i]);
            const auto y = static_cast<unsigned char>(std::get<std::string>(b)[i]);
            if (x != y) {
                return x < y ? -1 : 1;
            }
        }
        return 0;
    }
    if (type.is_binary()) {
        std::string x = std::get<std::string>(a);
        std::string y = std::get<std::string>(b);
        const std::size_t length = std::max(x.size(), y.size());
        x.resize(length, '\0');
        y.resize(length, '\0');
        return order(std::memcmp(x.data(), y.data(), length), 0);
    }
    if (type.kind == Kind::kDatetimeoffset) {
        return order(in_utc(std::get<Moment>(a)), in_utc(std::get<Moment>(b)));
    }
    if (type.is_moment()) {
        return order(std::get<Moment>(a), std::get<Moment>(b));
    }
    if (type.kind == Kind::kDecimal) {
        return order(std::get<Int128>(a), std::get<Int128>(b));
    }
    if (type.kind == Kind::kFloat || type.kind == Kind::kReal) {
        return order(std::get<double>(a), std::get<double>(b));
    }
    if (type.is_integer() || type.is_money()) {
        return order(std::get<std::int64_t>(a), std::get<std::int64_t>(b));
    }
    throw SqlError(305, 16, "The " + base_name(type) + " data type cannot be compared or sorted.");
}

}  // namespace tds
