// From a decoded field to its canonical bytes, the second implementation. Throws codec::ValueError.
#include "loader/validate/value_form.hpp"

#include <array>
#include <optional>
#include <vector>

#include "loader/validate/wire_value.hpp"

namespace lakemover::loader {

namespace {

using codec::Form;
using codec::Kind;
using codec::ValueError;

constexpr std::uint32_t kStableOids = codec::kFirstUnstableOid;

// Appended at once: byte by byte, the string's bounds took longer than the value.
void put(std::string& out, std::uint64_t value, std::size_t bytes) {
    std::array<char, 8> big_endian{};
    for (std::size_t i = 0; i < big_endian.size(); ++i) {
        big_endian[i] = static_cast<char>((value >> (8 * (big_endian.size() - 1 - i))) & 0xffU);
    }
    out.append(big_endian.data() + big_endian.size() - bytes, bytes);
}

// Leaves room for a length word and fills it in when the value behind it is written.
class Counted {
public:
    explicit Counted(std::string& out) : out_(out), at_(out.size()) { put(out, 0, 4); }
    void close() {
        const std::size_t size = out_.size() - at_ - 4;
        for (std::size_t i = 0; i < 4; ++i) {
            out_[at_ + i] = static_cast<char>((size >> (8 * (3 - i))) & 0xffU);
        }
    }

private:
    std::string& out_;
    std::size_t at_;
};

void write_value(std::string& out, const Form& form, std::string_view bytes, int depth);

void write_float(std::string& out, std::uint64_t bits, unsigned mantissa_bits, unsigned width) {
    const std::uint64_t mantissa = bits & ((std::uint64_t{1} << mantissa_bits) - 1);
    const unsigned exponent_bits = 8 * width - 1 - mantissa_bits;
    const std::uint64_t exponent_max = (std::uint64_t{1} << exponent_bits) - 1;
    const std::uint64_t exponent = (bits >> mantissa_bits) & exponent_max;
    if (exponent == exponent_max && mantissa != 0) {
        bits = (exponent_max << mantissa_bits) | (std::uint64_t{1} << (mantissa_bits - 1));  // every NaN is one NaN
    }
    put(out, bits, width);
}

void write_numeric(std::string& out, DecimalValue value, bool with_scale) {
    std::size_t first = 0;
    std::size_t end = value.digits.size();
    if (value.is_special()) {
        value.scale = 0;
        end = 0;
    }
    while (first < end && value.digits[first] == 0) {
        ++first;
    }
    while (end > first && value.digits[end - 1] == 0) {
        --end;
    }
    std::int32_t weight = value.weight - static_cast<std::int32_t>(first);
    std::uint32_t sign = value.sign;
    if (first == end) {
        weight = 0;
        sign = value.is_special() ? sign : 0;
    }
    if (weight < -32768) {
        throw ValueError("numeric out of range");
    }
    put(out, end - first, 2);
    put(out, static_cast<std::uint64_t>(weight), 2);
    put(out, sign, 2);
    put(out, with_scale ? value.scale : 0, 2);
    for (std::size_t i = first; i < end; ++i) {
        put(out, value.digits[i], 2);
    }
}

void write_array(std::string& out, const Form& declared, const ArrayValue& array, int depth) {
    const Form by_oid = codec::form_of_oid(array.element_oid);
    const bool declared_known = !declared.parts.empty() && declared.parts[0].kind != Kind::kUser;
    const Form& element_form = declared_known ? declared.parts[0] : by_oid;
    bool any_null = false;
    for (const auto& element : array.elements) {
        any_null = any_null || !element;
    }
    put(out, array.dimensions.size(), 4);
    put(out, any_null ? 1 : 0, 4);
    put(out, array.element_oid < kStableOids ? array.element_oid : 0, 4);
    for (const auto& [size, lower] : array.dimensions) {
        put(out, static_cast<std::uint32_t>(size), 4);
        put(out, static_cast<std::uint32_t>(lower), 4);
    }
    for (const auto& element : array.elements) {
        if (!element) {
            put(out, 0xffffffffU, 4);
            continue;
        }
        Counted counted(out);
        write_value(out, element_form, *element, depth + 1);
        counted.close();
    }
}

void write_record(std::string& out, const Form& declared, const RecordValue& record, int depth) {
    if (!declared.parts.empty() && declared.parts.size() != record.size()) {
        throw ValueError("composite value with another number of attributes than declared");
    }
    put(out, record.size(), 4);
    for (std::size_t i = 0; i < record.size(); ++i) {
        put(out, record[i].oid < kStableOids ? record[i].oid : 0, 4);
        if (!record[i].value) {
            put(out, 0xffffffffU, 4);
            continue;
        }
        Counted counted(out);
        write_value(out, declared.parts.empty() ? codec::form_of_oid(record[i].oid) : declared.parts[i],
                    *record[i].value, depth + 1);
        counted.close();
    }
}

// A nested value of an unknown type of the user's: an array or a composite, if it is one to the last byte.
void write_unknown(std::string& out, std::string_view bytes, int depth) {
    static const Form kUnknownArray{Kind::kArray, {{Kind::kUser, {}}}};
    static const Form kUnknownRecord{Kind::kRecord, {}};
    if (const auto array = decode_array(bytes); array && array->flags <= 1 && array->element_oid != 0) {
        write_array(out, kUnknownArray, *array, depth);
    } else if (const auto record = decode_record(bytes); record && !record->empty()) {
        write_record(out, kUnknownRecord, *record, depth);
    } else {
        out.append(bytes);
    }
}

void write_value(std::string& out, const Form& form, std::string_view bytes, int depth) {
    if (depth > 32) {
        throw ValueError("value is nested too deeply");
    }
    switch (form.kind) {
        case Kind::kBool: put(out, read_integer(bytes, 1) != 0 ? 1 : 0, 1); return;
        case Kind::kInt2: put(out, static_cast<std::uint64_t>(read_integer(bytes, 2)), 2); return;
        case Kind::kInt4:
        case Kind::kDate: put(out, static_cast<std::uint64_t>(read_integer(bytes, 4)), 4); return;
        case Kind::kInt8:
        case Kind::kTime:
        case Kind::kTimestamp:
        case Kind::kTimestamptz: put(out, static_cast<std::uint64_t>(read_integer(bytes, 8)), 8); return;
        case Kind::kTimetz:
            put(out, static_cast<std::uint64_t>(read_integer(piece(bytes, 0, 8, 12), 8)), 8);
            put(out, static_cast<std::uint64_t>(read_integer(piece(bytes, 8, 4, 12), 4)), 4);
            return;
        case Kind::kInterval:
            put(out, static_cast<std::uint64_t>(read_integer(piece(bytes, 0, 8, 16), 8)), 8);
            put(out, static_cast<std::uint64_t>(read_integer(piece(bytes, 8, 4, 16), 4)), 4);
            put(out, static_cast<std::uint64_t>(read_integer(piece(bytes, 12, 4, 16), 4)), 4);
            return;
        case Kind::kUuid: out.append(piece(bytes, 0, 16, 16)); return;
        case Kind::kFloat4: write_float(out, static_cast<std::uint32_t>(read_integer(bytes, 4)), 23, 4); return;
        case Kind::kFloat8: write_float(out, static_cast<std::uint64_t>(read_integer(bytes, 8)), 52, 8); return;
        case Kind::kNumeric: write_numeric(out, decode_numeric(bytes), true); return;
        case Kind::kNumericValue: write_numeric(out, decode_numeric(bytes), false); return;
        case Kind::kBpchar: out.append(bytes.substr(0, bytes.find_last_not_of(' ') + 1)); return;
        case Kind::kArray: {
            const auto array = decode_array(bytes);
            if (!array) {
                throw ValueError("malformed array");
            }
            write_array(out, form, *array, depth);
            return;
        }
        case Kind::kRecord: {
            const auto record = decode_record(bytes);
            if (!record) {
                throw ValueError("malformed composite value");
            }
            write_record(out, form, *record, depth);
            return;
        }
        case Kind::kUser: write_unknown(out, bytes, depth); return;
        case Kind::kOpaque:
        case Kind::kText:
        case Kind::kBytea:
        case Kind::kJson:
        case Kind::kJsonb:
        case Kind::kEnum: break;
    }
    out.append(bytes);
}

}  // namespace

void append_canonical(std::string& out, const Form& form, codec::Format format, std::string_view bytes) {
    if (format == codec::Format::kBinary) {
        write_value(out, form, bytes, 0);
    } else if (form.kind == Kind::kBpchar) {
        out.append(bytes.substr(0, bytes.find_last_not_of(' ') + 1));
    } else {
        out.append(bytes);
    }
}

}  // namespace lakemover::loader
