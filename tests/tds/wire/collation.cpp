// See collation.hpp.
#include "wire/collation.hpp"

#include <cstdint>
#include <cstring>

namespace tds {

namespace {

constexpr std::uint32_t kLocale = 0x0409;
constexpr std::uint32_t kIgnoreCase = 1U << 20U;
constexpr std::uint32_t kIgnoreAccent = 1U << 21U;
constexpr std::uint32_t kIgnoreKana = 1U << 22U;
constexpr std::uint32_t kIgnoreWidth = 1U << 23U;
constexpr std::uint32_t kBinary = 1U << 24U;
constexpr std::uint32_t kBinary2 = 1U << 25U;
constexpr std::uint32_t kUtf8 = 1U << 26U;

bool has(std::string_view name, std::string_view part) { return name.find(part) != std::string_view::npos; }

std::uint32_t flags(std::string_view name) {
    if (has(name, "_BIN2")) return kBinary2;
    if (has(name, "_BIN")) return kBinary;
    std::uint32_t flags = 0;
    if (!has(name, "_CS")) flags |= kIgnoreCase;
    if (has(name, "_AI")) flags |= kIgnoreAccent;
    if (!has(name, "_KS")) flags |= kIgnoreKana;
    if (!has(name, "_WS")) flags |= kIgnoreWidth;
    return flags;
}

std::uint32_t version(std::string_view name) {
    if (has(name, "_140_")) return 3;
    if (has(name, "_100_")) return 2;
    return has(name, "_90_") ? 1 : 0;
}

char sort_id(std::string_view name) {
    if (!name.starts_with("SQL_Latin1_General_CP1")) return 0;
    if (has(name, "_CS_AS")) return 51;
    return has(name, "_CI_AI") ? 54 : 52;
}

}  // namespace

CollationBytes collation_bytes(std::string_view name) {
    if (name.empty()) name = "SQL_Latin1_General_CP1_CI_AS";
    const std::uint32_t utf8 = has(name, "_UTF8") ? kUtf8 : 0;
    const std::uint32_t bits = kLocale | flags(name) | utf8 | version(name) << 28U;
    CollationBytes bytes{};
    std::memcpy(bytes.data(), &bits, sizeof bits);
    bytes[4] = sort_id(name);
    return bytes;
}

std::string collation_of_page(const CollationBytes& bytes) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, bytes.data(), sizeof bits);
    return (bits & kUtf8) != 0 ? "Latin1_General_100_CI_AS_SC_UTF8" : "";
}

}  // namespace tds
