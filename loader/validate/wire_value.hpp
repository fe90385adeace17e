// Values of COPY BINARY as structures, for the re-read of the target and for reports. Throws codec::ValueError.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "codec/error.hpp"

namespace lakemover::loader {

// A signed big-endian integer that must have exactly so many bytes.
std::int64_t read_integer(std::string_view bytes, std::size_t width);

// A part of a value whose whole size is known.
std::string_view piece(std::string_view bytes, std::size_t offset, std::size_t size, std::size_t whole);

struct DecimalValue {
    std::uint32_t sign = 0;   // 0 positive, 0x4000 negative, 0xC000 NaN, 0xD000 infinity, 0xF000 -infinity
    std::int32_t weight = 0;  // of the first digit, in powers of 10000
    std::uint32_t scale = 0;
    std::vector<std::uint16_t> digits;  // base 10000
    bool is_special() const { return sign >= 0xC000; }
};
DecimalValue decode_numeric(std::string_view bytes);

struct ArrayValue {
    std::uint32_t flags = 0;
    std::uint32_t element_oid = 0;
    std::vector<std::pair<std::int32_t, std::int32_t>> dimensions;  // size and lower bound
    std::vector<std::optional<std::string_view>> elements;
};
std::optional<ArrayValue> decode_array(std::string_view bytes);  // nullopt: not an array to its last byte

struct RecordAttribute {
    std::uint32_t oid;
    std::optional<std::string_view> value;
};
using RecordValue = std::vector<RecordAttribute>;
std::optional<RecordValue> decode_record(std::string_view bytes);

}  // namespace lakemover::loader
