// Ed25519 keys and signatures by OpenSSL EVP.
#include "loader/audit/signing.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <vector>

#include "loader/audit/chained_log.hpp"
#include "loader/audit/posix_file.hpp"
#include "loader/staging/process.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

constexpr std::size_t kRawBytes = 32;
constexpr std::size_t kSignatureBytes = 64;
constexpr off_t kLargestKeyFile = 64 * 1024;
constexpr const char* kPrivateName = "signing.key";
constexpr const char* kPublicName = "signing.pub";

struct FreeBio {
    void operator()(BIO* bio) const noexcept { BIO_free_all(bio); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
struct FreeDigest {
    void operator()(EVP_MD_CTX* context) const noexcept { EVP_MD_CTX_free(context); }
};
using Digest = std::unique_ptr<EVP_MD_CTX, FreeDigest>;

// Bytes of a private key on their way between a file and OpenSSL.
struct Cleansed {
    std::vector<char> bytes;
    explicit Cleansed(std::size_t size) : bytes(size) {}
    Cleansed(Cleansed&&) = default;
    Cleansed& operator=(Cleansed&&) = delete;
    Cleansed(const Cleansed&) = delete;
    Cleansed& operator=(const Cleansed&) = delete;
    ~Cleansed() { OPENSSL_cleanse(bytes.data(), bytes.size()); }
};

std::string openssl_reason() {
    const unsigned long code = ERR_get_error();
    ERR_clear_error();
    std::array<char, 256> text{};
    if (code != 0) ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

[[noreturn]] void crypto_failed(const std::string& what) { throw Error(Exit::kOther, what, openssl_reason()); }

// Never asks at a terminal: a key with a passphrase is an error, not a prompt.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*rwflag*/, void* /*data*/) { return -1; }

[[noreturn]] void refuse_file(const std::string& file, const std::string& why, const std::string& hint) {
    throw Error(Exit::kUsage, "the signing key \"" + file + "\" is not used: " + why, {}, hint);
}

Cleansed read_private(const std::string& file) {
    const FileDescriptor fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!fd.valid())
        throw Error(Exit::kUsage, "cannot read the signing key \"" + file + "\"", std::strerror(errno),
                    "LAKEMOVER_SIGNING_KEY names a private Ed25519 key; without it lakemover makes one");
    struct stat info {};
    if (::fstat(fd.get(), &info) != 0 || !S_ISREG(info.st_mode))
        refuse_file(file, "it is not a regular file", "name a file with a private key in PEM");
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        refuse_file(file, "others than its owner can read or change it", "chmod 600 " + file);
    if (info.st_uid != ::geteuid() && info.st_uid != 0)
        refuse_file(file, "it belongs to another user", "use a key of your own");
    if (info.st_size > kLargestKeyFile) refuse_file(file, "it is too large for a key", "name a private key in PEM");
    Cleansed text(static_cast<std::size_t>(info.st_size));
    std::size_t done = 0;
    while (done < text.bytes.size()) {
        const ssize_t n = ::read(fd.get(), text.bytes.data() + done, text.bytes.size() - done);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) throw Error(Exit::kUsage, "cannot read the signing key \"" + file + "\"", std::strerror(errno));
        done += static_cast<std::size_t>(n);
    }
    return text;
}

EVP_PKEY* parse_private(const std::string& file) {
    const Cleansed text = read_private(file);
    const Bio bio(BIO_new_mem_buf(text.bytes.data(), static_cast<int>(text.bytes.size())));
    EVP_PKEY* key = bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr;
    ERR_clear_error();
    if (!key)
        refuse_file(file, "it holds no private key in PEM, or one with a passphrase",
                    "make one: openssl genpkey -algorithm ed25519 -out FILE");
    if (EVP_PKEY_get_id(key) != EVP_PKEY_ED25519) {
        EVP_PKEY_free(key);
        refuse_file(file, "it is no Ed25519 key", "make one: openssl genpkey -algorithm ed25519 -out FILE");
    }
    return key;
}

std::string public_pem(EVP_PKEY* key) {
    const Bio bio(BIO_new(BIO_s_mem()));
    if (!bio || PEM_write_bio_PUBKEY(bio.get(), key) != 1) crypto_failed("could not write a public key");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

// Whole or not at all, under a name of its own first: of two lakemovers that start at once one makes the key, and both
// use it.
void put_file(const std::filesystem::path& dir, const std::string& name, std::string_view bytes, mode_t mode,
              bool replace) {
    const std::string temporary = dir / ("." + name + "." + std::to_string(::getpid()));
    const std::string file = dir / name;
    const auto failed = [&](int error) {
        ::unlink(temporary.c_str());
        throw Error(Exit::kUsage, "cannot write \"" + file + "\"", std::strerror(error),
                    "make LAKEMOVER_HOME writable, or give a key with LAKEMOVER_SIGNING_KEY");
    };
    ::unlink(temporary.c_str());
    {
        const FileDescriptor fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode));
        if (!fd.valid()) failed(errno);
        if (const int error = write_all(fd.get(), bytes)) failed(error);
        if (::fsync(fd.get()) != 0) failed(errno);
    }
    if (replace) {
        if (::rename(temporary.c_str(), file.c_str()) != 0) failed(errno);
        return;
    }
    if (::link(temporary.c_str(), file.c_str()) != 0 && errno != EEXIST) failed(errno);
    ::unlink(temporary.c_str());
}

void make_key(const std::filesystem::path& dir) {
    EVP_PKEY* made = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(made, &EVP_PKEY_free);
    // Secure memory where there is some; cleared when freed in any case.
    const Bio bio(BIO_new(BIO_s_secmem()));
    if (!key || !bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr) != 1)
        crypto_failed("could not make a signing key");
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &data);
    put_file(dir, kPrivateName, {data, static_cast<std::size_t>(size)}, S_IRUSR | S_IWUSR, false);
}

// The key below LAKEMOVER_HOME, made when it is missing.
std::string key_of_home(const std::string& home) {
    // As embedded staging makes it: as root the home belongs to the staging server's user, the keys to us.
    make_directory(home, 0700, ::geteuid() == 0 ? find_user("postgres") : std::nullopt, Existing::kUsers);
    const std::filesystem::path dir = std::filesystem::path(home) / "keys";
    make_directory(dir.string(), 0700, std::nullopt);
    struct stat info {};
    if (::lstat((dir / kPrivateName).c_str(), &info) != 0) make_key(dir);
    return dir / kPrivateName;
}

}  // namespace

PublicKey::PublicKey(Handle key) : key_(std::move(key)) {
    std::array<unsigned char, kRawBytes> raw{};
    std::size_t size = raw.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), raw.data(), &size) != 1 || size != raw.size())
        crypto_failed("could not read a public key");
    fingerprint_ = sha256_hex({reinterpret_cast<const char*>(raw.data()), raw.size()});
}

PublicKey PublicKey::from_pem(std::string_view pem, const std::string& origin) {
    const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
    Handle key(bio ? PEM_read_bio_PUBKEY(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
    ERR_clear_error();
    if (!key || EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519)
        throw Error(Exit::kUsage, origin + " holds no public Ed25519 key in PEM", {},
                    "it begins with -----BEGIN PUBLIC KEY-----");
    return PublicKey(std::move(key));
}

std::string PublicKey::pem() const { return public_pem(key_.get()); }

bool PublicKey::verifies(std::string_view message, std::string_view signature) const {
    const Digest context(EVP_MD_CTX_new());
    if (!context || EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1)
        crypto_failed("could not check a signature");
    const int result =
        EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                         reinterpret_cast<const unsigned char*>(message.data()), message.size());
    ERR_clear_error();
    return result == 1;
}

SigningKey::SigningKey(PublicKey::Handle key)
    : key_(std::move(key)), public_(PublicKey::from_pem(public_pem(key_.get()), "the signing key")) {}

SigningKey SigningKey::open(const std::string& home, const std::string& file) {
    const std::string path = file.empty() ? key_of_home(home) : file;
    SigningKey key{PublicKey::Handle(parse_private(path))};
    if (file.empty()) {
        // For handing out; made again when it was lost.
        const std::filesystem::path dir = std::filesystem::path(path).parent_path();
        const FileDescriptor fd(::open(dir.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
        if (!fd.valid()) throw Error(Exit::kUsage, "cannot open \"" + dir.string() + "\"", std::strerror(errno));
        if (::faccessat(fd.get(), kPublicName, F_OK, 0) != 0)
            put_file(dir, kPublicName, key.public_.pem(), S_IRUSR | S_IWUSR, true);
        sync_descriptor(fd.get(), dir, ".");
    }
    return key;
}

std::string SigningKey::sign(std::string_view message) const {
    const Digest context(EVP_MD_CTX_new());
    std::array<unsigned char, kSignatureBytes> signature{};
    std::size_t size = signature.size();
    if (!context || EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) != 1 ||
        EVP_DigestSign(context.get(), signature.data(), &size, reinterpret_cast<const unsigned char*>(message.data()),
                       message.size()) != 1 ||
        size != signature.size())
        crypto_failed("could not sign");
    return {reinterpret_cast<const char*>(signature.data()), size};
}

std::string base64_encode(std::string_view bytes) {
    std::vector<unsigned char> text(4 * ((bytes.size() + 2) / 3) + 1);
    const int size = EVP_EncodeBlock(text.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    return {text.begin(), text.begin() + size};
}

std::string base64_decode(std::string_view text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.remove_suffix(1);
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    std::vector<unsigned char> bytes(text.size() / 4 * 3 + 3);
    const int size = text.size() % 4 != 0
                         ? -1
                         : EVP_DecodeBlock(bytes.data(), reinterpret_cast<const unsigned char*>(text.data()),
                                           static_cast<int>(text.size()));
    if (size < 0 || static_cast<std::size_t>(size) < padding) throw Error(Exit::kOther, "this is not base64");
    std::string decoded(bytes.begin(), bytes.begin() + size - static_cast<std::ptrdiff_t>(padding));
    // EVP_DecodeBlock skips white space at either end and ignores left-over bits: one text for one signature.
    if (base64_encode(decoded) != text) throw Error(Exit::kOther, "this is not base64");
    return decoded;
}

}  // namespace lakemover::loader
