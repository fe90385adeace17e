// Builders of COPY payload for the codec's tests: values as a server sends them, tuples, lines.
#pragma once
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wire {

template <typename T> std::string be(T value) {
    std::string out(sizeof value, '\0');
    for (std::size_t i = 0; i < sizeof value; ++i) {
        out[i] = static_cast<char>((static_cast<std::uint64_t>(value) >> (8 * (sizeof value - 1 - i))) & 0xff);
    }
    return out;
}

inline std::string i2(int v) { return be(static_cast<std::uint16_t>(v)); }
inline std::string i4(std::int64_t v) { return be(static_cast<std::uint32_t>(v)); }
inline std::string i8(std::int64_t v) { return be(static_cast<std::uint64_t>(v)); }

inline std::string f8(double v) {
    std::uint64_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return be(bits);
}

inline std::string f4(float v) {
    std::uint32_t bits;
    std::memcpy(&bits, &v, sizeof bits);
    return be(bits);
}

inline std::string numeric(int weight, int sign, int scale, const std::vector<int>& digits) {
    std::string out = i2(static_cast<int>(digits.size())) + i2(weight) + i2(sign) + i2(scale);
    for (const int d : digits) {
        out += i2(d);
    }
    return out;
}

using Value = std::optional<std::string>;

inline std::string counted(const Value& v) { return v ? i4(static_cast<std::int64_t>(v->size())) + *v : i4(-1); }

inline std::string tuple(const std::vector<Value>& values) {
    std::string out = i2(static_cast<int>(values.size()));
    for (const Value& v : values) {
        out += counted(v);
    }
    return out;
}

inline std::string array(std::uint32_t element_oid, const std::vector<Value>& elements, int flags) {
    std::string out = i4(1) + i4(flags) + i4(element_oid) + i4(static_cast<std::int64_t>(elements.size())) + i4(1);
    for (const Value& v : elements) {
        out += counted(v);
    }
    return out;
}

struct Attribute {
    std::uint32_t oid;
    Value value;
};

inline std::string record(const std::vector<Attribute>& attributes) {
    std::string out = i4(static_cast<std::int64_t>(attributes.size()));
    for (const Attribute& a : attributes) {
        out += i4(a.oid) + counted(a.value);
    }
    return out;
}

}  // namespace wire
