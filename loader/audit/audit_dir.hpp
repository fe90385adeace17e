// One run's audit directory: events, executed DDL, batch and validation results, reports. Owner-only (0700/0600).
// Any thread may call any member. Throws loader::Error: exit 2 when it cannot be made, exit 1 when a write fails.
#pragma once
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace lakemover::loader {

struct DdlOutcome {
    enum class State { kDone, kFailed, kSkipped };
    State state = State::kDone;
    std::optional<double> seconds;
    std::string error;  // of a failure, or why it was skipped
    std::string stage;  // schema, table, key, ...
    std::string object;
};

class AuditDir {
public:
    // kCommit reaches the disk before the call returns: for what must survive a crash (a verdict, a statement).
    enum class Sync { kLater, kCommit };

    // <base>/<yyyymmddThhmmssZ>-<label>/; base is created when missing.
    static AuditDir create(const std::filesystem::path& base, std::string_view label);
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
    void sync();

    const std::filesystem::path& path() const;

private:
    struct State;
    explicit AuditDir(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace lakemover::loader
