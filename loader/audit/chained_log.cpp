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

bool reserved(const std::string& key) { return key == "time" || key == "run" || key == "seq" || key == "prev"; }

// Empty when there is no such text.
std::string text_at(const nlohmann::json& record, const char* key) {
    if (!record.is_object()) return {};
    const auto found = record.find(key);
    return found != record.end() && found->is_string() ? found->get<std::string>() : std::string();
}

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

ChainedLog::ChainedLog(AppendFile file, ChainHead head) : file_(std::move(file)), head_(std::move(head)) {}

void ChainedLog::append(const nlohmann::json& record, const std::string& run) {
    // A clock that was set back must not make a later line look earlier than its predecessor.
    std::string now = std::max(utc_timestamp(), head_.time);
    nlohmann::ordered_json line;
    line["time"] = now;
    line["run"] = run;
    line["seq"] = head_.sequence + 1;
    if (record.is_object()) {
        for (const auto& [key, value] : record.items())
            if (!reserved(key)) line[key] = value;
    } else {
        line["message"] = record;
    }
    line["prev"] = head_.digest;
    // Bytes that are not UTF-8 (a SQL_ASCII source's names) become U+FFFD instead of ending the run.
    std::string text = line.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    std::string digest = sha256_hex(text);
    text += '\n';
    file_.append(text);
    // Only now: a line that did not reach the file must not count.
    head_ = {head_.sequence + 1, std::move(digest), std::move(now)};
}

std::optional<ChainBreak> verify_chain(std::string_view content, ChainHead* head) {
    ChainHead at;
    std::optional<ChainBreak> broken;
    while (!content.empty() && !broken) {
        const long long number = at.sequence + 1;
        const std::size_t end = content.find('\n');
        if (end == std::string_view::npos) {
            broken = ChainBreak{number, "the last line is not complete"};
            break;
        }
        const std::string_view line = content.substr(0, end);
        content.remove_prefix(end + 1);
        const auto parsed = nlohmann::json::parse(line, nullptr, false);
        if (parsed.is_discarded() || !parsed.is_object())
            broken = ChainBreak{number, "not a JSON object"};
        else if (const auto seq = parsed.find("seq"); seq == parsed.end() || *seq != number)
            broken = ChainBreak{number, fmt::format("sequence number {} expected, found {}", number,
                                                    seq == parsed.end() ? "none" : seq->dump())};
        else if (const auto prev = parsed.find("prev"); prev == parsed.end() || *prev != at.digest)
            broken = ChainBreak{number, "the digest of the line before it does not match"};
        else
            at = {number, sha256_hex(line), text_at(parsed, "time")};
    }
    if (head) *head = at;
    return broken;
}

long long altered_line(std::string_view content, long long broken, const std::string& end) {
    std::string_view line;
    for (long long n = 0; n < broken; ++n) {
        const std::size_t stop = content.find('\n');
        line = content.substr(0, stop);
        content.remove_prefix(stop == std::string_view::npos ? content.size() : stop + 1);
    }
    std::string successor = end;
    if (!content.empty()) {
        const auto next = nlohmann::json::parse(content.substr(0, content.find('\n')), nullptr, false);
        successor = text_at(next, "prev");
    }
    const bool agrees = successor.empty() || successor == sha256_hex(line);
    return agrees && broken > 1 ? broken - 1 : broken;
}

}  // namespace lakemover::loader
