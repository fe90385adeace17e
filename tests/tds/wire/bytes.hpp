// Little-endian bytes, written to a string and read with bounds checked.
#pragma once
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>

namespace tds {

static_assert(std::endian::native == std::endian::little, "the wire's order is taken from memory as it is");

// What a client sent is not TDS.
struct Malformed : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <typename Number> void put(std::string& out, Number number) {
    char bytes[sizeof number];
    std::memcpy(bytes, &number, sizeof number);
    out.append(bytes, sizeof number);
}

// Over what was put before.
template <typename Number> void put_at(std::string& out, std::size_t position, Number number) {
    std::memcpy(out.data() + position, &number, sizeof number);
}

inline void put_byte(std::string& out, int byte) { out.push_back(static_cast<char>(byte)); }

inline std::string_view bytes_of(std::u16string_view text) {
    return {reinterpret_cast<const char*>(text.data()), 2 * text.size()};
}

// B_VARCHAR: what does not fit is cut off.
inline void put_short_text(std::string& out, std::u16string_view text) {
    text = text.substr(0, 255);
    put_byte(out, static_cast<int>(text.size()));
    out += bytes_of(text);
}

// US_VARCHAR, cut off where a message's token would be longer than its own length can tell.
inline void put_text(std::string& out, std::u16string_view text) {
    text = text.substr(0, 30000);
    put(out, static_cast<std::uint16_t>(text.size()));
    out += bytes_of(text);
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    bool at_end() const { return rest_.empty(); }
    std::size_t left() const { return rest_.size(); }

    std::string_view bytes(std::size_t length) {
        if (length > rest_.size()) {
            throw Malformed("a message ends within a field");
        }
        const std::string_view taken = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return taken;
    }

    template <typename Number> Number take() {
        Number number{};
        std::memcpy(&number, bytes(sizeof number).data(), sizeof number);
        return number;
    }

    int byte() { return take<std::uint8_t>(); }
    int next() const { return rest_.empty() ? -1 : static_cast<unsigned char>(rest_.front()); }

    std::u16string text(std::size_t characters) {
        const std::string_view taken = bytes(2 * characters);
        std::u16string text(characters, u'\0');
        if (characters != 0) std::memcpy(text.data(), taken.data(), taken.size());
        return text;
    }

private:
    std::string_view rest_;
};

}  // namespace tds
