#include "loader/engine/assessment_reports.hpp"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>

#include "loader/engine/assess.hpp"
#include "loader/util/error.hpp"

namespace lakemover::loader {

namespace {
constexpr auto kPoll = std::chrono::milliseconds(500);
constexpr auto kReconnect = std::chrono::seconds(5);
}  // namespace

AssessmentReports::AssessmentReports(const Settings& settings, const Staging& staging, Say say)
    : settings_(settings), staging_(staging), say_(std::move(say)), thread_([this] { work(); }) {}

AssessmentReports::~AssessmentReports() {
    {
        const std::lock_guard lock(mutex_);
        over_ = true;
    }
    wake_.notify_all();
    thread_.join();
}

bool AssessmentReports::rest(std::chrono::milliseconds time) {
    std::unique_lock lock(mutex_);
    return !wake_.wait_for(lock, time, [this] { return over_; });
}

void AssessmentReports::work() {
    std::optional<Pg> staging;
    do {
        try {
            if (!staging || !staging->alive()) staging.emplace(staging_.connect());
            while (write_one(*staging) && rest({})) continue;
        } catch (const std::exception&) {
            // Staging is gone: the daemon's own session says so, and comes back when it does.
            staging.reset();
            if (!rest(kReconnect)) return;
        }
    } while (rest(kPoll));
}

// The row stays locked meanwhile, so that other daemons take others; one that dies leaves it to them. Of each source the newest
// only: a daemon that starts does not write what piled up.
bool AssessmentReports::write_one(Pg& staging) {
    staging.exec("BEGIN");
    const Result next = staging.exec(
        "SELECT a.assessment_id FROM lakemover.assessment a WHERE a.report_dir IS NULL AND a.report_error IS NULL AND "
        "NOT EXISTS (SELECT FROM lakemover.assessment n WHERE n.source = a.source AND n.assessment_id > "
        "a.assessment_id) "
        "ORDER BY a.assessment_id LIMIT 1 FOR UPDATE SKIP LOCKED");
    if (next.rows() == 0) {
        staging.exec("COMMIT");
        return false;
    }
    const std::string id = next.text(0, 0);
    std::optional<WrittenAssessment> written;
    std::string problem;
    try {
        written = write_stored_assessment(staging, id, settings_);
    } catch (const Error& e) {
        if (!staging.alive()) throw;
        problem = e.what();
    } catch (const std::exception& e) {
        problem = e.what();
    }
    if (!written) {
        // What failed may have been a statement.
        staging.exec("ROLLBACK");
        staging.query("UPDATE lakemover.assessment SET report_error = $2 WHERE assessment_id = $1", {id, problem});
        say_("assessment_not_written", "assessment " + id + ": its reports were not written: " + problem);
        return true;
    }
    staging.query("UPDATE lakemover.assessment SET report_dir = $2 WHERE assessment_id = $1", {id, written->dir});
    staging.exec("COMMIT");
    say_("assessment_ready", "assessment " + id + ": " + written->dir + "/assessment.html");
    tell_assessment(settings_, written->document, written->dir, {});
    return true;
}

}  // namespace lakemover::loader
