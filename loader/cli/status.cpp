#include "loader/cli/status.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cmath>
#include <thread>

#include "loader/cli/commands.hpp"
#include "loader/cli/progress.hpp"
#include "loader/cli/runs.hpp"
#include "loader/engine/forecast.hpp"
#include "loader/engine/window.hpp"
#include "loader/report/html.hpp"
#include "loader/report/time_spent.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

using nlohmann::json;
using report::text_field;

namespace {

json tables_by_state(const json& tables) {
    json states{{"total", tables.size()}};
    for (const char* state : {"pending", "loading", "loaded", "done", "incomplete", "failed", "blocked"})
        states[state] = 0;
    for (const json& t : tables) {
        json& n = states[text_field(t, "state")];
        n = n.get<int>() + 1;
    }
    return states;
}

json table_list(const json& tables) {
    json list = json::array();
    for (const json& t : tables)
        list.push_back({{"name", t.at("name")},
                        {"state", t.at("state")},
                        {"rows", t.at("rows")},
                        {"bytes", t.at("bytes")},
                        {"chunks", t.at("chunks")},
                        {"chunks_done", t.at("chunks_done")},
                        {"second_pass", t.value("second_pass", json())},
                        {"stages", t.at("stages")}});
    return list;
}

// Of a run that more than one has worked at.
std::string loaders_line(const json& loaders) {
    if (loaders.size() < 2) return {};
    std::string line;
    for (const json& l : loaders) {
        // host:pid:start
        const std::string id = text_field(l, "loader");
        const auto chunks = l.value("chunks", std::int64_t{0});
        line += fmt::format("{}{} {} ({} workers, {} {})", line.empty() ? "  loaders: " : "; ",
                            id.substr(0, id.rfind(':')), text_field(l, "role"), l.value("workers", 0),
                            human_count(chunks), chunks == 1 ? "batch" : "batches");
    }
    return line + "\n";
}

}  // namespace

json status_document(const json& raw, std::time_t now) {
    const json& run = raw.at("run");
    const json& progress = raw.at("progress");
    const json& figures = raw.at("figures");
    const json& measured = figures.at("measured");
    const bool active = text_field(run, "state") == "queued" || text_field(run, "state") == "running" ||
                        text_field(run, "state") == "paused";
    const json workers = run.value("workers", json());
    const Forecast forecast = make_forecast(parse_figures(figures), active ? text_field(run, "phase") : "ended",
                                            workers.is_number() ? workers.get<int>() : 1);

    json document;
    for (const char* key : {"run_id", "run_uuid", "source", "state", "phase", "verdict", "exit_code", "error",
                            "pause_reason", "requested_at", "started_at", "ended_at", "audit_dir", "options"})
        document["run"][key] = run.value(key, json());
    document["run"]["seconds"] = progress.value("seconds", json());
    document["run"]["workers"] = workers;
    document["tables"] = tables_by_state(figures.at("tables"));
    document["tables"]["validated"] = progress.value("tables_validated", json());
    document["rows"] = {{"done", progress.value("rows_copied", json())},
                        {"planned", std::llround(forecast.rows_planned)}};
    document["bytes"] = {{"done", progress.value("bytes_copied", json())},
                         {"planned", std::llround(forecast.bytes_planned)}};
    document["chunks"] = {{"done", progress.value("chunks_done", json())}, {"total", progress.value("chunks", json())}};
    document["statements"] = {{"done", progress.value("statements_done", json())},
                              {"total", progress.value("statements", json())}};
    const double seconds = measured.value("seconds", json()).is_number() ? measured["seconds"].get<double>() : 0;
    document["rate"] = {
        {"bytes_per_s", seconds > 0 ? json(std::llround(measured.value("bytes", 0.0) / seconds)) : json()},
        {"rows_per_s", seconds > 0 ? json(std::llround(measured.value("rows", 0.0) / seconds)) : json()},
        {"seconds", seconds}};
    document["forecast"] = nullptr;
    if (active) {
        document["forecast"] = forecast.json();
        const auto left = forecast.seconds_left();
        document["forecast"]["ends_at"] = left ? json(utc_time_text(now + static_cast<std::time_t>(*left))) : json();
        document["forecast"]["text"] = forecast.text();
    }
    document["stages"] = raw.at("stages");
    document["loaders"] = raw.value("loaders", json::array());
    document["bottleneck"] = report::bottleneck(raw.at("stages"));
    document["table_list"] = table_list(figures.at("tables"));
    return document;
}

std::string status_text(const json& document) {
    std::string lines;
    const json& run = document.at("run");
    if (text_field(run, "state") == "paused" && !text_field(run, "pause_reason").empty())
        lines += "  waiting: " + text_field(run, "pause_reason") + "\n";
    lines += loaders_line(document.value("loaders", json::array()));
    const json& forecast = document.at("forecast");
    if (forecast.is_object() && !text_field(forecast, "text").empty())
        lines += "  " + text_field(forecast, "text") + "\n";
    if (!text_field(document, "bottleneck").empty())
        lines += "  what holds up the load: " + text_field(document, "bottleneck") + "\n";
    return lines;
}

Exit command_status(const Settings& settings, const StatusOptions& options) {
    const Staging staging = Staging::open(settings);
    Pg pg = staging.connect();
    const bool terminal = isatty(STDOUT_FILENO) == 1;
    for (;;) {
        const std::string id = newest_run(pg, options.run, "true");
        const json raw = json::parse(pg.scalar("SELECT lakemover.run_status($1)::text", {id}).value_or("{}"));
        const json& p = raw.at("progress");
        const bool ended = p.value("phase", "") == "ended" || p.value("state", "") == "interrupted";
        const json document = status_document(raw, std::time(nullptr));
        if (settings.json) {
            fmt::print("{}\n", document.dump(-1, ' ', false, json::error_handler_t::replace));
        } else {
            fmt::print("{}run {} ({}): {}{}  {}", options.watch && terminal ? "\r\033[K" : "", id,
                       p.value("source", ""), p.value("state", ""),
                       p["verdict"].is_string() ? ", " + p["verdict"].get<std::string>() : "", progress_line(p, 90));
            if (!(options.watch && terminal) || ended) fmt::print("\n");
            if (!options.watch) fmt::print("{}", status_text(document));
            if (p["error"].is_string() && (!options.watch || ended))
                fmt::print("  {}\n", p["error"].get<std::string>());
        }
        std::fflush(stdout);
        if (!options.watch || ended) return Exit::kSuccess;
        std::this_thread::sleep_for(std::chrono::seconds(1));
    }
}

}  // namespace lakemover::loader
