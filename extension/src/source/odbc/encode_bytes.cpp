// Encoders of binary, rowversion and uniqueidentifier. Pure zone; see encode.hpp.
#include <array>
#include <cstdio>

#include "source/odbc/field.hpp"

namespace lakemover::source::odbc {

namespace {

// palloc's limit is 1 GB less one byte, with a header: a larger field cannot be received.
constexpr std::size_t kMostBytes = 0x3fffffff - 4;

class BytesEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t bytes, std::string& out) override { append_field(out, data, bytes); }
};

// SQLGUID: three numbers in the machine's order, then eight bytes; uuid is the sixteen bytes as printed.
std::array<unsigned char, 16> uuid_bytes(const char* data) {
    static_assert(sizeof(SQLGUID) == 16);
    std::array<unsigned char, 16> bytes{};
    char* to = reinterpret_cast<char*>(bytes.data());
    store_be32(to, load<std::uint32_t>(data));
    store_be16(to + 4, load<std::uint16_t>(data + 4));
    store_be16(to + 6, load<std::uint16_t>(data + 6));
    std::memcpy(to + 8, data + 8, 8);
    return bytes;
}

class UuidEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        const auto uuid = uuid_bytes(data);
        append_field(out, reinterpret_cast<const char*>(uuid.data()), uuid.size());
    }
};

class UuidTextEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t /*bytes*/, std::string& out) override {
        static constexpr char kHex[] = "0123456789abcdef";
        char text[36];
        std::size_t at = 0;
        for (const unsigned char byte : uuid_bytes(data)) {
            if (at == 8 || at == 13 || at == 18 || at == 23) {
                text[at++] = '-';
            }
            text[at++] = kHex[byte >> 4];
            text[at++] = kHex[byte & 15];
        }
        append_field(out, text, at);
    }
};

// The server's own counter, a big-endian number.
class RowVersionNumberEncoder final : public Encoder {
public:
    void value(const char* data, std::size_t bytes, std::string& out) override {
        if (bytes != 8) {
            throw value_error("22P03", "a rowversion of " + std::to_string(bytes) + " bytes");
        }
        const auto number = __builtin_bswap64(load<std::uint64_t>(data));
        if (number > INT64_MAX) {
            throw out_of_range(std::to_string(number), "bigint");
        }
        append_field64(out, number);
    }
};

class LongBytesEncoder final : public LongEncoder {
public:
    void begin(std::string& out) override {
        start_ = out.size();
        out.append(4, '\0');
    }
    void piece(const char* data, std::size_t bytes, std::string& out) override {
        if (out.size() - start_ - 4 + bytes > kMostBytes) {
            throw value_error(
                "54000", "a value of more than " + std::to_string(kMostBytes) + " bytes cannot be stored in a field");
        }
        out.append(data, bytes);
    }
    void finish(std::string& out) override {
        store_be32(out.data() + start_, static_cast<std::uint32_t>(out.size() - start_ - 4));
    }

private:
    std::size_t start_ = 0;
};

}  // namespace

std::unique_ptr<Encoder> make_bytes_encoder(const SqlType& from, std::string_view codec) {
    if (from.kind == TypeKind::kUniqueidentifier) {
        if (codec == "uuid") {
            return std::make_unique<UuidEncoder>();
        }
        if (codec == "text" || codec == "varchar" || codec == "bpchar" || codec == "citext") {
            return std::make_unique<UuidTextEncoder>();
        }
        return nullptr;
    }
    if (codec == "bytea") {
        return std::make_unique<BytesEncoder>();
    }
    if (codec == "int8" && from.kind == TypeKind::kRowversion) {
        return std::make_unique<RowVersionNumberEncoder>();
    }
    return nullptr;
}

std::unique_ptr<LongEncoder> make_long_bytes_encoder(const SqlType& /*from*/, std::string_view codec) {
    if (codec == "bytea") {
        return std::make_unique<LongBytesEncoder>();
    }
    return nullptr;
}

}  // namespace lakemover::source::odbc
