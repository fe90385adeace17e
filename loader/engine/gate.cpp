#include "loader/engine/gate.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "loader/engine/context.hpp"
#include "loader/report/html.hpp"

namespace lakemover::loader {

using Clock = std::chrono::steady_clock;

namespace {
constexpr auto kLook = std::chrono::milliseconds(300);
constexpr double kWaitS = 0.3;
}  // namespace

void Gate::set_up(const RunContext& run) {
    window_ = run.options.window;
    rate_.set(static_cast<double>(run.options.max_rate));
    slowdown_ = Slowdown(run.options.slowdown_factor, run.options.jobs);
    allowed_ = run.options.jobs;
}

void Gate::share_rate(const RunContext& run, int loaders) {
    rate_.set(static_cast<double>(run.options.max_rate) / std::max(1, loaders));
}

bool Gate::window_closed() const { return window_ && !window_->open(local_second_of_day(std::time(nullptr))); }

namespace {

// A pause has come about when helpers have nothing under way either.
bool helpers_busy(const RunContext& run, Pg& staging) {
    return staging.scalar(
               "SELECT EXISTS (SELECT FROM lakemover.run_chunk WHERE run_id = $1 AND state = 'claimed' AND loader_id "
               "<> $2)",
               {run.id(), run.loader_id}) == "t";
}

}  // namespace

// Asked of staging by one of the workers for all of them; what must be exact is in _claim_chunk().
std::optional<std::string> Gate::why(const RunContext& run, Pg& staging, Heed heed) {
    const auto now = Clock::now();
    if (now - looked_ >= kLook) {
        paused_by_ = staging.scalar(
            "SELECT coalesce(pause_requested, CASE WHEN $2 AND helpers = 'held' THEN loader_id END) FROM lakemover.run "
            "WHERE run_id = $1",
            {run.id(), run.helper ? "t" : "f"});
        looked_ = now;
    }
    if (paused_by_) return "paused by " + *paused_by_ + "; lakemover resume " + run.id() + " goes on";
    if (heed == Heed::kPauseAndWindow && window_closed())
        return "outside the window " + window_->text() + "; goes on at " + window_->opens();
    return std::nullopt;
}

void Gate::close(RunContext& run, const std::string& reason) {
    // Its leader says it.
    if (run.helper || shown_ == reason) return;
    if (shown_.empty()) closed_at_ = Clock::now();
    shown_ = reason;
    show_paused(run, reason);
    run.events.emit(Level::kInfo, "paused", reason, {{"phase", "pause"}});
}

void Gate::open(RunContext& run) {
    if (shown_.empty()) return;
    shown_.clear();
    const double seconds = std::chrono::duration<double>(Clock::now() - closed_at_).count();
    show_paused(run, std::nullopt);
    run.events.emit(Level::kInfo, "unpaused", "the run goes on after " + report::format_seconds(seconds),
                    {{"seconds", seconds}});
}

std::optional<Gate::Turn> Gate::enter(RunContext& run, Pg& staging, int worker) {
    const std::lock_guard lock(mutex_);
    const std::optional<std::string> reason = why(run, staging, Heed::kPauseAndWindow);
    if (reason) {
        if (busy_ == 0 && (shown_ == *reason || !helpers_busy(run, staging))) close(run, *reason);
        return std::nullopt;
    }
    open(run);
    if (worker >= allowed_) return std::nullopt;
    ++busy_;
    return std::optional<Turn>(std::in_place, *this);
}

void Gate::leave() {
    const std::lock_guard lock(mutex_);
    --busy_;
}

void Gate::wait(RunContext& run, Pg& staging, Heed heed) {
    for (;;) {
        {
            const std::lock_guard lock(mutex_);
            const std::optional<std::string> reason = why(run, staging, heed);
            if (!reason) {
                open(run);
                return;
            }
            close(run, *reason);
        }
        run.cancel.check_draining();
        wait_for_retry(run, kWaitS);
    }
}

AfterRead Gate::after_read(RunContext& run, const std::atomic<bool>& stop) {
    return [this, &run, &stop](std::size_t bytes, double seconds) {
        std::optional<Slowdown::Change> change;
        {
            const std::lock_guard lock(slowdown_mutex_);
            change = slowdown_.sample(Clock::now(), seconds);
            allowed_ = slowdown_.allowed();
        }
        if (change)
            run.events.emit(
                change->to < change->from ? Level::kWarning : Level::kInfo,
                change->to < change->from ? "source_slow" : "source_recovered",
                fmt::format("the source takes {:.0f} ms for a block, in the first minute it took {:.0f} ms: {} workers "
                            "read instead of {}",
                            change->median_s * 1000, change->first_s * 1000, change->to, change->from),
                {{"from", change->from},
                 {"to", change->to},
                 {"median_s", change->median_s},
                 {"first_s", change->first_s}});
        const double wait_s = rate_.book(bytes, Clock::now());
        if (wait_s > 0) wait_for_retry(run, wait_s, &stop);
    };
}

bool SourcePlace::take(const RunContext& run, Pg& staging) {
    // The keeper has one.
    if (!slot_)
        slot_ = staging.scalar("SELECT lakemover._take_source_slot($1, $2)",
                               {run.id(), std::to_string(run.options.max_source_connections - 1)});
    return slot_.has_value();
}

void SourcePlace::leave(const RunContext& run, Pg& staging) {
    if (!slot_ || stays_) return;
    if (staging.scalar("SELECT lakemover._leave_source($1, $2)", {run.id(), slot_}) == "t")
        slot_.reset();
    else
        stays_ = true;
}

}  // namespace lakemover::loader
