#include "loader/engine/events.hpp"

namespace lakemover::loader {

const char* level_name(Level level) {
    switch (level) {
        case Level::kDebug: return "DEBUG";
        case Level::kInfo: return "INFO";
        case Level::kWarning: return "WARNING";
        case Level::kError: return "ERROR";
    }
    return "INFO";
}

namespace {

// What there is once for each table is not worth a sync of its own: the ledger knows which rows were committed.
AuditDir::Sync sync_of(Level level, const std::string& kind) {
    if (level == Level::kDebug) return AuditDir::Sync::kLater;
    return kind == "table_loaded" || kind == "table_read" ? AuditDir::Sync::kSoon : AuditDir::Sync::kCommit;
}

}  // namespace

void Events::set_run(std::int64_t run_id) {
    const std::lock_guard lock(mutex_);
    run_id_ = run_id;
    if (audit_) audit_->set_run(std::to_string(run_id));
}

void Events::batch(const nlohmann::json& record) {
    if (audit_) audit_->batch(record);
}

void Events::emit(Level level, const std::string& kind, const std::string& message, nlohmann::json data,
                  std::optional<std::int64_t> table_id) {
    const std::lock_guard lock(mutex_);
    if (!helper_.empty()) data["helper"] = helper_;
    nlohmann::json record{{"level", level_name(level)}, {"kind", kind}, {"message", message}, {"data", data}};
    if (table_id) record["table_id"] = *table_id;
    if (audit_) audit_->event(record, sync_of(level, kind));
    if (run_id_ && level != Level::kDebug) {
        try {
            staging_.query(
                "INSERT INTO lakemover.event (run_id, level, kind, table_id, message, data) VALUES ($1, $2, $3, $4, "
                "$5, $6)",
                {std::to_string(*run_id_), level_name(level), kind,
                 table_id ? Value(std::to_string(*table_id)) : std::nullopt, message, data.dump()});
        } catch (const Error& e) {
            // The audit directory has it; losing staging itself is noticed by whoever does the work.
            if (audit_) audit_->event({{"level", "WARNING"}, {"kind", "event_not_stored"}, {"message", e.what()}});
        }
    }
    if (listener_) listener_(level, kind, message, data);
}

}  // namespace lakemover::loader
