#include "loader/config/secret.hpp"

#include <openssl/crypto.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "loader/util/error.hpp"

namespace lakemover::loader {

void wipe(std::string& text) {
    OPENSSL_cleanse(text.data(), text.size());
    text.clear();
}

namespace {

std::string first_line_trimmed(std::string text) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
    return text;
}

std::string run_command(const Secret& secret) {
    FILE* pipe = popen(secret.command.c_str(), "re");
    if (!pipe) throw Error(Exit::kUsage, "cannot run the command in " + secret.name + "_COMMAND", std::strerror(errno));
    std::string out;
    char buffer[4096];
    std::size_t n = 0;
    while ((n = fread(buffer, 1, sizeof buffer, pipe)) > 0) out.append(buffer, n);
    const int status = pclose(pipe);
    if (status != 0) {
        wipe(out);
        throw Error(Exit::kUsage, "the command in " + secret.name + "_COMMAND failed",
                    "exit status " + std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : 128),
                    "run it by hand; it must print the secret and nothing else");
    }
    return first_line_trimmed(std::move(out));
}

}  // namespace

std::string Secret::read() const {
    if (!value.empty()) return value;
    if (!file.empty()) {
        std::ifstream in(file, std::ios::binary);
        if (!in) throw Error(Exit::kUsage, "cannot read " + name + "_FILE \"" + file + "\"", std::strerror(errno));
        std::ostringstream text;
        text << in.rdbuf();
        return first_line_trimmed(text.str());
    }
    if (!command.empty()) return run_command(*this);
    return {};
}

}  // namespace lakemover::loader
