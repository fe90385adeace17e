// See tls.hpp.
#include "wire/tls.hpp"

#include <openssl/err.h>

#include <stdexcept>

#include "wire/bytes.hpp"

namespace tds {

namespace {

std::string last_error() {
    char text[256] = "no reason told";
    if (const unsigned long code = ERR_get_error(); code != 0) {
        ERR_error_string_n(code, text, sizeof text);
    }
    ERR_clear_error();
    return text;
}

std::string drain(BIO* bio) {
    std::string bytes(BIO_ctrl_pending(bio), '\0');
    std::size_t length = 0;
    if (bytes.empty() || BIO_read_ex(bio, bytes.data(), bytes.size(), &length) != 1) {
        return {};
    }
    bytes.resize(length);
    return bytes;
}

}  // namespace

TlsContext tls_context(const std::string& certificate, const std::string& key) {
    if (certificate.empty()) {
        return nullptr;
    }
    TlsContext context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    // The handshake goes in packets and the rest does not: a ticket after the handshake would be in neither.
    if (!context || SSL_CTX_set_max_proto_version(context.get(), TLS1_2_VERSION) != 1) {
        throw std::runtime_error("TLS: " + last_error());
    }
    SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
    if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
        throw std::runtime_error("certificate " + certificate + ": " + last_error());
    }
    const std::string& key_file = key.empty() ? certificate : key;
    if (SSL_CTX_use_PrivateKey_file(context.get(), key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
        throw std::runtime_error("key " + key_file + ": " + last_error());
    }
    return context;
}

Tls::Tls(const TlsContext& context) : context_(context), ssl_(SSL_new(context.get())) {
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    if (!ssl_ || in_ == nullptr || out_ == nullptr) {
        throw std::runtime_error("TLS: " + last_error());
    }
    SSL_set_bio(ssl_.get(), in_, out_);
    SSL_set_accept_state(ssl_.get());
}

void Tls::feed(std::string_view received) {
    std::size_t written = 0;
    if (!received.empty() && BIO_write_ex(in_, received.data(), received.size(), &written) != 1) {
        throw std::runtime_error("TLS: " + last_error());
    }
}

std::string Tls::take() { return drain(out_); }

bool Tls::handshake() {
    ERR_clear_error();
    const int code = SSL_do_handshake(ssl_.get());
    if (code != 1 && SSL_get_error(ssl_.get(), code) != SSL_ERROR_WANT_READ) {
        throw Malformed("TLS handshake: " + last_error());
    }
    return code == 1;
}

bool Tls::read(std::string& plain) {
    ERR_clear_error();
    char record[16384];
    std::size_t length = 0;
    const int code = SSL_read_ex(ssl_.get(), record, sizeof record, &length);
    if (code == 1) {
        plain.append(record, length);
        return true;
    }
    const int error = SSL_get_error(ssl_.get(), code);
    // After a close_notify the socket's own end follows.
    if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_ZERO_RETURN) {
        throw Malformed("TLS: " + last_error());
    }
    return false;
}

void Tls::write(std::string_view plain) {
    ERR_clear_error();
    std::size_t written = 0;
    if (!plain.empty() && SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1) {
        throw std::runtime_error("TLS: " + last_error());
    }
}

std::string Tls::unread() { return drain(in_); }

}  // namespace tds
