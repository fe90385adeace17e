// See prelogin.hpp.
#include "wire/prelogin.hpp"

#include <array>

#include "wire/bytes.hpp"

namespace tds {

namespace {

enum Option : std::uint8_t { kVersion = 0, kEncryption = 1, kInstance = 2, kMars = 4, kTerminator = 0xFF };
enum Wanted : std::uint8_t { kOff = 0, kOn = 1, kNotSupported = 2, kRequired = 3 };

int wanted_encryption(std::string_view message) {
    const auto byte = [message](std::size_t at) {
        if (at >= message.size()) throw Malformed("a PRELOGIN that ends within an option");
        return static_cast<std::size_t>(static_cast<unsigned char>(message[at]));
    };
    for (std::size_t at = 0; byte(at) != kTerminator; at += 5) {
        if (byte(at) == kEncryption) {
            return static_cast<int>(byte(byte(at + 1) << 8U | byte(at + 2)));
        }
    }
    return kNotSupported;
}

// Offsets are from the message's begin, and unlike most of TDS big-endian.
void put_answer(std::string& out, Wanted encryption) {
    struct Part {
        Option option;
        std::string value;
    };
    const std::array<Part, 4> parts{{{kVersion, {15, 0, 7, static_cast<char>(0xD0), 0, 0}},
                                     {kEncryption, {static_cast<char>(encryption)}},
                                     {kInstance, {0}},
                                     {kMars, {0}}}};
    std::size_t offset = 5 * parts.size() + 1;
    std::string values;
    for (const Part& part : parts) {
        put_byte(out, part.option);
        for (const std::size_t number : {offset, part.value.size()}) {
            put_byte(out, static_cast<int>(number >> 8U));
            put_byte(out, static_cast<int>(number & 0xFFU));
        }
        offset += part.value.size();
        values += part.value;
    }
    put_byte(out, kTerminator);
    out += values;
}

}  // namespace

Encryption negotiate(Stream& stream, const Message& prelogin, const TlsContext& context, bool require) {
    const int wanted = wanted_encryption(prelogin.bytes);
    Wanted answer = kNotSupported;
    Encryption encryption = Encryption::kNone;
    if (context && require) {
        answer = wanted == kOn ? kOn : kRequired;
        encryption = Encryption::kWhole;
    } else if (context && (wanted == kOn || wanted == kRequired)) {
        answer = kOn;
        encryption = Encryption::kWhole;
    } else if (context && wanted == kOff) {
        answer = kOff;
        encryption = Encryption::kLoginOnly;
    }
    put_answer(stream.out(), answer);
    stream.finish();
    if (encryption == Encryption::kWhole && wanted == kNotSupported) {
        throw Malformed("encryption is required, and the client does not support it");
    }
    if (encryption != Encryption::kNone) stream.start_tls(context, encryption == Encryption::kLoginOnly);
    return encryption;
}

}  // namespace tds
