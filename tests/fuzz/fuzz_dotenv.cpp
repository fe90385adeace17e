// Lines of a .env file: what is in quotes comes back byte by byte, and no message shows a line, which may be a secret.
#include "fuzz.hpp"
#include "loader/config/settings.hpp"
#include "loader/util/error.hpp"

using namespace lakemover::loader;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string line(reinterpret_cast<const char*>(data), size);
    for (const std::string& quote : {std::string("'"), std::string("\"")}) {
        const auto pair = parse_dotenv_line("export KEY = " + quote + line + quote, 1);
        fuzz::require(pair && pair->first == "KEY" && pair->second == line, "a quoted value changes", line);
    }
    try {
        const auto pair = parse_dotenv_line(line, 7);
        if (!pair) {
            const std::size_t at = line.find_first_not_of(" \t\n\v\f\r");
            fuzz::require(at == std::string::npos || line[at] == '#', "a line is passed over", line);
            return 0;
        }
        fuzz::require(!pair->first.empty() &&
                          pair->first.find_first_not_of(
                              "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == std::string::npos,
                      "a name that is none", pair->first, line);
        fuzz::require(line.find(pair->second) != std::string::npos, "a value that is not in the line", pair->second,
                      line);
        const auto again = parse_dotenv_line(pair->first + "='" + pair->second + "'", 1);
        fuzz::require(again && *again == *pair, "written again it is another", line);
    } catch (const Error& e) {
        const std::string said = std::string(e.what()) + e.detail + e.hint;
        fuzz::require(said.find(".env line 7 ") == 0, "the message names the line", said);
        fuzz::require(size < 12 || said.find(line) == std::string::npos, "the message shows the line", said);
    }
    return 0;
}
