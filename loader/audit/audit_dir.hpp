// One run's audit directory: events, executed DDL, batch and validation results, reports. Owner-only (0700/0600).
// Any thread may call any member. Throws loader::Error: exit 2 when it cannot be made, exit 1 when a write fails.
#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "loader/audit/posix_file.hpp"

namespace lakemover::loader {

class SigningKey;

struct DdlOutcome {
    enum class State { kDone, kFailed, kSkipped };
    State state = State::kDone;
    std::optional<double> seconds;
    std::string error;  // of a failure, or why it was skipped
    std::string stage;  // schema, table, key, ...
    std::string object;
};

// Batch details are bounded: full files are closed as batches-1.jsonl, -2, ... and the oldest of them removed.
struct AuditLimits {
    long long batch_bytes = 64LL * 1024 * 1024;
    long long batch_files = 8;
};

class AuditDir {
public:
    // kCommit reaches the disk before the call returns: for what must survive a crash (a verdict, a statement).
    // kSoon: not more often than once a second, for lines of which there are thousands.
    enum class Sync { kLater, kSoon, kCommit };

    // <base>/<yyyymmddThhmmssZ>-<label>/; base is created when missing. Where base is a mount that cannot append, rename
    // or sync, files are written below beside and copied: at the start, every half minute, and when it is sealed.
    static AuditDir create(const std::filesystem::path& base, std::string_view label,
                           const std::filesystem::path& beside = {}, AuditLimits limits = {});
    // Goes on with a directory that was sealed, for sealing it again; the caller has verified it.
    static AuditDir reopen(const std::filesystem::path& dir, const std::filesystem::path& beside = {});
    AuditDir(AuditDir&&) noexcept;
    AuditDir& operator=(AuditDir&&) noexcept;
    ~AuditDir();

    // Stamped on every line from now on. Before the run has an id, lines carry an empty one.
    void set_run(std::string run);

    void event(const nlohmann::json& record, Sync sync = Sync::kLater);
    void batch(const nlohmann::json& record, Sync sync = Sync::kLater);
    void validation(const nlohmann::json& record, Sync sync = Sync::kLater);
    // rejects.jsonl, which is made with the first of them: it holds rows of the source.
    void reject(const nlohmann::json& record);
    // ddl.sql runs with psql and repeats what succeeded; what failed or was skipped stands in it as a comment.
    void ddl(std::string_view sql, const DdlOutcome& outcome, Sync sync = Sync::kLater);
    // Replaces a whole file atomically. name is a plain file name.
    void write(std::string_view name, std::string_view content);
    void write(std::string_view name, const NextPiece& next);
    void remove(std::string_view name);     // a file that is not there is no error
    bool has(std::string_view name) const;  // a file that was written here
    void sync();

    // The end: a record "sealed" closes events.jsonl; then manifest.json with the size and SHA-256 of every file and the
    // ends of the chains, on top of what facts say; then manifest.sig, the signature over its bytes. Earlier ones of a
    // reopened directory stay as manifest-N.json and .sig. Nothing can be written afterwards. Returns the manifest's
    // SHA-256.
    std::string seal(const SigningKey& key, const nlohmann::json& facts);
    bool sealed() const;

    // Where it ends up, which on such a mount is not where it is written.
    const std::filesystem::path& path() const;

private:
    struct State;
    explicit AuditDir(std::unique_ptr<State> state);
    static std::unique_ptr<State> written_beside(const std::filesystem::path& target, FileDescriptor dir,
                                                 const std::filesystem::path& beside, bool again);
    std::unique_ptr<State> state_;
};

}  // namespace lakemover::loader
