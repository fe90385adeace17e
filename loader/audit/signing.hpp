// Ed25519 keys of the audit directory: made at first use below LAKEMOVER_HOME, or given as a file. Private bytes live in
// OpenSSL's objects only, which clear them when they are freed. Throws loader::Error (kUsage for files).
#pragma once
#include <openssl/evp.h>

#include <memory>
#include <string>
#include <string_view>

namespace lakemover::loader {

class PublicKey {
public:
    // PEM as openssl writes it (BEGIN PUBLIC KEY). origin names it in messages.
    static PublicKey from_pem(std::string_view pem, const std::string& origin);
    std::string pem() const;
    // SHA-256 of the 32 raw bytes, as 64 hexadecimal digits.
    const std::string& fingerprint() const { return fingerprint_; }
    // signature: 64 bytes.
    bool verifies(std::string_view message, std::string_view signature) const;

private:
    friend class SigningKey;
    struct Free {
        void operator()(EVP_PKEY* key) const noexcept { EVP_PKEY_free(key); }
    };
    using Handle = std::unique_ptr<EVP_PKEY, Free>;
    explicit PublicKey(Handle key);
    Handle key_;
    std::string fingerprint_;
};

class SigningKey {
public:
    // file empty: home/keys/signing.key, which is made when it is missing (0600 in a directory of 0700, with the public
    // key in signing.pub beside it). A file that anybody else can read or change is refused.
    static SigningKey open(const std::string& home, const std::string& file);
    std::string sign(std::string_view message) const;  // 64 bytes
    const PublicKey& public_key() const { return public_; }
    const std::string& fingerprint() const { return public_.fingerprint(); }

private:
    explicit SigningKey(PublicKey::Handle key);
    PublicKey::Handle key_;
    PublicKey public_;
};

std::string base64_encode(std::string_view bytes);
// Line breaks at the end are tolerated; throws Error(kOther) on anything that is not base64.
std::string base64_decode(std::string_view text);

}  // namespace lakemover::loader
