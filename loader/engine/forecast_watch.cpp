#include "loader/engine/forecast_watch.hpp"

#include <algorithm>

#include "loader/engine/context.hpp"
#include "loader/report/html.hpp"

namespace lakemover::loader {

using Clock = std::chrono::steady_clock;
using report::format_seconds;

namespace {

constexpr auto kInterval = std::chrono::seconds(10);
constexpr auto kTooEarly = std::chrono::seconds(1);
constexpr int kShare = 50;  // looking takes a fiftieth of a connection's time at most
constexpr double kEnoughS = 10;
constexpr double kEnoughShare = 0.05;
constexpr std::time_t kSameWindow = 120;

}  // namespace

bool worth_a_warning(const Forecast& forecast, const Figures& figures) {
    return figures.seconds >= kEnoughS ||
           (forecast.bytes_planned > 0 && forecast.bytes_done >= kEnoughShare * forecast.bytes_planned);
}

std::optional<std::string> window_missed(const Forecast& forecast, const Window& window, int second_of_day) {
    const PhaseForecast* load = forecast.phase("load");
    if (!load || !load->seconds_left || !window.open(second_of_day)) return std::nullopt;
    const double open_s = window.seconds_to_close(second_of_day);
    if (*load->seconds_left <= open_s) return std::nullopt;
    return "the load will not be done when the window closes at " + window.closes() + ": it needs " +
           format_seconds(*load->seconds_left) + " more, the window has " + format_seconds(open_s) +
           " left; it pauses then and goes on at " + window.opens();
}

std::optional<std::string> deadline_missed(const Forecast& forecast, const std::optional<Window>& window,
                                           std::time_t deadline, std::time_t now) {
    const PhaseForecast* load = forecast.phase("load");
    const double load_s = load ? load->seconds_left.value_or(0) : 0;
    const double wall_s =
        (window && load_s > 0 ? window->elapsed(load_s, local_second_of_day(now)) : load_s) + forecast.known_s - load_s;
    const auto left_s = static_cast<double>(deadline - now);
    if (forecast.phases.empty() || (wall_s <= left_s && left_s > 0)) return std::nullopt;
    const std::string at = "the deadline " + local_time_text(deadline);
    if (left_s <= 0) return at + " has passed" + (wall_s > 0 ? ", " + forecast.text() : "");
    return at + " will be missed: it is in " + format_seconds(left_s) + ", and the run needs " +
           (forecast.seconds_left() ? "" : "at least ") + format_seconds(wall_s) +
           (window ? " with the hours outside the window" : "") + " (" + forecast.text() + ")";
}

nlohmann::json active_forecast(Pg& staging, const std::string& run_id) {
    const Result r = staging.query(
        "SELECT lakemover.run_figures(run_id)::text, phase, coalesce(workers, 1) FROM lakemover.run WHERE run_id = $1 "
        "AND state IN ('queued', 'running', 'paused')",
        {run_id});
    if (r.rows() == 0) return nullptr;
    const Forecast forecast = make_forecast(parse_figures(nlohmann::json::parse(r.get(0, 0))), r.text(0, 1),
                                            static_cast<int>(r.integer(0, 2)));
    nlohmann::json document = forecast.json();
    document["text"] = forecast.text();
    return document;
}

void ForecastWatch::look(RunContext& run, Pg& staging) noexcept {
    if (!run.options.window && !run.options.deadline) return;
    const std::unique_lock lock(mutex_, std::try_to_lock);
    const auto start = Clock::now();
    if (!lock || start < next_) return;
    bool judged = false;
    try {
        judged = judge(run, staging);
    } catch (const std::exception&) {
        // Staging out of reach is told by whoever needs it.
    }
    next_ = Clock::now() + std::max<Clock::duration>(judged ? kInterval : kTooEarly, kShare * (Clock::now() - start));
}

bool ForecastWatch::judge(RunContext& run, Pg& staging) {
    const Result r = staging.query(
        "SELECT lakemover.run_figures(run_id)::text, phase FROM lakemover.run WHERE run_id = $1", {run.id()});
    const Figures figures = parse_figures(nlohmann::json::parse(r.get(0, 0)));
    const Forecast forecast = make_forecast(figures, r.text(0, 1), run.options.jobs);
    if (!worth_a_warning(forecast, figures)) return false;
    const std::time_t now = std::time(nullptr);
    if (run.options.window) {
        const int second = local_second_of_day(now);
        const std::time_t closes = now + run.options.window->seconds_to_close(second);
        const auto missed = window_missed(forecast, *run.options.window, second);
        if (missed && closes > window_warned_ + kSameWindow) {
            window_warned_ = closes;
            run.events.emit(Level::kWarning, "window_missed", *missed, forecast.json());
        }
    }
    if (run.options.deadline) {
        const auto missed = deadline_missed(forecast, run.options.window, *run.options.deadline, now);
        if (missed && !deadline_warned_) run.events.emit(Level::kWarning, "deadline_missed", *missed, forecast.json());
        if (!missed && deadline_warned_)
            run.events.emit(Level::kInfo, "deadline_met", "the deadline will be met after all: " + forecast.text(),
                            forecast.json());
        deadline_warned_ = missed.has_value();
    }
    return true;
}

}  // namespace lakemover::loader
