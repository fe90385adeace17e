// See login.hpp.
#include "wire/login.hpp"

#include <algorithm>

#include "wire/bytes.hpp"
#include "wire/tokens.hpp"

namespace tds {

namespace {

constexpr std::uint32_t kVersion73A = 0x730A0003;
constexpr std::uint32_t kVersion74 = 0x74000004;
constexpr std::size_t kFixedPart = 94;

// Where the fields are whose offset and length the fixed part holds.
enum Field : std::size_t {
    kHost = 36,
    kUser = 40,
    kPassword = 44,
    kApplication = 48,
    kExtension = 56,
    kLanguage = 64,
    kDatabase = 68
};

struct Login7 {
    Login login;
    std::uint32_t version = 0;
    std::size_t packet_size = 0;
    bool wants_utf8 = false;
};

std::string_view field(std::string_view message, Field at, std::size_t unit) {
    Reader reader(message.substr(at));
    const std::size_t offset = reader.take<std::uint16_t>();
    const std::size_t length = unit * reader.take<std::uint16_t>();
    if (length == 0) return {};
    if (offset > message.size()) throw Malformed("a LOGIN7 field outside of the message");
    return Reader(message.substr(offset)).bytes(length);
}

std::string text(std::string_view bytes) { return utf8(Reader(bytes).text(bytes.size() / 2)); }

std::string unscrambled(std::string_view bytes) {
    std::string plain(bytes);
    for (char& byte : plain) {
        const unsigned bits = static_cast<unsigned char>(byte) ^ 0xA5U;
        byte = static_cast<char>((bits << 4U | bits >> 4U) & 0xFFU);
    }
    return plain;
}

// The features stand where the extension's offset points to an offset.
bool wants_utf8(std::string_view message) {
    const std::string_view extension = field(message, kExtension, 1);
    if (extension.size() < 4) return false;
    const std::size_t offset = Reader(extension).take<std::uint32_t>();
    if (offset > message.size()) throw Malformed("LOGIN7's features outside of the message");
    Reader reader(message.substr(offset));
    for (int feature = reader.byte(); feature != 0xFF; feature = reader.byte()) {
        if (feature == 10) return true;
        reader.bytes(reader.take<std::uint32_t>());
    }
    return false;
}

Login7 parse(std::string_view message, bool encrypted) {
    if (message.size() < kFixedPart) throw Malformed("a LOGIN7 of " + std::to_string(message.size()) + " bytes");
    Login7 login7;
    Reader reader(message);
    reader.take<std::uint32_t>();
    login7.version = reader.take<std::uint32_t>();
    const std::size_t packet_size = reader.take<std::uint32_t>();
    // A TLS record holds no more than 16 KB.
    login7.packet_size = packet_size == 0 ? 4096 : std::clamp<std::size_t>(packet_size, 512, encrypted ? 16383 : 32767);
    reader.bytes(14);
    login7.login.read_only_intent = (reader.byte() & 0x20) != 0;
    const bool has_extension = (reader.byte() & 0x10) != 0;
    login7.wants_utf8 = has_extension && wants_utf8(message);
    login7.login.host = text(field(message, kHost, 2));
    login7.login.user = text(field(message, kUser, 2));
    login7.login.password = text(unscrambled(field(message, kPassword, 2)));
    login7.login.application = text(field(message, kApplication, 2));
    login7.login.language = text(field(message, kLanguage, 2));
    login7.login.database = text(field(message, kDatabase, 2));
    login7.login.encrypted = encrypted;
    return login7;
}

void refuse(Stream& stream, const Engine& engine, const SqlError& error) {
    put_error(stream.out(), {error.number, error.severity, error.state, error.what(), engine.server_name()});
    put_done(stream.out(), kDone, kError, false, -1);
    stream.finish();
}

void accept(Stream& stream, const Engine& engine, const Login7& login7) {
    std::string& out = stream.out();
    const std::string server = engine.server_name();
    const std::string database = login7.login.database.empty() ? "master" : login7.login.database;
    const std::string language = login7.login.language.empty() ? "us_english" : login7.login.language;
    put_environment(out, Environment::kDatabase, database, "master");
    put_info(out, {5701, 10, 2, "Changed database context to '" + database + "'.", server});
    put_collation(out, "");
    put_environment(out, Environment::kLanguage, language, "");
    put_info(out, {5703, 10, 1, "Changed language setting to " + language + ".", server});
    put_login_ack(out, std::min(login7.version, kVersion74));
    put_environment(out, Environment::kPacketSize, std::to_string(login7.packet_size), "4096");
    if (login7.wants_utf8) put_utf8_ack(out);
    put_done(out, kDone, 0, false, -1);
    stream.finish();
    stream.set_packet_size(login7.packet_size);
}

}  // namespace

std::unique_ptr<Session> log_in(Stream& stream, Engine& engine, int spid, const Message& login7, bool encrypted) {
    const Login7 parsed = parse(login7.bytes, encrypted);
    try {
        if (parsed.version < kVersion73A) {
            throw SqlError(50000, 20, "wire: the test server speaks TDS 7.3 and 7.4");
        }
        std::unique_ptr<Session> session = engine.login(parsed.login, spid);
        accept(stream, engine, parsed);
        return session;
    } catch (const SqlError& error) {
        refuse(stream, engine, error);
        return nullptr;
    }
}

}  // namespace tds
