// TLS of the server's side over memory: what comes from the socket is fed, what goes to it is taken.
#pragma once
#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <string_view>

namespace tds {

using TlsContext = std::shared_ptr<SSL_CTX>;

// Of PEM files; throws std::runtime_error. Without a certificate there is no context.
TlsContext tls_context(const std::string& certificate, const std::string& key);

class Tls {
public:
    explicit Tls(const TlsContext& context);

    void feed(std::string_view received);
    std::string take();
    bool handshake();  // true when it is complete; throws Malformed
    // Appends the plain bytes of one record; false when more must be fed.
    bool read(std::string& plain);
    void write(std::string_view plain);
    // What was fed and is not part of a record that has been read.
    std::string unread();

private:
    struct Free {
        void operator()(SSL* ssl) const { SSL_free(ssl); }
    };
    TlsContext context_;
    std::unique_ptr<SSL, Free> ssl_;
    BIO* in_ = nullptr;  // both owned by the SSL
    BIO* out_ = nullptr;
};

}  // namespace tds
