// Values of the engine to bytes of the wire.
#include <algorithm>

#include "wire/type_tokens.hpp"
#include "wire/types.hpp"

namespace tds {

namespace {

constexpr std::size_t kChunk = 32768;

void put_days(std::string& out, std::int32_t days) {
    put(out, static_cast<std::uint16_t>(days & 0xFFFF));
    put_byte(out, days >> 16);
}

void put_time(std::string& out, std::int64_t ticks, int scale) {
    const std::int64_t units = ticks / power_of_ten(7 - scale);
    char bytes[sizeof units];
    std::memcpy(bytes, &units, sizeof units);
    out.append(bytes, static_cast<std::size_t>(time_bytes(scale)));
}

void put_moment(std::string& out, const Type& type, const Moment& moment) {
    switch (type.kind) {
        case Kind::kDate: put_days(out, moment.days); return;
        case Kind::kTime: put_time(out, moment.ticks, type.scale); return;
        case Kind::kDatetime:
            put(out, static_cast<std::int32_t>(moment.days - kDaysTo1900));
            put(out, static_cast<std::uint32_t>((moment.ticks * 3 + 50'000) / 100'000));
            return;
        case Kind::kSmalldatetime:
            put(out, static_cast<std::uint16_t>(moment.days - kDaysTo1900));
            put(out, static_cast<std::uint16_t>(moment.ticks / kTicksOfMinute));
            return;
        case Kind::kDatetime2:
            put_time(out, moment.ticks, type.scale);
            put_days(out, moment.days);
            return;
        default: break;
    }
    // A datetimeoffset: UTC, and then what it is local to.
    std::int64_t ticks = moment.ticks - moment.offset * kTicksOfMinute;
    std::int32_t days = moment.days;
    if (ticks < 0) {
        ticks += kTicksOfDay;
        --days;
    } else if (ticks >= kTicksOfDay) {
        ticks -= kTicksOfDay;
        ++days;
    }
    put_time(out, ticks, type.scale);
    put_days(out, days);
    put(out, moment.offset);
}

void put_decimal(std::string& out, const Type& type, Int128 value) {
    put_byte(out, value < 0 ? 0 : 1);
    const auto magnitude = static_cast<unsigned __int128>(value < 0 ? -value : value);
    char bytes[sizeof magnitude];
    std::memcpy(bytes, &magnitude, sizeof magnitude);
    out.append(bytes, static_cast<std::size_t>(decimal_bytes(type.precision)));
}

// What has no length of its own.
void put_scalar(std::string& out, const Type& type, const Value& value) {
    switch (type.kind) {
        case Kind::kBit:
        case Kind::kTinyint: put_byte(out, static_cast<int>(std::get<std::int64_t>(value))); return;
        case Kind::kSmallint: put(out, static_cast<std::int16_t>(std::get<std::int64_t>(value))); return;
        case Kind::kInt:
        case Kind::kSmallmoney: put(out, static_cast<std::int32_t>(std::get<std::int64_t>(value))); return;
        case Kind::kBigint: put(out, std::get<std::int64_t>(value)); return;
        case Kind::kMoney: {
            const std::int64_t money = std::get<std::int64_t>(value);  // the upper half first
            put(out, static_cast<std::int32_t>(money >> 32));
            put(out, static_cast<std::uint32_t>(money & 0xFFFFFFFF));
            return;
        }
        case Kind::kReal: put(out, static_cast<float>(std::get<double>(value))); return;
        case Kind::kFloat: put(out, std::get<double>(value)); return;
        case Kind::kDecimal: put_decimal(out, type, std::get<Int128>(value)); return;
        case Kind::kUniqueidentifier: {
            const std::string& bytes = std::get<std::string>(value);
            if (bytes.size() != 16) throw std::length_error("a uniqueidentifier that has not 16 bytes");
            out += bytes;
            return;
        }
        default: put_moment(out, type, std::get<Moment>(value)); return;
    }
}

void put_narrow(std::string& out, const std::u16string& text, const std::string& collation) {
    // Most text is ASCII, which is the same in every code page that there is.
    if (std::all_of(text.begin(), text.end(), [](char16_t unit) { return unit < 0x80; })) {
        const std::size_t before = out.size();
        out.resize(before + text.size());
        std::transform(text.begin(), text.end(), out.begin() + static_cast<std::ptrdiff_t>(before),
                       [](char16_t unit) { return static_cast<char>(unit); });
    } else {
        out += to_code_page(text, collation);
    }
}

// Characters or bytes, without a length.
void put_string(std::string& out, const Type& type, const Value& value) {
    if (type.is_binary()) {
        out += std::get<std::string>(value);
    } else if (type.is_narrow()) {
        put_narrow(out, std::get<std::u16string>(value), type.collation);
    } else {
        out += bytes_of(std::get<std::u16string>(value));
    }
}

// Of char, nchar and binary, which are as long as their type.
void pad(std::string& out, const Type& type, std::size_t to) {
    if (type.kind == Kind::kNchar) {
        while (out.size() < to) put(out, u' ');
    } else if (type.kind == Kind::kChar || type.kind == Kind::kBinary) {
        if (out.size() < to) out.append(to - out.size(), type.kind == Kind::kChar ? ' ' : '\0');
    }
}

void put_short(std::string& out, const WireType& wire, const Value& value) {
    const std::size_t at = out.size();
    put(out, std::uint16_t{0xFFFF});
    if (is_null(value)) return;
    const std::size_t begin = out.size();
    const auto maximum = static_cast<std::size_t>(wire.maximum);
    put_string(out, wire.type, value);
    pad(out, wire.type, begin + maximum);
    if (out.size() - begin > maximum) throw std::length_error("a value longer than its column");
    put_at(out, at, static_cast<std::uint16_t>(out.size() - begin));
}

void put_chunks(std::string& out, const Type& type, const Value& value) {
    if (is_null(value)) {
        put(out, ~std::uint64_t{0});
        return;
    }
    std::string whole;
    put_string(whole, type, value);
    put(out, static_cast<std::uint64_t>(whole.size()));
    for (std::size_t at = 0; at < whole.size(); at += kChunk) {
        const std::size_t length = std::min(kChunk, whole.size() - at);
        put(out, static_cast<std::uint32_t>(length));
        out.append(whole, at, length);
    }
    put(out, std::uint32_t{0});
}

void put_text_pointer(std::string& out, const Type& type, const Value& value) {
    if (is_null(value)) {
        put_byte(out, 0);
        return;
    }
    using namespace std::string_view_literals;
    put_byte(out, 16);
    out += "dummy textptr\0\0\0dummyTS\0"sv;  // as SQL Server's own when there is none to tell
    const std::size_t at = out.size();
    put(out, std::uint32_t{0});
    put_string(out, type, value);
    put_at(out, at, static_cast<std::uint32_t>(out.size() - at - sizeof(std::uint32_t)));
}

// A variant's type, its properties and its value.
void put_variant_body(std::string& out, const Variant& variant) {
    const Type& type = variant.type;
    if (type.kind == Kind::kText || type.kind == Kind::kNtext || type.kind == Kind::kImage || type.kind == Kind::kXml ||
        type.kind == Kind::kVariant || type.length == kMaxLength) {
        throw std::invalid_argument("a type that no sql_variant holds");
    }
    const WireType wire = wire_type(type, false);
    put_byte(out, wire.token);
    if (type.is_character()) {
        put_byte(out, 7);
        out.append(wire.collation.data(), wire.collation.size());
        put(out, static_cast<std::uint16_t>(wire.maximum));
    } else if (type.is_binary()) {
        put_byte(out, 2);
        put(out, static_cast<std::uint16_t>(wire.maximum));
    } else if (type.kind == Kind::kDecimal) {
        put_byte(out, 2);
        put_byte(out, type.precision);
        put_byte(out, type.scale);
    } else if (type.is_moment() && wire.shape == Shape::kByteLength && type.kind != Kind::kDate) {
        put_byte(out, 1);
        put_byte(out, type.scale);
    } else {
        put_byte(out, 0);
    }
    if (type.is_character() || type.is_binary()) {
        const std::size_t begin = out.size();
        put_string(out, type, variant.value);
        pad(out, type, begin + static_cast<std::size_t>(wire.maximum));
    } else {
        put_scalar(out, type, variant.value);
    }
}

void put_variant(std::string& out, const Value& value) {
    const std::size_t at = out.size();
    put(out, std::uint32_t{0});
    if (is_null(value)) return;
    const Variant& variant = std::get<std::vector<Variant>>(value).at(0);
    if (is_null(variant.value)) return;
    put_variant_body(out, variant);
    put_at(out, at, static_cast<std::uint32_t>(out.size() - at - sizeof(std::uint32_t)));
}

}  // namespace

std::size_t null_size(Shape shape) {
    switch (shape) {
        case Shape::kFixed: return 0;
        case Shape::kByteLength:
        case Shape::kTextPointer: return 1;
        case Shape::kShortLength: return 2;
        case Shape::kVariant: return 4;
        case Shape::kChunks: return 8;
    }
    return 0;
}

void put_value(std::string& out, const WireType& wire, const Value& value) {
    switch (wire.shape) {
        case Shape::kFixed:
            if (is_null(value)) throw std::invalid_argument("NULL for what is not nullable");
            put_scalar(out, wire.type, value);
            return;
        case Shape::kByteLength: {
            const std::size_t at = out.size();
            put_byte(out, 0);
            if (is_null(value)) return;
            put_scalar(out, wire.type, value);
            out[at] = static_cast<char>(out.size() - at - 1);
            return;
        }
        case Shape::kShortLength: put_short(out, wire, value); return;
        case Shape::kChunks: put_chunks(out, wire.type, value); return;
        case Shape::kTextPointer: put_text_pointer(out, wire.type, value); return;
        case Shape::kVariant: put_variant(out, value); return;
    }
}

}  // namespace tds
