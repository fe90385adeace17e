#include "loader/report/pdf.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <sstream>
#include <string_view>
#include <thread>

#include "loader/audit/posix_file.hpp"

namespace lakemover::loader {
namespace {

constexpr const char* kProgram = "weasyprint";
constexpr std::size_t kShownOfErrors = 2000;
constexpr auto kPoll = std::chrono::milliseconds(20);

// A file that is in memory only: report pages show values of rows.
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

std::string find_program() {
    const char* path = std::getenv("PATH");
    std::istringstream directories(path ? path : "/usr/local/bin:/usr/bin:/bin");
    for (std::string directory; std::getline(directories, directory, ':');)
        if (!directory.empty() && directory.front() == '/')
            if (std::string file = directory + "/" + kProgram; ::access(file.c_str(), X_OK) == 0) return file;
    return {};
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

}  // namespace

Pdf html_to_pdf(const std::string& html, std::chrono::seconds timeout) {
    const std::string program = find_program();
    if (program.empty())
        return {{}, "no PDF was made: WeasyPrint is not installed (Debian: apt-get install weasyprint)"};
    const FileDescriptor in = memory_file("page");
    const FileDescriptor out = memory_file("pdf");
    const FileDescriptor errors = memory_file("errors");
    if (!in.valid() || !out.valid() || !errors.valid())
        return {{}, std::string("no PDF was made: ") + std::strerror(errno)};
    if (const int error = write_all(in.get(), html); error != 0 || ::lseek(in.get(), 0, SEEK_SET) != 0)
        return {{}, std::string("no PDF was made: ") + std::strerror(error != 0 ? error : errno)};
    std::array<std::string, 3> words{program, "-", "-"};
    std::array<char*, 4> arguments{words[0].data(), words[1].data(), words[2].data(), nullptr};
    // Its own minimum: secrets of ours may be in variables.
    const char* home = std::getenv("HOME");
    std::array<std::string, 3> variables{"PATH=/usr/local/bin:/usr/bin:/bin",
                                         std::string("HOME=") + (home ? home : "/"), "LC_ALL=C.UTF-8"};
    std::array<char*, 4> environment{variables[0].data(), variables[1].data(), variables[2].data(), nullptr};
    const pid_t child = ::fork();
    if (child < 0) return {{}, std::string("no PDF was made: ") + std::strerror(errno)};
    if (child == 0) {
        ::setsid();  // a group of its own: it can be ended whole, and Ctrl-C is ours to handle
        ::dup2(in.get(), STDIN_FILENO);
        ::dup2(out.get(), STDOUT_FILENO);
        ::dup2(errors.get(), STDERR_FILENO);
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, nullptr);
        ::execve(program.c_str(), arguments.data(), environment.data());
        ::_exit(127);
    }
    const int status = wait_until(child, std::chrono::steady_clock::now() + timeout);
    std::string said = last_part(content(errors.get()));
    if (!said.empty()) said.insert(0, ": ");
    if (status == -1)
        return {{}, "no PDF was made: WeasyPrint took longer than " + std::to_string(timeout.count()) + " s" + said};
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return {{}, "no PDF was made: WeasyPrint ended with " + std::to_string(code) + said};
    }
    std::string pdf = content(out.get());
    if (!pdf.starts_with("%PDF-")) return {{}, "no PDF was made: WeasyPrint wrote none" + said};
    return {std::move(pdf), {}};
}

}  // namespace lakemover::loader
