#include "loader/engine/slowdown.hpp"

#include <algorithm>

namespace lakemover::loader {

namespace {

constexpr auto kFirst = std::chrono::seconds(60);
constexpr auto kSettle = std::chrono::seconds(15);  // what a change does shows only after a while
constexpr auto kStale = std::chrono::minutes(10);
constexpr std::size_t kFewest = 11;  // blocks that a median rests on
constexpr std::size_t kMost = 41;
// Blocks that arrive faster than this say nothing about the source: they were there before we asked.
constexpr double kFloorS = 0.01;

double median(std::vector<double> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

}  // namespace

std::optional<Slowdown::Change> Slowdown::sample(Time now, double seconds) {
    if (factor_ <= 0 || workers_ <= 1) return std::nullopt;
    if (!began_) began_ = now;
    if (!first_s_) {
        first_.push_back(seconds);
        if (now - *began_ < kFirst || first_.size() < kFewest) return std::nullopt;
        first_s_ = median(std::move(first_));
        changed_ = now;
        return std::nullopt;
    }
    recent_.emplace_back(now, seconds);
    while (recent_.size() > kMost || now - recent_.front().first > kStale) recent_.pop_front();
    if (recent_.size() < kFewest || now - changed_ < kSettle) return std::nullopt;
    std::vector<double> values;
    for (const auto& [at, s] : recent_) values.push_back(s);
    const double median_s = median(std::move(values));
    const double slow = factor_ * std::max(*first_s_, kFloorS);
    if (median_s > slow && allowed_ > 1) return change(allowed_ - 1, median_s, now);
    // Well below the limit, so that one worker more does not bring the next change at once.
    if (median_s < slow / 2 && allowed_ < workers_) return change(allowed_ + 1, median_s, now);
    return std::nullopt;
}

std::optional<Slowdown::Change> Slowdown::change(int to, double median_s, Time now) {
    const Change made{allowed_, to, median_s, *first_s_};
    allowed_ = to;
    changed_ = now;
    recent_.clear();
    return made;
}

}  // namespace lakemover::loader
