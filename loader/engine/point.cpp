#include "loader/engine/point.hpp"

#include <algorithm>
#include <exception>
#include <nlohmann/json.hpp>
#include <thread>

namespace lakemover::loader {

namespace {

constexpr int kTries = 10;
constexpr double kPauseSeconds = 0.05;  // and a little longer after each try

// The transactions that a session found open, but for the sessions' own.
std::vector<std::int64_t> others(const PointMarks& session, const std::vector<std::int64_t>& own) {
    std::vector<std::int64_t> rest;
    std::set_difference(session.active.begin(), session.active.end(), own.begin(), own.end(), std::back_inserter(rest));
    return rest;
}

}  // namespace

PointMarks PointMarks::parse(const std::string& json) {
    const auto document = nlohmann::json::parse(json);
    PointMarks marks{document.at("number").get<std::int64_t>(), document.at("active").get<std::vector<std::int64_t>>()};
    std::sort(marks.active.begin(), marks.active.end());
    return marks;
}

std::string point_difference(const std::vector<PointMarks>& sessions) {
    std::vector<std::int64_t> own;
    for (const PointMarks& s : sessions) own.push_back(s.number);
    std::sort(own.begin(), own.end());
    for (std::size_t i = 1; i < own.size(); ++i)
        if (own[i] != own[i - 1] + 1)
            return "between two sessions a transaction began (numbers " + std::to_string(own[i - 1]) + " and " +
                   std::to_string(own[i]) + ")";
    for (std::size_t i = 1; i < sessions.size(); ++i)
        if (others(sessions[i], own) != others(sessions[0], own))
            return "between two sessions a transaction ended that had begun before them";
    return {};
}

SharedPoint::SharedPoint(RunContext& run, Pg& staging) : run_(run) {
    if (staging.scalar("SELECT lakemover._point_can_be_shared($1)", {run.id()}) != "t") return;
    std::string why;
    try {
        why = try_to_share(staging);
    } catch (const Error& e) {
        run_.cancel.check();
        if (e.taken_over) throw;
        why = std::string(e.what()) + (e.detail.empty() ? "" : ": " + e.detail);
    }
    if (shared_) return;
    sessions_.clear();
    run_.events.emit(Level::kInfo, "point_not_shared",
                     "no point in time for all tables: " + why + "; each table is read whole at a point of its own",
                     {{"reason", why}});
}

std::string SharedPoint::try_to_share(Pg& staging) {
    if (!log_end(staging)) return "the end of the source's log cannot be read (VIEW DATABASE STATE)";
    for (int i = 0; i < run_.options.jobs; ++i) {
        Session s;
        s.pg = std::make_unique<Pg>(run_.staging.connect());
        s.registration = std::make_unique<Cancellable>(run_.cancel, *s.pg);
        sessions_.push_back(std::move(s));
    }
    std::string why;
    for (int i = 0; i < kTries; ++i) {
        if (i > 0) wait_for_retry(run_, kPauseSeconds * i, nullptr);
        why = open(staging);
        if (why.empty()) return why;
    }
    return "in each of " + std::to_string(kTries) + " tries somebody wrote to the source (" + why + ")";
}

std::optional<std::string> SharedPoint::log_end(Pg& staging) {
    return staging.scalar("SELECT lsn FROM lakemover.source_identity($1)", {run_.source});
}

std::vector<PointMarks> SharedPoint::open_sessions() {
    std::vector<std::string> answers(sessions_.size());
    std::vector<std::exception_ptr> failures(sessions_.size());
    std::vector<std::thread> threads;
    // All at once: the less time passes, the less can happen in it.
    for (std::size_t i = 0; i < sessions_.size(); ++i)
        threads.emplace_back([&, i] {
            try {
                answers[i] = sessions_[i].pg->scalar("SELECT lakemover._point_open($1)", {run_.id()}).value_or("");
            } catch (...) {
                failures[i] = std::current_exception();
            }
        });
    for (std::thread& t : threads) t.join();
    for (const std::exception_ptr& failure : failures)
        if (failure) std::rethrow_exception(failure);
    std::vector<PointMarks> marks;
    for (const std::string& answer : answers) marks.push_back(PointMarks::parse(answer));
    return marks;
}

// Why the sessions do not share a point; empty when they do.
std::string SharedPoint::open(Pg& staging) {
    // One login per reading would take too long: the connection is kept to the end of staging's transaction.
    staging.exec("BEGIN");
    try {
        const auto before = log_end(staging);
        const std::vector<PointMarks> marks = open_sessions();
        const auto after = log_end(staging);
        staging.exec("COMMIT");
        if (before != after) return "its log went on from " + before.value_or("?") + " to " + after.value_or("?");
        if (std::string why = point_difference(marks); !why.empty()) return why;
        const std::string count = std::to_string(sessions_.size());
        staging.query("SELECT lakemover._share_point($1, $2, $3)", {run_.id(), count, before});
        attached_ = sessions_.size();
        shared_ = true;
        run_.events.emit(Level::kInfo, "point_shared", count + " sessions share a point in time of the source",
                         {{"sessions", sessions_.size()}, {"log_end", before.value_or("")}});
        return {};
    } catch (const Error&) {
        if (staging.alive() && staging.in_transaction()) staging.exec("ROLLBACK");
        throw;
    }
}

void SharedPoint::give_up(Pg& staging, const std::string& why) {
    staging.query("SELECT lakemover._unshare_point($1)", {run_.id()});
    shared_ = false;
    sessions_.clear();
    run_.events.emit(Level::kWarning, "point_not_shared",
                     "the point in time for all tables was lost before the first row: " + why +
                         "; each table is read whole at a point of its own",
                     {{"reason", why}});
}

std::unique_ptr<Pg> SharedPoint::take() {
    const std::lock_guard lock(mutex_);
    if (sessions_.empty()) return nullptr;
    sessions_.back().registration.reset();
    std::unique_ptr<Pg> pg = std::move(sessions_.back().pg);
    sessions_.pop_back();
    return pg;
}

void SharedPoint::give_back(std::unique_ptr<Pg> session) {
    if (!session) return;
    const std::lock_guard lock(mutex_);
    Session s;
    s.pg = std::move(session);
    s.registration = std::make_unique<Cancellable>(run_.cancel, *s.pg);
    sessions_.push_back(std::move(s));
}

bool SharedPoint::lose() {
    const std::lock_guard lock(mutex_);
    return --attached_ > 0;
}

}  // namespace lakemover::loader
