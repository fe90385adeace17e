// Decides how many workers may read at the same time, from how long the source takes for a block: fewer when its running
// median is a multiple of the first minute's, more again when it recovers. Pure: the caller brings the time.
// Not thread-safe; throws nothing.
#pragma once
#include <chrono>
#include <deque>
#include <optional>
#include <vector>

namespace lakemover::loader {

class Slowdown {
public:
    using Time = std::chrono::steady_clock::time_point;

    // factor: slow is a median of more than factor times the first minute's; 0 never slows down.
    explicit Slowdown(double factor = 0, int workers = 1) : factor_(factor), workers_(workers), allowed_(workers) {}

    struct Change {
        int from = 0;
        int to = 0;
        double median_s = 0;
        double first_s = 0;  // median of the first minute
    };

    // One block took so many seconds to arrive. Says when the number of workers changes with it.
    std::optional<Change> sample(Time now, double seconds);
    int allowed() const { return allowed_; }

private:
    std::optional<Change> change(int to, double median_s, Time now);

    double factor_;
    int workers_;
    int allowed_;
    std::optional<Time> began_;
    std::vector<double> first_;      // blocks of the first minute
    std::optional<double> first_s_;  // their median
    std::deque<std::pair<Time, double>> recent_;
    Time changed_{};
};

}  // namespace lakemover::loader
