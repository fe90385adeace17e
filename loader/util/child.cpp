#include "loader/util/child.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "loader/audit/posix_file.hpp"

namespace lakemover::loader {
namespace {

constexpr std::size_t kShownOfErrors = 2000;
constexpr auto kPoll = std::chrono::milliseconds(20);

// Files that are in memory only: what passes through them may be values of rows.
FileDescriptor memory_file(const char* name) { return FileDescriptor(memfd_create(name, MFD_CLOEXEC)); }

std::string content(int fd) {
    std::string bytes;
    std::array<char, 65536> buffer{};
    ::lseek(fd, 0, SEEK_SET);
    for (;;) {
        const ssize_t n = ::read(fd, buffer.data(), buffer.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return bytes;
        bytes.append(buffer.data(), static_cast<std::size_t>(n));
    }
}

// The status of waitpid, or -1 after the time was up and the program was ended.
int wait_until(pid_t child, std::chrono::steady_clock::time_point deadline) {
    int status = 0;
    for (;;) {
        const pid_t done = ::waitpid(child, &status, WNOHANG);
        if (done == child) return status;
        if (done < 0 && errno != EINTR) return -1;
        if (std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(kPoll);
            continue;
        }
        ::kill(-child, SIGKILL);
        while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
        return -1;
    }
}

std::string last_part(std::string text) {
    while (!text.empty() && text.back() == '\n') text.pop_back();
    if (text.size() > kShownOfErrors) text.erase(0, text.size() - kShownOfErrors);
    return text;
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (const std::string& text : texts) list.push_back(const_cast<char*>(text.c_str()));
    list.push_back(nullptr);
    return list;
}

ChildResult not_started(int error) { return {-2, {}, std::strerror(error)}; }

}  // namespace

ChildResult run_child(const std::vector<std::string>& argv, const std::vector<std::string>& environment,
                      const std::string& input, std::chrono::milliseconds timeout, ChildOutput output) {
    const bool kept = output == ChildOutput::kKept;
    const FileDescriptor in = memory_file("input");
    const FileDescriptor out = kept ? memory_file("output") : FileDescriptor(::open("/dev/null", O_WRONLY | O_CLOEXEC));
    const FileDescriptor errors = kept ? memory_file("errors") : FileDescriptor();
    if (!in.valid() || !out.valid() || (kept && !errors.valid())) return not_started(errno);
    if (const int error = write_all(in.get(), input); error != 0) return not_started(error);
    if (::lseek(in.get(), 0, SEEK_SET) != 0) return not_started(errno);
    std::vector<char*> arguments = pointers(argv);
    std::vector<char*> variables = pointers(environment);
    const pid_t child = ::fork();
    if (child < 0) return not_started(errno);
    if (child == 0) {
        ::setsid();
        ::dup2(in.get(), STDIN_FILENO);
        ::dup2(out.get(), STDOUT_FILENO);
        if (kept) ::dup2(errors.get(), STDERR_FILENO);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        ::signal(SIGPIPE, SIG_DFL);
        ::execve(arguments[0], arguments.data(), variables.data());
        ::_exit(127);
    }
    const int status = wait_until(child, std::chrono::steady_clock::now() + timeout);
    ChildResult result;
    if (kept) {
        result.errors = last_part(content(errors.get()));
        result.out = content(out.get());
    }
    result.status = status == -1 ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return result;
}

}  // namespace lakemover::loader
