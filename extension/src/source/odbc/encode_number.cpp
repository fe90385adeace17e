// Encoders of bit, integers, floats, decimal and money. Decimals come as text and stay exact. Pure zone; see
// encode.hpp.
#include <charconv>
#include <cmath>

#include "source/odbc/field.hpp"

namespace lakemover::source::odbc {

namespace {

bool is_text(std::string_view codec) {
    return codec == "text" || codec == "varchar" || codec == "bpchar" || codec == "citext";
}

// ODBC's C type of each integer kind.
template <typename C> class IntReader {
public:
    static std::int64_t read(const char* data) { return static_cast<std::int64_t>(load<C>(data)); }
};

class BoolEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        const char field[5] = {0, 0, 0, 1, static_cast<char>(*data != 0 ? 1 : 0)};
        out.append(field, sizeof field);
    }
};

// to_chars of the largest numbers fits.
std::string_view decimal_text(std::int64_t value, char (&buffer)[24]) {
    const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
    return {buffer, static_cast<std::size_t>(end - buffer)};
}

void int2_field(std::int64_t value, std::string& out) {
    if (value < INT16_MIN || value > INT16_MAX) {
        throw out_of_range(std::to_string(value), "smallint");
    }
    append_field16(out, static_cast<std::uint16_t>(value));
}

void int4_field(std::int64_t value, std::string& out) {
    if (value < INT32_MIN || value > INT32_MAX) {
        throw out_of_range(std::to_string(value), "integer");
    }
    append_field32(out, static_cast<std::uint32_t>(value));
}

void int8_field(std::int64_t value, std::string& out) { append_field64(out, static_cast<std::uint64_t>(value)); }

void float8_field(std::int64_t value, std::string& out) {
    constexpr std::int64_t kExact = std::int64_t{1} << 53;
    const auto number = static_cast<double>(value);
    // Beyond 2^53 some are exact, too; 2^63 itself rounds up out of range.
    if ((value > kExact || value < -kExact) &&
        (number >= 9223372036854775808.0 || static_cast<std::int64_t>(number) != value)) {
        throw value_error("22003", "value " + std::to_string(value) + " cannot be kept exactly in double precision");
    }
    append_field64(out, load<std::uint64_t>(reinterpret_cast<const char*>(&number)));
}

void int_text_field(std::int64_t value, std::string& out) {
    char buffer[24];
    const std::string_view text = decimal_text(value, buffer);
    append_field(out, text.data(), text.size());
}

// A number's decimal digits, as the exact text of a decimal: the sign, the digits before the point without
// leading zeros, scale digits behind it.
struct Digits {
    bool negative = false;
    int before = 0;
    int scale = 0;
    char digits[80] = {};  // before + scale of them, each 0 to 9

    bool zero() const {
        for (int i = 0; i < before + scale; ++i) {
            if (digits[i] != 0) {
                return false;
            }
        }
        return true;
    }
};

Error not_decimal(std::string_view text) {
    return value_error("22P02", "the driver returned \"" + std::string(text.substr(0, 100)) + "\" for an exact number");
}

// Drivers write ".5", "-.5", "0.50" or "5" for the same column. Never more places than the column has.
void parse_digits(std::string_view text, int scale, Digits& to) {
    std::size_t i = 0;
    to.negative = false;
    while (i < text.size() && text[i] == ' ') {
        ++i;
    }
    if (i < text.size() && (text[i] == '-' || text[i] == '+')) {
        to.negative = text[i] == '-';
        ++i;
    }
    while (i < text.size() && text[i] == '0') {
        ++i;
    }
    const bool zeros = i > 0 && text[i - 1] == '0';
    int n = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
        if (n == 38) {
            throw not_decimal(text);
        }
        to.digits[n++] = static_cast<char>(text[i] - '0');
    }
    to.before = n;
    int places = 0;
    if (i < text.size() && text[i] == '.') {
        for (++i; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
            if (places == scale) {
                if (text[i] != '0') {
                    throw not_decimal(text);
                }
                continue;
            }
            to.digits[n++] = static_cast<char>(text[i] - '0');
            ++places;
        }
    }
    if (i != text.size() || (to.before == 0 && places == 0 && !zeros)) {
        throw not_decimal(text);
    }
    for (; places < scale; ++places) {
        to.digits[n++] = 0;
    }
    to.scale = scale;
}

// numeric: int16 ndigits, weight, sign, dscale, then base-10000 digits without zero ones at either end.
void numeric_field(const Digits& number, std::string& out) {
    char field[4 + 8 + 2 * 24];
    char* const digits = field + 12;
    const int groups_before = (number.before + 3) / 4;
    const int groups_behind = (number.scale + 3) / 4;
    int weight = groups_before - 1;
    int n = 0;
    int used = 0;  // up to the last digit that is not zero
    // A group is aligned to the point, so the first and the last may be short.
    int at = number.before - 4 * groups_before;
    for (int group = 0; group < groups_before + groups_behind; ++group, at += 4) {
        int value = 0;
        for (int i = at; i < at + 4; ++i) {
            value = value * 10 + (i >= 0 && i < number.before + number.scale ? number.digits[i] : 0);
        }
        if (n == 0 && value == 0) {
            --weight;
            continue;
        }
        store_be16(digits + 2 * n, static_cast<std::uint16_t>(value));
        ++n;
        if (value != 0) {
            used = n;
        }
    }
    if (used == 0) {
        weight = 0;
    }
    store_be32(field, static_cast<std::uint32_t>(8 + 2 * used));
    store_be16(field + 4, static_cast<std::uint16_t>(used));
    store_be16(field + 6, static_cast<std::uint16_t>(weight));
    store_be16(field + 8, used > 0 && number.negative ? 0x4000 : 0);
    store_be16(field + 10, static_cast<std::uint16_t>(number.scale));
    out.append(field, 12 + 2 * static_cast<std::size_t>(used));
}

void int_numeric_field(std::int64_t value, std::string& out) {
    char buffer[24];
    Digits digits;
    parse_digits(decimal_text(value, buffer), 0, digits);
    numeric_field(digits, out);
}

using IntField = void (*)(std::int64_t, std::string&);

IntField int_field(std::string_view codec) {
    if (codec == "int2") return int2_field;
    if (codec == "int4") return int4_field;
    if (codec == "int8") return int8_field;
    if (codec == "numeric") return int_numeric_field;
    if (codec == "float8") return float8_field;
    if (is_text(codec)) return int_text_field;
    return nullptr;
}

template <typename C> class IntEncoder final : public Encoder {
public:
    explicit IntEncoder(IntField field) : field_(field) {}
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        field_(IntReader<C>::read(data), out);
    }

private:
    IntField field_;
};

// The usual pairs, without a call per value.
class Int4Encoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        append_field32(out, load<std::uint32_t>(data));
    }
};

class Int8Encoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        append_field64(out, load<std::uint64_t>(data));
    }
};

template <typename C> std::unique_ptr<Encoder> make_int(std::string_view codec) {
    const IntField field = int_field(codec);
    return field != nullptr ? std::make_unique<IntEncoder<C>>(field) : nullptr;
}

// IEEE bytes as they are: NaN, infinities and -0.0 are all the same to us.
class FloatEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        append_field32(out, load<std::uint32_t>(data));
    }
};

class FloatToDoubleEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        const auto number = static_cast<double>(load<float>(data));
        append_field64(out, load<std::uint64_t>(reinterpret_cast<const char*>(&number)));
    }
};

class DoubleEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        append_field64(out, load<std::uint64_t>(data));
    }
};

class DecimalEncoder final : public Encoder {
public:
    explicit DecimalEncoder(int scale) : scale_(scale) {}
    void value(const char* data, std::size_t bytes, std::string& out) override {
        parse_digits({data, bytes}, scale_, digits_);
        numeric_field(digits_, out);
    }

private:
    int scale_;
    Digits digits_;
};

class DecimalTextEncoder final : public Encoder {
public:
    explicit DecimalTextEncoder(int scale) : scale_(scale) {}
    void value(const char* data, std::size_t bytes, std::string& out) override {
        parse_digits({data, bytes}, scale_, digits_);
        char text[96];
        std::size_t n = 0;
        if (digits_.negative && !digits_.zero()) {
            text[n++] = '-';
        }
        if (digits_.before == 0) {
            text[n++] = '0';
        }
        for (int i = 0; i < digits_.before + scale_; ++i) {
            if (i == digits_.before) {
                text[n++] = '.';
            }
            text[n++] = static_cast<char>('0' + digits_.digits[i]);
        }
        append_field(out, text, n);
    }

private:
    int scale_;
    Digits digits_;
};

// decimal(p,0) that the plan made an integer.
class DecimalIntEncoder final : public Encoder {
public:
    DecimalIntEncoder(IntField field, const char* name) : field_(field), name_(name) {}
    void value(const char* data, std::size_t bytes, std::string& out) override {
        parse_digits({data, bytes}, 0, digits_);
        // Negative, since its range is the larger one.
        std::int64_t number = 0;
        for (int i = 0; i < digits_.before; ++i) {
            if (__builtin_mul_overflow(number, std::int64_t{10}, &number) ||
                __builtin_sub_overflow(number, std::int64_t{digits_.digits[i]}, &number)) {
                throw out_of_range({data, bytes}, name_);
            }
        }
        if (!digits_.negative) {
            if (number == INT64_MIN) {
                throw out_of_range({data, bytes}, name_);
            }
            number = -number;
        }
        field_(number, out);
    }

private:
    IntField field_;
    const char* name_;
    Digits digits_;
};

std::unique_ptr<Encoder> make_decimal(const SqlType& from, std::string_view codec) {
    if (codec == "numeric") return std::make_unique<DecimalEncoder>(from.scale);
    if (is_text(codec)) return std::make_unique<DecimalTextEncoder>(from.scale);
    if (from.scale == 0) {
        if (codec == "int2") return std::make_unique<DecimalIntEncoder>(int2_field, "smallint");
        if (codec == "int4") return std::make_unique<DecimalIntEncoder>(int4_field, "integer");
        if (codec == "int8") return std::make_unique<DecimalIntEncoder>(int8_field, "bigint");
    }
    return nullptr;
}

}  // namespace

std::unique_ptr<Encoder> make_number_encoder(const SqlType& from, std::string_view codec) {
    switch (from.kind) {
        case TypeKind::kBit:
            if (codec == "bool") return std::make_unique<BoolEncoder>();
            return make_int<unsigned char>(codec);
        case TypeKind::kTinyint: return make_int<unsigned char>(codec);
        case TypeKind::kSmallint: return make_int<std::int16_t>(codec);
        case TypeKind::kInt:
            if (codec == "int4") return std::make_unique<Int4Encoder>();
            return make_int<std::int32_t>(codec);
        case TypeKind::kBigint:
            if (codec == "int8") return std::make_unique<Int8Encoder>();
            return make_int<std::int64_t>(codec);
        case TypeKind::kReal:
            if (codec == "float4") return std::make_unique<FloatEncoder>();
            if (codec == "float8") return std::make_unique<FloatToDoubleEncoder>();
            return nullptr;
        case TypeKind::kFloat:
            if (codec == "float8") return std::make_unique<DoubleEncoder>();
            return nullptr;
        case TypeKind::kDecimal:
        case TypeKind::kMoney:
        case TypeKind::kSmallmoney: return make_decimal(from, codec);
        default: return nullptr;
    }
}

}  // namespace lakemover::source::odbc
