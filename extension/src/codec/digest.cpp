// Row hashes and multiset digests. Pure zone.
#include "codec/digest.hpp"

#include <sodium/crypto_shorthash_siphash24.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <stdexcept>

namespace lakemover::codec {

namespace {

std::string decimal(Lane value) {
    std::string text;
    do {
        text.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
        value /= 10;
    } while (value != 0);
    std::reverse(text.begin(), text.end());
    return text;
}

Lane parse_decimal(std::string_view text) {
    constexpr Lane kMax = ~Lane{0};
    if (text.empty()) {
        throw std::invalid_argument("a digest lane is empty");
    }
    Lane value = 0;
    for (const char c : text) {
        if (c < '0' || c > '9') {
            throw std::invalid_argument("a digest lane is not a decimal number: " + std::string(text));
        }
        const auto digit = static_cast<Lane>(c - '0');
        if (value > (kMax - digit) / 10) {
            throw std::invalid_argument("a digest lane is out of range: " + std::string(text));
        }
        value = value * 10 + digit;
    }
    return value;
}

}  // namespace

HashKey parse_hash_key(std::string_view hex) {
    if (hex.substr(0, 2) == "\\x") {
        hex.remove_prefix(2);
    }
    HashKey key{};
    const auto nibble = [](char c) -> int {
        if (c >= '0' && c <= '9') {
            return c - '0';
        }
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    };
    bool valid = hex.size() == 2 * key.size();
    for (std::size_t i = 0; valid && i < key.size(); ++i) {
        const int high = nibble(hex[2 * i]);
        const int low = nibble(hex[2 * i + 1]);
        valid = high >= 0 && low >= 0;
        key[i] = static_cast<unsigned char>(high * 16 + low);
    }
    if (!valid) {
        throw std::invalid_argument("the run's hash key is not 16 bytes of hexadecimal");
    }
    return key;
}

std::string Digest::lane1_text() const { return decimal(lane1); }

std::string Digest::lane2_text() const { return decimal(lane2); }

Digest Digest::from_text(std::uint64_t rows, std::string_view lane1, std::string_view lane2) {
    return Digest{rows, parse_decimal(lane1), parse_decimal(lane2)};
}

RowHasher::RowHasher(const HashKey& run_key, std::string_view shape) {
    static_assert(crypto_shorthash_siphashx24_BYTES == 16);
    static_assert(crypto_shorthash_siphashx24_KEYBYTES == 16);
    // The prefix separates the derived key from any row's hash under the run's own key.
    std::string message = "lakemover row digest 1";
    message.push_back('\0');
    message.append(shape);
    crypto_shorthash_siphashx24(key_.data(), reinterpret_cast<const unsigned char*>(message.data()), message.size(),
                                run_key.data());
}

RowHash RowHasher::hash(const char* data, std::size_t size) const {
    std::array<unsigned char, 16> out;
    crypto_shorthash_siphashx24(out.data(), reinterpret_cast<const unsigned char*>(data), size, key_.data());
    RowHash result;
    std::memcpy(&result.lane1, out.data(), 8);
    std::memcpy(&result.lane2, out.data() + 8, 8);
    return result;
}

std::uint64_t value_hash(std::size_t column, const char* data, std::size_t size) {
    return XXH3_64bits_withSeed(data, size, column + 1);
}

}  // namespace lakemover::codec
