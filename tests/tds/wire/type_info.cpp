// Types: from the engine's to the wire's, and as bytes both ways.
#include "wire/type_tokens.hpp"
#include "wire/types.hpp"

namespace tds {

namespace {

constexpr int kMostOfVariant = 8009;

struct Numeric {
    std::uint8_t fixed;
    std::uint8_t nullable;
    int size;
};

WireType numeric(const Numeric& of, const Type& type, bool nullable) {
    return {nullable ? of.nullable : of.fixed, nullable ? Shape::kByteLength : Shape::kFixed, of.size, type, {}};
}

WireType always_nullable(std::uint8_t token, int maximum, const Type& type) {
    return {token, Shape::kByteLength, maximum, type, {}};
}

WireType sized(std::uint8_t token, const Type& type) {
    const int unit = type.is_wide() ? 2 : 1;
    WireType wire{token, Shape::kShortLength, type.length * unit, type, collation_bytes(type.collation)};
    if (type.length == kMaxLength) {
        wire.shape = Shape::kChunks;
        wire.maximum = 0xFFFF;
    } else if (type.length <= 0 || wire.maximum > 8000) {
        throw std::invalid_argument("a length of " + std::to_string(type.length) + " is none of SQL Server's");
    }
    return wire;
}

WireType large(std::uint8_t token, int maximum, const Type& type) {
    return {token, Shape::kTextPointer, maximum, type, collation_bytes(type.collation)};
}

bool has_collation(std::uint8_t token) {
    return token == token::kBigVarchar || token == token::kBigChar || token == token::kNvarchar ||
           token == token::kNchar || token == token::kText || token == token::kNtext;
}

Type type_of_length(std::uint8_t token, int length) {
    switch (token) {
        case token::kBit:
        case token::kBitN: return {Kind::kBit};
        case token::kInt1: return {Kind::kTinyint};
        case token::kInt2: return {Kind::kSmallint};
        case token::kInt4: return {Kind::kInt};
        case token::kInt8: return {Kind::kBigint};
        case token::kIntN:
            return {length == 1   ? Kind::kTinyint
                    : length == 2 ? Kind::kSmallint
                    : length == 4 ? Kind::kInt
                                  : Kind::kBigint};
        case token::kFloat4: return {Kind::kReal};
        case token::kFloat8: return {Kind::kFloat};
        case token::kFloatN: return {length == 4 ? Kind::kReal : Kind::kFloat};
        case token::kMoney4: return {Kind::kSmallmoney};
        case token::kMoney8: return {Kind::kMoney};
        case token::kMoneyN: return {length == 4 ? Kind::kSmallmoney : Kind::kMoney};
        case token::kDatetime4: return {Kind::kSmalldatetime};
        case token::kDatetime8: return {Kind::kDatetime};
        case token::kDatetimeN: return {length == 4 ? Kind::kSmalldatetime : Kind::kDatetime};
        case token::kGuid: return {Kind::kUniqueidentifier};
        default: throw Malformed("a type " + std::to_string(token) + " of no kind");
    }
}

WireType take_fixed(std::uint8_t token) {
    const Type type = type_of_length(token, 0);
    return {token, Shape::kFixed, wire_type(type, false).maximum, type, {}};
}

WireType take_byte_length(Reader& reader, std::uint8_t token) {
    const int length = reader.byte();
    const bool known = token == token::kGuid ? length == 16 : length == 1 || length == 2 || length == 4 || length == 8;
    if (!known) throw Malformed("a type " + std::to_string(token) + " of " + std::to_string(length) + " bytes");
    return always_nullable(token, length, type_of_length(token, length));
}

WireType take_decimal(Reader& reader, std::uint8_t token) {
    const int length = reader.byte();
    const int precision = reader.byte();
    const int scale = reader.byte();
    if (precision < 1 || precision > 38 || scale > precision) throw Malformed("a decimal's precision or scale");
    return always_nullable(token, length, {Kind::kDecimal, 0, precision, scale});
}

WireType take_scaled(Reader& reader, std::uint8_t token, Kind kind) {
    const int scale = reader.byte();
    if (scale > 7) throw Malformed("a scale of more than 7");
    return always_nullable(token, 0, {kind, 0, 0, scale});
}

void take_collation(Reader& reader, WireType& wire) {
    if (!has_collation(wire.token)) return;
    const std::string_view bytes = reader.bytes(wire.collation.size());
    std::memcpy(wire.collation.data(), bytes.data(), bytes.size());
    wire.type.collation = collation_of_page(wire.collation);
}

WireType take_sized(Reader& reader, std::uint8_t token, Kind kind) {
    WireType wire{token, Shape::kShortLength, reader.take<std::uint16_t>(), {kind}, {}};
    wire.type.length = wire.type.is_wide() ? wire.maximum / 2 : wire.maximum;
    if (wire.maximum == 0xFFFF) {
        wire.shape = Shape::kChunks;
        wire.type.length = kMaxLength;
    }
    take_collation(reader, wire);
    return wire;
}

// Of a parameter: its value has no text pointer.
WireType take_large(Reader& reader, std::uint8_t token, Kind kind) {
    WireType wire{token, Shape::kTextPointer, reader.take<std::int32_t>(), {kind}, {}};
    take_collation(reader, wire);
    return wire;
}

WireType take_xml(Reader& reader) {
    if (reader.byte() != 0) {  // a schema
        reader.bytes(2 * static_cast<std::size_t>(reader.byte()));
        reader.bytes(2 * static_cast<std::size_t>(reader.byte()));
        reader.bytes(2 * static_cast<std::size_t>(reader.take<std::uint16_t>()));
    }
    return {token::kXml, Shape::kChunks, 0, {Kind::kXml}, {}};
}

}  // namespace

WireType wire_type(const Type& type, bool nullable) {
    switch (type.kind) {
        case Kind::kBit: return numeric({token::kBit, token::kBitN, 1}, type, nullable);
        case Kind::kTinyint: return numeric({token::kInt1, token::kIntN, 1}, type, nullable);
        case Kind::kSmallint: return numeric({token::kInt2, token::kIntN, 2}, type, nullable);
        case Kind::kInt: return numeric({token::kInt4, token::kIntN, 4}, type, nullable);
        case Kind::kBigint: return numeric({token::kInt8, token::kIntN, 8}, type, nullable);
        case Kind::kReal: return numeric({token::kFloat4, token::kFloatN, 4}, type, nullable);
        case Kind::kFloat: return numeric({token::kFloat8, token::kFloatN, 8}, type, nullable);
        case Kind::kMoney: return numeric({token::kMoney8, token::kMoneyN, 8}, type, nullable);
        case Kind::kSmallmoney: return numeric({token::kMoney4, token::kMoneyN, 4}, type, nullable);
        case Kind::kDatetime: return numeric({token::kDatetime8, token::kDatetimeN, 8}, type, nullable);
        case Kind::kSmalldatetime: return numeric({token::kDatetime4, token::kDatetimeN, 4}, type, nullable);
        case Kind::kDecimal: return always_nullable(token::kDecimalN, 1 + decimal_bytes(type.precision), type);
        case Kind::kDate: return always_nullable(token::kDateN, 3, type);
        case Kind::kTime: return always_nullable(token::kTimeN, time_bytes(type.scale), type);
        case Kind::kDatetime2: return always_nullable(token::kDatetime2N, time_bytes(type.scale) + 3, type);
        case Kind::kDatetimeoffset: return always_nullable(token::kDatetimeOffsetN, time_bytes(type.scale) + 5, type);
        case Kind::kUniqueidentifier: return always_nullable(token::kGuid, 16, type);
        case Kind::kChar: return sized(token::kBigChar, type);
        case Kind::kVarchar: return sized(token::kBigVarchar, type);
        case Kind::kNchar: return sized(token::kNchar, type);
        case Kind::kNvarchar: return sized(token::kNvarchar, type);
        case Kind::kBinary: return sized(token::kBigBinary, type);
        case Kind::kVarbinary: return sized(token::kBigVarbinary, type);
        case Kind::kText: return large(token::kText, 0x7FFFFFFF, type);
        case Kind::kNtext: return large(token::kNtext, 0x7FFFFFFE, type);
        case Kind::kImage: return large(token::kImage, 0x7FFFFFFF, type);
        case Kind::kXml: return {token::kXml, Shape::kChunks, 0, type, {}};
        case Kind::kVariant: return {token::kVariant, Shape::kVariant, kMostOfVariant, type, {}};
    }
    throw std::invalid_argument("a kind that is none");
}

void put_type_info(std::string& out, const WireType& wire) {
    put_byte(out, wire.token);
    switch (wire.token) {
        case token::kDateN: return;
        case token::kTimeN:
        case token::kDatetime2N:
        case token::kDatetimeOffsetN: put_byte(out, wire.type.scale); return;
        case token::kXml: put_byte(out, 0); return;  // no schema
        case token::kVariant: put(out, static_cast<std::int32_t>(wire.maximum)); return;
        default: break;
    }
    if (wire.shape == Shape::kByteLength) {
        put_byte(out, wire.maximum);
    } else if (wire.shape == Shape::kShortLength || wire.shape == Shape::kChunks) {
        put(out, static_cast<std::uint16_t>(wire.maximum));
    } else if (wire.shape == Shape::kTextPointer) {
        put(out, static_cast<std::int32_t>(wire.maximum));
    }
    if (wire.token == token::kDecimalN || wire.token == token::kNumericN) {
        put_byte(out, wire.type.precision);
        put_byte(out, wire.type.scale);
    }
    if (has_collation(wire.token)) out.append(wire.collation.data(), wire.collation.size());
}

WireType take_type_info(Reader& reader) {
    const auto token = reader.take<std::uint8_t>();
    switch (token) {
        case token::kIntN:
        case token::kBitN:
        case token::kFloatN:
        case token::kMoneyN:
        case token::kDatetimeN:
        case token::kGuid: return take_byte_length(reader, token);
        case token::kDecimalN:
        case token::kNumericN: return take_decimal(reader, token);
        case token::kDateN: return always_nullable(token, 3, {Kind::kDate});
        case token::kTimeN: return take_scaled(reader, token, Kind::kTime);
        case token::kDatetime2N: return take_scaled(reader, token, Kind::kDatetime2);
        case token::kDatetimeOffsetN: return take_scaled(reader, token, Kind::kDatetimeoffset);
        case token::kBigChar: return take_sized(reader, token, Kind::kChar);
        case token::kBigVarchar: return take_sized(reader, token, Kind::kVarchar);
        case token::kNchar: return take_sized(reader, token, Kind::kNchar);
        case token::kNvarchar: return take_sized(reader, token, Kind::kNvarchar);
        case token::kBigBinary: return take_sized(reader, token, Kind::kBinary);
        case token::kBigVarbinary: return take_sized(reader, token, Kind::kVarbinary);
        case token::kText: return take_large(reader, token, Kind::kText);
        case token::kNtext: return take_large(reader, token, Kind::kNtext);
        case token::kImage: return take_large(reader, token, Kind::kImage);
        case token::kXml: return take_xml(reader);
        default: return take_fixed(token);
    }
}

}  // namespace tds
