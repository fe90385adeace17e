// Looks ahead while a run goes on: a warning when the window or the deadline will be missed. The judgements are pure.
#pragma once
#include <chrono>
#include <ctime>
#include <mutex>
#include <optional>
#include <string>

#include "loader/engine/forecast.hpp"
#include "loader/engine/window.hpp"
#include "loader/util/pq.hpp"

namespace lakemover::loader {

struct RunContext;

// Whether enough was measured for a warning: the first seconds of a load say little.
bool worth_a_warning(const Forecast& forecast, const Figures& figures);
// Why the load will not be done when the window closes; absent when it will, or nothing is known.
std::optional<std::string> window_missed(const Forecast& forecast, const Window& window, int second_of_day);
// Why the run will not be done by then. What is not measured yet counts as nothing.
std::optional<std::string> deadline_missed(const Forecast& forecast, const std::optional<Window>& window,
                                           std::time_t deadline, std::time_t now);

// Of a run that goes on, with its text; null of one that has ended. Throws Error.
nlohmann::json active_forecast(Pg& staging, const std::string& run_id);

class ForecastWatch {
public:
    // Cheap to call often. Throws nothing: a run does not end because nobody could look ahead.
    void look(RunContext& run, Pg& staging) noexcept;

private:
    bool judge(RunContext& run, Pg& staging);  // false: too early
    std::mutex mutex_;
    std::chrono::steady_clock::time_point next_;
    std::time_t window_warned_ = 0;  // of the window that closes then
    bool deadline_warned_ = false;
};

}  // namespace lakemover::loader
