// How long a run will still take, from what was measured of it so far. Pure; throws nothing but what a malformed document
// brings.
#pragma once
#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

namespace lakemover::loader {

struct TableProgress {
    std::int64_t table_id = 0;
    std::string state;
    bool copies_rows = true;
    double est_bytes = 0;  // on the source, not as COPY
    double est_rows = 0;
    double chunks = 0;
    double chunks_done = 0;
    double rows = 0;
    double bytes = 0;
    double second_chunks = 0;  // of the second pass, which reads whole rows; 0: it has none
    double second_done = 0;
    double second_bytes = 0;
    double count_s = -1;  // seconds of its count and samples; -1: not counted yet
    bool validated = false;
    double validate_s = 0;
};

struct StatementProgress {
    std::string stage;
    std::int64_t table_id = 0;
    bool pending = true;
    double seconds = 0;
};

// lakemover.run_figures()
struct Figures {
    double bytes = 0;    // of the chunks that were timed
    double seconds = 0;  // in which at least one of them was under way: no pauses, no outages
    std::vector<TableProgress> tables;
    std::vector<StatementProgress> statements;
};
Figures parse_figures(const nlohmann::json& document);

struct PhaseForecast {
    std::string phase;
    std::optional<double> seconds_left;  // absent: nothing of the sort was measured yet
    std::string basis;
};

struct Forecast {
    double rows_done = 0;
    double rows_planned = 0;
    double bytes_done = 0;
    double bytes_planned = 0;
    double bytes_per_s = 0;                      // 0: not measured
    std::vector<PhaseForecast> phases;           // what is left of load, second pass, finish and validate
    double known_s = 0;                          // of the phases that are known
    std::optional<double> seconds_left() const;  // of the whole; absent while a phase is unknown
    const PhaseForecast* phase(const std::string& name) const;
    nlohmann::json json() const;
    std::string text() const;  // "3 min 20 s left (load 3 min 20 s), finish and validate not measured yet"
};

// phase: that the run is in. workers: that share the work.
Forecast make_forecast(const Figures& figures, const std::string& phase, int workers);

}  // namespace lakemover::loader
