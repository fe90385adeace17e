// See resolve.hpp. Pure zone. The thread blocks all signals: the server's handlers must run in the
// backend's own thread only.
#include "source/resolve.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

namespace lakemover::source {

namespace {

// Shared by the thread and its caller; whoever lets go last closes the descriptor.
struct Lookup {
    explicit Lookup(std::string name) : host(std::move(name)), event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    ~Lookup() {
        if (event >= 0) {
            ::close(event);
        }
    }

    const std::string host;
    const int event;
    std::mutex mutex;
    int code = 0;
    std::vector<std::string> addresses;
};

void look_up(Lookup& lookup) noexcept {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(lookup.host.c_str(), nullptr, &hints, &list);
    {
        const std::lock_guard guard(lookup.mutex);
        lookup.code = code;
        try {
            for (const addrinfo* one = code == 0 ? list : nullptr; one != nullptr; one = one->ai_next) {
                std::array<char, NI_MAXHOST> text{};
                if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                                  NI_NUMERICHOST) == 0) {
                    lookup.addresses.emplace_back(text.data());
                }
            }
        } catch (...) {
            lookup.code = EAI_MEMORY;
        }
    }
    if (list != nullptr) {
        ::freeaddrinfo(list);
    }
    const eventfd_t one = 1;
    ::eventfd_write(lookup.event, one);
}

void start_thread(const std::shared_ptr<Lookup>& lookup) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::error_code failed;
    try {
        std::thread([lookup] { look_up(*lookup); }).detach();
    } catch (const std::system_error& e) {
        failed = e.code();
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (failed) {
        throw Error(ErrorKind::kTransient, "53000", "could not start a thread to resolve the source's host name",
                    failed.message());
    }
}

}  // namespace

std::vector<std::string> resolve_host(const std::string& host, Waiter& waiter, int timeout_s) {
    in6_addr binary{};
    if (::inet_pton(AF_INET, host.c_str(), &binary) == 1 || ::inet_pton(AF_INET6, host.c_str(), &binary) == 1) {
        return {host};
    }
    const auto lookup = std::make_shared<Lookup>(host);
    start_thread(lookup);
    const std::string hint =
        "check the option \"host\" of the foreign server, and the name service of the staging host";
    if (!waiter.wait(lookup->event, true, false, timeout_s * 1000L)) {
        throw Error(ErrorKind::kConnect, "08001", "could not resolve host name \"" + host + "\" of the source",
                    "no answer from the name service within " + std::to_string(timeout_s) + " seconds", hint);
    }
    const std::lock_guard guard(lookup->mutex);
    if (lookup->code != 0 || lookup->addresses.empty()) {
        throw Error(ErrorKind::kConnect, "08001", "could not resolve host name \"" + host + "\" of the source",
                    lookup->code != 0 ? ::gai_strerror(lookup->code) : "the name has no address", hint);
    }
    return std::move(lookup->addresses);
}

}  // namespace lakemover::source
