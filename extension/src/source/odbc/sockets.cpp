// See sockets.hpp.
#include "source/odbc/sockets.hpp"

#include <dirent.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cstdlib>
#include <memory>

namespace lakemover::source::odbc {

namespace {

bool is_socket(int fd) {
    struct stat st {};
    return ::fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode);
}

bool is_connected_over_tcp(int fd) {
    sockaddr_storage peer{};
    socklen_t length = sizeof peer;
    return ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &length) == 0 &&
           (peer.ss_family == AF_INET || peer.ss_family == AF_INET6);
}

}  // namespace

std::set<int> open_sockets() noexcept {
    std::set<int> sockets;
    struct CloseDirectory {
        void operator()(DIR* dir) const noexcept { ::closedir(dir); }
    };
    const std::unique_ptr<DIR, CloseDirectory> dir(::opendir("/proc/self/fd"));
    while (const dirent* entry = dir ? ::readdir(dir.get()) : nullptr) {
        const int fd = std::atoi(entry->d_name);
        if (entry->d_name[0] != '.' && is_socket(fd)) {
            sockets.insert(fd);
        }
    }
    return sockets;
}

void shut_new_sockets(const std::set<int>& before) noexcept {
    for (const int fd : open_sockets()) {
        int domain = 0;
        socklen_t length = sizeof domain;
        if (before.count(fd) == 0 && ::getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &length) == 0 &&
            (domain == AF_INET || domain == AF_INET6)) {
            ::shutdown(fd, SHUT_RDWR);
        }
    }
}

int new_connected_socket(const std::set<int>& before) noexcept {
    int found = -1;
    for (const int fd : open_sockets()) {
        if (before.count(fd) == 0 && is_connected_over_tcp(fd)) {
            if (found >= 0) {
                return -1;
            }
            found = fd;
        }
    }
    return found;
}

}  // namespace lakemover::source::odbc
