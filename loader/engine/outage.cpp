#include "loader/engine/outage.hpp"

#include <algorithm>
#include <random>
#include <thread>

#include "loader/engine/classify.hpp"
#include "loader/engine/context.hpp"

namespace lakemover::loader {

using Clock = std::chrono::steady_clock;

namespace {

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

std::string in_words(const Error& e) {
    const std::string what = e.what();
    const std::string first = e.detail.substr(0, e.detail.find('\n'));
    // A source's driver repeats the server's words in the detail, with its number.
    const bool said = first.empty() || what.find(first.substr(0, first.rfind(" ["))) != std::string::npos;
    return said ? what : what + ": " + first;
}

}  // namespace

void show_paused(const RunContext& run, const Value& reason) {
    try {
        run.staging.connect().query(
            "UPDATE lakemover.run SET state = CASE WHEN $3::text IS NULL THEN 'running' ELSE 'paused' END, "
            "pause_reason = $3 WHERE run_id = $1 AND loader_id = $2 AND state IN ('running', 'paused')",
            {run.id(), run.loader_id, reason});
    } catch (const Error&) {}
}

void Outages::enter(RunContext& run, const Error& cause) {
    const std::lock_guard lock(mutex_);
    if (waiting_++ > 0) return;
    since_ = Clock::now();
    const std::string why = in_words(cause);
    show_paused(run, why);
    run.events.emit(Level::kWarning, "outage",
                    "outage of the " + cause.peer + ", the run pauses and goes on when it is over: " + why,
                    {{"peer", cause.peer}, {"sqlstate", cause.sqlstate}, {"timeout_s", run.options.outage_timeout_s}});
}

void Outages::leave(RunContext& run) {
    const std::lock_guard lock(mutex_);
    if (--waiting_ > 0) return;
    show_paused(run, std::nullopt);
    run.events.emit(Level::kInfo, "outage_over", "the outage is over, the run goes on",
                    {{"seconds", seconds_since(since_)}});
}

void wait_for_retry(RunContext& run, double seconds, const std::atomic<bool>* stop) {
    const auto until = Clock::now() + std::chrono::duration<double>(seconds);
    while (Clock::now() < until && !(stop && *stop)) {
        run.cancel.check_draining();
        std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
}

double retry_delay(int tries) {
    static thread_local std::mt19937 random{std::random_device{}()};
    const double base = std::min(30.0, 0.5 * static_cast<double>(1 << std::min(tries, 6)));
    return base * std::uniform_real_distribution<double>(0.5, 1.0)(random);
}

bool point_is_held(const RunContext& run, Pg& staging) {
    return staging.scalar(
               "SELECT coalesce((SELECT s.state = 'held' FROM lakemover.snapshot s WHERE s.run_id = $1), false) AND "
               "lakemover._keeper_alive($1)",
               {run.id()}) == "t";
}

void throw_point_lost(const RunContext& run, const std::string& why) {
    Error e(Exit::kConnect, "the source's snapshot is lost, and with it the run's point in time", why,
            "lakemover resume " + run.id() +
                " goes on at a new point: whole tables stay, the others are loaded again from their beginning");
    e.resumable = true;
    throw e;
}

bool OutageWait::after(const Error& e) {
    const Response response = response_to(e);
    if (!run_.options.waits || e.taken_over || (response != Response::kOutage && response != Response::kNewSecret))
        return false;
    // Without staging there is no snapshot, and nowhere to keep the run's state.
    if (e.peer == "staging" && e.connection_lost) return false;
    run_.cancel.check();
    if (!since_) {
        since_ = Clock::now();
        run_.outages.enter(run_, e);
    }
    if (seconds_since(*since_) >= run_.options.outage_timeout_s) {
        Error end(Exit::kConnect,
                  "the " + e.peer + " was away for longer than --outage-timeout (" +
                      std::to_string(run_.options.outage_timeout_s) + " s): " + e.what(),
                  e.detail, "nothing was undone: lakemover resume " + run_.id() + " goes on when it is back",
                  e.sqlstate);
        end.resumable = true;
        throw end;
    }
    if (e.peer == "source") check_point(e);
    if (response == Response::kNewSecret) renew_secret(e);
    sleep();
    return true;
}

void OutageWait::over() {
    if (!since_) return;
    since_.reset();
    tries_ = 0;
    run_.outages.leave(run_);
}

void OutageWait::check_point(const Error& e) const {
    Pg staging = run_.staging.connect();
    if (point_is_held(run_, staging)) return;
    const Value why = staging.scalar("SELECT error FROM lakemover.snapshot WHERE run_id = $1", {run_.id()});
    throw_point_lost(run_, in_words(e) + (why && !why->empty() ? "\n" + *why : ""));
}

void OutageWait::renew_secret(const Error& e) const {
    const Secret& secret = e.peer == "target" ? run_.settings.target.password : run_.settings.source.password;
    // Your own staging reads the source's secret by itself, and the target's is read for every connection.
    const bool renewable = !secret.command.empty() || !secret.file.empty();
    if (renewable && e.peer == "source") run_.staging.renew_source_password(run_.source, secret);
    if (renewable || (e.peer == "source" && !run_.staging.embedded())) return;
    Error end(Exit::kConnect, std::string(e.what()) + ", in the middle of the run", e.detail,
              "nothing was undone: set the new password, then lakemover resume " + run_.id() +
                  " goes on; a command (..._PASSWORD_COMMAND) or a file would have been asked again",
              e.sqlstate);
    end.resumable = true;
    throw end;
}

void OutageWait::sleep() { wait_for_retry(run_, retry_delay(tries_++), stop_); }

}  // namespace lakemover::loader
