// JSON lines with a hash chain.
#include "loader/audit/chained_log.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "loader/audit/utc_time.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {
namespace {

const std::string kNoPrevious(64, '0');

bool reserved(const std::string& key) { return key == "time" || key == "run" || key == "seq" || key == "prev"; }

}  // namespace

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int length = 0;
    if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), &length, EVP_sha256(), nullptr) != 1)
        throw Error(Exit::kOther, "could not compute a SHA-256 digest");
    std::string hex;
    hex.reserve(std::size_t{length} * 2);
    for (unsigned int i = 0; i < length; ++i) fmt::format_to(std::back_inserter(hex), "{:02x}", digest[i]);
    return hex;
}

ChainedLog::ChainedLog(AppendFile file) : file_(std::move(file)), previous_(kNoPrevious) {}

void ChainedLog::append(const nlohmann::json& record, const std::string& run) {
    // A clock that was set back must not make a later line look earlier than its predecessor.
    std::string now = std::max(utc_timestamp(), last_time_);
    nlohmann::ordered_json line;
    line["time"] = now;
    line["run"] = run;
    line["seq"] = sequence_ + 1;
    if (record.is_object()) {
        for (const auto& [key, value] : record.items())
            if (!reserved(key)) line[key] = value;
    } else {
        line["message"] = record;
    }
    line["prev"] = previous_;
    // Bytes that are not UTF-8 (a SQL_ASCII source's names) become U+FFFD instead of ending the run.
    std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    std::string digest = sha256_hex(text);
    text += '\n';
    file_.append(text);
    // Only now: a line that did not reach the file must not count.
    previous_ = std::move(digest);
    last_time_ = std::move(now);
    ++sequence_;
}

std::optional<ChainBreak> verify_chain(std::string_view content) {
    std::string previous = kNoPrevious;
    for (long long number = 1; !content.empty(); ++number) {
        const std::size_t end = content.find('\n');
        if (end == std::string_view::npos) return ChainBreak{number, "the last line is not complete"};
        const std::string_view line = content.substr(0, end);
        content.remove_prefix(end + 1);
        const auto parsed = nlohmann::json::parse(line, nullptr, false);
        if (parsed.is_discarded() || !parsed.is_object()) return ChainBreak{number, "not a JSON object"};
        if (const auto seq = parsed.find("seq"); seq == parsed.end() || *seq != number)
            return ChainBreak{number, fmt::format("sequence number {} expected", number)};
        if (const auto prev = parsed.find("prev"); prev == parsed.end() || *prev != previous)
            return ChainBreak{number, "the digest of the line before it does not match"};
        previous = sha256_hex(line);
    }
    return std::nullopt;
}

}  // namespace lakemover::loader
