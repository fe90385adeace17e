#include "loader/engine/cancel.hpp"

#include <sys/socket.h>

namespace lakemover::loader {

void CancelToken::raise(const std::string& why, bool later) {
    const std::lock_guard lock(mutex_);
    if (raised_.exchange(true)) return;
    why_ = why;
    for_good_ = !later;
}

void CancelToken::drain(const std::string& why) {
    const std::lock_guard lock(mutex_);
    if (raised() || draining_.exchange(true)) return;
    why_ = why;
}

bool CancelToken::later() const {
    const std::lock_guard lock(mutex_);
    return ends() && !for_good_;
}

std::string CancelToken::why() const {
    const std::lock_guard lock(mutex_);
    return why_;
}

void CancelToken::check() const {
    if (raised()) throw Error(Exit::kCancelled, "cancelled: " + why(), {}, {}, "57014");
}

void CancelToken::check_draining() const {
    check();
    if (draining()) throw Error(Exit::kCancelled, "stopped: " + why(), {}, {}, "57014");
}

void CancelToken::cut_connections() {
    const std::lock_guard lock(mutex_);
    for (const int fd : sockets_) shutdown(fd, SHUT_RDWR);
}

Cancellable::Cancellable(CancelToken& token, const Pg& pg) : token_(token), socket_(PQsocket(pg.raw())) {
    const std::lock_guard lock(token_.mutex_);
    token_.sockets_.insert(socket_);
}

Cancellable::~Cancellable() {
    const std::lock_guard lock(token_.mutex_);
    token_.sockets_.erase(socket_);
}

}  // namespace lakemover::loader
