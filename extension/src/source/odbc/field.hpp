// Shared by the encoders' files only: big-endian stores, their errors, their factories per family.
// Pure zone.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>

#include "source/error.hpp"
#include "source/odbc/encode.hpp"

namespace lakemover::source::odbc {

inline void store_be16(char* to, std::uint16_t v) {
    v = __builtin_bswap16(v);
    std::memcpy(to, &v, sizeof v);
}
inline void store_be32(char* to, std::uint32_t v) {
    v = __builtin_bswap32(v);
    std::memcpy(to, &v, sizeof v);
}
inline void store_be64(char* to, std::uint64_t v) {
    v = __builtin_bswap64(v);
    std::memcpy(to, &v, sizeof v);
}
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "TDS, ODBC's UTF-16 and these stores are little-endian");

inline void append_field16(std::string& out, std::uint16_t v) {
    char field[6] = {0, 0, 0, 2};
    store_be16(field + 4, v);
    out.append(field, sizeof field);
}
inline void append_field32(std::string& out, std::uint32_t v) {
    char field[8] = {0, 0, 0, 4};
    store_be32(field + 4, v);
    out.append(field, sizeof field);
}
inline void append_field64(std::string& out, std::uint64_t v) {
    char field[12] = {0, 0, 0, 8};
    store_be64(field + 4, v);
    out.append(field, sizeof field);
}
inline void append_field(std::string& out, const char* data, std::size_t bytes) {
    char length[4];
    store_be32(length, static_cast<std::uint32_t>(bytes));
    out.append(length, sizeof length);
    out.append(data, bytes);
}

template <typename T> T load(const char* data) {
    T value;
    std::memcpy(&value, data, sizeof value);
    return value;
}

inline Error value_error(std::string sqlstate, std::string message, std::string hint = {}) {
    return {ErrorKind::kData, std::move(sqlstate), std::move(message), {}, std::move(hint)};
}
inline Error out_of_range(std::string_view value, std::string_view codec) {
    return value_error("22003", "value " + std::string(value) + " is out of range for type " + std::string(codec));
}

// nullptr where the family does not know the codec.
std::unique_ptr<Encoder> make_number_encoder(const SqlType& from, std::string_view codec);
std::unique_ptr<Encoder> make_time_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                           Losses& losses);
std::unique_ptr<Encoder> make_bytes_encoder(const SqlType& from, std::string_view codec);
std::unique_ptr<LongEncoder> make_long_bytes_encoder(const SqlType& from, std::string_view codec);
std::unique_ptr<Encoder> make_text_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                           Losses& losses);
std::unique_ptr<LongEncoder> make_long_text_encoder(const SqlType& from, std::string_view codec, const Policy& policy,
                                                    Losses& losses);

}  // namespace lakemover::source::odbc
