#include "loader/report/pdf.hpp"

#include <unistd.h>

#include <cstdlib>
#include <sstream>
#include <utility>

#include "loader/util/child.hpp"

namespace lakemover::loader {
namespace {

constexpr const char* kProgram = "weasyprint";

std::string find_program() {
    const char* path = std::getenv("PATH");
    std::istringstream directories(path ? path : "/usr/local/bin:/usr/bin:/bin");
    for (std::string directory; std::getline(directories, directory, ':');)
        if (!directory.empty() && directory.front() == '/')
            if (std::string file = directory + "/" + kProgram; ::access(file.c_str(), X_OK) == 0) return file;
    return {};
}

}  // namespace

Pdf html_to_pdf(const std::string& html, std::chrono::seconds timeout) {
    const std::string program = find_program();
    if (program.empty())
        return {{}, "no PDF was made: WeasyPrint is not installed (Debian: apt-get install weasyprint)"};
    // Its own minimum: secrets of ours may be in variables.
    const char* home = std::getenv("HOME");
    ChildResult made =
        run_child({program, "-", "-"},
                  {"PATH=/usr/local/bin:/usr/bin:/bin", std::string("HOME=") + (home ? home : "/"), "LC_ALL=C.UTF-8"},
                  html, timeout, ChildOutput::kKept);
    const std::string said = made.errors.empty() ? std::string() : ": " + made.errors;
    if (made.status == -2) return {{}, "no PDF was made" + said};
    if (made.status == -1)
        return {{}, "no PDF was made: WeasyPrint took longer than " + std::to_string(timeout.count()) + " s" + said};
    if (made.status != 0) return {{}, "no PDF was made: WeasyPrint ended with " + std::to_string(made.status) + said};
    if (!made.out.starts_with("%PDF-")) return {{}, "no PDF was made: WeasyPrint wrote none" + said};
    return {std::move(made.out), {}};
}

}  // namespace lakemover::loader
