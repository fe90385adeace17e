#include "loader/config/byte_rate.hpp"

#include <cctype>
#include <regex>

#include "loader/util/error.hpp"

namespace lakemover::loader {

std::int64_t parse_byte_rate(const std::string& what, const std::string& text) {
    static const std::regex form("([0-9]{1,12}(?:\\.[0-9]{1,6})?) *(|b|[kmgt]b?)(?:/s)?", std::regex::icase);
    std::smatch m;
    double value = 0;
    if (std::regex_match(text, m, form)) {
        value = std::stod(m[1]);
        const std::string unit = m[2];
        const char first = unit.empty() ? 'b' : static_cast<char>(std::tolower(static_cast<unsigned char>(unit[0])));
        for (const char step : {'k', 'm', 'g', 't'}) {
            if (first == 'b') break;
            value *= 1024;
            if (step == first) break;
        }
    }
    // Below, a block of 1 MB would take longer than anybody keeps a connection open.
    if (value < 1024 || value > 1e15)
        throw Error(Exit::kUsage, "invalid value for " + what + ": \"" + text + "\"", {},
                    "give bytes per second, such as 500kB or 10MB; at least 1kB");
    return static_cast<std::int64_t>(value);
}

}  // namespace lakemover::loader
