// Progress of a run for the person or program that started it: bars on a terminal, lines in a
// pipe, JSON lines with --json. Throws nothing of its own.
#pragma once
#include <condition_variable>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>

#include "loader/config/settings.hpp"
#include "loader/engine/events.hpp"
#include "loader/staging/staging.hpp"

namespace lakemover::loader {

class ProgressDisplay {
public:
    ProgressDisplay(const Settings& settings, const Staging& staging, std::int64_t run_id);
    ~ProgressDisplay();
    ProgressDisplay(const ProgressDisplay&) = delete;
    ProgressDisplay& operator=(const ProgressDisplay&) = delete;
    Events::Listener listener();

private:
    void on_event(Level level, const std::string& kind, const std::string& message, const nlohmann::json& data);
    void loop();
    void draw(const std::string& line);
    void clear();

    const Staging& staging_;
    std::int64_t run_id_;
    bool json_;
    bool bars_;
    std::mutex mutex_;
    std::condition_variable wake_;
    bool done_ = false;
    bool drawn_ = false;
    std::thread thread_;
};

// "load      [#########.......]  12/25 tables  1,234,567 rows  321 MB  45 MB/s": one row of lakemover.progress.
std::string progress_line(const nlohmann::json& progress, int width);
std::string human_bytes(double bytes);
std::string human_count(std::int64_t n);

}  // namespace lakemover::loader
