// Readable forms of values for reports of differences. A malformed value is shown in hexadecimal, never thrown.
#include <fmt/format.h>

#include <array>
#include <cstring>

#include "loader/validate/value_form.hpp"
#include "loader/validate/wire_value.hpp"

namespace lakemover::loader {

namespace {

using codec::Form;
using codec::Kind;

constexpr std::int64_t kMicrosPerDay = 86'400'000'000;

// Days since 2000-01-01 to the proleptic Gregorian calendar; chrono's years end at 32767, PostgreSQL's at 294276.
std::string date_text(std::int64_t days) {
    std::int64_t d = days + 730425;  // from 0000-03-01, so that a leap day ends its year
    const std::int64_t era = (d >= 0 ? d : d - 146096) / 146097;
    d -= era * 146097;
    const std::int64_t year_of_era = (d - d / 1460 + d / 36524 - d / 146096) / 365;
    const std::int64_t day_of_year = d - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    const std::int64_t month = (5 * day_of_year + 2) / 153;
    const std::int64_t day = day_of_year - (153 * month + 2) / 5 + 1;
    const std::int64_t civil_month = month < 10 ? month + 3 : month - 9;
    const std::int64_t year = year_of_era + era * 400 + (civil_month <= 2 ? 1 : 0);
    return year > 0 ? fmt::format("{:04}-{:02}-{:02}", year, civil_month, day)
                    : fmt::format("{:04}-{:02}-{:02} BC", 1 - year, civil_month, day);
}

std::string time_text(std::int64_t micros) {
    const std::int64_t seconds = micros / 1'000'000;
    return fmt::format("{:02}:{:02}:{:02}.{:06}", seconds / 3600, seconds / 60 % 60, seconds % 60, micros % 1'000'000);
}

std::string timestamp_text(std::int64_t micros) {
    if (micros == INT64_MAX) return "infinity";
    if (micros == INT64_MIN) return "-infinity";
    const std::int64_t days = micros / kMicrosPerDay - (micros % kMicrosPerDay < 0 ? 1 : 0);
    const std::string date = date_text(days);
    const std::string time = time_text(micros - days * kMicrosPerDay);
    const std::size_t bc = date.find(" BC");
    return bc == std::string::npos ? date + " " + time : date.substr(0, bc) + " " + time + " BC";
}

std::string interval_text(std::int64_t micros, std::int64_t days, std::int64_t months) {
    const bool negative = micros < 0;
    const std::int64_t size = negative ? -micros : micros;
    return fmt::format("{} mons {} days {}{}", months, days, negative ? "-" : "", time_text(size));
}

std::string numeric_text(const DecimalValue& value) {
    switch (value.sign) {
        case 0xC000: return "NaN";
        case 0xD000: return "Infinity";
        case 0xF000: return "-Infinity";
        default: break;
    }
    std::string text = value.sign == 0x4000 ? "-" : "";
    const auto group = [&](std::int32_t index) {
        return index >= 0 && static_cast<std::size_t>(index) < value.digits.size()
                   ? value.digits[static_cast<std::size_t>(index)]
                   : std::uint16_t{0};
    };
    if (value.weight < 0) {
        text += "0";
    }
    for (std::int32_t i = 0; i <= value.weight; ++i) {
        text += i == 0 ? fmt::format("{}", group(i)) : fmt::format("{:04}", group(i));
    }
    if (value.scale > 0) {
        std::string fraction;
        for (std::int32_t i = value.weight + 1; fraction.size() < value.scale; ++i) {
            fraction += fmt::format("{:04}", group(i));
        }
        text += "." + fraction.substr(0, value.scale);
    }
    return text;
}

template <typename Float, typename Bits> std::string float_text(Bits bits) {
    static_assert(sizeof(Float) == sizeof(Bits));
    Float value;
    std::memcpy(&value, &bits, sizeof value);
    return fmt::format("{}", value);
}

std::string uuid_text(std::string_view bytes) {
    const std::string hex = to_hex(piece(bytes, 0, 16, 16));
    return hex.substr(0, 8) + "-" + hex.substr(8, 4) + "-" + hex.substr(12, 4) + "-" + hex.substr(16, 4) + "-" +
           hex.substr(20);
}

std::string text_of(const Form& form, std::string_view bytes);

bool printable(std::string_view bytes) {
    return bytes.find_first_of(std::string_view("\0\1\2\3\4\5\6\7\10\13\14\16\17", 13)) == std::string_view::npos;
}

// Digests need no more of a nested built-in type than codec::form_of_oid says; a reader wants to see its value.
Form readable_form(std::uint32_t oid) {
    switch (oid) {
        case 17: return {Kind::kBytea, {}};
        case 20: return {Kind::kInt8, {}};
        case 21: return {Kind::kInt2, {}};
        case 23: return {Kind::kInt4, {}};
        case 19:
        case 25:
        case 114:
        case 1043: return {Kind::kText, {}};
        case 1082: return {Kind::kDate, {}};
        case 1083: return {Kind::kTime, {}};
        case 1114: return {Kind::kTimestamp, {}};
        case 1184: return {Kind::kTimestamptz, {}};
        case 1186: return {Kind::kInterval, {}};
        case 1266: return {Kind::kTimetz, {}};
        case 2950: return {Kind::kUuid, {}};
        case 3802: return {Kind::kJsonb, {}};
        default: return codec::form_of_oid(oid);
    }
}

std::string array_text(const Form& form, const ArrayValue& array) {
    const bool known = !form.parts.empty() && form.parts[0].kind != Kind::kUser && form.parts[0].kind != Kind::kOpaque;
    const Form element = known ? form.parts[0] : readable_form(array.element_oid);
    std::string text = "{";
    for (const auto& value : array.elements) {
        text += text.size() > 1 ? "," : "";
        text += value ? text_of(element, *value) : "NULL";
    }
    return text + "}";
}

std::string record_text(const Form& form, const RecordValue& record) {
    std::string text = "(";
    for (std::size_t i = 0; i < record.size(); ++i) {
        text += i > 0 ? "," : "";
        if (record[i].value) {
            const bool known = i < form.parts.size();
            text += text_of(known ? form.parts[i] : readable_form(record[i].oid), *record[i].value);
        }
    }
    return text + ")";
}

std::string text_of(const Form& form, std::string_view bytes) {
    switch (form.kind) {
        case Kind::kBool: return read_integer(bytes, 1) != 0 ? "t" : "f";
        case Kind::kInt2: return std::to_string(read_integer(bytes, 2));
        case Kind::kInt4: return std::to_string(read_integer(bytes, 4));
        case Kind::kInt8: return std::to_string(read_integer(bytes, 8));
        case Kind::kFloat4: return float_text<float>(static_cast<std::uint32_t>(read_integer(bytes, 4)));
        case Kind::kFloat8: return float_text<double>(static_cast<std::uint64_t>(read_integer(bytes, 8)));
        case Kind::kNumeric:
        case Kind::kNumericValue: return numeric_text(decode_numeric(bytes));
        case Kind::kDate: {
            const std::int64_t days = read_integer(bytes, 4);
            return days == INT32_MAX ? "infinity" : days == INT32_MIN ? "-infinity" : date_text(days);
        }
        case Kind::kTime: return time_text(read_integer(bytes, 8));
        case Kind::kTimetz: {
            const std::int64_t west = read_integer(piece(bytes, 8, 4, 12), 4);  // seconds west of UTC
            const std::int64_t off = west < 0 ? -west : west;
            return fmt::format("{}{}{:02}:{:02}:{:02}", time_text(read_integer(piece(bytes, 0, 8, 12), 8)),
                               west <= 0 ? "+" : "-", off / 3600, off / 60 % 60, off % 60);
        }
        case Kind::kTimestamp: return timestamp_text(read_integer(bytes, 8));
        case Kind::kTimestamptz: return timestamp_text(read_integer(bytes, 8)) + "+00";
        case Kind::kInterval:
            return interval_text(read_integer(piece(bytes, 0, 8, 16), 8), read_integer(piece(bytes, 8, 4, 16), 4),
                                 read_integer(piece(bytes, 12, 4, 16), 4));
        case Kind::kUuid: return uuid_text(bytes);
        case Kind::kText:
        case Kind::kBpchar:
        case Kind::kJson:
        case Kind::kEnum: return std::string(bytes);
        case Kind::kJsonb: return std::string(bytes.substr(bytes.empty() ? 0 : 1));  // behind the version byte
        case Kind::kArray:
            if (const auto array = decode_array(bytes)) return array_text(form, *array);
            break;
        case Kind::kRecord:
            if (const auto record = decode_record(bytes)) return record_text(form, *record);
            break;
        case Kind::kUser:
            if (const auto array = decode_array(bytes); array && array->element_oid != 0)
                return array_text(form, *array);
            if (const auto record = decode_record(bytes); record && !record->empty()) return record_text(form, *record);
            if (printable(bytes)) return std::string(bytes);
            break;
        case Kind::kBytea:
        case Kind::kOpaque: break;
    }
    return "\\x" + to_hex(bytes);
}

}  // namespace

std::string to_hex(std::string_view bytes) {
    static constexpr std::string_view kDigits = "0123456789abcdef";
    std::string hex;
    hex.reserve(2 * bytes.size());
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex.push_back(kDigits[byte >> 4U]);
        hex.push_back(kDigits[byte & 15U]);
    }
    return hex;
}

std::string display_value(const Form& form, codec::Format format, std::string_view bytes) {
    if (format == codec::Format::kText) {
        return std::string(bytes);
    }
    try {
        return text_of(form, bytes);
    } catch (const codec::ValueError&) {
        return "\\x" + to_hex(bytes);
    }
}

}  // namespace lakemover::loader
