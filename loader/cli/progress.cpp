#include "loader/cli/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

namespace lakemover::loader {

using nlohmann::json;

std::string human_bytes(double bytes) {
    static constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB", "PB"};
    std::size_t unit = 0;
    while (bytes >= 1024 && unit + 1 < std::size(kUnits)) {
        bytes /= 1024;
        ++unit;
    }
    return fmt::format("{:.{}f} {}", bytes, bytes < 10 && unit > 0 ? 1 : 0, kUnits[unit]);
}

std::string human_count(std::int64_t n) {
    std::string digits = std::to_string(n);
    for (int i = static_cast<int>(digits.size()) - 3; i > (n < 0 ? 1 : 0); i -= 3)
        digits.insert(static_cast<std::size_t>(i), 1, ',');
    return digits;
}

std::string progress_line(const json& p, int width) {
    const std::string phase = p.value("phase", "");
    const double chunks = std::max(1.0, p.value("chunks", 0.0));
    double share = p.value("chunks_done", 0.0) / chunks;
    if (phase == "finish") share = p.value("statements_done", 0.0) / std::max(1.0, p.value("statements", 0.0));
    if (phase == "validate") share = p.value("tables_validated", 0.0) / std::max(1.0, p.value("tables", 0.0));
    share = std::clamp(share, 0.0, 1.0);
    const double seconds = p.contains("seconds") && p["seconds"].is_number() ? p["seconds"].get<double>() : 0;
    const double bytes = p.value("bytes_copied", 0.0);
    const std::string right = fmt::format(
        "{}/{} tables  {} rows  {}  {}", p.value("tables_loaded", 0), p.value("tables", 0),
        human_count(p.value("rows_copied", std::int64_t{0})), human_bytes(bytes),
        phase == "load" && seconds > 0 ? human_bytes(bytes / seconds) + "/s" : fmt::format("{:.0f} s", seconds));
    const int room = std::clamp(width - 12 - static_cast<int>(right.size()) - 6, 8, 40);
    const int filled = static_cast<int>(std::lround(share * room));
    const bool paused = p.value("state", "") == "paused";
    return fmt::format("{:<10} [{}{}]  {}", paused ? "paused" : phase,
                       std::string(static_cast<std::size_t>(filled), '#'),
                       std::string(static_cast<std::size_t>(room - filled), '.'), right);
}

ProgressDisplay::ProgressDisplay(const Settings& settings, const Staging& staging, std::int64_t run_id)
    : staging_(staging), run_id_(run_id), json_(settings.json),
      bars_(!settings.json && !settings.no_progress && isatty(STDOUT_FILENO) == 1) {
    if (bars_) thread_ = std::thread([this] { loop(); });
}

ProgressDisplay::~ProgressDisplay() {
    {
        const std::lock_guard lock(mutex_);
        done_ = true;
    }
    wake_.notify_all();
    if (thread_.joinable()) thread_.join();
    clear();
}

Events::Listener ProgressDisplay::listener() {
    return [this](Level level, const std::string& kind, const std::string& message, const json& data) {
        on_event(level, kind, message, data);
    };
}

void ProgressDisplay::on_event(Level level, const std::string& kind, const std::string& message, const json& data) {
    const std::lock_guard lock(mutex_);
    if (json_) {
        fmt::print("{}\n",
                   json{{"level", level_name(level)}, {"kind", kind}, {"message", message}, {"data", data}}.dump(
                       -1, ' ', false, json::error_handler_t::replace));
        std::fflush(stdout);
        return;
    }
    // What went well is told by the bar; lines are for a pipe, and for what went wrong.
    if (bars_ && level == Level::kInfo && kind != "phase_end" && kind != "workers") return;
    // The outcome is printed once, by whoever started the run.
    if (kind == "phase_start" || kind == "run_ended") return;
    if (bars_ && drawn_) fmt::print("\r\033[K");
    if (kind == "phase_end")
        fmt::print("{:<10} done in {:.1f} s\n", data.value("phase", ""), data.value("seconds", 0.0));
    else if (level == Level::kInfo)
        fmt::print("{}\n", message);
    else
        fmt::print("{}: {}\n", level_name(level), message);
    drawn_ = false;
    std::fflush(stdout);
}

void ProgressDisplay::draw(const std::string& line) {
    fmt::print("\r\033[K{}", line);
    std::fflush(stdout);
    drawn_ = true;
}

void ProgressDisplay::clear() {
    if (!bars_ || !drawn_) return;
    fmt::print("\r\033[K");
    std::fflush(stdout);
    drawn_ = false;
}

void ProgressDisplay::loop() {
    std::optional<Pg> pg;
    std::unique_lock lock(mutex_);
    while (!done_) {
        lock.unlock();
        std::optional<json> row;
        try {
            if (!pg || !pg->alive()) pg.emplace(staging_.connect());
            const Value text =
                pg->scalar("SELECT pg_catalog.to_jsonb(p)::text FROM lakemover.progress p WHERE run_id = $1",
                           {std::to_string(run_id_)});
            if (text) row = json::parse(*text);
        } catch (const std::exception&) {
            pg.reset();  // the run itself reports a lost staging
        }
        lock.lock();
        if (row && !done_) {
            winsize size{};
            const int width = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 100;
            draw(progress_line(*row, width));
        }
        wake_.wait_for(lock, std::chrono::milliseconds(250), [this] { return done_; });
    }
}

}  // namespace lakemover::loader
