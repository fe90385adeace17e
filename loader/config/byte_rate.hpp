// Bytes per second as people write them. Throws Error(kUsage).
#pragma once
#include <cstdint>
#include <string>

namespace lakemover::loader {

// "10MB", "512 kB/s", "1.5GB", "1000000": units of 1024, upper or lower case; what names the option in an error.
std::int64_t parse_byte_rate(const std::string& what, const std::string& text);

}  // namespace lakemover::loader
