// A connection's packets: messages in, messages out, over a socket or TLS over it.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "wire/tls.hpp"

namespace tds {

enum PacketType : std::uint8_t {
    kSqlBatch = 1,
    kRpc = 3,
    kAnswerPacket = 4,
    kAttention = 6,
    kBulkLoad = 7,
    kTransactionRequest = 14,
    kLogin7 = 16,
    kSspi = 17,
    kPrelogin = 18
};

struct Message {
    std::uint8_t type = 0;
    bool ignored = false;  // the client thought better of it while it sent it
    std::string bytes;
};

// The client is gone, or the server stops: nothing can be sent any more.
struct Disconnected {};

class Stream {
public:
    // Owns the socket.
    Stream(int socket, int spid, std::chrono::milliseconds packet_delay);
    ~Stream();
    Stream(const Stream&) = delete;
    Stream& operator=(const Stream&) = delete;

    // The next message; nothing when the client closed. Throws Malformed.
    std::optional<Message> read();
    // Whether an attention has come, without waiting. Its packet is taken; answer it with attention_answered().
    bool attention();
    void attention_answered() { attention_ = false; }
    bool gone() const { return gone_; }

    // The handshake, in packets of PRELOGIN. With login_only it ends with the next packet that comes.
    void start_tls(const TlsContext& context, bool login_only);

    void set_packet_size(std::size_t size) { packet_size_ = size; }
    // What is to be sent: append to it, then call send_full() at any boundary of rows or tokens.
    std::string& out() { return out_; }
    bool send_full();  // whole packets only; true when there was one
    void flush();      // whatever there is, as a packet that is not the last
    void finish();     // the message's last packet
    void set_answer_type(std::uint8_t type) { answer_type_ = type; }

    // The socket itself is closed by the destructor alone, so that interrupt() never meets another's number.
    void drop();             // RST, when destroyed
    void truncate();         // half of what the last packet would hold, then FIN
    void close_in_order();   // FIN, and waits a moment for the client's own
    void interrupt() const;  // from another thread: whatever waits here ends

private:
    bool receive(bool wait);  // more bytes, plain; false when there are none
    std::optional<std::size_t> packet_length() const;
    void send_packet(std::string_view payload, bool last);
    void send_plain(std::string_view bytes);
    void send_raw(std::string_view bytes);
    void stop_tls();

    int socket_;
    int spid_;
    std::chrono::milliseconds packet_delay_;
    std::unique_ptr<Tls> tls_;
    bool tls_ends_with_packet_ = false;
    std::size_t packet_size_ = 4096;
    std::uint8_t answer_type_ = kAnswerPacket;
    std::uint8_t packet_number_ = 0;
    std::string in_;
    std::string out_;
    bool attention_ = false;
    bool gone_ = false;
};

}  // namespace tds
