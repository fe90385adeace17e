// See server.hpp.
#include "wire/server.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <stdexcept>

#include "wire/bytes.hpp"
#include "wire/login.hpp"
#include "wire/prelogin.hpp"
#include "wire/request.hpp"

namespace tds {

namespace {

[[noreturn]] void fail(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

}  // namespace

Server::Server(Engine& engine, Options options)
    : engine_(engine), options_(std::move(options)), tls_(tls_context(options_.certificate, options_.key)) {
    if (options_.require_encryption && !tls_) throw std::runtime_error("encryption requires a certificate");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(options_.port));
    if (::inet_pton(AF_INET, options_.host.c_str(), &address.sin_addr) != 1) {
        throw std::runtime_error("no IPv4 address: " + options_.host);
    }
    const int yes = 1;
    socklen_t length = sizeof address;
    listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(listener_, 64) != 0 ||
        ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
        fail("listening on " + options_.host + ":" + std::to_string(options_.port));
    }
    port_ = ntohs(address.sin_port);
}

Server::~Server() {
    reap(true);
    ::close(listener_);
    ::close(wake_);
}

void Server::run() {
    while (true) {
        pollfd waiting[] = {{listener_, POLLIN, 0}, {wake_, POLLIN, 0}};
        if (::poll(waiting, 2, -1) < 0 && errno != EINTR) fail("waiting for clients");
        if (waiting[1].revents != 0) break;
        if (waiting[0].revents != 0) accept_one();
        reap(false);
    }
    reap(true);
}

void Server::stop() {
    const std::uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
}

void Server::accept_one() {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) return;  // gone before it was accepted
    const int yes = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    const int spid = next_spid_++;
    const std::lock_guard lock(mutex_);
    Connection& connection = connections_.emplace_back();
    connection.stream = std::make_unique<Stream>(socket, spid, options_.packet_delay);
    connection.thread = std::thread([this, &connection, spid] { serve(connection, spid); });
}

// Joins the connections that have ended, or ends all of them.
void Server::reap(bool all) {
    std::list<Connection> ended;
    {
        const std::lock_guard lock(mutex_);
        for (auto it = connections_.begin(); it != connections_.end();) {
            const auto connection = it++;
            if (all && connection->stream) connection->stream->interrupt();
            if (all || !connection->stream) ended.splice(ended.end(), connections_, connection);
        }
    }
    for (Connection& connection : ended) connection.thread.join();
}

void Server::serve(Connection& connection, int spid) {
    try {
        converse(*connection.stream, spid);
    } catch (const Disconnected&) {
    } catch (const std::exception& error) {
        std::cerr << "wire: connection " << spid << ": " << error.what() << std::endl;
    }
    const std::lock_guard lock(mutex_);
    connection.stream.reset();
}

void Server::converse(Stream& stream, int spid) {
    try {
        std::optional<Message> message = stream.read();
        Encryption encryption = Encryption::kNone;
        if (message && message->type == kPrelogin) {
            encryption = negotiate(stream, *message, tls_, options_.require_encryption);
            message = stream.read();
        }
        if (!message) return;
        if (message->type != kLogin7) throw Malformed("no LOGIN7, but packet type " + std::to_string(message->type));
        const bool whole = encryption == Encryption::kWhole;
        if (options_.require_encryption && !whole) throw Malformed("a login in clear");
        const std::unique_ptr<Session> session = log_in(stream, engine_, spid, *message, whole);
        if (session) {
            Requests requests(stream, engine_, *session);
            do {
                message = stream.read();
            } while (message && requests.answer(*message));
        }
    } catch (const Misbehave& misbehave) {  // of a login
        misbehave.what == Misbehave::What::kTruncate ? stream.truncate() : stream.drop();
    } catch (const Malformed& error) {
        std::cerr << "wire: connection " << spid << ": malformed: " << error.what() << std::endl;
        stream.out().clear();
        put_error(stream.out(), {4002, 20, 1, std::string("The incoming TDS stream is incorrect: ") + error.what(),
                                 engine_.server_name()});
        put_done(stream.out(), kDone, kError | kServerError, false, -1);
        stream.finish();
    }
    if (!stream.gone()) stream.close_in_order();
}

}  // namespace tds
