// The server: accepts clients, a thread each, and speaks TDS with them for an engine.
#pragma once
#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "engine.hpp"
#include "wire/stream.hpp"

namespace tds {

struct Options {
    std::string host = "127.0.0.1";
    int port = 0;             // 0: any
    std::string certificate;  // PEM; empty: no encryption
    std::string key;          // PEM; empty: in the certificate's file
    bool require_encryption = false;
    std::chrono::milliseconds packet_delay{0};  // before each packet that is sent
};

class Server {
public:
    // Listens at once; throws std::runtime_error.
    Server(Engine& engine, Options options);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    int port() const { return port_; }
    void run();   // until stop()
    void stop();  // from any thread, or a signal handler

private:
    struct Connection {
        std::unique_ptr<Stream> stream;  // until the thread is done with it
        std::thread thread;
    };

    void accept_one();
    void reap(bool all);
    void serve(Connection& connection, int spid);
    void converse(Stream& stream, int spid);

    Engine& engine_;
    Options options_;
    TlsContext tls_;
    int listener_ = -1;
    int wake_ = -1;
    int port_ = 0;
    int next_spid_ = 51;
    std::mutex mutex_;  // over connections_ and what is in them
    std::list<Connection> connections_;
};

}  // namespace tds
