// JSON lines with a hash chain: each line carries the SHA-256 of the line before it, so that a line that was changed,
// removed or added is found. Not thread-safe: AuditDir serialises. Throws loader::Error.
#pragma once
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "loader/audit/posix_file.hpp"

namespace lakemover::loader {

std::string sha256_hex(std::string_view bytes);

class ChainedLog {
public:
    explicit ChainedLog(AppendFile file);
    // Adds time, run, seq and prev in front of the record's own fields; those four names belong to the log.
    void append(const nlohmann::json& record, const std::string& run);
    void sync() { file_.sync(); }

private:
    AppendFile file_;
    std::string previous_;  // SHA-256 of the last whole line; zeros before the first
    long long sequence_ = 0;
    std::string last_time_;
};

struct ChainBreak {
    long long line;  // from 1
    std::string reason;
};

// Empty: every line is JSON, numbered without gaps, and chained to the one before it. A tail that was cut off
// cannot be seen from inside the file; the signature over the directory covers it.
std::optional<ChainBreak> verify_chain(std::string_view content);

}  // namespace lakemover::loader
