// See canonical.hpp.
#include "source/odbc/canonical.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <cstdio>
#include <cstring>

#include "source/error.hpp"
#include "source/odbc/handles.hpp"
#include "source/odbc/literal.hpp"

namespace lakemover::source::odbc {

namespace {

constexpr std::size_t kMostShown = 2048;  // characters, or bytes of a bytea; the target's limit

bool is_text_codec(std::string_view codec) {
    static constexpr std::string_view kText[] = {"text", "varchar", "bpchar", "citext", "json", "jsonb", "xml"};
    return std::find(std::begin(kText), std::end(kText), codec) != std::end(kText);
}

int nibble(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

// "\x61..." as the text reader gives binary values.
std::string unhex(std::string_view text) {
    if (text.starts_with("\\x")) {
        text.remove_prefix(2);
    }
    std::string bytes;
    bytes.reserve(text.size() / 2);
    for (std::size_t i = 0; i + 1 < text.size(); i += 2) {
        const int high = nibble(text[i]);
        const int low = nibble(text[i + 1]);
        if (high < 0 || low < 0) {
            throw Error(ErrorKind::kInternal, "22P02", "not hex: " + std::string(text.substr(0, 40)));
        }
        bytes += static_cast<char>(high * 16 + low);
    }
    return bytes;
}

std::size_t characters(std::string_view utf8) {
    return static_cast<std::size_t>(std::count_if(
        utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string_view first_characters(std::string_view utf8, std::size_t n) {
    std::size_t at = 0;
    for (std::size_t seen = 0; at < utf8.size(); ++at) {
        if ((static_cast<unsigned char>(utf8[at]) & 0xC0U) != 0x80U && seen++ == n) {
            break;
        }
    }
    return utf8.substr(0, at);
}

bool cut_codec(std::string_view codec) { return is_text_codec(codec) || codec == "bytea" || codec == "numeric"; }

std::string shown(std::string_view codec, const std::string& canonical, bool as_hex) {
    if (!cut_codec(codec)) {
        return as_hex ? hex(canonical) : canonical;
    }
    if (codec == "bytea") {
        const std::size_t bytes = canonical.size() / 2;
        if (bytes <= kMostShown) {
            return canonical;
        }
        return canonical.substr(0, 2 * kMostShown) + "... (" + std::to_string(bytes) + " bytes, MD5 " +
               md5_hex(unhex(canonical)) + ")";
    }
    const std::size_t length = characters(canonical);
    const std::string_view begin =
        length > kMostShown ? first_characters(canonical, kMostShown) : std::string_view(canonical);
    std::string text = as_hex ? hex(begin) : std::string(begin);
    if (length > kMostShown) {
        text += "... (" + std::to_string(length) + " characters, MD5 " + md5_hex(canonical) + ")";
    }
    return text;
}

std::string ascii_literal(const std::string& text) {
    if (text.find('\'') != std::string::npos) {
        throw Error(ErrorKind::kConfig, "22023", "a chunk's bound is not what the source gave");
    }
    return "'" + text + "'";
}

std::string hex_literal(const std::string& text) {
    if (!text.starts_with("\\x") || text.find_first_not_of("0123456789abcdef", 2) != std::string::npos) {
        throw Error(ErrorKind::kConfig, "22023", "a chunk's bound is not what the source gave");
    }
    return "0x" + text.substr(2);
}

}  // namespace

std::string canonical_expression(const SqlType& type, const std::string& c, std::string_view codec, bool raw_unicode) {
    // As text a moment keeps the digits that its type has; see the encoder.
    const bool text = is_text_codec(codec);
    switch (type.kind) {
        case TypeKind::kReal: return "CAST(" + c + " AS binary(4))";
        case TypeKind::kFloat: return "CAST(" + c + " AS binary(8))";
        case TypeKind::kDate: return "CONVERT(varchar(10), " + c + ", 23)";
        // Through datetime2 a datetime would show the thirds of a millisecond that it does not have.
        case TypeKind::kDatetime: return "CONVERT(varchar(23), " + c + ", 121)";
        case TypeKind::kSmalldatetime: return "CONVERT(varchar(19), " + c + ", 120)";
        case TypeKind::kDatetime2:
            return text ? "CONVERT(varchar(27), " + c + ", 121)"
                        : "CONVERT(varchar(27), CAST(" + c + " AS datetime2(7)), 121)";
        case TypeKind::kDatetimeoffset:
            return text ? "CONVERT(varchar(34), SWITCHOFFSET(" + c + ", '+00:00'), 121)"
                        : "CONVERT(varchar(27), CAST(SWITCHOFFSET(" + c + ", '+00:00') AS datetime2(7)), 121)";
        case TypeKind::kTime:
            return text ? "CONVERT(varchar(16), " + c + ", 121)"
                        : "CONVERT(varchar(16), CAST(" + c + " AS time(7)), 121)";
        case TypeKind::kUniqueidentifier: return "CONVERT(varchar(36), " + c + ")";
        case TypeKind::kBit:
        case TypeKind::kTinyint:
        case TypeKind::kSmallint:
        case TypeKind::kInt:
        case TypeKind::kBigint: return "CONVERT(varchar(20), " + c + ")";
        case TypeKind::kDecimal: return "CONVERT(varchar(41), " + c + ")";
        case TypeKind::kMoney: return "CONVERT(varchar(41), CAST(" + c + " AS decimal(19,4)))";
        case TypeKind::kSmallmoney: return "CONVERT(varchar(41), CAST(" + c + " AS decimal(10,4)))";
        default: return select_expression(type, c, raw_unicode);
    }
}

namespace {

// The next second of a moment's text, to the end of its fields: 23:59:59 is followed by the next day.
void next_second(std::string& text) {
    std::array<int, 6> field{};  // year, month, day, hour, minute, second
    if (std::sscanf(text.c_str(), "%d-%d-%d %d:%d:%d", &field[0], &field[1], &field[2], &field[3], &field[4],
                    &field[5]) != 6) {
        throw Error(ErrorKind::kInternal, "22007", "not a moment: " + text.substr(0, 40));
    }
    auto& [year, month, day, hour, minute, second] = field;
    static constexpr std::array<int, 12> kDays{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    const int days = kDays.at(static_cast<std::size_t>(month - 1)) + (month == 2 && leap ? 1 : 0);
    minute += (second = (second + 1) % 60) == 0 ? 1 : 0;
    hour += minute == 60 ? 1 : 0;
    minute %= 60;
    day += hour == 24 ? 1 : 0;
    hour %= 24;
    month += day > days ? 1 : 0;
    day = day > days ? 1 : day;
    year += month == 13 ? 1 : 0;
    month = month == 13 ? 1 : month;
    std::array<char, 96> next{};
    std::snprintf(next.data(), next.size(), "%04d-%02d-%02d %02d:%02d:%02d", year, month, day, hour, minute, second);
    text = next.data();
}

// With or without a fraction, to the six digits of the canonical form, cut or rounded as the encoder does.
std::string six_digits(const std::string& text, Policy::Precision precision) {
    const std::size_t dot = text.find('.');
    std::string whole = text.substr(0, dot);
    std::string fraction = dot == std::string::npos ? std::string() : text.substr(dot + 1);
    const bool up = precision == Policy::Precision::kRound && fraction.size() > 6 && fraction[6] >= '5';
    fraction.resize(6, '0');
    if (up && fraction != "999999") {
        const std::string next = std::to_string(1000001 + std::stoi(fraction));
        fraction = next.substr(1);
    } else if (up) {
        // A time has no next day: it ends at 23:59:59.999999, as the encoder has it.
        const bool time_only = whole.find('-') == std::string::npos;
        if (time_only && whole == "23:59:59") {
            return whole + ".999999";
        }
        if (time_only) {
            whole = "2000-01-01 " + whole;
        }
        next_second(whole);
        whole = time_only ? whole.substr(11) : whole;
        fraction = "000000";
    }
    return whole + "." + fraction;
}

// The bytes of a double, in hex.
std::string double_hex(double number) {
    std::uint64_t bits = 0;
    std::memcpy(&bits, &number, sizeof bits);
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(bits));
    return text.data();
}

template <class Float, class Bits> Float number_of(std::string_view hex_bytes) {
    Bits bits = 0;
    for (const char c : hex_bytes) {
        bits = static_cast<Bits>(bits << 4U | static_cast<Bits>(nibble(c)));
    }
    Float number = 0;
    std::memcpy(&number, &bits, sizeof number);
    return number;
}

}  // namespace

TextValue canonical_value(const SqlType& type, std::string_view codec, const Policy& policy, bool raw_unicode,
                          const TextValue& value) {
    if (!value) {
        return std::nullopt;
    }
    switch (type.kind) {
        case TypeKind::kReal:
        case TypeKind::kFloat: {
            std::string bits = hex(unhex(*value));
            if (type.kind == TypeKind::kReal && codec == "float8") {
                return double_hex(static_cast<double>(number_of<float, std::uint32_t>(bits)));
            }
            return bits;
        }
        case TypeKind::kDatetime:
        case TypeKind::kSmalldatetime:
        case TypeKind::kDatetime2:
        case TypeKind::kDatetimeoffset:
        case TypeKind::kTime: return is_text_codec(codec) ? *value : six_digits(*value, policy.precision);
        case TypeKind::kDate: return codec == "timestamp" ? *value + " 00:00:00.000000" : *value;
        case TypeKind::kBit:
        case TypeKind::kTinyint:
        case TypeKind::kSmallint:
        case TypeKind::kInt:
        case TypeKind::kBigint:
            if (codec == "bool") {
                return *value == "1" ? "t" : "f";
            }
            return codec == "float8" ? double_hex(std::stod(*value)) : *value;
        case TypeKind::kUniqueidentifier: {
            std::string lower = *value;
            std::transform(lower.begin(), lower.end(), lower.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
            return lower;
        }
        case TypeKind::kBinary:
        case TypeKind::kVarbinary:
        case TypeKind::kRowversion:
            if (codec == "int8") {
                return std::to_string(number_of<std::uint64_t, std::uint64_t>(hex(unhex(*value))));
            }
            return value->substr(value->starts_with("\\x") ? 2 : 0);
        default: break;
    }
    if (!type.is_character()) {
        return value;
    }
    Losses counted_elsewhere;
    std::string text;
    if (raw_unicode && binding_of(type, true).c_type == SQL_C_BINARY) {
        const std::string units = unhex(*value);
        text = utf8_from_utf16(units.data(), units.size(), policy, counted_elsewhere);
    } else {
        const WideText units = to_wide(*value);
        text = utf8_from_utf16(reinterpret_cast<const char*>(units.data()), (units.size() - 1) * sizeof(SQLWCHAR),
                               policy, counted_elsewhere);
    }
    if (type.is_padded() || codec == "bpchar") {
        text.resize(text.find_last_not_of(' ') + 1);
    }
    return text;
}

std::string key_text(std::string_view codec, const std::string& canonical) {
    if (codec == "bytea") {
        return "\\x" + canonical;
    }
    if (codec == "timestamptz") {
        return canonical + "+00";
    }
    if (codec == "float4" || codec == "float8") {
        std::array<char, 40> text{};
        const auto end =
            codec == "float4"
                ? std::to_chars(text.data(), text.data() + text.size(), number_of<float, std::uint32_t>(canonical))
                : std::to_chars(text.data(), text.data() + text.size(), number_of<double, std::uint64_t>(canonical));
        return {text.data(), end.ptr};
    }
    return canonical;
}

std::string shown_text(std::string_view codec, const std::string& canonical) { return shown(codec, canonical, false); }
std::string shown_hex(std::string_view codec, const std::string& canonical) { return shown(codec, canonical, true); }

namespace {

std::string digest_hex(std::string_view bytes, CsvHash hash) {
    const bool sha = hash == CsvHash::kSha256;
    std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
    unsigned int size = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, sha ? EVP_sha256() : EVP_md5(), nullptr) != 1) {
        throw Error(ErrorKind::kInternal, "58000",
                    std::string(sha ? "SHA-256" : "MD5") + " is not available in this build of OpenSSL");
    }
    return hex({reinterpret_cast<const char*>(out.data()), size});
}

}  // namespace

std::string md5_hex(std::string_view bytes) { return digest_hex(bytes, CsvHash::kMd5); }

std::string csv_hash(const std::vector<TextValue>& canonical, CsvHash hash) {
    std::string csv;
    for (std::size_t i = 0; i < canonical.size(); ++i) {
        if (i > 0) {
            csv += ',';
        }
        if (!canonical[i]) {
            continue;
        }
        csv += '"';
        for (const char c : *canonical[i]) {
            csv += c;
            if (c == '"') {
                csv += c;
            }
        }
        csv += '"';
    }
    return digest_hex(csv, hash);
}

namespace {

bool is_wide_key(TypeKind kind) { return kind >= TypeKind::kChar && kind <= TypeKind::kNvarchar; }

// nvarchar ends at 4000; an index key ends at 1700 bytes whatever its column says.
std::string wide_length(const SqlType& type) {
    return type.length < 0 ? "max" : std::to_string(std::min(type.length, 4000));
}

// binary to float is no conversion that T-SQL allows; 17 digits keep every double.
std::string float_literal(double number) {
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "%.16E", number);
    return text.data();
}

std::string wide_literal(const SqlType& type, const std::string& bound) {
    if (bound.starts_with("=")) {
        return "CAST(" + quote_unicode(bound.substr(1)) + " AS nvarchar(" + wide_length(type) + "))";
    }
    return "CAST(" + hex_literal(bound) + " AS nvarchar(" + wide_length(type) + "))";
}

}  // namespace

std::string bound_expression(const SqlType& type, const std::string& c, bool raw_unicode) {
    if (is_wide_key(type.kind)) {
        const std::string text = "CAST(" + c + " AS nvarchar(" + wide_length(type) + "))";
        const std::string bytes = type.length < 0 ? "max" : std::to_string(2 * std::min(type.length, 4000));
        return raw_unicode ? "CAST(" + text + " AS varbinary(" + bytes + "))" : "N'=' + " + text;
    }
    switch (type.kind) {
        // Milliseconds tell the ticks of 1/300 s apart, and are read back as the same tick.
        case TypeKind::kDatetime: return "CONVERT(varchar(23), " + c + ", 121)";
        case TypeKind::kSmalldatetime: return "CONVERT(varchar(19), " + c + ", 120)";
        case TypeKind::kDatetime2: return "CONVERT(varchar(27), " + c + ", 121)";
        case TypeKind::kDatetimeoffset: return "CONVERT(varchar(34), " + c + ", 121)";
        case TypeKind::kTime: return "CONVERT(varchar(16), " + c + ", 121)";
        case TypeKind::kDate: return "CONVERT(varchar(10), " + c + ", 23)";
        case TypeKind::kUniqueidentifier: return "CONVERT(varchar(36), " + c + ")";
        case TypeKind::kReal: return "CAST(" + c + " AS binary(4))";
        case TypeKind::kFloat: return "CAST(" + c + " AS binary(8))";
        case TypeKind::kMoney: return "CONVERT(varchar(41), CAST(" + c + " AS decimal(19,4)))";
        case TypeKind::kSmallmoney: return "CONVERT(varchar(41), CAST(" + c + " AS decimal(10,4)))";
        case TypeKind::kBinary:
        case TypeKind::kVarbinary:
        case TypeKind::kRowversion: return c;
        default: return "CONVERT(varchar(41), " + c + ")";
    }
}

std::string bound_literal(const SqlType& type, const std::string& collation, const std::string& bound) {
    const std::string length = type.length < 0 ? "max" : std::to_string(type.length);
    const auto collated = [&](const std::string& literal) {
        // A collation is a word; anything else would be somebody's SQL.
        const bool word = !collation.empty() && std::all_of(collation.begin(), collation.end(), [](unsigned char c) {
            return std::isalnum(c) != 0 || c == '_';
        });
        return word ? literal + " COLLATE " + collation : literal;
    };
    switch (type.kind) {
        // From the collation's own code page, so that no nvarchar stands beside a varchar key: that would scan.
        case TypeKind::kChar:
        case TypeKind::kVarchar: return "CAST(" + collated(wide_literal(type, bound)) + " AS varchar(" + length + "))";
        case TypeKind::kNchar:
        case TypeKind::kNvarchar: return collated(wide_literal(type, bound));
        case TypeKind::kDatetime: return "CONVERT(datetime, " + ascii_literal(bound) + ", 121)";
        case TypeKind::kReal:
            return "CAST(" + float_literal(number_of<float, std::uint32_t>(hex(unhex(bound)))) + " AS real)";
        case TypeKind::kFloat:
            return "CAST(" + float_literal(number_of<double, std::uint64_t>(hex(unhex(bound)))) + " AS float)";
        case TypeKind::kSmalldatetime: return "CONVERT(smalldatetime, " + ascii_literal(bound) + ", 120)";
        case TypeKind::kDatetime2:
            return "CONVERT(datetime2(" + std::to_string(type.scale) + "), " + ascii_literal(bound) + ", 121)";
        case TypeKind::kDatetimeoffset:
            return "CONVERT(datetimeoffset(" + std::to_string(type.scale) + "), " + ascii_literal(bound) + ", 121)";
        case TypeKind::kTime: return "CAST(" + ascii_literal(bound) + " AS time(" + std::to_string(type.scale) + "))";
        case TypeKind::kDate: return "CONVERT(date, " + ascii_literal(bound) + ", 23)";
        case TypeKind::kUniqueidentifier: return "CAST(" + ascii_literal(bound) + " AS uniqueidentifier)";
        case TypeKind::kMoney: return "CAST(" + ascii_literal(bound) + " AS money)";
        case TypeKind::kSmallmoney: return "CAST(" + ascii_literal(bound) + " AS smallmoney)";
        case TypeKind::kDecimal:
            return "CAST(" + ascii_literal(bound) + " AS decimal(" + std::to_string(type.precision) + "," +
                   std::to_string(type.scale) + "))";
        case TypeKind::kBit: return "CAST(" + ascii_literal(bound) + " AS bit)";
        case TypeKind::kTinyint: return "CAST(" + ascii_literal(bound) + " AS tinyint)";
        case TypeKind::kSmallint: return "CAST(" + ascii_literal(bound) + " AS smallint)";
        case TypeKind::kInt: return "CAST(" + ascii_literal(bound) + " AS int)";
        case TypeKind::kBigint: return "CAST(" + ascii_literal(bound) + " AS bigint)";
        case TypeKind::kBinary:
        case TypeKind::kVarbinary: return "CAST(" + hex_literal(bound) + " AS varbinary(" + length + "))";
        case TypeKind::kRowversion: return "CAST(" + hex_literal(bound) + " AS binary(8))";
        default:
            throw Error(ErrorKind::kUnsupported, "0A000",
                        "a key of type " + type.name + " cannot cut a table into ranges", {},
                        "set chunking = 'single' for the table in lakemover.plan_table");
    }
}

}  // namespace lakemover::source::odbc
