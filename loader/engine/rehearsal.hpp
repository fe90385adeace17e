// What a rehearsal says about the whole: go or no-go, and how long it will take. Pure; throws nothing but what a
// malformed document brings, and Error (exit 2) for a share that is none.
#pragma once
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "loader/util/error.hpp"

namespace lakemover::loader {

// "5%" or "5": 0.05. More than 0 and at most 100 percent.
double parse_share(const std::string& text);

struct RehearsalForecast {
    double load_s = 0;
    double finish_s = 0;  // keys and indexes, which grow a little more than their tables
    double validate_s = 0;
    double fixed_s = 0;  // assessment, plan, schema: the same for the whole
    double rows = 0;     // that were loaded, and of the whole
    double whole_rows = 0;
    double bytes = 0;
    double whole_bytes = 0;
    double seconds() const { return load_s + finish_s + validate_s + fixed_s; }
    std::string text() const;
    std::string basis;  // what it rests on, and what is not in it

    nlohmann::json json() const;
};

// figures: lakemover._rehearsal_figures(); absent when nothing was loaded.
std::optional<RehearsalForecast> forecast_whole(const nlohmann::json& figures);

// Why not to go, in words; empty: go. verdict and error are the run's.
std::string no_go(Exit code, const std::string& verdict, const std::string& error,
                  const std::optional<RehearsalForecast>& forecast, std::optional<std::time_t> deadline,
                  std::time_t now);

}  // namespace lakemover::loader
