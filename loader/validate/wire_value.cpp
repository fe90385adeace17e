// Values of COPY BINARY as structures. Throws codec::ValueError.
#include "loader/validate/wire_value.hpp"

#include <string>

namespace lakemover::loader {

namespace {

// Reads forward through nested bytes; ok turns false at the first thing that does not fit.
struct Walker {
    std::string_view rest;
    bool ok = true;

    std::int32_t number() {
        if (!ok || rest.size() < 4) {
            ok = false;
            return 0;
        }
        const auto value = static_cast<std::int32_t>(read_integer(rest.substr(0, 4), 4));
        rest.remove_prefix(4);
        return value;
    }

    std::optional<std::string_view> counted() {
        const std::int32_t size = number();
        if (!ok || size == -1) {
            return std::nullopt;
        }
        if (size < 0 || static_cast<std::size_t>(size) > rest.size()) {
            ok = false;
            return std::nullopt;
        }
        const std::string_view value = rest.substr(0, static_cast<std::size_t>(size));
        rest.remove_prefix(value.size());
        return value;
    }
};

}  // namespace

std::int64_t read_integer(std::string_view bytes, std::size_t width) {
    if (bytes.size() != width) {
        throw codec::ValueError(std::to_string(bytes.size()) + " bytes where " + std::to_string(width) +
                                " are expected");
    }
    std::uint64_t value = 0;
    for (const char c : bytes) {
        value = (value << 8U) | static_cast<unsigned char>(c);
    }
    const std::size_t unused = 64 - 8 * width;
    return static_cast<std::int64_t>(value << unused) >> unused;  // carries the sign down
}

std::string_view piece(std::string_view bytes, std::size_t offset, std::size_t size, std::size_t whole) {
    if (bytes.size() != whole) {
        throw codec::ValueError(std::to_string(bytes.size()) + " bytes where " + std::to_string(whole) +
                                " are expected");
    }
    return bytes.substr(offset, size);
}

DecimalValue decode_numeric(std::string_view bytes) {
    if (bytes.size() < 8 || bytes.size() % 2 != 0) {
        throw codec::ValueError("numeric of an impossible size");
    }
    const auto group = [&](std::size_t index) {
        return static_cast<std::uint16_t>(read_integer(bytes.substr(2 * index, 2), 2));
    };
    DecimalValue value;
    value.weight = static_cast<std::int16_t>(group(1));
    value.sign = group(2);
    value.scale = group(3);
    const std::size_t count = group(0);
    if (bytes.size() != 8 + 2 * count) {
        throw codec::ValueError("numeric of another size than its header says");
    }
    switch (value.sign) {
        case 0x0000:
        case 0x4000:
        case 0xC000:
        case 0xD000:
        case 0xF000: break;
        default: throw codec::ValueError("numeric with an unknown sign");
    }
    value.digits.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        value.digits.push_back(group(4 + i));
        if (value.digits.back() > 9999 && !value.is_special()) {
            throw codec::ValueError("numeric with a digit above 9999");
        }
    }
    return value;
}

std::optional<ArrayValue> decode_array(std::string_view bytes) {
    Walker walk{bytes};
    ArrayValue array;
    const std::int32_t dimensions = walk.number();
    array.flags = static_cast<std::uint32_t>(walk.number());
    array.element_oid = static_cast<std::uint32_t>(walk.number());
    if (!walk.ok || dimensions < 0 || dimensions > 6) {
        return std::nullopt;
    }
    std::uint64_t count = dimensions > 0 ? 1 : 0;
    for (std::int32_t i = 0; i < dimensions; ++i) {
        const std::int32_t size = walk.number();
        const std::int32_t lower = walk.number();
        array.dimensions.emplace_back(size, lower);
        if (!walk.ok || size < 0) {
            return std::nullopt;
        }
        count *= static_cast<std::uint64_t>(size);
        if (count > bytes.size()) {
            return std::nullopt;
        }
    }
    for (std::uint64_t i = 0; i < count && walk.ok; ++i) {
        array.elements.push_back(walk.counted());
    }
    if (!walk.ok || !walk.rest.empty()) {
        return std::nullopt;
    }
    return array;
}

std::optional<RecordValue> decode_record(std::string_view bytes) {
    Walker walk{bytes};
    const std::int32_t count = walk.number();
    if (!walk.ok || count < 0 || count > 1664) {
        return std::nullopt;
    }
    RecordValue record;
    for (std::int32_t i = 0; i < count && walk.ok; ++i) {
        const auto oid = static_cast<std::uint32_t>(walk.number());
        record.push_back(RecordAttribute{oid, walk.counted()});
    }
    if (!walk.ok || !walk.rest.empty()) {
        return std::nullopt;
    }
    return record;
}

}  // namespace lakemover::loader
