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

// Where a chain ends: the number of its lines, the SHA-256 of the last one (zeros before the first) and its time.
struct ChainHead {
    long long sequence = 0;
    std::string digest = std::string(64, '0');
    std::string time{};
};

class ChainedLog {
public:
    explicit ChainedLog(AppendFile file, ChainHead head = {});
    // Adds time, run, seq and prev in front of the record's own fields; those four names belong to the log.
    void append(const nlohmann::json& record, const std::string& run);
    void sync() { file_.sync(); }
    const ChainHead& head() const { return head_; }
    long long size() const { return file_.size(); }

private:
    AppendFile file_;
    ChainHead head_;  // of the lines that reached the file
};

struct ChainBreak {
    long long line;  // from 1
    std::string reason;
};

// Empty: every line is JSON, numbered without gaps, and chained to the one before it. A tail that was cut off
// cannot be seen from inside the file; the signature over the directory covers it. head: where the chain ends, or the
// last line before the break.
std::optional<ChainBreak> verify_chain(std::string_view content, ChainHead* head = nullptr);

// The line that was altered when verify_chain found that a line does not fit the one before it: a changed line
// disagrees with its successor, a changed digest in a line with both neighbours. end: the digest of the last line as it
// was when the chain was written; empty when it is not known.
long long altered_line(std::string_view content, long long broken, const std::string& end);

}  // namespace lakemover::loader
