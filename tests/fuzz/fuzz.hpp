// What the fuzz targets share: bytes of the input one after the other, and properties that end the process when they do not
// hold. A target defines LLVMFuzzerTestOneInput; libFuzzer calls it, or driver.cpp where there is no clang.
#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace fuzz {

// Escaped, for messages.
inline std::string shown(std::string_view text) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string out = "\"";
    for (const char c : text.substr(0, 300)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && byte < 0x7f && c != '"' && c != '\\') {
            out += c;
        } else {
            out += "\\x";
            out += kHex[byte >> 4U];
            out += kHex[byte & 15U];
        }
    }
    return out + "\"";
}

inline void require(bool holds, std::string_view what, std::string_view a = {}, std::string_view b = {}) {
    if (holds) return;
    std::fprintf(stderr, "PROPERTY VIOLATED: %.*s\n  %s\n  %s\n", static_cast<int>(what.size()), what.data(),
                 shown(a).c_str(), shown(b).c_str());
    std::abort();
}

class Input {
public:
    Input(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}
    // 0 when nothing is left.
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    std::uint64_t number(int bytes) {
        std::uint64_t value = 0;
        for (int i = 0; i < bytes; ++i) value = value << 8U | byte();
        return value;
    }
    std::string_view text(std::size_t most) {
        const std::string_view taken = rest_.substr(0, std::min(most, rest_.size()));
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest() { return text(rest_.size()); }

private:
    std::string_view rest_;
};

}  // namespace fuzz
