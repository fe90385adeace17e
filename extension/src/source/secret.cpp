// See secret.hpp. Pure zone; the command runs in a process group of its own, so that a cancel ends
// what it started as well.
#include "source/secret.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace lakemover::source {

namespace {

constexpr std::size_t kMaxSecret = 65536;  // OAuth tokens are a few kB

class Descriptor {
public:
    explicit Descriptor(int fd = -1) noexcept : fd_(fd) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() { close(); }
    int get() const noexcept { return fd_; }
    void close() noexcept {
        if (fd_ >= 0) {
            ::close(std::exchange(fd_, -1));
        }
    }

private:
    int fd_;
};

Error secret_error(std::string message, std::string detail, std::string hint) {
    return {ErrorKind::kConfig, "F0000", std::move(message), std::move(detail), std::move(hint)};
}

std::string errno_text(int error) {
    std::array<char, 256> buffer{};
    return strerror_r(error, buffer.data(), buffer.size());  // the GNU form returns the text
}

std::string finish_secret(std::string secret, const std::string& what) {
    if (secret.ends_with('\n')) {
        secret.pop_back();
        if (secret.ends_with('\r')) {
            secret.pop_back();
        }
    }
    if (secret.empty()) {
        throw secret_error(what + " gave an empty password", {}, "the first line must be the password");
    }
    if (secret.size() > kMaxSecret || secret.find('\0') != std::string::npos) {
        throw secret_error(what + " gave something that cannot be a password", {},
                           "expected at most 64 kB of text without NUL bytes");
    }
    return secret;
}

// Ends the process group on every path out, and reaps the shell.
class Child {
public:
    explicit Child(pid_t pid) noexcept : pid_(pid) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ > 0) {
            ::kill(-pid_, SIGKILL);
            int status = 0;
            while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
        }
    }
    // True when it has ended; status is then its wait status.
    bool ended(int& status) noexcept {
        const pid_t got = ::waitpid(pid_, &status, WNOHANG);
        if (got == 0 || (got < 0 && errno == EINTR)) {
            return false;
        }
        if (got < 0) {
            status = 0;  // somebody else reaped it: judge by its output
        }
        ::kill(-pid_, SIGKILL);
        pid_ = -1;
        return true;
    }

private:
    pid_t pid_;
};

pid_t spawn_shell(const std::string& command, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, output, 1);
    // Standard error stays: the command's complaints belong in the server's log.
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::string shell = "sh";
    std::string flag = "-c";
    std::string text = command;
    std::array<char*, 4> arguments{shell.data(), flag.data(), text.data(), nullptr};
    pid_t pid = -1;
    const int result = ::posix_spawn(&pid, "/bin/sh", &actions, &attributes, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (result != 0) {
        throw secret_error("could not run the password command", errno_text(result), {});
    }
    return pid;
}

}  // namespace

std::string read_secret_file(const std::string& path) {
    const std::string what = "password file \"" + path + "\"";
    if (!path.starts_with('/')) {
        throw secret_error(what + " is not an absolute path", {}, "name the file from the root directory");
    }
    // Not blocking: opening a pipe that nobody writes to must not hang the backend.
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat info {};
    if (file.get() < 0 || ::fstat(file.get(), &info) != 0) {
        throw secret_error("could not open " + what, errno_text(errno),
                           "the file must exist and be readable for the user that runs the staging server");
    }
    if (!S_ISREG(info.st_mode)) {
        throw secret_error(what + " is not a regular file", {}, {});
    }
    std::string secret(kMaxSecret + 3, '\0');
    std::size_t length = 0;
    while (length < secret.size()) {
        const ssize_t got = ::read(file.get(), secret.data() + length, secret.size() - length);
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0) {
            throw secret_error("could not read " + what, errno_text(errno), {});
        }
        if (got == 0) {
            break;
        }
        length += static_cast<std::size_t>(got);
    }
    secret.resize(length);
    return finish_secret(std::move(secret), what);
}

std::string read_secret_env(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) {
        throw secret_error("environment variable \"" + name + "\" is not set in the staging server", {},
                           "password_env names a variable of the server process; it is read when a connection is made");
    }
    return finish_secret(value, "environment variable \"" + name + "\"");
}

std::string run_secret_command(const std::string& command, Waiter& waiter, int timeout_s) {
    using Clock = std::chrono::steady_clock;
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
        throw secret_error("could not run the password command", errno_text(errno), {});
    }
    const Descriptor reader(ends[0]);
    Descriptor writer(ends[1]);
    ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
    Child child(spawn_shell(command, writer.get()));
    writer.close();

    const auto deadline = Clock::now() + std::chrono::seconds(timeout_s);
    const auto left_ms = [&deadline] {
        return std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    };
    const auto timed_out = [timeout_s] {
        return secret_error("the password command took longer than " + std::to_string(timeout_s) + " seconds", {},
                            "raise connect_timeout or make the command faster");
    };
    std::string secret;
    std::array<char, 4096> buffer{};
    for (;;) {
        const ssize_t got = ::read(reader.get(), buffer.data(), buffer.size());
        if (got > 0) {
            secret.append(buffer.data(), static_cast<std::size_t>(got));
            if (secret.size() > kMaxSecret + 2) {
                break;
            }
        } else if (got == 0) {
            break;
        } else if (errno == EAGAIN) {
            if (left_ms() <= 0 || !waiter.wait(reader.get(), true, false, left_ms())) {
                throw timed_out();
            }
        } else if (errno != EINTR) {
            throw secret_error("could not read from the password command", errno_text(errno), {});
        }
    }
    int status = 0;
    while (!child.ended(status)) {
        if (left_ms() <= 0) {
            throw timed_out();
        }
        waiter.wait(-1, false, false, 10);
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        const std::string how = WIFEXITED(status) ? "it exited with status " + std::to_string(WEXITSTATUS(status))
                                                  : "it was ended by signal " + std::to_string(WTERMSIG(status));
        throw secret_error("the password command failed", how,
                           "the staging server's log has what it printed to standard error");
    }
    return finish_secret(std::move(secret), "the password command");
}

}  // namespace lakemover::source
