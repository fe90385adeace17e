// Values that clients send as parameters.
#include "wire/type_tokens.hpp"
#include "wire/types.hpp"

namespace tds {

namespace {

std::int64_t take_integer(std::string_view bytes) {
    Reader reader(bytes);
    switch (bytes.size()) {
        case 1: return reader.byte();
        case 2: return reader.take<std::int16_t>();
        case 4: return reader.take<std::int32_t>();
        case 8: return reader.take<std::int64_t>();
        default: throw Malformed("an integer of " + std::to_string(bytes.size()) + " bytes");
    }
}

// Of up to eight bytes, lowest first.
std::int64_t take_bits(std::string_view bytes) {
    std::int64_t bits = 0;
    std::memcpy(&bits, bytes.data(), bytes.size());
    return bits;
}

Int128 take_decimal(std::string_view bytes) {
    Reader reader(bytes);
    const bool negative = reader.byte() == 0;
    Int128 magnitude = 0;
    if (reader.left() > sizeof magnitude) throw Malformed("a decimal of more than 16 bytes");
    const std::string_view rest = reader.bytes(reader.left());
    std::memcpy(&magnitude, rest.data(), rest.size());
    return negative ? -magnitude : magnitude;
}

std::int64_t take_money(std::string_view bytes) {
    if (bytes.size() == 4) return take_integer(bytes);
    Reader reader(bytes);
    const std::int64_t high = reader.take<std::int32_t>();
    return high << 32 | reader.take<std::uint32_t>();
}

Moment take_datetime(std::string_view bytes) {
    Reader reader(bytes);
    if (bytes.size() == 4) {
        const std::int32_t days = reader.take<std::uint16_t>();
        return {days + kDaysTo1900, reader.take<std::uint16_t>() * kTicksOfMinute};
    }
    const std::int32_t days = reader.take<std::int32_t>();
    const std::int64_t thirds = reader.take<std::uint32_t>();
    if (days < -53690 || days > 2958463 || thirds >= 25'920'000) throw Malformed("a datetime out of range");
    return {days + kDaysTo1900, (thirds * 200'000 + 3) / 6};
}

std::int64_t take_ticks(Reader& reader, std::size_t length, int scale) {
    const std::int64_t units = take_bits(reader.bytes(length));
    if (units >= kTicksOfDay / power_of_ten(7 - scale)) throw Malformed("a time of more than a day");
    return units * power_of_ten(7 - scale);
}

std::int32_t take_days(Reader& reader) { return static_cast<std::int32_t>(take_bits(reader.bytes(3))); }

Moment take_moment(std::string_view bytes, const Type& type) {
    Reader reader(bytes);
    const auto time = static_cast<std::size_t>(time_bytes(type.scale));
    if (type.kind == Kind::kDate) return {take_days(reader), 0};
    Moment moment;
    moment.ticks = take_ticks(reader, time, type.scale);
    if (type.kind == Kind::kTime) return moment;
    moment.days = take_days(reader);
    if (type.kind == Kind::kDatetime2) return moment;
    moment.offset = reader.take<std::int16_t>();
    if (moment.offset < -840 || moment.offset > 840) throw Malformed("an offset of more than 14 hours");
    moment.ticks += moment.offset * kTicksOfMinute;
    if (moment.ticks < 0) {
        moment.ticks += kTicksOfDay;
        --moment.days;
    } else if (moment.ticks >= kTicksOfDay) {
        moment.ticks -= kTicksOfDay;
        ++moment.days;
    }
    return moment;
}

Value of_scalar(std::string_view bytes, const WireType& wire) {
    switch (wire.type.kind) {
        case Kind::kReal:
        case Kind::kFloat: {
            Reader reader(bytes);
            return bytes.size() == 4 ? static_cast<double>(reader.take<float>()) : reader.take<double>();
        }
        case Kind::kMoney:
        case Kind::kSmallmoney: return take_money(bytes);
        case Kind::kDecimal: return take_decimal(bytes);
        case Kind::kDatetime:
        case Kind::kSmalldatetime: return take_datetime(bytes);
        case Kind::kUniqueidentifier: return std::string(bytes);
        default: break;
    }
    if (wire.type.is_moment()) return take_moment(bytes, wire.type);
    return take_integer(bytes);
}

Value of_string(std::string_view bytes, const WireType& wire) {
    if (wire.type.is_binary()) return std::string(bytes);
    if (wire.type.is_narrow()) return from_code_page(std::string(bytes), wire.type.collation);
    if (bytes.size() % 2 != 0) throw Malformed("half a character");
    return Reader(bytes).text(bytes.size() / 2);
}

Value take_chunks(Reader& reader, const WireType& wire) {
    if (reader.take<std::uint64_t>() == ~std::uint64_t{0}) return {};
    std::string whole;
    while (const std::uint32_t length = reader.take<std::uint32_t>()) {
        whole += reader.bytes(length);
    }
    return of_string(whole, wire);
}

}  // namespace

Value take_value(Reader& reader, const WireType& wire) {
    switch (wire.shape) {
        case Shape::kFixed: return of_scalar(reader.bytes(static_cast<std::size_t>(wire.maximum)), wire);
        case Shape::kByteLength: {
            const std::string_view bytes = reader.bytes(static_cast<std::size_t>(reader.byte()));
            return bytes.empty() ? Value{} : of_scalar(bytes, wire);
        }
        case Shape::kShortLength: {
            const std::size_t length = reader.take<std::uint16_t>();
            return length == 0xFFFF ? Value{} : of_string(reader.bytes(length), wire);
        }
        case Shape::kChunks: return take_chunks(reader, wire);
        case Shape::kTextPointer: {
            const std::uint32_t length = reader.take<std::uint32_t>();
            return length == ~std::uint32_t{0} ? Value{} : of_string(reader.bytes(length), wire);
        }
        case Shape::kVariant: break;
    }
    throw Malformed("a sql_variant as a parameter");
}

}  // namespace tds
