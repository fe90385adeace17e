#include "loader/engine/rate.hpp"

#include <algorithm>

namespace lakemover::loader {

namespace {
// What was not used may be caught up with for so long: sleeping too long costs nothing, a pause saves nothing up.
constexpr auto kCredit = std::chrono::milliseconds(250);
}  // namespace

double RateLimit::book(std::size_t bytes, Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    if (bytes_per_s_ <= 0) return 0;
    const auto cost = std::chrono::duration_cast<Clock::duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / bytes_per_s_));
    free_ = std::max(free_, now - kCredit) + cost;
    return std::max(0.0, std::chrono::duration<double>(free_ - now).count());
}

}  // namespace lakemover::loader
