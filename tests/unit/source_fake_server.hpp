// A server that speaks just enough of PostgreSQL's protocol to misbehave on purpose. Tests only.
#pragma once
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "source/driver.hpp"

namespace lakemover::test {

class PollWaiter final : public source::Waiter {
public:
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override {
        pollfd one{fd, static_cast<short>((readable ? POLLIN : 0) | (writable ? POLLOUT : 0)), 0};
        return ::poll(&one, 1, static_cast<int>(timeout_ms)) > 0;
    }
};

struct Cancelled {};

// Throws once time is up: what the backend's waiter does when the statement is cancelled.
class CancelAfter final : public source::Waiter {
public:
    explicit CancelAfter(int ms) : until_(std::chrono::steady_clock::now() + std::chrono::milliseconds(ms)) {}
    bool wait(int fd, bool readable, bool writable, long timeout_ms) override {
        PollWaiter plain;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until_ - std::chrono::steady_clock::now()).count();
        if (left <= 0) throw Cancelled{};
        const bool ready = plain.wait(fd, readable, writable, timeout_ms < 0 ? left : std::min<long>(left, timeout_ms));
        if (!ready && (timeout_ms < 0 || left <= timeout_ms)) throw Cancelled{};
        return ready;
    }

private:
    std::chrono::steady_clock::time_point until_;
};

inline std::string be32(std::size_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8)
        bytes += static_cast<char>((value >> static_cast<unsigned>(shift)) & 0xFFU);
    return bytes;
}
inline std::string be16(std::size_t value) { return be32(value).substr(2); }
inline std::string message(char type, const std::string& body) { return type + be32(body.size() + 4) + body; }
inline std::string zero(const std::string& text) { return text + '\0'; }
inline std::string error(const std::string& state, const std::string& text) {
    return message('E', zero("SFATAL") + zero("VFATAL") + zero("C" + state) + zero("M" + text) + '\0');
}
inline std::string ready() { return message('Z', "I"); }
inline std::string complete(const std::string& tag) { return message('C', zero(tag)); }
inline std::string row(const std::vector<std::string>& values) {
    std::string description = be16(values.size());
    std::string data = be16(values.size());
    for (const std::string& value : values) {
        description += zero("c") + be32(0) + be16(0) + be32(25) + be16(0xFFFF) + be32(0xFFFFFFFF) + be16(0);
        data += be32(value.size()) + value;
    }
    return message('T', description) + message('D', data) + complete("SELECT 1");
}
inline std::string login(const std::string& version = "15.4") {
    const auto parameter = [](const std::string& name, const std::string& value) {
        return message('S', zero(name) + zero(value));
    };
    return message('R', be32(0)) + parameter("server_version", version) + parameter("client_encoding", "UTF8") +
           parameter("standard_conforming_strings", "on") + message('K', be32(4242) + be32(1)) + ready();
}

// Serves connections one after the other. answer() gets what the client asks (the SQL text, or "" for the
// startup) and returns the bytes to send; an empty answer closes the connection.
class FakeServer {
public:
    explicit FakeServer(std::function<std::string(const std::string&)> answer, char tls = 'N')
        : answer_(std::move(answer)), tls_(tls) {
        listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        if (::bind(listener_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener_, 8) != 0 ||
            ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
            std::abort();
        }
        port_ = ntohs(address.sin_port);
        thread_ = std::thread([this] { serve(); });
    }
    FakeServer(const FakeServer&) = delete;
    FakeServer& operator=(const FakeServer&) = delete;
    ~FakeServer() {
        stop_ = true;
        thread_.join();
        ::close(listener_);
    }
    source::ConnectParams params() const {
        source::ConnectParams p;
        p.engine = "postgres";
        p.user = "u";
        p.options = {{"host", "127.0.0.1"}, {"port", std::to_string(port_)}, {"dbname", "d"}, {"sslmode", "disable"}};
        p.connect_timeout_s = 5;
        return p;
    }

private:
    bool await(int fd) const {
        while (!stop_) {
            pollfd one{fd, POLLIN, 0};
            if (::poll(&one, 1, 20) > 0) return true;
        }
        return false;
    }
    std::string take(int fd, std::size_t size) const {
        std::string bytes;
        while (bytes.size() < size) {
            std::array<char, 4096> buffer{};
            if (!await(fd)) return {};
            const ssize_t got = ::recv(fd, buffer.data(), std::min(buffer.size(), size - bytes.size()), 0);
            if (got <= 0) return {};
            bytes.append(buffer.data(), static_cast<std::size_t>(got));
        }
        return bytes;
    }
    static std::size_t length(const std::string& bytes) {
        std::size_t value = 0;
        for (const char c : bytes) value = value << 8U | static_cast<unsigned char>(c);
        return value;
    }
    bool reply(int fd, const std::string& request) const {
        const std::string bytes = answer_(request);
        return !bytes.empty() &&
               ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(bytes.size());
    }
    void session(int fd) const {
        for (;;) {  // startup packets: SSLRequest first when TLS is wanted
            const std::string size = take(fd, 4);
            if (size.empty()) return;
            const std::string body = take(fd, length(size) - 4);
            if (body.size() == 4 && length(body) == 80877103) {
                if (::send(fd, &tls_, 1, MSG_NOSIGNAL) != 1) return;
                continue;
            }
            if (!reply(fd, "")) return;
            break;
        }
        for (;;) {
            const std::string head = take(fd, 5);
            if (head.empty() || head[0] == 'X') return;
            const std::string body = take(fd, length(head.substr(1)) - 4);
            if (head[0] == 'Q' && !reply(fd, body.c_str())) return;
        }
    }
    void serve() const {
        while (await(listener_)) {
            const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (fd >= 0) {
                session(fd);
                ::close(fd);
            }
        }
    }

    std::function<std::string(const std::string&)> answer_;
    char tls_;
    int listener_ = -1;
    int port_ = 0;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace lakemover::test
