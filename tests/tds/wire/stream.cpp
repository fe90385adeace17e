// See stream.hpp.
#include "wire/stream.hpp"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <thread>

#include "wire/bytes.hpp"

namespace tds {

namespace {

constexpr std::size_t kHeader = 8;
constexpr std::size_t kMostOfMessage = std::size_t{256} << 20U;
constexpr int kLastPacket = 1;
constexpr int kIgnore = 2;

}  // namespace

Stream::Stream(int socket, int spid, std::chrono::milliseconds packet_delay)
    : socket_(socket), spid_(spid), packet_delay_(packet_delay) {}

Stream::~Stream() { ::close(socket_); }

bool Stream::receive(bool wait) {
    // A record at a time, and only when one is wanted: after a login's packet the stream may go on in clear.
    if (tls_ && tls_->read(in_)) return true;
    if (gone_) return false;
    char bytes[16384];
    ssize_t length = 0;
    do {
        length = ::recv(socket_, bytes, sizeof bytes, wait ? 0 : MSG_DONTWAIT);
    } while (length < 0 && errno == EINTR);
    if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (length <= 0) {
        gone_ = true;
        return false;
    }
    const std::string_view received(bytes, static_cast<std::size_t>(length));
    if (!tls_) {
        in_ += received;
        return true;
    }
    tls_->feed(received);
    // Part of a record is no reason to stop: whether there is more is for the caller to ask.
    tls_->read(in_);
    return true;
}

// Of the packet that in_ begins with, when it is there as a whole.
std::optional<std::size_t> Stream::packet_length() const {
    if (in_.size() < kHeader) return std::nullopt;
    const auto byte = [this](std::size_t at) { return static_cast<std::size_t>(static_cast<unsigned char>(in_[at])); };
    const std::size_t length = byte(2) << 8U | byte(3);
    if (length < kHeader) throw Malformed("a packet shorter than its header");
    return in_.size() >= length ? std::optional(length) : std::nullopt;
}

std::optional<Message> Stream::read() {
    Message message;
    bool first = true;
    while (true) {
        std::optional<std::size_t> length = packet_length();
        while (!length) {
            if (!receive(true)) return std::nullopt;
            length = packet_length();
        }
        const auto type = static_cast<std::uint8_t>(in_[0]);
        const int status = in_[1];
        if (!first && type != message.type) throw Malformed("a packet of another type within a message");
        message.type = type;
        message.bytes.append(in_, kHeader, *length - kHeader);
        in_.erase(0, *length);
        first = false;
        if (message.bytes.size() > kMostOfMessage) throw Malformed("a message of more than 256 MB");
        if (tls_ends_with_packet_) stop_tls();
        if ((status & kLastPacket) != 0) {
            message.ignored = (status & kIgnore) != 0;
            return message;
        }
    }
}

bool Stream::attention() {
    while (!attention_) {
        const std::optional<std::size_t> length = packet_length();
        if (length && in_[0] == kAttention) {
            in_.erase(0, *length);
            attention_ = true;
        } else if (length || !receive(false)) {
            break;  // another request waits for this one's end
        }
    }
    return attention_;
}

void Stream::start_tls(const TlsContext& context, bool login_only) {
    auto tls = std::make_unique<Tls>(context);
    const std::size_t most = packet_size_ - kHeader;
    set_answer_type(kPrelogin);
    for (bool complete = false; !complete;) {
        const std::optional<Message> message = read();
        if (!message) throw Disconnected{};
        if (message->type != kPrelogin) throw Malformed("a TLS handshake outside of PRELOGIN packets");
        tls->feed(message->bytes);
        complete = tls->handshake();
        for (std::string answer = tls->take(); !answer.empty(); answer.erase(0, most)) {
            out_ = answer.substr(0, most);
            finish();
            if (answer.size() <= most) break;
        }
    }
    set_answer_type(kAnswerPacket);
    // What came after the handshake's last message is no packet.
    tls->feed(in_);
    in_.clear();
    tls_ = std::move(tls);
    tls_ends_with_packet_ = login_only;
}

void Stream::stop_tls() {
    tls_ends_with_packet_ = false;
    in_ += tls_->unread();
    tls_.reset();
}

bool Stream::send_full() {
    const std::size_t most = packet_size_ - kHeader;
    std::size_t sent = 0;
    // The last one is kept: a message ends with a packet that says so.
    for (; out_.size() - sent > most; sent += most) {
        send_packet(std::string_view(out_).substr(sent, most), false);
    }
    out_.erase(0, sent);
    return sent != 0;
}

void Stream::flush() {
    send_full();
    if (!out_.empty()) {
        send_packet(out_, false);
        out_.clear();
    }
}

void Stream::finish() {
    send_full();
    send_packet(out_, true);
    out_.clear();
    packet_number_ = 0;
}

void Stream::send_packet(std::string_view payload, bool last) {
    const std::size_t length = payload.size() + kHeader;
    std::string packet;
    packet.reserve(length);
    put_byte(packet, answer_type_);
    put_byte(packet, last ? kLastPacket : 0);
    for (const std::size_t number : {length, static_cast<std::size_t>(spid_)}) {
        put_byte(packet, static_cast<int>(number >> 8U & 0xFFU));
        put_byte(packet, static_cast<int>(number & 0xFFU));
    }
    put_byte(packet, ++packet_number_);
    put_byte(packet, 0);
    packet += payload;
    if (packet_delay_.count() > 0) std::this_thread::sleep_for(packet_delay_);
    send_plain(packet);
}

void Stream::send_plain(std::string_view bytes) {
    if (!tls_) {
        send_raw(bytes);
        return;
    }
    tls_->write(bytes);
    send_raw(tls_->take());
}

void Stream::send_raw(std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) {
            gone_ = true;
            throw Disconnected{};
        }
        bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
}

void Stream::drop() {
    const linger at_once{1, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    gone_ = true;
}

void Stream::truncate() {
    send_full();
    // The header tells more than what follows.
    const std::size_t length = std::max<std::size_t>(out_.size(), 2) + kHeader;
    std::string packet{static_cast<char>(answer_type_),     0, static_cast<char>(length >> 8U & 0xFFU),
                       static_cast<char>(length & 0xFFU),   0, static_cast<char>(spid_ & 0xFF),
                       static_cast<char>(++packet_number_), 0};
    packet.append(out_, 0, out_.size() / 2);
    out_.clear();
    send_plain(packet);
    close_in_order();
}

void Stream::close_in_order() {
    ::shutdown(socket_, SHUT_WR);
    // Closed with bytes unread, a socket sends RST, which may overtake what the client has yet to read.
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(1);
    char bytes[4096];
    while (std::chrono::steady_clock::now() < end) {
        pollfd waiting{socket_, POLLIN, 0};
        if (::poll(&waiting, 1, 100) > 0 && ::recv(socket_, bytes, sizeof bytes, MSG_DONTWAIT) <= 0) break;
    }
    gone_ = true;
}

void Stream::interrupt() const { ::shutdown(socket_, SHUT_RDWR); }

}  // namespace tds
