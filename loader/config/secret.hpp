// A secret that is given as a value, a file or a command. It is read again for every use, so that a
// rotated password or an hourly token is always fresh.
#pragma once
#include <string>

namespace lakemover::loader {

struct Secret {
    std::string name;  // LAKEBASE_PASSWORD, for messages
    std::string value;
    std::string file;
    std::string command;

    bool given() const { return !value.empty() || !file.empty() || !command.empty(); }
    // Throws Error(kUsage) when the file cannot be read or the command fails. Trailing newline dropped.
    std::string read() const;
};

// Overwrites the bytes before releasing them.
void wipe(std::string& text);

}  // namespace lakemover::loader
