// A column's or a parameter's type as the wire tells it, and the values of it.
#pragma once
#include <cstdint>
#include <string>

#include "value.hpp"
#include "wire/bytes.hpp"
#include "wire/collation.hpp"

namespace tds {

enum class Shape {
    kFixed,        // no length: not nullable
    kByteLength,   // 0: NULL
    kShortLength,  // 0xFFFF: NULL
    kChunks,       // PLP
    kTextPointer,
    kVariant
};

struct WireType {
    std::uint8_t token = 0;
    Shape shape = Shape::kFixed;
    int maximum = 0;  // bytes
    Type type;
    CollationBytes collation = {};
};

// Fixed types only where a NULL cannot come.
WireType wire_type(const Type& type, bool nullable);

// What a NULL of it takes in a row without a bitmap.
std::size_t null_size(Shape shape);

void put_type_info(std::string& out, const WireType& wire);
// Throws std::exception for a value that is not of the type.
void put_value(std::string& out, const WireType& wire, const Value& value);

// Both read what a client sends as a parameter; throw Malformed.
WireType take_type_info(Reader& reader);
Value take_value(Reader& reader, const WireType& wire);

}  // namespace tds
