// Where events go: the staging database, the audit directory, and whoever watches (terminal).
// Thread-safe. Throws Error when the audit directory cannot be written.
#pragma once
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "loader/audit/audit_dir.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

enum class Level { kDebug, kInfo, kWarning, kError };
const char* level_name(Level level);

class Events {
public:
    using Listener =
        std::function<void(Level, const std::string& kind, const std::string& message, const nlohmann::json& data)>;

    Events(Pg staging, AuditDir& audit) : staging_(std::move(staging)), audit_(&audit) {}
    // Of a loader that helps with a run: the one that leads it takes them over into the audit directory.
    Events(Pg staging, std::string helper) : staging_(std::move(staging)), helper_(std::move(helper)) {}
    void set_run(std::int64_t run_id);
    void listen(Listener listener) { listener_ = std::move(listener); }
    void emit(Level level, const std::string& kind, const std::string& message,
              nlohmann::json data = nlohmann::json::object(), std::optional<std::int64_t> table_id = std::nullopt);
    // Not of a helper.
    AuditDir& audit() { return *audit_; }
    // Details of a batch, for the audit directory, if there is one: ledger.jsonl will have it anyway.
    void batch(const nlohmann::json& record);

private:
    std::mutex mutex_;
    Pg staging_;
    AuditDir* audit_ = nullptr;
    std::string helper_;
    std::optional<std::int64_t> run_id_;
    Listener listener_;
};

}  // namespace lakemover::loader
