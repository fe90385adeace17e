// Row hashes and multiset digests: SipHash-2-4-128 per row, two 64-bit lanes summed exactly.
// Pure zone. from_text and parse_hash_key throw std::invalid_argument, the rest throws nothing but bad_alloc.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace lakemover::codec {

using Lane = unsigned __int128;
using HashKey = std::array<unsigned char, 16>;

// 16 bytes in hexadecimal, as SQL shows a run's hash_key, with or without the leading \x.
HashKey parse_hash_key(std::string_view hex);

struct RowHash {
    std::uint64_t lane1 = 0;
    std::uint64_t lane2 = 0;
    friend bool operator==(const RowHash&, const RowHash&) = default;
};

// The digest of a multiset of rows: order-free and mergeable. The sums are exact over the integers (fewer than
// 2^64 rows of 64-bit lanes cannot overflow 128 bits), so equal pairs of rows do not cancel as they would with XOR.
struct Digest {
    std::uint64_t rows = 0;
    Lane lane1 = 0;
    Lane lane2 = 0;

    void add(const RowHash& row) {
        ++rows;
        lane1 += row.lane1;
        lane2 += row.lane2;
    }
    void add(const Digest& other) {
        rows += other.rows;
        lane1 += other.lane1;
        lane2 += other.lane2;
    }
    std::string lane1_text() const;  // decimal, for SQL numeric
    std::string lane2_text() const;
    static Digest from_text(std::uint64_t rows, std::string_view lane1, std::string_view lane2);
    friend bool operator==(const Digest&, const Digest&) = default;
};

// Hashes one canonical row. The key is derived from the run's key and the table's shape (format, number of columns,
// type tag of each): that is how the type tags are part of every row's hash without being copied into every row.
class RowHasher {
public:
    RowHasher(const HashKey& run_key, std::string_view shape);
    RowHash hash(const char* data, std::size_t size) const;
    RowHash hash(std::string_view row) const { return hash(row.data(), row.size()); }

private:
    HashKey key_{};
};

// Diagnostics per column: they point at the column that differs and are no evidence by themselves.
struct ColumnStats {
    std::uint64_t non_null = 0;
    std::uint64_t hash_sum = 0;  // sum of xxh3(column number as seed, canonical bytes), modulo 2^64
    std::uint64_t bytes = 0;     // sum of the lengths of the canonical bytes
    void add(const ColumnStats& other) {
        non_null += other.non_null;
        hash_sum += other.hash_sum;
        bytes += other.bytes;
    }
    friend bool operator==(const ColumnStats&, const ColumnStats&) = default;
};

// The hash of one canonical value in the diagnostics of its column (counted from 0).
std::uint64_t value_hash(std::size_t column, const char* data, std::size_t size);

// Network byte order.
template <typename T> inline T load_be(const char* p) {
    T v;
    std::memcpy(&v, p, sizeof v);
    if constexpr (sizeof(T) == 2) {
        return static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(v)));
    } else if constexpr (sizeof(T) == 4) {
        return static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(v)));
    } else {
        static_assert(sizeof(T) == 8);
        return static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(v)));
    }
}

template <typename T> inline void store_be(char* p, T value) {
    T v = value;
    if constexpr (sizeof(T) == 2) {
        v = static_cast<T>(__builtin_bswap16(static_cast<std::uint16_t>(value)));
    } else if constexpr (sizeof(T) == 4) {
        v = static_cast<T>(__builtin_bswap32(static_cast<std::uint32_t>(value)));
    } else {
        static_assert(sizeof(T) == 8);
        v = static_cast<T>(__builtin_bswap64(static_cast<std::uint64_t>(value)));
    }
    std::memcpy(p, &v, sizeof v);
}

static_assert(std::endian::native == std::endian::little, "load_be and store_be swap unconditionally");

}  // namespace lakemover::codec
